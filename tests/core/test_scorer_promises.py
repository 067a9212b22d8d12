"""What risk promises over whole organisations: slow, on the simulator; bounds wide enough for a change of weights."""

from __future__ import annotations

from typing import Dict, List, Tuple

import pytest
from builders import model
from busybody.population.calibration import rarity_of
from busybody.signin import Assessment
from busybody.simulate import Organisation, Truth, generate

WARM_UP_DAYS = 25
Scored = List[Tuple[Assessment, Truth]]


@pytest.fixture(scope="module")
def month() -> Scored:
    """An organisation's later weeks, scored as a stream."""
    company = Organisation(people=150, days=55, seed=31, warmup=WARM_UP_DAYS)
    scorer, scored = model(), []
    for event, truth in generate(company):
        assessment = scorer.process(event)
        if event.time >= company.start + WARM_UP_DAYS * 86400.0:
            scored.append((assessment, truth))
    return scored


@pytest.mark.slow
@pytest.mark.parametrize("risk", [40.0, 50.0, 60.0])
def test_risk_is_the_rate_of_honest_sign_ins(month: Scored, risk: float) -> None:
    """50 is one in a hundred; held to a factor of two, as an organisation of 150 is blended with the reference."""
    honest = [assessment.risk for assessment, truth in month if not truth.attack and not assessment.late]
    rate = sum(one >= risk for one in honest) / len(honest)
    assert rarity_of(risk) / 2.0 <= rate <= rarity_of(risk) * 2.0


@pytest.mark.slow
def test_high_and_critical_are_rarer_than_promised_and_never_without_evidence(month: Scored) -> None:
    honest = [assessment for assessment, truth in month if not truth.attack]
    assert sum(one.risk >= 70.0 for one in honest) / len(honest) <= 2.0 * rarity_of(70.0)


@pytest.mark.slow
def test_attackers_who_got_in_are_riskier_than_honest_people(month: Scored) -> None:
    risks: Dict[bool, List[float]] = {True: [], False: []}
    for assessment, truth in month:
        risks[truth.victim].append(assessment.risk)
    assert len(risks[True]) > 20
    median = sorted(risks[True])[len(risks[True]) // 2]
    assert median >= 60.0
    assert sum(one >= median for one in risks[False]) / len(risks[False]) < 0.02


@pytest.mark.slow
def test_false_alerts_keep_to_the_budget(month: Scored) -> None:
    """At most three times the default budget of one a day for 1,000 people, counted by incident."""
    honest = [assessment for assessment, truth in month if not truth.attack and assessment.alert]
    incidents = {(assessment.user, assessment.incident) for assessment in honest}
    assert len(incidents) / (150 * 30) * 1000.0 <= 3.0
