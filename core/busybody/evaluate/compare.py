"""Compare: what would alert under one policy and not under another, on a log whose truth nobody knows.

The back-test before a change of policy. Each policy reads the log with its own lists and maps, and learns by itself.
"""

from __future__ import annotations

from typing import Any, Dict, List, NamedTuple, Optional, Tuple

from ..policy import Policy
from ..scorer import Scorer
from ..stores.memory import MemoryStore
from .log import Log, read
from .replay import DAY
from .shipped import causes

MOST_CAUSES = 3


class Alert(NamedTuple):
    """A person's day with an alert, at its riskiest sign-in."""

    user: str
    day: int
    time: float
    event_id: str
    risk: float
    causes: Tuple[str, ...]


Days = Dict[Tuple[str, int], Alert]


def compare(path: str, first: Policy, second: Policy, source: Optional[str] = None) -> Dict[str, Any]:
    """Person-days that alert under both policies, and under one alone."""
    log, before = _alerts(path, first, source)
    other, after = _alerts(path, second, source)
    days = max(1.0, (log.end - log.start) / DAY)
    people = len({event.signin.user for event in log.events})
    return {
        "signins": [len(log.events), len(other.events)],
        "broken": log.broken,
        "days": days,
        "people": people,
        "alerts": [len(before), len(after)],
        "per_1000_people_per_day": [1000.0 * len(one) / (people * days) for one in (before, after)],
        "both": len(before.keys() & after.keys()),
        "only_first": _rows(before, after),
        "only_second": _rows(after, before),
    }


def _alerts(path: str, policy: Policy, source: Optional[str]) -> Tuple[Log, Days]:
    log = read(path, None, policy, source)
    scorer = Scorer(policy, MemoryStore())
    found: Days = {}
    for signin, _ in log.events:
        assessment = scorer.process(signin)
        if assessment.alert:
            key = (signin.user, int(signin.time // DAY))
            known = found.get(key)
            if known is None or assessment.risk > known.risk:
                found[key] = Alert(*key, signin.time, signin.id, assessment.risk, causes(assessment)[:MOST_CAUSES])
    return log, found


def _rows(these: Days, those: Days) -> List[Dict[str, Any]]:
    rows = [alert for key, alert in these.items() if key not in those]
    return [
        {
            "time": one.time,
            "user": one.user,
            "event_id": one.event_id,
            "risk": round(one.risk, 1),
            "causes": list(one.causes),
        }
        for one in sorted(rows, key=lambda one: (one.time, one.user))
    ]
