"""Unusual hour: with an hour of slack, backed by the organisation's hours."""

from __future__ import annotations

from typing import Optional

import pytest
from builders import HOME, LAPTOP, adding, at, finding, live, settled, signin
from busybody.detectors.unusual_hour import HIGHEST
from busybody.policy import Policy
from busybody.scorer import Scorer
from busybody.sentence import reason
from busybody.signin import Finding


@pytest.fixture(scope="module")
def lived() -> Scorer:
    """Sixty days at 8:00 and 13:00 UTC."""
    scorer = adding()
    live(scorer, 60)
    return settled(scorer, at(59, 13))


def found(scorer: Scorer, hour: float) -> Optional[Finding]:
    return finding(scorer.score(signin(60, hour, **HOME, **LAPTOP)), "unusual_hour")


@pytest.mark.parametrize("hour", [7.0, 8.0, 8.99, 9.0, 9.99, 12.0, 13.0, 14.5])
def test_usual_hours_and_their_neighbours_are_no_news(lived: Scorer, hour: float) -> None:
    assert found(lived, hour) is None


@pytest.mark.parametrize("hour", [2.0, 3.5, 20.0, 23.9])
def test_dead_of_night_is_unusual_and_says_the_hour(lived: Scorer, hour: float) -> None:
    odd = found(lived, hour)
    assert odd is not None
    assert odd.evidence == {"hour": int(hour)}
    assert reason(odd) == f"at {int(hour):02d}:00 UTC, an hour they hardly use"


def test_is_never_more_than_a_hint(lived: Scorer) -> None:
    odd = found(lived, 3.0)
    assert odd is not None
    assert odd.contribution <= HIGHEST * Policy.default().weights["unusual_hour"]


def test_midnight_has_neighbours_on_both_sides() -> None:
    scorer = adding()
    for day in range(60):
        scorer.process(signin(day, 23.5, **HOME, **LAPTOP))
    settled(scorer, at(60, 2))
    assert finding(scorer.score(signin(61, 0.5, **HOME, **LAPTOP)), "unusual_hour") is None
    assert finding(scorer.score(signin(61, 22.5, **HOME, **LAPTOP)), "unusual_hour") is None


def test_daylight_saving_passes(lived: Scorer) -> None:
    assert found(lived, 7.2) is None
    assert found(lived, 9.2) is None


def test_little_known_person_has_no_unusual_hours() -> None:
    scorer = adding()
    live(scorer, 2)
    settled(scorer, at(2))
    assert finding(scorer.score(signin(3, 3, **HOME, **LAPTOP)), "unusual_hour") is None


def test_whoever_works_around_the_clock_is_never_early() -> None:
    scorer = adding()
    for day in range(30):
        for hour in range(0, 24, 3):
            scorer.process(signin(day, hour, **HOME, **LAPTOP))
    settled(scorer, at(30))
    assert all(finding(scorer.score(signin(31, hour, **HOME, **LAPTOP)), "unusual_hour") is None for hour in range(24))
