"""What goes out: an assessment as a JSON line, an ECS document, a Splunk risk row.

One shape each, used by every surface. Numbers are rounded only where a person reads them.
"""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any, Dict, Mapping

from .detectors import entry
from .filters.marks import counts
from .sentence import reason
from .signin import Assessment, Finding, SignIn

SEVERITY = {"low": 21, "medium": 47, "high": 73, "critical": 99}  # Elastic's event.severity
SHOWN = (
    "outcome", "ip", "network", "country", "region", "city", "lat", "lon", "asn", "as_org", "device", "app", "method",
    "mfa", "source",
)  # fmt: skip
Document = Dict[str, Any]


def finding_row(found: Finding) -> Document:
    """A finding with its words and techniques."""
    return {
        "detector": found.detector,
        "contribution": found.contribution,
        "reason": reason(found),
        "techniques": list(entry(found.detector).techniques),
        "evidence": dict(found.evidence),
        "filtered_by": list(found.filtered_by),
    }


def line(signin: SignIn, assessment: Assessment, sentence: str) -> Document:
    """The JSON line of `busybody score --output jsonl`."""
    return {
        "event_id": assessment.event_id,
        "time": assessment.time,
        "user": assessment.user,
        **verdict(assessment, sentence),
        "signin": {name: getattr(signin, name) for name in SHOWN},
    }


def verdict(assessment: Assessment, sentence: str) -> Document:
    """The part of a JSON line between the person and the sign-in: how odd it is, why, and what is learned of it."""
    return {
        "risk": assessment.risk,
        "level": assessment.level,
        "log_odds": assessment.log_odds,
        "base": assessment.base,
        "findings": [finding_row(found) for found in assessment.findings],
        "sentence": sentence,
        "learned": assessment.learned,
        "previous": assessment.previous,
        "model": assessment.model,
        "incident": assessment.incident,
        "late": assessment.late,
        "alert": assessment.alert,
        **({"lists": list(assessment.lists)} if assessment.lists else {}),
    }


def ecs(signin: SignIn, assessment: Assessment, sentence: str) -> Document:
    """An Elastic Common Schema document, one for each scored sign-in."""
    techniques = techniques_of(assessment)
    document: Document = {
        "@timestamp": iso(assessment.time),
        "event": {
            "kind": "alert" if assessment.alert else "event",
            "category": ["authentication"],
            "type": ["info"],
            "module": "busybody",
            "dataset": "busybody.score",
            "id": assessment.event_id,
            "outcome": signin.outcome,
            "risk_score": round(assessment.risk, 2),
            "risk_score_norm": round(assessment.risk, 2),
        },
        "user": {
            "name": assessment.user,
            "risk": {"static_level": assessment.level, "static_score": round(assessment.risk, 2)},
        },
        "busybody": {
            "risk": assessment.risk,
            "level": assessment.level,
            "sentence": sentence,
            "log_odds": assessment.log_odds,
            "base": assessment.base,
            "findings": [finding_row(found) for found in assessment.findings],
            "learned": assessment.learned,
            "previous": assessment.previous,
            "incident": assessment.incident,
            "late": assessment.late,
            "model": assessment.model,
        },
    }
    if assessment.level in SEVERITY:
        document["event"]["severity"] = SEVERITY[assessment.level]
    if sentence:
        document["message"] = sentence
    if signin.ip is not None:
        document["source"] = _source(signin)
    if signin.user_agent is not None:
        document["user_agent"] = {"original": signin.user_agent}
    if techniques:
        document["threat"] = {"framework": "MITRE ATT&CK", "technique": {"id": techniques}}
    return document


def splunk(signin: SignIn, assessment: Assessment, sentence: str) -> Document:
    """A row with the fields of Splunk Enterprise Security's risk framework; risk fields only from an alert up."""
    row: Document = {
        "_time": assessment.time,
        "user": assessment.user,
        "src": signin.ip or "",
        "app": signin.app or "",
        "action": signin.outcome,
        "event_id": assessment.event_id,
        "busy_risk": round(assessment.risk, 2),
        "busy_level": assessment.level,
        "busy_sentence": sentence,
        "busy_findings": [found.detector for found in assessment.findings if counts(found)],
        "busy_techniques": techniques_of(assessment),
        "busy_learned": assessment.learned,
        "busy_incident": assessment.incident or "",
    }
    filtered = dict.fromkeys(reason for found in assessment.findings for reason in found.filtered_by)
    if filtered:
        row["busy_filtered_by"] = list(filtered)
    if assessment.alert:
        row.update(
            risk_object=assessment.user,
            risk_object_type="user",
            risk_score=round(assessment.risk),
            risk_message=sentence,
            threat_object=signin.ip or "",
            threat_object_type="ip_address",
        )
    return row


def detector_of(found: Finding) -> str:
    """A finding's detector where it has to be one word, with what filters it behind."""
    return f"{found.detector} [{', '.join(found.filtered_by)}]" if found.filtered_by else found.detector


def techniques_of(assessment: Assessment) -> list[str]:
    """ATT&CK ids of all findings that raise the odds, each once, in catalogue order."""
    found = (entry(row.detector).techniques for row in assessment.findings if row.contribution > 0.0 and counts(row))
    return list(dict.fromkeys(technique for techniques in found for technique in techniques))


def iso(time: float) -> str:
    """Epoch seconds as ISO 8601 UTC with milliseconds."""
    return datetime.fromtimestamp(time, timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _source(signin: SignIn) -> Mapping[str, Any]:
    source: Document = {"ip": signin.ip}
    if signin.country is not None:
        source["geo"] = {"country_iso_code": signin.country, "city_name": signin.city}
        if signin.lat is not None and signin.lon is not None:
            source["geo"]["location"] = {"lat": signin.lat, "lon": signin.lon}
    if signin.asn is not None:
        source["as"] = {"number": signin.asn, "organization": {"name": signin.as_org}}
    return source
