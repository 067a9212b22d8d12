"""Atypical country: known, but not for N whole days."""

from __future__ import annotations

from typing import Any, Optional

import pytest
from builders import HOME, HOTEL, LAPTOP, at, finding, live, model, policy, settled, signin
from busybody.policy import Policy
from busybody.scorer import Scorer
from busybody.sentence import reason
from busybody.signin import Finding

DAYS = int(Policy.default().countries.atypical_days)


def returned(days: float, rules: Optional[Policy] = None, **fields: Any) -> Optional[Finding]:
    """Lived in NL until day 9, then in PT; back in NL so many days after the last sign-in there."""
    scorer = model(rules)
    live(scorer, 10, **HOTEL)
    day = 10
    while day < 9 + days - 1:
        for hour in (8.0, 13.0):
            scorer.process(signin(day, hour, **HOME, **LAPTOP, device_id=None))
        day += 1
    settled(scorer, at(max(day - 1, 9), 13))
    return finding(scorer.score(signin(time=at(9 + days, 13), **{**HOTEL, **LAPTOP, **fields})), "atypical_country")


@pytest.mark.parametrize(("days", "odd"), [(DAYS - 0.01, False), (DAYS, True), (DAYS + 1, True)])
def test_counts_whole_elapsed_days(days: float, odd: bool) -> None:
    assert (returned(days) is not None) == odd


def test_longer_absence_is_more_surprising_and_says_how_long() -> None:
    short, long = returned(DAYS), returned(3 * DAYS)
    assert short is not None
    assert long is not None
    assert long.contribution > short.contribution
    assert long.evidence["days"] == 3 * DAYS
    assert reason(long).startswith(f"NL again after {3 * DAYS} days")


def test_days_follow_the_policy() -> None:
    rules = policy(countries={"atypical_days": 5})
    assert returned(5, rules) is not None
    assert returned(4.9, rules) is None


def test_country_that_the_policy_trusts_is_never_atypical() -> None:
    assert returned(DAYS + 1, policy(countries={"trusted": ["NL"]})) is None


def test_new_country_is_not_atypical_as_well() -> None:
    assert returned(DAYS + 1, country="SE") is None


def test_latest_sign_in_from_the_country_counts_whatever_network_it_came_from() -> None:
    scorer = model()
    live(scorer, 10)
    for day in range(10, 10 + DAYS + 5):
        scorer.process(signin(day, 9, **{**HOME, "asn": 65005}, **LAPTOP))
    settled(scorer, at(10 + DAYS + 4, 9))
    assert finding(scorer.score(signin(10 + DAYS + 5, 8, **HOME, **LAPTOP)), "atypical_country") is None


def test_scorer_of_somebody_unknown_finds_nothing() -> None:
    assert finding(Scorer.score(model(), signin(0, 9, **HOME)), "atypical_country") is None
