"""The map and the chart: everything lies in the picture, and nothing is drawn across the edge of the world."""

from __future__ import annotations

import json
from math import dist
from pathlib import Path

import pytest
from busybody.report import map as drawn
from busybody.report import timeline
from hypothesis import given
from hypothesis import strategies as st

PLACES = st.tuples(st.floats(-60, 80), st.floats(-180, 180))
LAND = Path(drawn.__file__).parent / "land.json"


def test_the_centre_and_the_antimeridian_lie_where_equal_earth_puts_them() -> None:
    x, _ = drawn.project(0.0, 0.0)
    assert x == pytest.approx(drawn.WIDTH / 2)
    assert drawn.project(0.0, 180.0)[0] == pytest.approx(drawn.WIDTH, abs=0.1)
    assert drawn.project(drawn.NORTH, 0.0)[1] == pytest.approx(0.0, abs=0.1)


@given(PLACES, PLACES)
def test_arcs_start_and_end_at_their_places_without_leaps(start: drawn.Point, end: drawn.Point) -> None:
    lines = drawn.arc(start, end)
    assert dist(lines[0][0], drawn.project(*start)) < 0.6
    assert dist(lines[-1][-1], drawn.project(*end)) < 0.6
    if len(lines[0]) > 2:  # else one place, or two opposite ones
        assert all(dist(a, b) < drawn.WIDTH / 3 for line in lines for a, b in zip(line, line[1:]))


def test_a_journey_over_the_antimeridian_is_drawn_in_two_parts() -> None:
    assert len(drawn.arc((35.7, 139.7), (37.8, -122.4))) == 2


def test_the_land_is_small_and_does_not_wrap_around() -> None:
    assert LAND.stat().st_size <= 60_000
    data = json.loads(LAND.read_text(encoding="utf-8"))
    for ring in data["rings"]:
        assert max(abs(step) for step in ring[2::2]) < 90 * data["unit"]
        assert len(ring) % 2 == 0
    assert len(drawn.land()) < 40_000


def test_the_axis_follows_the_bulk_and_counts_the_rest() -> None:
    counts = {500_000 + hour: [10, 0, 0, 0, 0] for hour in range(700)}
    axis = timeline.axis({**counts, 3: [1, 0, 0, 0, 0], 9_000_000: [1, 0, 0, 0, 0]}, 3600)
    assert axis.outside == 2
    assert axis.start == pytest.approx(500_000 * 3600, abs=axis.column)
    assert timeline.axis(counts, 3600).outside == 0


@given(
    st.dictionaries(st.integers(-100, 10**6), st.just([1, 0, 0, 0, 0]), min_size=1, max_size=20), st.floats(-1e9, 1e10)
)
def test_every_dot_lies_within_the_chart(counts: dict[int, list[int]], time: float) -> None:
    axis = timeline.axis(counts, 3600)
    assert timeline.LEFT <= axis.x(time) <= timeline.RIGHT
    drawing = "".join(timeline.risk_over_time(counts, 3600, [timeline.Dot(time, 150.0, "high", "x", "f1")], "t"))
    assert drawing.count("<rect") < 200
