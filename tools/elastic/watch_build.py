#!/usr/bin/env python3
"""Watches, monitors, alerting and detection rules: from YAML, which a person can read, to the JSON that the APIs take.

    tools/elastic/watch_build.py            writes elastic/{watcher,monitors,alerting,rules}
    tools/elastic/watch_build.py --check    says what differs, and fails

A text tagged `!painless` gets those functions of functions.painless in front that it calls. A text tagged `!json` is JSON
that stands in a string: it is checked, and written on one line.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any, Iterator

import yaml

ROOT = Path(__file__).resolve().parents[2]
SOURCES = Path(__file__).parent / "watch_sources"
FUNCTION = re.compile(r"^[A-Za-z]+ (\w+)\(.*?^}\n", re.MULTILINE | re.DOTALL)


class Loader(yaml.SafeLoader):
    """YAML without surprises: a key stands once."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]  # type: ignore[no-untyped-call]
        twice = {key for key in keys if keys.count(key) > 1}
        if twice:
            raise yaml.constructor.ConstructorError(None, None, f"twice: {', '.join(twice)}", node.start_mark)
        return super().construct_mapping(node, deep)


def with_functions(script: str) -> str:
    """The script behind the shared functions that it calls, and those that they call."""
    found = {match[1]: match[0] for match in FUNCTION.finditer((SOURCES / "functions.painless").read_text())}
    whole = script
    for name in reversed(found):  # a function stands below those that it calls
        if re.search(rf"\b{name}\(", whole):
            whole = found[name] + whole
    return whole


Loader.add_constructor("!painless", lambda loader, node: with_functions(loader.construct_scalar(node)))
Loader.add_constructor("!json", lambda loader, node: json.dumps(json.loads(loader.construct_scalar(node))))


def built() -> Iterator[tuple[Path, str]]:
    """Each file of ours and what it should hold."""
    for source in sorted(SOURCES.rglob("*.yaml")):
        document = yaml.load(source.read_text(), Loader)
        place = source.relative_to(SOURCES).with_suffix("")
        target = (
            Path("watcher") / place.name / "watch.json" if place.parts[0] == "watcher" else place.with_suffix(".json")
        )
        yield ROOT / "elastic" / target, json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def main(check: bool) -> int:
    differing = [(path, text) for path, text in built() if not path.exists() or path.read_text() != text]
    for path, text in differing:
        print(path.relative_to(ROOT))
        if not check:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
    return 1 if check and differing else 0


if __name__ == "__main__":
    sys.exit(main("--check" in sys.argv[1:]))
