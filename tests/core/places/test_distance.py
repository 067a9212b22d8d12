"""Distances agree with a slow, obvious reference and keep the laws of a metric."""

from math import acos, degrees, isclose

import pytest
from busybody.places import distance_km, unit_vector
from busybody.places.distance import EARTH_RADIUS_KM
from hypothesis import given
from hypothesis import strategies as st

LAT = st.floats(-90, 90)
LON = st.floats(-180, 180)
POINT = st.tuples(LAT, LON)


def slow_distance_km(a, b):
    """The angle between two unit vectors; acos is good to 1e-4 km here except for neighbours and antipodes."""
    dot = sum(p * q for p, q in zip(unit_vector(*a), unit_vector(*b)))
    return EARTH_RADIUS_KM * acos(max(-1.0, min(1.0, dot)))


@given(POINT, POINT)
def test_agrees_with_the_angle_between_the_vectors(a, b):
    assert isclose(distance_km(*a, *b), slow_distance_km(a, b), abs_tol=0.3)


@given(POINT, POINT, POINT)
def test_is_symmetric_bounded_and_never_longer_than_a_detour(a, b, c):
    direct = distance_km(*a, *b)
    assert direct == pytest.approx(distance_km(*b, *a), abs=1e-6)
    assert 0 <= direct <= EARTH_RADIUS_KM * 3.14159266
    assert direct <= distance_km(*a, *c) + distance_km(*c, *b) + 1e-3
    assert distance_km(*a, *a) == 0


@given(POINT)
def test_unit_vectors_have_length_one_and_keep_the_latitude(point):
    x, y, z = unit_vector(*point)
    assert x * x + y * y + z * z == pytest.approx(1)
    assert degrees(acos(y)) == pytest.approx(90 - point[0], abs=1e-4)


def test_known_distances_and_the_date_line():
    assert distance_km(52.52, 13.405, 48.8566, 2.3522) == pytest.approx(877.5, abs=1)
    assert distance_km(0, 179.5, 0, -179.5) == pytest.approx(111.2, abs=0.1)
    assert distance_km(90, 0, -90, 77) == pytest.approx(20015.1, abs=0.1)
    assert unit_vector(0, 180) == pytest.approx((-1, 0, 0))
