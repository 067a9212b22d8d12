"""Concurrent sessions: somebody elsewhere while the person is at work."""

from __future__ import annotations

import pytest
from attacks import at_home, enter, known, words
from builders import HOME, LAPTOP

NAME = "concurrent_sessions"


def test_stranger_minutes_after_the_person_is_told_with_the_gap() -> None:
    scorer = known()
    at_home(scorer, 0)
    told = "Firefox on Linux 10 min after a sign-in elsewhere with another device (Chrome on Windows)"
    assert words(enter(scorer, 10), NAME) == told


@pytest.mark.parametrize("fields", [HOME, LAPTOP])
def test_one_familiar_side_is_enough_to_say_nothing(fields: dict) -> None:  # type: ignore[type-arg]
    scorer = known()
    at_home(scorer, 0)
    assert words(enter(scorer, 10, **fields), NAME) is None


def test_half_an_hour_later_it_says_nothing() -> None:
    scorer = known()
    at_home(scorer, 0)
    assert words(enter(scorer, 31), NAME) is None
