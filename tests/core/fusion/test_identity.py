"""Base + contributions = log-odds: exactly, bit for bit, in catalogue order."""

from __future__ import annotations

import math

import pytest
from builders import (
    FAR,
    HOME,
    LAPTOP,
    STRANGE,
    TOR,
    adversarial,
    at,
    finding,
    live,
    model,
    names,
    policy,
    settled,
    signin,
    sum_of_parts,
)
from busybody.detectors import CATALOGUE, Signal
from busybody.fusion import BASE, fuse
from busybody.policy import Policy
from hypothesis import given
from hypothesis import strategies as st

ORDER = [row.name for row in CATALOGUE]
surprisals = st.floats(-10, 10, allow_nan=False)


@pytest.mark.parametrize("seed", range(6))
def test_contributions_add_up_to_the_log_odds_bit_for_bit(seed: int) -> None:
    scorer = model()
    told = 0
    for event in adversarial(seed, odd=0.5):
        assessment = scorer.process(event)
        assert sum_of_parts(assessment) == assessment.log_odds
        assert names(assessment) == sorted(names(assessment), key=ORDER.index), "catalogue order"
        assert len(set(names(assessment))) == len(assessment.findings)
        told += len(assessment.findings)
    assert told > 50


def test_everyday_sign_in_is_the_base_and_nothing_else() -> None:
    scorer = model()
    live(scorer, 30)
    assessment = scorer.score(signin(30, 8, **HOME, **LAPTOP))
    assert (assessment.log_odds, assessment.base, assessment.findings) == (BASE, BASE, ())


@given(st.dictionaries(st.sampled_from(ORDER), surprisals))
def test_fusion_is_the_weighted_sum_in_catalogue_order(told: dict[str, float]) -> None:
    rules = Policy.default()
    log_odds, findings = fuse({name: Signal(value, {"of": name}) for name, value in told.items()}, rules)
    expected = BASE
    for name in ORDER:
        if name in told:
            expected += rules.weights[name] * told[name]
    assert log_odds == expected
    assert [(found.detector, found.contribution) for found in findings] == [
        (name, rules.weights[name] * told[name]) for name in ORDER if name in told
    ]
    assert all(found.evidence == {"of": found.detector} for found in findings)


def test_weight_of_the_policy_scales_the_contribution() -> None:
    usual, heavier = model(), model(policy(weights={"new_device": 1.05}))
    contributions = []
    for scorer in (usual, heavier):
        live(scorer, 30)
        found = finding(scorer.score(signin(30, 9, **HOME, **STRANGE)), "new_device")
        assert found is not None
        contributions.append(found.contribution)
    ratio = 1.05 / Policy.default().weights["new_device"]
    assert contributions[1] == pytest.approx(contributions[0] * ratio, rel=1e-12)


@pytest.mark.parametrize("name", ORDER)
def test_disabled_detector_says_nothing(name: str) -> None:
    scorer = model(policy(detectors={"disabled": [name]}))
    for event in adversarial(3, length=200, odd=0.5):
        assessment = scorer.process(event)
        assert finding(assessment, name) is None
        assert sum_of_parts(assessment) == assessment.log_odds


def test_relief_is_asked_only_where_something_is_odd() -> None:
    scorer = model()
    live(scorer, 30)
    calm = scorer.score(signin(30, 9, **HOME, **LAPTOP, outcome="failure", flags=("phishing_resistant",)))
    odd = scorer.score(signin(30, 9, **FAR, **STRANGE, outcome="failure"))
    assert calm.findings == ()
    assert "failed_attempt" in names(odd)


def test_incident_is_told_last_and_adds_nothing_to_the_odds() -> None:
    scorer = model()
    live(scorer, 30)
    opening = scorer.process(signin(30, 9, **TOR, **STRANGE))
    settled(scorer, at(30, 9))
    again = scorer.score(signin(30, 20, **TOR, **STRANGE, flags=("phishing_resistant",)))
    assert names(again)[-1] == "open_incident"
    assert again.log_odds < opening.log_odds
    assert again.risk == opening.risk
    assert sum_of_parts(again) == again.log_odds
    assert math.isfinite(again.log_odds)
