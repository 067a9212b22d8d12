"""Curves and bars as SVG: drawn from numbers, labelled in words, without a script."""

from __future__ import annotations

from math import log10
from typing import Callable, Iterable, Iterator, List, NamedTuple, Optional, Sequence, Tuple

from ..report.words import html

WIDTH, HEIGHT = 720.0, 300.0
LEFT, RIGHT, TOP, BOTTOM = 74.0, 560.0, 16.0, 256.0
ROW = 26.0  # height of a bar with its label
LABEL = 150.0


class Line(NamedTuple):
    """One curve; `kind` is its class in the style sheet."""

    name: str
    kind: str
    points: Sequence[Tuple[float, float]]


class Scale(NamedTuple):
    """An axis: its ends, its ticks, and what stands at them."""

    low: float
    high: float
    ticks: Sequence[float]
    words: Callable[[float], str]
    title: str
    logarithmic: bool = False

    def place(self, value: float, start: float, end: float) -> float:
        low, high = (log10(self.low), log10(self.high)) if self.logarithmic else (self.low, self.high)
        given = log10(max(value, 1e-12)) if self.logarithmic else value
        return start + min(max((given - low) / (high - low), 0.0), 1.0) * (end - start)


def curves(title: str, lines: Sequence[Line], across: Scale, up: Scale) -> Iterator[str]:
    """Curves with their names at the right, so that no legend is needed."""
    yield f'<svg class="chart" viewBox="0 0 {WIDTH:.0f} {HEIGHT:.0f}" role="img" aria-label="{html(title, 200)}">'
    for tick in up.ticks:
        y = up.place(tick, BOTTOM, TOP)
        yield f'<path class="rule" d="M{LEFT} {y:.1f}H{RIGHT}"/>'
        yield f'<text class="tick" x="{LEFT - 7}" y="{y + 3.5:.1f}" text-anchor="end">{html(up.words(tick))}</text>'
    for tick in across.ticks:
        x = across.place(tick, LEFT, RIGHT)
        yield f'<text class="tick" x="{x:.1f}" y="{BOTTOM + 17}" text-anchor="middle">{html(across.words(tick))}</text>'
    yield f'<text class="axis" x="{(LEFT + RIGHT) / 2:.0f}" y="{BOTTOM + 37}" text-anchor="middle">{html(across.title)}</text>'
    yield f'<text class="axis" x="{LEFT}" y="{TOP - 4}">{html(up.title)}</text>'
    drawn = [
        (line, [(across.place(x, LEFT, RIGHT), up.place(y, BOTTOM, TOP)) for x, y in line.points])
        for line in lines
        if line.points
    ]
    for line, points in reversed(drawn):
        path = "L".join(f"{x:.1f} {y:.1f}" for x, y in points)
        yield f'<g class="line {html(line.kind)}"><path d="M{path}"/>'
        for (x, y), (a, b) in zip(points, line.points):
            words = f"{line.name}: {up.words(b)} at {across.words(a)}"
            yield f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3"><title>{html(words, 200)}</title></circle>'
        yield "</g>"
    yield from _names(drawn)
    yield "</svg>"


def _names(drawn: Sequence[Tuple[Line, List[Tuple[float, float]]]]) -> Iterator[str]:
    """The names beside the curves' ends, moved apart where they would touch."""
    lowest = -1e9
    for line, points in sorted(drawn, key=lambda one: one[1][-1][1]):
        end = points[-1]
        lowest = y = max(end[1] + 4, lowest + 15)
        yield f'<path class="lead" d="M{end[0] + 5:.1f} {end[1]:.1f}L{RIGHT + 12} {y - 4:.1f}"/>'
        yield f'<text class="name {html(line.kind)}" x="{RIGHT + 16}" y="{y:.1f}">{html(line.name)}</text>'


class Bar(NamedTuple):
    label: str
    value: float
    interval: Optional[Sequence[float]]
    other: Optional[float]  # what it is compared with, drawn as a mark
    note: str


def bars(title: str, rows: Sequence[Bar], other: str) -> Iterable[str]:
    """Horizontal bars from 0 to 1 with their intervals; a mark says what `other` reaches."""
    height = TOP + len(rows) * ROW + 26
    yield f'<svg class="chart" viewBox="0 0 {WIDTH:.0f} {height:.0f}" role="img" aria-label="{html(title, 200)}">'
    for tick in (0.0, 0.25, 0.5, 0.75, 1.0):
        x = _across(tick)
        yield f'<path class="rule" d="M{x:.1f} {TOP}V{height - 24}"/>'
        yield f'<text class="tick" x="{x:.1f}" y="{height - 8}" text-anchor="middle">{tick:.0%}</text>'
    for place, row in enumerate(rows):
        y = TOP + place * ROW + 5
        yield f'<text class="label" x="{LABEL - 8}" y="{y + 12}" text-anchor="end">{html(row.label)}</text>'
        width = max(_across(row.value) - LABEL, 1.0)
        yield f'<rect class="bar" x="{LABEL}" y="{y}" width="{width:.1f}" height="16" rx="2"><title>{html(row.note, 200)}</title></rect>'
        if row.interval is not None:
            yield f'<path class="interval" d="M{_across(row.interval[0]):.1f} {y + 8}H{_across(row.interval[1]):.1f}"/>'
        if row.other is not None:
            x = _across(row.other)
            yield f'<path class="mark" d="M{x:.1f} {y - 2}v20"><title>{html(other)}: {row.other:.0%}</title></path>'
        yield f'<text class="value" x="{RIGHT + 26}" y="{y + 12}">{html(row.note)}</text>'
    yield "</svg>"


def _across(value: float) -> float:
    return LABEL + value * (RIGHT - LABEL)
