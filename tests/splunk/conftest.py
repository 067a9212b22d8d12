"""The app's Python and the core on the path, as they are side by side in the app's lib/."""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
for folder in (ROOT / "core", ROOT / "addon" / "splunk_app" / "lib", Path(__file__).parent):
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))
