"""How a person stands now: their risk, their level, and the open incidents that it comes from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Dict, Tuple

from .people import Person
from .profile import incidents
from .profile.codec import decode
from .risk import level_of, person_risk

if TYPE_CHECKING:
    from .policy import Policy


def standing(user: str, text: str, policy: Policy, now: float) -> Dict[str, Any]:
    """One person: risk, open incidents with the worst first, and when they were last seen."""
    profile = decode(text, user)
    incidents.expire(profile, now)
    known = Person(user, profile, policy.learning.incident_hours)
    risk = round(person_risk(known.incidents, now), 2)
    rows = [row for row in known.incidents if row["status"] in ("open", "malicious")]
    rows.sort(key=_worst, reverse=True)
    worst = round(max((row["risk"] for row in rows), default=0.0), 2)
    return {
        "user": user, "risk": risk, "level": level_of(max(risk, worst)), "worst": worst, "last_seen": profile.last,
        "frozen": profile.frozen,
        "incidents": [
            {name: row[name] for name in ("id", "event", "status", "risk", "opened", "last", "count", "sentence")} for row in rows
        ],
    }  # fmt: skip


def _worst(row: Dict[str, Any]) -> Tuple[bool, float, float]:
    return row["status"] == "malicious", row["risk"], row["last"]
