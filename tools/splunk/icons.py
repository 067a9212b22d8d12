"""The app's mark, drawn anew: an open eye whose pupil is a keyhole, white on petrol. Needs nothing but Python.

Usage: python3 tools/splunk/icons.py

Shapes are signed distances (negative inside, in units of half the icon's width), sampled several times per pixel; the file is
a PNG written by hand, so that it is the same everywhere.
"""

from __future__ import annotations

import struct
import sys
import zlib
from math import hypot
from pathlib import Path
from typing import Dict, Tuple

ADDON = Path(__file__).resolve().parents[2] / "addon" / "splunk_app"
ICONS: Dict[str, int] = {  # where it lies -> width in pixels
    "static/appIcon.png": 36,
    "static/appIcon_2x.png": 72,
    "static/appIconAlt.png": 36,
    "static/appIconAlt_2x.png": 72,
    "appserver/static/busybody_alert.png": 48,
}
SAMPLES = 6  # along each side of a pixel
GROUND, INK = (15, 107, 107), (255, 255, 255)
CORNER, LID, STROKE, IRIS = 0.36, 0.98, 0.085, 0.33
Colour = Tuple[float, float, float, float]


def tile(x: float, y: float) -> float:
    """A square with round corners."""
    across, down = abs(x) - (1 - CORNER), abs(y) - (1 - CORNER)
    return hypot(max(across, 0.0), max(down, 0.0)) + min(max(across, down), 0.0) - CORNER


def lids(x: float, y: float) -> float:
    """An almond: where two large circles overlap."""
    return max(hypot(x, y - 0.52) - LID, hypot(x, y + 0.52) - LID)


def keyhole(x: float, y: float) -> float:
    """A round hole with a slot below it that widens."""
    slot = max(abs(x) - 0.045 - 0.25 * max(y, 0.0), abs(y - 0.11) - 0.12)
    return min(hypot(x, y + 0.05) - 0.115, slot)


def ink(x: float, y: float) -> bool:
    """Whether a point is drawn: the rim of the eye, or the iris without its keyhole."""
    eye = lids(x, y)
    rim = -STROKE < eye <= 0.0
    iris = hypot(x, y) <= IRIS and keyhole(x, y) > 0.0
    return rim or (iris and eye <= 0.0)


def pixel(column: int, row: int, width: int) -> bytes:
    """Four bytes of a pixel; colour and opacity are what its samples say on average."""
    covered = inked = 0
    for step in range(SAMPLES * SAMPLES):
        x = (column + (step % SAMPLES + 0.5) / SAMPLES) * 2 / width - 1
        y = (row + (step // SAMPLES + 0.5) / SAMPLES) * 2 / width - 1
        if tile(x, y) <= 0.0:
            covered += 1
            inked += ink(x, y)
    if not covered:
        return bytes(4)
    share = inked / covered
    mixed = (round(below + (above - below) * share) for below, above in zip(GROUND, INK))
    return bytes([*mixed, round(255 * covered / SAMPLES**2)])


def png(width: int) -> bytes:
    """The mark as a PNG with opacity."""
    rows = (b"\0" + b"".join(pixel(column, row, width) for column in range(width)) for row in range(width))
    header = struct.pack(">IIBBBBB", width, width, 8, 6, 0, 0, 0)
    parts = ((b"IHDR", header), (b"IDAT", zlib.compress(b"".join(rows), 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_part(kind, data) for kind, data in parts)


def _part(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def main() -> int:
    for name, width in ICONS.items():
        path = ADDON / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(png(width))
        print(path)
    return 0


if __name__ == "__main__":
    sys.exit(main())
