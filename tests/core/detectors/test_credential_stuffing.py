"""Credential stuffing: where many failed, this password was right at the first try."""

from __future__ import annotations

from attacks import enter, fail, known, people, words

NAME = "credential_stuffing"


def test_first_try_where_many_failed_is_told_as_a_leaked_password() -> None:
    scorer = known()
    for place, user in enumerate(people(14)):
        fail(scorer, place, user)
    assessment = enter(scorer, 20)
    assert words(assessment, NAME) == "right at the first try where 14 people failed in 20 min: 198.18.99.0/24"
    assert words(assessment, "password_spraying") is None, "said once"


def test_own_failure_makes_it_a_spray() -> None:
    scorer = known()
    for place, user in enumerate([*people(14), "ana"]):
        fail(scorer, place, user)
    assessment = enter(scorer, 20)
    assert words(assessment, NAME) is None
    assert words(assessment, "password_spraying") is not None


def test_crowd_of_yesterday_is_forgotten() -> None:
    scorer = known()
    for place, user in enumerate(people(14)):
        fail(scorer, place, user)
    assert words(enter(scorer, 20 + 24 * 60), NAME) is None
