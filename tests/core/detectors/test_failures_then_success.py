"""Failures, then success: where network or device is not the person's own."""

from __future__ import annotations

from attacks import at_home, enter, fail, known, words
from builders import HOME, HOTEL, LAPTOP, finding

NAME = "failures_then_success"


def test_success_after_failures_says_how_many_how_long_and_from_where() -> None:
    scorer = known()
    for minute in range(5):
        fail(scorer, minute)
    assessment = enter(scorer, 12)
    assert words(assessment, NAME) == "after 5 failures in 12 min from 198.18.99.1"
    assert assessment.hard


def test_forgotten_password_at_the_usual_place_is_habitual() -> None:
    scorer = known()
    for minute in range(8):
        fail(scorer, minute, **HOME, **LAPTOP)
    assert at_home(scorer, 9).habitual


def test_own_laptop_in_a_hotel_is_half_the_surprise() -> None:
    strange, own = known(), known()
    for minute in range(5):
        fail(strange, minute, **HOTEL)
        fail(own, minute, **HOTEL, **LAPTOP)
    full, half = finding(enter(strange, 6, **HOTEL), NAME), finding(enter(own, 6, **HOTEL, **LAPTOP), NAME)
    assert full is not None
    assert half is not None
    assert half.contribution * 2.0 == full.contribution


def test_failures_elsewhere_long_ago_or_afterwards_say_nothing() -> None:
    scorer = known()
    for minute in range(5):
        fail(scorer, minute, **HOTEL)  # another network than the one that gets in
    assert words(enter(scorer, 12), NAME) is None
    for minute in range(20, 25):
        fail(scorer, minute)
    assert words(enter(scorer, 200, ip="198.18.99.2"), NAME) is None


def test_failure_is_told_nothing() -> None:
    scorer = known()
    for minute in range(6):
        fail(scorer, minute)
    assert words(enter(scorer, 7, outcome="failure"), NAME) is None
    assert enter(scorer, 8, outcome="failure").risk < 40.0
