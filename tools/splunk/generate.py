"""The app's files that follow from the core: the default policy, its specification and the lookup of detectors.

Usage: PYTHONPATH=core python3 tools/splunk/generate.py [--check]

--check writes nothing and ends with exit code 1 when a file is not what it would write.
"""

from __future__ import annotations

import argparse
import csv
import io
import sys
import textwrap
from pathlib import Path
from typing import Dict, Iterator, List

import detections
from busybody.detectors.catalogue import CATALOGUE, STATED
from busybody.policy.json_text import flow
from busybody.policy.render import compact, starter
from busybody.policy.schema import Key, schema

ROOT = Path(__file__).resolve().parents[2]
ADDON = ROOT / "addon" / "splunk_app"
SEARCHES = ROOT / "default" / "savedsearches.conf"
DETECTIONS = "by tools/splunk/generate.py, from here to the end.\n"
WIDEST = 100
GENERATED = "# Generated from the core by tools/splunk/generate.py. Your own settings go into local/busybody.conf.\n\n"
SPEC = """\
# busybody.conf: the policy of Busybody. What stands here is generated from the schema of the core.
#
# Set only what you change, in local/busybody.conf or by REST (configs/conf-busybody). `| busypolicy` says what a policy comes to and
# names the key of each mistake.

[policy:<name>]
* A policy. Every command takes policy=<name>; without it, [policy:default] holds.
* Settings in [default] hold for every policy.
* Lists and maps are JSON. A long one goes over several lines, each but the last with a backslash at its end.
* Every key may be left out.

"""


def default_policy() -> str:
    return GENERATED + starter("conf")


def specification() -> str:
    """README/busybody.conf.spec: each key with what it takes, means, its unit and its default."""
    rules = schema()
    keys = [key for key in rules.keys if key.key != "name"]
    return SPEC + "\n".join(_specified(key) for key in [*keys, *rules.source_keys])


def _specified(key: Key) -> str:
    lines = [f"{key.key} = <{key.type_words}>", *_bullet(key.about)]
    if key.unit:
        lines += _bullet(f"Unit: {key.unit}.")
    lines += _bullet(f"Default: {flow(compact(key.default))}")
    return "\n".join(lines) + "\n"


def _bullet(text: str) -> List[str]:
    return textwrap.wrap(
        text,
        WIDEST,
        initial_indent="* ",
        subsequent_indent="  ",
        break_long_words=False,
        break_on_hyphens=False,
    )


def catalogue() -> str:
    """The lookup: one row per detector; several techniques are separated by a space."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["detector", "title", "kind", "weight", "techniques", "description"])
    for row in (*CATALOGUE, *STATED):
        writer.writerow([row.name, row.title, row.kind, row.weight, " ".join(row.techniques), row.description])
    return text.getvalue()


def saved_searches() -> str:
    """The file with its last part, the detections, written anew."""
    own, mark, _ = SEARCHES.read_text(encoding="utf-8").partition(DETECTIONS)
    return own + mark + "\n" + "\n".join(detections.stanzas())


def files() -> Dict[Path, str]:
    """What this script writes."""
    return {
        ROOT / "default" / "busybody.conf": default_policy(),
        ADDON / "README" / "busybody.conf.spec": specification(),
        ADDON / "lookups" / "busybody_detectors.csv": catalogue(),
        SEARCHES: saved_searches(),
    }


def stale() -> Iterator[Path]:
    for path, text in files().items():
        if not path.exists() or path.read_bytes() != text.encode("utf-8"):
            yield path


def main() -> int:
    parser = argparse.ArgumentParser(description="Write what follows from the core.")
    parser.add_argument("--check", action="store_true")
    if parser.parse_args().check:
        old = list(stale())
        for path in old:
            print(f"{path.relative_to(ROOT)} is not current. Run PYTHONPATH=core python3 tools/splunk/generate.py.")
        return 1 if old else 0
    for path, text in files().items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode("utf-8"))
        print(path)
    return 0


if __name__ == "__main__":
    sys.exit(main())
