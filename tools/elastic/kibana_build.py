"""Builds elastic/kibana/busybody.ndjson out of the sources beside it; the same bytes every time.

    python tools/elastic/kibana_build.py            # write it
    python tools/elastic/kibana_build.py --check    # say whether it is up to date, and whether it keeps the rules

Needs PyYAML (`pip install 'busybody[yaml]'`).
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import kibana_checks
import kibana_objects as objects
import yaml

KIBANA = Path(__file__).resolve().parents[2] / "elastic/kibana"
SOURCES, BUILT = KIBANA / "sources", KIBANA / "busybody.ndjson"
DASHBOARDS = ("overview", "person", "health")


class Strict(yaml.SafeLoader):
    """YAML in which a key stands once."""


def _once(loader: Strict, node: yaml.MappingNode) -> dict[Any, Any]:
    keys = [loader.construct_object(key, deep=True) for key, _ in node.value]
    twice = {key for key in keys if keys.count(key) > 1}
    if twice:
        raise SystemExit(f"{node.start_mark}: {', '.join(map(str, twice))} stands twice")
    return loader.construct_mapping(node, deep=True)


Strict.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _once)


def source(name: str) -> Any:
    """One source file's content."""
    return yaml.load((SOURCES / f"{name}.yaml").read_text(encoding="utf-8"), Loader=Strict)


def build() -> list[dict[str, Any]]:
    """All saved objects, what is referred to before what refers to it."""
    common = source("common")
    patterns = {name: spec["pattern"] for name, spec in common["views"].items()}
    drawing = (SOURCES / "map.json").read_text(encoding="utf-8")
    rows = [objects.tag(key, spec) for key, spec in common["tags"].items()]
    rows += [objects.view(name, spec) for name, spec in common["views"].items()]
    rows += [objects.search(key, spec) for key, spec in common["searches"].items()]
    rows += [objects.dashboard(f"busybody_{name}", source(name), drawing, patterns) for name in reversed(DASHBOARDS)]
    return rows


def ndjson(rows: list[dict[str, Any]]) -> str:
    """As Kibana exports them: an object a line, keys in order, the summary last."""
    summary = {
        "excludedObjects": [],
        "excludedObjectsCount": 0,
        "exportedCount": len(rows),
        "missingRefCount": 0,
        "missingReferences": [],
    }
    return "".join(
        json.dumps(row, ensure_ascii=False, sort_keys=True, separators=(",", ":")) + "\n" for row in [*rows, summary]
    )


def main(arguments: list[str]) -> int:
    """Write or check; the number of faults."""
    text = ndjson(build())
    faults = kibana_checks.faults(text)
    if arguments == ["--check"]:
        if not BUILT.exists() or BUILT.read_text(encoding="utf-8") != text:
            faults.append(f"{BUILT.name} is older than its sources: run {Path(__file__).name}")
    elif not arguments:
        BUILT.write_text(text, encoding="utf-8")
        print(f"{BUILT}: {len(text.splitlines()) - 1} objects, {len(text.encode()):,} bytes")
    else:
        print(__doc__)
        return 2
    for fault in faults:
        print(fault, file=sys.stderr)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
