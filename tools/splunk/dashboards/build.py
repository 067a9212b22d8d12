"""Writes the views of the Splunk app: python3 tools/splunk/dashboards/build.py (or --check, which only compares)."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Dict

from health import health
from land import land
from overview import overview
from person import person

VIEWS = Path(__file__).resolve().parents[3] / "default" / "data" / "ui" / "views"
LAND = Path(__file__).with_name("busybody_land.csv")
BOARDS = (overview, person, health)


def views() -> Dict[str, str]:
    """Name of each file and its text."""
    return {f"{board.name}.xml": board.xml() for board in (write() for write in BOARDS)}


def main() -> int:
    """Write or compare; 1 where a file is not what the sources say."""
    stale = 0
    written = {VIEWS / name: text for name, text in views().items()}
    for path, text in {**written, LAND: land()}.items():
        if "--check" in sys.argv:
            stale += not path.is_file() or path.read_text(encoding="utf-8") != text
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
