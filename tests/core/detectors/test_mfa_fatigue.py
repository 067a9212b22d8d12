"""MFA fatigue: denials, then acceptance."""

from __future__ import annotations

import pytest
from attacks import at_home, enter, fail, known, words
from builders import HOME, HOTEL, LAPTOP, finding

NAME = "mfa_fatigue"


def test_acceptance_after_denials_is_told_with_their_number() -> None:
    scorer = known()
    for minute in range(6):
        fail(scorer, minute, mfa="denied")
    assessment = enter(scorer, 7, mfa="passed")
    assert words(assessment, NAME) == "second factor accepted after 6 denials in 7 min, from 198.18.99.1"
    assert assessment.hard


def test_one_denial_is_a_slip() -> None:
    scorer = known()
    fail(scorer, 0, mfa="denied", **HOTEL, **LAPTOP)
    assert words(enter(scorer, 1, mfa="passed", **HOTEL, **LAPTOP), NAME) is None


def test_denials_of_somebody_elses_prompts_do_not_doubt_the_person_at_home() -> None:
    scorer = known()
    for minute in range(6):
        fail(scorer, minute, mfa="denied")
    assert at_home(scorer, 8, mfa="passed").habitual


@pytest.mark.parametrize(("place", "part"), [(HOTEL, 1.0), (HOME, 0.5)])
def test_own_device_counts_in_full_where_the_denials_came_from_the_network_that_got_in(
    place: dict, part: float
) -> None:  # type: ignore[type-arg]
    own, strange = known(), known()
    for minute in range(4):
        fail(own, minute, mfa="denied", **place)
        fail(strange, minute, mfa="denied", **HOTEL)
    mine = finding(enter(own, 5, **HOTEL, **LAPTOP), NAME)
    theirs = finding(enter(strange, 5, **HOTEL), NAME)
    assert mine is not None
    assert theirs is not None
    assert mine.contribution == part * theirs.contribution
