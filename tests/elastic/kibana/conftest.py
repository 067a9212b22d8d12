"""The tests of the Kibana objects import what lies beside them and the builder, by name."""

from __future__ import annotations

import sys
from pathlib import Path

HERE = Path(__file__).parent
for folder in (HERE, HERE.parents[2] / "tools/elastic"):
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))
