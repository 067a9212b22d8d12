"""The world map: where people sign in, and the journeys nobody can make, as one inline SVG.

The projection is Equal Earth (Šavrič, Patterson and Jenny, 2018): areas keep their size, and its polynomial is short.
"""

from __future__ import annotations

import json
from functools import lru_cache
from math import asin, atan2, cos, degrees, log1p, radians, sin, sqrt
from pathlib import Path
from typing import Iterable, List, Mapping, NamedTuple, Tuple

from .words import html

Point = Tuple[float, float]

A1, A2, A3, A4 = 1.340264, -0.081106, 0.000893, 0.003796
HALF_ROOT_3 = sqrt(3) / 2
WIDTH, HEIGHT = 1000, 432
NORTH = 84.0  # degrees at the upper edge; the lower one follows from HEIGHT
MOST_PLACES = 400
SMALLEST_DOT, LARGEST_DOT = 1.6, 9.0  # radius
STEPS = 48  # of an arc


class Journey(NamedTuple):
    """From the previous sign-in to the odd one; degrees."""

    start: Point  # latitude, longitude
    end: Point
    level: str  # and, after a blank, `alerts`
    label: str
    link: str  # id of the finding on the page


def project(lat: float, lon: float) -> Point:
    """Latitude and longitude in degrees to x and y in the picture."""
    theta = asin(HALF_ROOT_3 * sin(radians(lat)))
    t2 = theta * theta
    t6 = t2**3
    x = radians(lon) * cos(theta) / (HALF_ROOT_3 * (A1 + 3 * A2 * t2 + t6 * (7 * A3 + 9 * A4 * t2)))
    y = theta * (A1 + A2 * t2 + t6 * (A3 + A4 * t2))
    return WIDTH / 2 + x * SCALE, (TOP - y) * SCALE


SCALE = WIDTH / (2 * 2.7066)  # x of the antimeridian on the equator
_THETA = asin(HALF_ROOT_3 * sin(radians(NORTH)))
TOP = _THETA * (A1 + A2 * _THETA**2 + _THETA**6 * (A3 + A4 * _THETA**2))


@lru_cache(maxsize=1)
def land() -> str:
    """The outline of the land as the data of one SVG path, in whole units and relative steps."""
    data = json.loads((Path(__file__).parent / "land.json").read_text(encoding="utf-8"))
    unit, parts = data["unit"], []
    for flat in data["rings"]:
        lon = lat = 0
        points: List[Tuple[int, int]] = []
        for dlon, dlat in zip(flat[::2], flat[1::2]):
            lon, lat = lon + dlon, lat + dlat
            x, y = project(lat / unit, lon / unit)
            point = (round(2 * x), round(2 * y))  # half units; the path is scaled by a half
            if not points or point != points[-1]:
                points.append(point)
        if len(points) > 3:
            steps = (f"{b[0] - a[0]} {b[1] - a[1]}" for a, b in zip(points, points[1:]))
            parts.append(f"M{points[0][0]} {points[0][1]}l{' '.join(steps)}z".replace(" -", "-"))
    return "".join(parts)


def arc(start: Point, end: Point) -> List[List[Point]]:
    """The great circle between two places as lines in the picture; two where it crosses the antimeridian."""
    vectors = [_vector(*start), _vector(*end)]
    angle = 2 * asin(min(sqrt(sum((a - b) ** 2 for a, b in zip(*vectors))) / 2, 1.0))
    if angle < 1e-6 or sin(angle) < 1e-9:  # one place, or two opposite ones, between which no circle is the shortest
        return [[project(*start), project(*end)]]
    lines: List[List[Point]] = [[]]
    before_lat, before = start
    for step in range(STEPS + 1):
        share = step / STEPS
        a, b = sin((1 - share) * angle) / sin(angle), sin(share * angle) / sin(angle)
        x, y, z = (a * v + b * w for v, w in zip(*vectors))
        lat, lon = degrees(atan2(z, sqrt(x * x + y * y))), degrees(atan2(y, x))
        if abs(lon - before) > 180:  # out over one edge of the picture and in over the other
            middle, edge = (lat + before_lat) / 2, 180.0 if before > 0 else -180.0
            lines[-1].append(project(middle, edge))
            lines.append([project(middle, -edge)])
        before_lat, before = lat, lon
        lines[-1].append(project(lat, lon))
    return lines


def _vector(lat: float, lon: float) -> Tuple[float, float, float]:
    phi, theta = radians(lat), radians(lon)
    return cos(phi) * cos(theta), cos(phi) * sin(theta), sin(phi)


def _path(lines: List[List[Point]]) -> str:
    return "".join("M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in line) for line in lines)


def _dots(places: Mapping[Tuple[int, int], int]) -> Iterable[str]:
    """The busiest square degrees as dots, large ones first so that small ones stay visible."""
    busiest = sorted(places.items(), key=lambda item: (-item[1], item[0]))[:MOST_PLACES]
    most = log1p(busiest[0][1]) if busiest else 1.0
    for (lat, lon), count in busiest:
        x, y = project(lat, lon)
        radius = SMALLEST_DOT + (LARGEST_DOT - SMALLEST_DOT) * (log1p(count) / most) ** 2
        yield f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius:.1f}"><title>{count:,} sign-ins</title></circle>'


def world(places: Mapping[Tuple[int, int], int], journeys: Iterable[Journey], described_by: str) -> Iterable[str]:
    """The map as pieces of SVG; each journey is a link to its finding."""
    yield f'<svg class="map" viewBox="0 0 {WIDTH} {HEIGHT}" role="group" aria-labelledby="{html(described_by)}">'
    yield f'<path class="land" transform="scale(.5)" d="{land()}"/><g class="places">'
    yield from _dots(places)
    yield "</g>"
    for journey in journeys:
        (x1, y1), (x2, y2) = project(*journey.start), project(*journey.end)
        yield f'<a href="#{html(journey.link)}" class="journey {html(journey.level)}" aria-label="{html(journey.label, 200)}">'
        yield f"<title>{html(journey.label, 200)}</title>"
        path = _path(arc(journey.start, journey.end))
        yield f'<path class="reach" d="{path}"/><path class="arc" d="{path}"/>'
        yield f'<circle class="from" cx="{x1:.1f}" cy="{y1:.1f}" r="3"/><circle class="to" cx="{x2:.1f}" cy="{y2:.1f}" r="4.5"/></a>'
    yield "</svg>"
