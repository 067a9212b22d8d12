"""Dormant account: whole days of silence, counted from the last success, trusted or not."""

from __future__ import annotations

from typing import Optional

import pytest
from builders import FAR, HOME, LAPTOP, STRANGE, adding, at, finding, live, policy, settled, signin
from busybody.detectors.dormant_account import HIGHEST
from busybody.policy import Policy
from busybody.scorer import Scorer
from busybody.sentence import reason
from busybody.signin import Finding

DAYS = int(Policy.default().dormant.days)


@pytest.fixture(scope="module")
def lived() -> Scorer:
    scorer = adding()
    live(scorer, 30)
    return settled(scorer, at(29, 13))


def found(scorer: Scorer, days: float) -> Optional[Finding]:
    return finding(scorer.score(signin(time=at(29 + days, 13), **HOME, **LAPTOP)), "dormant_account")


@pytest.mark.parametrize(("days", "odd"), [(1, False), (DAYS - 0.01, False), (DAYS, True), (DAYS + 0.5, True)])
def test_counts_whole_days_of_silence(lived: Scorer, days: float, odd: bool) -> None:
    assert (found(lived, days) is not None) == odd


def test_longer_silence_is_more_surprising_up_to_a_bound_and_says_how_long(lived: Scorer) -> None:
    contributions = []
    for days in (DAYS, 2 * DAYS, 4 * DAYS, 100 * DAYS):
        odd = found(lived, days)
        assert odd is not None
        contributions.append(odd.contribution)
        assert reason(odd) == f"first sign-in after {days} days of silence"
    assert contributions == sorted(contributions)
    assert contributions[-1] == HIGHEST * Policy.default().weights["dormant_account"]


def test_days_follow_the_policy() -> None:
    scorer = adding(policy(dormant={"days": 5}))
    live(scorer, 30)
    assert found(scorer, 5) is not None
    assert found(scorer, 4.9) is None


def test_failures_do_not_keep_an_account_awake() -> None:
    scorer = adding()
    live(scorer, 30)
    for day in range(30, 30 + DAYS):
        scorer.process(signin(day, 9, **HOME, **LAPTOP, outcome="failure"))
    assert found(scorer, DAYS + 1) is not None


def test_untrusted_success_ends_the_silence() -> None:
    scorer = adding()
    live(scorer, 30)
    scorer.process(signin(30 + DAYS, 9, **FAR, **STRANGE))
    settled(scorer, at(30 + DAYS, 9))
    assert found(scorer, DAYS + 2) is None


def test_somebody_new_was_not_dormant() -> None:
    assert finding(adding().score(signin(0, 9, **HOME, **LAPTOP)), "dormant_account") is None
