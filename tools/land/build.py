"""The land outline of the report's world map, made small: core/busybody/report/land.json.

    npm pack world-atlas@2.0.2 && tar xzf world-atlas-2.0.2.tgz package/land-110m.json
    python3 tools/land/build.py package/land-110m.json

The input is Natural Earth's 1:110m land (public domain) as TopoJSON, in the npm package world-atlas 2.0.2 (ISC).
Rings are simplified after Douglas and Peucker, islets and Antarctica are left out, and coordinates are kept as
whole tenths of a degree, each ring as its first point and then the steps from point to point.
"""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path
from typing import Any, List, Tuple

Point = Tuple[float, float]  # longitude, latitude in degrees

INPUT_SHA256 = "ead5f68119c49a9250902e7da303bcb209341bbb8fefe7369a439b48b704658a"
TARGET = Path(__file__).resolve().parents[2] / "core" / "busybody" / "report" / "land.json"
TOLERANCE = 0.12  # degrees; a third of a pixel on a map 1,000 wide
SMALLEST = 0.4  # square degrees; smaller islands would be single pixels
SOUTHERNMOST = -60.0  # nobody signs in from below
UNIT = 10  # steps per degree


def decode(topology: Any) -> List[List[Point]]:
    """All outer and inner rings of the topology, in degrees."""
    (scale_x, scale_y), (move_x, move_y) = topology["transform"]["scale"], topology["transform"]["translate"]
    arcs: List[List[Point]] = []
    for arc in topology["arcs"]:
        x = y = 0
        points = []
        for dx, dy in arc:
            x, y = x + dx, y + dy
            points.append((x * scale_x + move_x, y * scale_y + move_y))
        arcs.append(points)
    rings = []
    for geometry in topology["objects"]["land"]["geometries"]:
        for polygon in geometry["arcs"]:
            for indices in polygon:
                ring: List[Point] = []
                for index in indices:
                    points = arcs[index] if index >= 0 else arcs[~index][::-1]
                    ring += points[1:] if ring else points
                rings.append(ring)
    return rings


def unwrapped(ring: List[Point]) -> List[Point]:
    """The ring without leaps over the antimeridian; longitudes may then lie beyond 180 degrees."""
    turn = 0.0
    points = [ring[0]]
    for (before, _), (lon, lat) in zip(ring, ring[1:]):
        turn += -360.0 if lon - before > 180 else 360.0 if lon - before < -180 else 0.0
        points.append((lon + turn, lat))
    return points


def clipped(ring: List[Point], limit: float, sign: int) -> List[Point]:
    """The part of the ring where sign · longitude <= sign · limit, after Sutherland and Hodgman."""
    kept: List[Point] = []
    for (x1, y1), (x2, y2) in zip(ring, ring[1:] + ring[:1]):
        inside, outside = sign * x1 <= sign * limit, sign * x2 > sign * limit
        if inside:
            kept.append((x1, y1))
        if inside == outside and x1 != x2:
            kept.append((limit, y1 + (limit - x1) / (x2 - x1) * (y2 - y1)))
    return kept


def on_the_map(ring: List[Point]) -> List[List[Point]]:
    """The ring as up to three rings between -180 and 180 degrees."""
    whole = unwrapped(ring)
    pieces = []
    for shift in (-360.0, 0.0, 360.0):
        moved = [(lon + shift, lat) for lon, lat in whole]
        piece = clipped(clipped(moved, 180.0, 1), -180.0, -1) if any(abs(lon) > 180 for lon, _ in moved) else moved
        if len(piece) > 2:
            pieces.append(piece)
    return pieces


def area(ring: List[Point]) -> float:
    """In square degrees, by the shoelace formula."""
    return abs(sum(x1 * y2 - x2 * y1 for (x1, y1), (x2, y2) in zip(ring, ring[1:] + ring[:1]))) / 2


def simplify(points: List[Point]) -> List[Point]:
    """Douglas and Peucker with a stack: drop the points that lie within TOLERANCE of the line without them."""
    keep = {0, len(points) - 1}
    stack = [(0, len(points) - 1)]
    while stack:
        first, last = stack.pop()
        (x1, y1), (x2, y2) = points[first], points[last]
        length = max(((x2 - x1) ** 2 + (y2 - y1) ** 2) ** 0.5, 1e-9)
        farthest, where = 0.0, first
        for i in range(first + 1, last):
            x, y = points[i]
            if length > 1e-6:
                away = abs((x2 - x1) * (y1 - y) - (x1 - x) * (y2 - y1)) / length
            else:  # a ring starts where it ends
                away = ((x - x1) ** 2 + (y - y1) ** 2) ** 0.5
            if away > farthest:
                farthest, where = away, i
        if farthest > TOLERANCE:
            keep.add(where)
            stack += [(first, where), (where, last)]
    return [points[i] for i in sorted(keep)]


def steps(ring: List[Point]) -> List[int]:
    """The first point and the differences after it, in tenths of a degree, flat."""
    x = y = 0
    flat: List[int] = []
    for lon, lat in ring:
        nx, ny = round(lon * UNIT), round(lat * UNIT)
        if flat and (nx, ny) == (x, y):
            continue
        flat += [nx - x, ny - y]
        x, y = nx, ny
    return flat


def main(path: Path) -> None:
    content = path.read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    if digest != INPUT_SHA256:
        sys.exit(f"{path} is not land-110m.json of world-atlas 2.0.2: its SHA-256 is {digest}")
    inhabited = (ring for ring in decode(json.loads(content)) if max(lat for _, lat in ring) > SOUTHERNMOST)
    rings = [piece for ring in inhabited for piece in on_the_map(ring) if area(piece) >= SMALLEST]
    flat = [steps(simplify(ring)) for ring in rings]
    text = json.dumps({"unit": UNIT, "rings": [ring for ring in flat if len(ring) >= 8]}, separators=(",", ":"))
    TARGET.write_text(text + "\n", encoding="utf-8")
    print(f"{TARGET.name}: {len(flat)} rings, {sum(map(len, flat)) // 2} points, {len(text):,} bytes")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
