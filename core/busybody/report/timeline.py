"""Risk over time: each incident at its hour and height, over how many sign-ins there were, as one inline SVG."""

from __future__ import annotations

from math import ceil
from typing import Dict, Iterable, List, NamedTuple, Sequence, Tuple

from .reading import BOUNDS, LEVELS
from .words import DAY, day, duration, html, minute, moment

WIDTH, HEIGHT = 1000, 292
LEFT, RIGHT, UPPER, MIDDLE, LOWER = 34, 938, 12, 206, 268  # edges of the two plots
MOST_COLUMNS = 120
WIDTHS = (
    3_600,
    7_200,
    10_800,
    21_600,
    43_200,
    DAY,
    2 * DAY,
    7 * DAY,
    14 * DAY,
    28 * DAY,
    91 * DAY,
    364 * DAY,
)  # seconds
OUTSIDE = 0.001  # share at each end that a wrong clock may send anywhere; the axis does not follow it
WORTH_CUTTING = 1.5  # times the time that holds the rest
MOST_LABELS = 7


class Dot(NamedTuple):
    """One incident on the chart."""

    time: float
    risk: float
    level: str
    label: str
    link: str


class Axis(NamedTuple):
    """The span of time that is drawn; seconds."""

    start: float
    end: float
    column: float
    outside: int  # sign-ins before and after it

    def x(self, time: float) -> float:
        share = (min(max(time, self.start), self.end) - self.start) / (self.end - self.start)
        return LEFT + share * (RIGHT - LEFT)


def axis(counts: Dict[int, List[int]], seconds: int) -> Axis:
    """The time that holds all but the outermost thousandths of the sign-ins, in columns of a plain width."""
    ordered = sorted(counts)
    totals = [sum(counts[span]) for span in ordered]
    spare = int(sum(totals) * OUTSIDE)
    first, last, before, after = 0, len(ordered) - 1, 0, 0
    while first < last and before + totals[first] <= spare:
        before, first = before + totals[first], first + 1
    while last > first and after + totals[last] <= spare:
        after, last = after + totals[last], last - 1
    if ordered[-1] - ordered[0] < WORTH_CUTTING * (ordered[last] - ordered[first] + 1):
        first, last, before, after = 0, len(ordered) - 1, 0, 0
    start, end = ordered[first] * seconds, (ordered[last] + 1) * seconds
    column = next(
        (width for width in WIDTHS if width >= seconds and (end - start) / width <= MOST_COLUMNS), end - start
    )
    start -= start % column
    return Axis(start, start + ceil((end - start) / column) * column, column, before + after)


def risk_over_time(counts: Dict[int, List[int]], seconds: int, dots: Iterable[Dot], described_by: str) -> Iterable[str]:
    """The chart as pieces of SVG; each dot is a link to its finding."""
    scale = axis(counts, seconds)
    yield f'<svg class="timeline" viewBox="0 0 {WIDTH} {HEIGHT}" role="group" aria-labelledby="{html(described_by)}">'
    yield from _bands()
    yield from _columns(counts, seconds, scale)
    yield from _calendar(scale)
    for dot in sorted(dots, key=lambda dot: dot.risk):
        x, y = scale.x(dot.time), _height(dot.risk)
        radius = 3 + LEVELS.index(dot.level) * 0.9
        yield f'<a href="#{html(dot.link)}" class="dot {html(dot.level)}" aria-label="{html(dot.label, 200)}">'
        yield f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius:.1f}"><title>{html(dot.label, 200)}</title></circle></a>'
    yield "</svg>"
    if scale.outside:
        yield f'<p class="note">{scale.outside:,} sign-ins lie outside the drawn time; their clocks may be wrong.</p>'


def _height(risk: float) -> float:
    """From 20, where `low` begins, to 100."""
    return MIDDLE - (min(max(risk, BOUNDS[0]), 100.0) - BOUNDS[0]) / (100.0 - BOUNDS[0]) * (MIDDLE - UPPER)


def _bands() -> Iterable[str]:
    for lowest, highest, level in zip(BOUNDS, (*BOUNDS[1:], 100.0), LEVELS[1:]):
        upper, lower = _height(highest), _height(lowest)
        yield f'<rect class="band {level}" x="{LEFT}" y="{upper:.1f}" width="{RIGHT - LEFT}" height="{lower - upper:.1f}"/>'
        yield f'<text class="tick" x="{LEFT - 6}" y="{lower + 3:.1f}" text-anchor="end">{lowest:.0f}</text>'
        yield f'<text class="bandname" x="{RIGHT + 8}" y="{(upper + lower) / 2 + 4:.1f}">{level}</text>'


def _columns(counts: Dict[int, List[int]], seconds: int, scale: Axis) -> Iterable[str]:
    totals: Dict[int, int] = {}
    for span, row in counts.items():
        column = int((span * seconds - scale.start) // scale.column)
        if scale.start <= span * seconds < scale.end:
            totals[column] = totals.get(column, 0) + sum(row)
    most = max(totals.values(), default=1)
    width = (RIGHT - LEFT) / ((scale.end - scale.start) / scale.column)
    for column, total in sorted(totals.items()):
        height = max(total / most * (LOWER - MIDDLE - 12), 0.7)
        title = f"{total:,} sign-ins in {duration(scale.column)} from {moment(scale.start + column * scale.column)}"
        yield f'<rect class="column" x="{LEFT + column * width + 0.4:.1f}" y="{LOWER - height:.1f}" '
        yield f'width="{max(width - 0.8, 0.6):.1f}" height="{height:.1f}"><title>{title}</title></rect>'
    yield f'<text class="tick" x="{LEFT - 6}" y="{LOWER}" text-anchor="end">0</text>'
    yield f'<text class="tick" x="{LEFT - 6}" y="{MIDDLE + 22}" text-anchor="end">{_short(most)}</text>'


def _short(number: int) -> str:
    return f"{number / 1000:.0f}k" if number >= 10_000 else f"{number}"


def _calendar(scale: Axis) -> Iterable[str]:
    for time in _labels(scale.start, scale.end):
        x = scale.x(time)
        text = day(time) if scale.end - scale.start > 2 * DAY else minute(time)
        yield f'<path class="rule" d="M{x:.1f} {UPPER}V{LOWER}"/>'
        yield f'<text class="tick" x="{x + 3:.1f}" y="{HEIGHT - 8}">{text}</text>'


def _labels(start: float, end: float) -> Sequence[float]:
    """At most seven moments, at midnight where the span is of days."""
    steps: Tuple[float, ...] = (
        3_600,
        7_200,
        14_400,
        43_200,
        *(DAY * n for n in (1, 2, 4, 7, 14, 28, 61, 91, 182, 365)),
    )
    step = next((one for one in steps if (end - start) / one <= MOST_LABELS), (end - start) / MOST_LABELS)
    first = ceil(start / step) * step if step < 7 * DAY else ceil(start / DAY) * DAY
    labels = []
    while first < end - step / 3:
        labels.append(first)
        first += step
    return labels
