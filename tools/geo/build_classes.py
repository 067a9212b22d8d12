"""Write the network class of every AS in the geography table, so that no look-up has to match patterns.

Run it after every change of `networks.json` and every new table; a test says when that was forgotten.
"""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "core"))

from busybody.places import networks, table  # noqa: E402  after the path is set


def main() -> None:
    names = table.organisations()
    classes = bytes(table.CLASSES.index(networks.classify(asn, name)) for asn, name in names.items())
    rules = hashlib.sha256(Path(networks.FILE).read_bytes()).digest()
    Path(table.CLASSES_FILE).write_bytes(rules + classes)
    print(f"{table.CLASSES_FILE}: {len(classes):,} systems")


if __name__ == "__main__":
    main()
