"""Rows of an alert as findings for the responder: who is asked, about what, and under which id.

    id = SHA-256 of the canonical JSON of (source, rule, subject, key fields, event ids or hour)

so that overlapping windows, retries and two search heads name the same finding alike. Rows of one Busybody incident
are one finding, however it grows: its id is that of (source, subject, incident).
"""

from __future__ import annotations

import json
from datetime import datetime, timezone
from hashlib import sha256
from math import floor
from typing import Any, Dict, List, NamedTuple, Optional, Sequence, Tuple

from busybody.fields.times import TimeReader

from .links import links_of
from .payload import Alert
from .person import IP, signin_of, users_of
from .results import Row, text, values
from .text import clean
from .tokens import fillable, filled, own_tokens

WINDOW = 3600.0  # seconds that share an id where rows name no event
ORDER = ("low", "medium", "high", "critical")
SEVERITIES = {"informational": "low", "info": "low", **{name: name for name in ORDER}}
TIMES = TimeReader()  # a time without a zone is UTC, as everywhere in Busybody
LONGEST = 300  # characters of a value
MOST_IN_TITLE = 3  # names of findings
EMAIL = ("email", "user_email", "src_user_email")
EVENT_ID = ("busy_event_id", "event_id", "hash")
ENTITIES = {  # what the person needs to recognise the sign-in: name in the contract, fields it may stand in
    "ip": IP,
    "country": ("Country", "country", "src_country"),
    "city": ("City", "city", "src_city"),
    "device": ("busy_device", "device", "user_agent", "http_user_agent"),
    "app": ("app", "busy_app"),
    "incident": ("busy_incident",),
    "detector": ("busy_source",),
    "risk": ("busy_risk", "risk_score"),
    "sentence": ("busy_sentence", "risk_message", "event_info"),
    "previous_time": ("busy_previous_time",),
    "previous_country": ("busy_previous_country",),
    "previous_city": ("busy_previous_city",),
    "previous_ip": ("busy_previous_ip",),
    "previous_device": ("busy_previous_device",),
}
Document = Dict[str, Any]


class Finding(NamedTuple):
    """One question to one person, and the rows that it comes from."""

    document: Document
    rows: List[Row]

    @property
    def id(self) -> str:
        """The deterministic id."""
        return str(self.document["id"])


def findings_of(alert: Alert, rows: Sequence[Row], title: Optional[str] = None) -> Tuple[List[Finding], List[Row]]:
    """The findings, each id once, and the rows that name nobody who could be asked.

    `title`: the alert's, as its author wrote it; None where only splunkd's filling-in is known.
    """
    titles = _Titles(alert, title, len(rows))
    found: Dict[str, Finding] = {}
    nobody: List[Row] = []
    for row in rows:
        users = users_of(row, alert.setting("user_field"))
        if not users:
            nobody.append(row)
        for user in users:
            document = _document(alert, row, user, titles.of(row))
            known = found.setdefault(document["id"], Finding(document, []))
            known.rows.append(row)
            if known.document is not document:
                _merge(known.document, document)
    return list(found.values()), nobody


def identity(parts: Document) -> str:
    """SHA-256 of the canonical JSON: keys sorted, no blanks, UTF-8."""
    canonical = json.dumps(parts, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return sha256(canonical.encode("utf-8", "replace")).hexdigest()


def _document(alert: Alert, row: Row, user: str, title: str) -> Document:
    events = [clean(part, LONGEST) for part in next(filter(None, (values(row, name) for name in EVENT_ID)), [])]
    time = _epoch(text(row, "_time", "busy_time", "time"))
    rule = clean(_rule(alert, row), LONGEST)
    source = alert.setting("source", "splunk")
    entities = {name: clean(text(row, *fields), LONGEST) for name, fields in ENTITIES.items()}
    # The address as it stands in the row, without the user agent that threat_object lists behind it.
    entities["ip"] = clean(next((value for name in IP for value in values(row, name)), ""), LONGEST)
    subject, links = user.casefold(), links_of(alert, user)
    document: Document = {
        "id": identity(_names(source, rule, subject, _keys(alert, row), events, time)),
        "source": source,
        "rule_id": rule,
        "title": clean(title or rule, 150),
        "severity": _severity(alert, row),
        "subject": {"key": user, "email": _email(alert, row, user)},
        "entities": {name: value for name, value in entities.items() if value},
        "event_ids": events,
        "link": links.person or links.results,
    }
    if time is not None:
        document["event_time"] = datetime.fromtimestamp(time, timezone.utc).isoformat(timespec="seconds")[:-6] + "Z"
    return document


def _names(
    source: str, rule: str, subject: str, keys: Document, events: Sequence[str], time: Optional[float]
) -> Document:
    """What makes this finding this one."""
    if "busy_incident" in keys:
        return {"source": source, "subject": subject, "incident": keys["busy_incident"]}
    names: Document = {"source": source, "rule": rule, "subject": subject, "key": keys}
    if events:
        return {**names, "events": sorted(events)}
    return {**names, "window": floor(time / WINDOW) if time is not None else None}


def _keys(alert: Alert, row: Row) -> Document:
    """The key fields: those the alert names, else the incident."""
    named = [name.strip() for name in alert.setting("dedup_fields").split(",") if name.strip()]
    return {name: text(row, name) for name in named or ["busy_incident"] if text(row, name)}


def _rule(alert: Alert, row: Row) -> str:
    detector = text(row, "busy_source") or next(iter(values(row, "busy_findings")), "")
    return f"busybody.{detector}" if detector else alert.search_name or "splunk.sendalert"


class _Titles:
    """What the person is asked about: the author's words, else the row's, else the names of what was found."""

    def __init__(self, alert: Alert, written: Optional[str], rows: int) -> None:
        self._alert = alert
        self._known = own_tokens(alert, rows)
        self._template = written if written and fillable(written, self._known) else None

    def of(self, row: Row) -> str:
        if self._template:
            return filled(self._template, row, self._known, str)
        found = ", ".join(signin_of(row).findings[:MOST_IN_TITLE])
        return (
            self._alert.setting("title")
            or text(row, "title")
            or found
            or text(row, "event_info")
            or self._alert.search_name
        )


def _severity(alert: Alert, row: Row) -> str:
    own = text(row, "busy_level", "severity", "urgency").lower()
    return SEVERITIES.get(own) or SEVERITIES.get(alert.setting("severity").lower(), "medium")


def _email(alert: Alert, row: Row, user: str) -> Optional[str]:
    named = alert.setting("email_field")
    found = clean(text(row, *([named] if named else EMAIL)), LONGEST)
    return found or (user if "@" in user else None)


def _epoch(found: str) -> Optional[float]:
    """Epoch seconds of a time, spelt as the core reads it; None where it is none."""
    try:
        return TIMES.read(found)
    except ValueError:
        return None


def _merge(known: Document, other: Document) -> None:
    """Another row of the same finding: its events join, the higher severity counts, what was missing is added."""
    known["event_ids"] += [event for event in other["event_ids"] if event not in known["event_ids"]]
    known["severity"] = max(known["severity"], other["severity"], key=ORDER.index)
    known["entities"] = {**other["entities"], **known["entities"]}
