"""A person's level by the number of their alerts, as BuffaLogs counts it; it stands beside the risk of the design.

    0 none · 1 to 3 low · 4 to 6 medium · 7 and more high

An alert is one finding of one sign-in, of the detectors in `levels.risk_score_increment_alerts`. What a filter set
aside is not counted, unless `alert_minimum_risk_score` is the only one; what is older than `alert_max_days` no more.
"""

from __future__ import annotations

from typing import Dict, List, NamedTuple, Optional, Sequence, Tuple

from ..errors import PolicyError, shown
from ..policy import Policy
from ..signin import Assessment
from .marks import counts

BOUNDS = (("high", 7), ("medium", 4), ("low", 1), ("none", 0))  # alerts from which the level holds
LEVELS = tuple(name for name, _ in reversed(BOUNDS))
NAMES = {"no risk": "none"}  # what BuffaLogs writes
LEAST = {"none": 0, "low": 3, "medium": 6, "high": 7}  # what a level stands for in a query
DAY = 86400.0


class Rise(NamedTuple):
    """A person's level rose to the threshold or above: BuffaLogs' User Risk Threshold alert."""

    user: str
    event_id: str
    before: str
    level: str


def level_of(alerts: int) -> str:
    """The level of somebody with so many alerts."""
    return next(name for name, least in BOUNDS if alerts >= least)


def level_named(text: str) -> str:
    """The level of a query: its name in any case, or 0 to 7. Raises PolicyError."""
    word = text.strip().casefold()
    name = NAMES.get(word, word)
    if name in LEVELS:
        return name
    if word.isdecimal() and int(word) <= LEAST["high"]:
        return level_of(int(word))
    raise PolicyError(f"{shown(text)} is no level. Give one of {', '.join(LEVELS)}, or 0 to 7.", key="levels")


def between(least: Optional[str], most: Optional[str]) -> Tuple[str, ...]:
    """The levels from one to another, both included; None is no bound."""
    first = 0 if least is None else LEVELS.index(level_named(least))
    last = len(LEVELS) - 1 if most is None else LEVELS.index(level_named(most))
    return LEVELS[first : last + 1]


def is_rise(before: str, level: str, threshold: str) -> bool:
    """Whether a change of level is an alert by itself."""
    return LEVELS.index(level) > LEVELS.index(before) and LEVELS.index(level) >= LEVELS.index(threshold)


class Levels:
    """Counts the alerts of people from assessments, in the order of time. `rule` may change: all is counted by it anew."""

    def __init__(self, policy: Policy) -> None:
        self.rule = policy.levels
        self._alerts: Dict[str, List[Tuple[float, str]]] = {}  # person -> when, detector
        self._levels: Dict[str, str] = {}

    def take(self, assessment: Assessment) -> Optional[Rise]:
        """Count an assessment. Returns the rise, where the person's level rose far enough."""
        found = [one.detector for one in assessment.findings if one.contribution > 0.0 and counts(one)]
        return self.add(assessment.user, assessment.event_id, assessment.time, found) if found else None

    def add(self, user: str, event_id: str, time: float, detectors: Sequence[str]) -> Optional[Rise]:
        """Count alerts that no filter sets aside. A level may fall in silence."""
        oldest = time - self.rule.alert_max_days * DAY
        alerts = [row for row in self._alerts.get(user, ()) if row[0] >= oldest]
        self._alerts[user] = alerts = alerts + [(time, detector) for detector in detectors]
        before, level = self._levels.get(user, "none"), self._of(alerts)
        self._levels[user] = level
        if not is_rise(before, level, self.rule.threshold_user_risk_alert):
            return None
        return Rise(user, event_id, before, level)

    def level(self, user: str) -> str:
        """The level as of the person's last alert."""
        return self._levels.get(user, "none")

    def number(self, user: str) -> int:
        """How many alerts are counted."""
        return self._number(self._alerts.get(user, ()))

    def _of(self, alerts: Sequence[Tuple[float, str]]) -> str:
        return level_of(self._number(alerts))

    def _number(self, alerts: Sequence[Tuple[float, str]]) -> int:
        return sum(detector in self.rule.risk_score_increment_alerts for _, detector in alerts)
