"""Risk: from rarity to 0–100, level and alert, and a person's risk over time.

    a person's risk = Σ s_i / i^1.5 / 2.5924      over open incidents in falling order, each decayed

The series and its constant are those of Elastic's entity risk score, so that numbers compare.
"""

from __future__ import annotations

from typing import Any, Iterable, List, Mapping

from .policy import Policy
from .population import Organisation
from .population.calibration import risk_of as risk_of_rarity

LEVELS = (("critical", 90.0), ("high", 70.0), ("medium", 40.0), ("low", 20.0), ("none", 0.0))
HIGH_NEEDS, CRITICAL_NEEDS = -1.386, 0.0  # log-odds: posterior .2 and .5; rarity alone is no evidence
BELOW_HIGH, BELOW_CRITICAL = 69.0, 89.0
BELOW_MEDIUM = 39.0  # of a failed attempt, however odd: whoever it was is not in
EXPONENT, SERIES = 1.5, 2.5924
VIP = 70.0  # people on that list alert from here on, whatever the budget allows
HALF_LIFE_DAYS = 7.0  # of an open incident's part in a person's risk
VERIFIED_MALICIOUS = 100.0


def level_of(risk: float) -> str:
    """none, low, medium, high or critical."""
    for name, least in LEVELS:
        if risk >= least:
            return name
    return "none"


def risk_of(log_odds: float, organisation: Organisation, new_person: bool, hard: bool) -> float:
    """Calibrated rarity, held below high and critical where only rarity and no evidence speaks for them.

    Somebody of whom too little is known stays below high, unless something other than novelty was odd.
    """
    risk = organisation.calibration.risk(log_odds)
    if log_odds < HIGH_NEEDS or (new_person and not hard):
        return min(risk, BELOW_HIGH)
    return min(risk, BELOW_CRITICAL) if log_odds < CRITICAL_NEEDS else risk


def alert_rarity(organisation: Organisation, policy: Policy) -> float:
    """How rare a sign-in has to be to alert (share of sign-ins that look as odd), from the alert budget.

    The budget is in false alerts per 1,000 people and day, rarity in sign-ins; the organisation's own number of
    sign-ins per person and day converts them. Rarity is compared, not risk, since risk ends at one in 10,000.
    """
    return policy.alerts.budget / (1000.0 * organisation.signins_a_day())


def alert_threshold(organisation: Organisation, policy: Policy) -> float:
    """The risk from which a sign-in alerts, 0 to 100: stated in the policy, or what the alert budget buys."""
    if policy.alerts.threshold is not None:
        return policy.alerts.threshold
    return risk_of_rarity(alert_rarity(organisation, policy))


def combined(scores: Iterable[float]) -> float:
    """Risk of several findings together, 0 to 100: Σ s_i / i^1.5 / 2.5924, in falling order."""
    ordered = sorted(scores, reverse=True)
    total: float = sum(score / place**EXPONENT for place, score in enumerate(ordered, 1))
    return min(100.0, total / SERIES)


def person_risk(incidents: Iterable[Mapping[str, Any]], now: float) -> float:
    """A person's risk at `now` from their incidents: benign ones do not count, a confirmed one is critical."""
    scores: List[float] = []
    for incident in incidents:
        if incident["status"] == "malicious":
            return VERIFIED_MALICIOUS
        if incident["status"] == "open":
            days = max(0.0, now - incident["last"]) / 86400.0
            scores.append(incident["risk"] * 0.5 ** (days / HALF_LIFE_DAYS))
    return combined(scores)
