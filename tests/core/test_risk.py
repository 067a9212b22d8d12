"""Risk: levels, evidence for high and critical, the alert budget, a person's risk over time."""

from __future__ import annotations

from typing import Any, Dict, List

import pytest
from builders import FAR, HOME, LAPTOP, STRANGE, at, company, live, model, policy, signin
from busybody.decay import Decay
from busybody.policy import Policy
from busybody.population import Organisation
from busybody.population.calibration import Calibration, Survival, bin_of, rarity_of
from busybody.risk import (
    BELOW_CRITICAL,
    BELOW_HIGH,
    CRITICAL_NEEDS,
    HALF_LIFE_DAYS,
    HIGH_NEEDS,
    LEVELS,
    SERIES,
    VERIFIED_MALICIOUS,
    alert_threshold,
    combined,
    level_of,
    person_risk,
    risk_of,
)  # fmt: skip
from busybody.signin import Assessment
from hypothesis import given
from hypothesis import strategies as st

risks = st.floats(0, 100)
log_odds = st.floats(-20, 40)


def organisation(**state: Any) -> Organisation:
    here = Organisation(Decay(30.0))
    for name, value in state.items():
        setattr(here, name, value)
    return here


def calm() -> Organisation:
    """Where any oddity is rare: the calibration alone would say critical."""
    return organisation(calibration=Calibration(Survival({bin_of(-6.0): 1e6, bin_of(-5.0): 10.0}, 1e6)))


@pytest.mark.parametrize(
    ("risk", "level"),
    [(0, "none"), (19.999, "none"), (20, "low"), (39.999, "low"), (40, "medium"), (69.999, "medium"), (70, "high"), (89.999, "high"), (90, "critical"), (100, "critical")],
)  # fmt: skip
def test_levels_are_cut_where_the_documentation_says(risk: float, level: str) -> None:
    assert level_of(risk) == level


def test_high_and_critical_need_evidence_and_not_only_rarity() -> None:
    here = calm()
    assert here.calibration.risk(HIGH_NEEDS - 0.01) > 90.0
    assert risk_of(HIGH_NEEDS - 0.01, here, False, True) == BELOW_HIGH
    assert risk_of(CRITICAL_NEEDS - 0.01, here, False, True) == BELOW_CRITICAL
    assert risk_of(CRITICAL_NEEDS, here, False, False) == here.calibration.risk(CRITICAL_NEEDS)


def test_new_person_is_below_high_unless_something_other_than_novelty_was_odd() -> None:
    here = calm()
    assert risk_of(10.0, here, True, False) == BELOW_HIGH
    assert risk_of(10.0, here, True, True) == risk_of(10.0, here, False, False) >= 90.0


def test_the_caps_lie_just_below_their_levels() -> None:
    assert (level_of(BELOW_HIGH), level_of(BELOW_CRITICAL)) == ("medium", "high")


@given(log_odds, log_odds, st.booleans(), st.booleans())
def test_risk_never_falls_as_the_odds_rise(one: float, other: float, new: bool, hard: bool) -> None:
    for here in (organisation(), calm()):
        low, high = sorted((one, other))
        assert risk_of(low, here, new, hard) <= risk_of(high, here, new, hard) + 1e-9


def assessed_new_person(**fields: Any) -> Assessment:
    scorer = model()
    company(scorer)
    for day in range(4):
        scorer.process(signin(30 + day, 9, user="new", **HOME, **LAPTOP))
    return scorer.score(signin(34, 11, user="new", **fields))


def test_newcomers_novelty_is_capped_at_medium() -> None:
    assessment = assessed_new_person(**{**HOME, "asn": 65001, "subnet": "10.0.0.0/24", "as_org": "Rare Net"}, **STRANGE)
    assert level_of(assessment.risk) in ("none", "low", "medium")


def test_alert_threshold_is_what_the_policy_states() -> None:
    assert alert_threshold(organisation(), policy(alerts={"threshold": 63})) == 63


@given(st.floats(0.01, 100), st.floats(0.01, 100))
def test_alert_threshold_falls_as_the_budget_grows(one: float, other: float) -> None:
    small, large = sorted((one, other))
    here = organisation()
    assert (
        alert_threshold(here, policy(alerts={"budget": large}))
        <= alert_threshold(here, policy(alerts={"budget": small})) + 1e-9
    )


def test_budget_buys_alerts_per_thousand_people_and_day_whatever_the_number_of_sign_ins() -> None:
    for a_day in (0.5, 2.8, 40.0):
        here = organisation(signins=a_day * 1e6, person_days=1e6)
        rate = here.signins_a_day()
        assert rate == pytest.approx(a_day, rel=0.01)
        for budget in (0.1, 1.0, 5.0):
            threshold = alert_threshold(here, policy(alerts={"budget": budget}))
            if threshold < 100.0:  # beyond that, risk tells no more rarities apart
                assert rarity_of(threshold) * rate * 1000.0 == pytest.approx(budget, rel=1e-6)


def test_default_threshold_of_a_new_organisation_is_that_of_the_usual_sign_in_rate() -> None:
    assert 80.0 < alert_threshold(organisation(), Policy.default()) < 90.0


@given(st.lists(risks, max_size=30))
def test_combined_risk_is_the_series_and_never_above_a_hundred(scores: List[float]) -> None:
    slow = 0.0
    for before, score in enumerate(sorted(scores, reverse=True)):
        slow += score / (before + 1) ** 1.5
    assert combined(scores) == pytest.approx(min(100.0, slow / SERIES), abs=1e-9)


@given(st.lists(risks, max_size=20), risks)
def test_one_more_incident_never_lowers_the_risk(scores: List[float], another: float) -> None:
    assert combined([*scores, another]) >= combined(scores) - 1e-9


def incident(risk: float = 80.0, last: float = 0.0, status: str = "open") -> Dict[str, Any]:
    return {"risk": risk, "last": last, "status": status}


def test_persons_risk_halves_in_a_half_life() -> None:
    now = HALF_LIFE_DAYS * 86400.0
    assert person_risk([incident()], now) == pytest.approx(person_risk([incident()], 0.0) / 2.0)


def test_benign_and_closed_incidents_do_not_count() -> None:
    assert person_risk([incident(status="benign"), incident(status="closed")], 0.0) == 0.0
    assert person_risk([], 0.0) == 0.0


def test_confirmed_incident_makes_the_person_critical_for_as_long_as_it_is_open() -> None:
    assert person_risk([incident(5.0, status="malicious"), incident()], 1e9) == VERIFIED_MALICIOUS == 100.0
    assert level_of(VERIFIED_MALICIOUS) == "critical"


def test_incident_of_the_future_does_not_grow() -> None:
    assert person_risk([incident(last=1e6)], 0.0) == person_risk([incident(last=0.0)], 0.0)


def test_filtered_findings_do_not_make_anybody_risky() -> None:
    scorer = model(policy(people={"ignored": ["ana"]}))
    company(scorer)
    live(scorer, 30)
    scorer.process(signin(30, 9, **FAR, **STRANGE, flags=("threat",)))
    scorer.advance(at(31))
    person = scorer.people.get("ana")
    assert person is not None
    assert person_risk(person.profile.incidents, at(31)) == 0.0


def test_levels_are_listed_from_the_top_without_a_gap() -> None:
    assert [least for _, least in LEVELS] == sorted((least for _, least in LEVELS), reverse=True)
    assert LEVELS[-1][1] == 0.0
