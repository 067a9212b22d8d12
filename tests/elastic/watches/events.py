"""Documents that the tests of monitors, Kibana rules and detection rules put in, short to write."""

from __future__ import annotations

from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, Mapping

from busybody.risk import level_of, person_risk
from busybody_elastic.documents import Documents
from watches.cluster import merge

NO_OF_AN_ANALYST = {"state": "malicious", "verdict": {"answer": "malicious", "channel": "kibana"}}  # of a high incident
Row = tuple[str, "str | None", dict[str, Any]]


def signin(user: str, risk: float, **more: Any) -> dict[str, Any]:
    """What a score and an alert have in common."""
    document: dict[str, Any] = {
        "user": {"name": user, "hash": sha256(user.encode()).hexdigest()},
        "event": {"module": "busybody", "risk_score": risk},
    }
    merge(document, more)
    return document


def alert(user: str, incident: str, risk: float, severity: int = 73, **more: Any) -> dict[str, Any]:
    """A revision of an open incident."""
    document = signin(
        user, risk, event={"kind": "alert", "dataset": "busybody.alert", "severity": severity, "id": f"e-{incident}"}
    )
    document["message"] = f"Unusual sign-in: {incident}"
    document["busybody"] = {"incident": incident, "revision": 1, "state": "open", "sentence": f"about {incident}"}
    merge(document, more)
    return document


def score(user: str, country: str, **more: Any) -> dict[str, Any]:
    """A successful sign-in from a new country."""
    document = signin(user, 42.0, event={"kind": "event", "dataset": "busybody.score", "outcome": "success"})
    document |= {"busybody": {"detectors": ["new_country"]}, "source": {"geo": {"country_iso_code": country}}}
    merge(document, more)
    return document


def person(user: str, *incidents: float, status: str = "open") -> dict[str, Any]:
    """A person's latest risk as the service writes it, from the risks of their incidents of this moment."""
    rows = [
        {"id": f"i{number}", "status": status, "risk": risk, "last": 0.0, "sentence": f"about {user}"}
        for number, risk in enumerate(incidents)
    ]
    score, worst = round(person_risk(rows, 0.0), 2), max(incidents, default=0.0)
    standing = {"risk": score, "level": level_of(max(score, worst)), "last_seen": None, "incidents": rows}
    document = Documents().risk(user, standing, 0.0, "incident")
    return {
        "user": document["user"],
        "event": {"module": "busybody", "dataset": "busybody.risk"},
        "busybody": document["busybody"],
    }


def beat(instance: str, state: str = "ok", lag: float = 0.5, last: str = "2026-11-20T11:59:00.000Z") -> dict[str, Any]:
    return {
        "event": {"kind": "metric", "module": "busybody", "dataset": "busybody.heartbeat"},
        "busybody": {"heartbeat": {"instance": instance, "state": state, "lag_seconds": lag, "last_signin": last}},
    }


def placed(index: str, document: Mapping[str, Any], at: datetime, name: str | None = None) -> Row:
    """The document in an index, seen and ingested at that time."""
    moment = at.strftime("%Y-%m-%dT%H:%M:%S.000Z")
    whole: dict[str, Any] = {"@timestamp": moment, "event": {"ingested": moment}}
    merge(whole, document)
    return index, name, whole


def ago(now: datetime, seconds: float) -> datetime:
    return now - timedelta(seconds=seconds)
