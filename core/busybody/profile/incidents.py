"""Incidents: one per person and cause. What belongs to an open one shares its odds and its alert.

A sign-in belongs to an incident when it brings a network, device or session that the incident brought, and
that was not trusted before: otherwise an attacker on the victim's own provider would taint the victim.
"""

from __future__ import annotations

import hashlib
from typing import Any, Dict, List, Optional

from ..signin import SignIn
from .known import NO_ID, Known, name, untrusted, values
from .profile import Profile, key_of

BOUND = 3
LONGEST_SENTENCE = 160  # characters
KEPT_DAYS, HIGH_KEPT_DAYS, HIGH = 14, 30, 70.0  # an incident stops counting after that; from high on, later
RISK = 40.0  # from medium on, a success opens an incident
STAYING = ("closed", "benign", "open", "malicious")  # what makes room first
STICKY = ("open", "malicious")
PARTS = (
    "id", "opened", "last", "log_odds", "risk", "count", "shared", "values", "status", "event", "opening", "sentence",
    "key", "subnet",
)  # fmt: skip

Row = Dict[str, Any]


def open_one(rows: List[Row], brought: List[str], time: float, hours: float) -> Optional[Row]:
    """The incident among `rows` that a sign-in belongs to, by what it `brings`; or None.

    It holds for `hours` from its opening and is not renewed by what it drags in; what is odd by itself after that
    opens another. A device that was new on a strange network and now comes home to a trusted one speaks for its owner
    and belongs no more; but what was disowned stays tainted wherever it shows up.
    """
    for row in reversed(rows):
        if row["status"] in STICKY and row["opened"] <= time <= row["opened"] + hours * 3600.0:
            shared = row["values"][: row["shared"]]
            if not any(key in shared for key in brought):
                continue
            if row["status"] == "malicious" or _brings_network(brought) or not _brings_network(shared):
                return row
    return None


def _brings_network(brought: List[str]) -> bool:
    return any(key.startswith("asn:") for key in brought)


def brings(signin: SignIn, seen: Known) -> List[str]:
    """The untrusted network, device and device id of a sign-in: what ties others to its incident.

    A country ties nothing: half an organisation may travel to it. Nor does the want of a device id.
    """
    return [name(kind, value) for kind, value in untrusted(signin, seen) if kind != "country" and value != NO_ID]


def identifier(user: str, signin: SignIn) -> str:
    """The same for every surface: hash of person, data set and the opening event."""
    return hashlib.sha256(f"{user}\n{signin.source}\n{signin.id}".encode("utf-8", "surrogatepass")).hexdigest()[:16]


def record(
    rows: List[Row], row: Optional[Row], brought: List[str], signin: SignIn, identity: str, log_odds: float, risk: float,
    sentence: str,
) -> Row:  # fmt: skip
    """Open an incident with this sign-in, or let `row` grow."""
    if row is None:
        named = [name(kind, value) for kind, value in values(signin)]
        row = {
            "id": identity, "opened": signin.time, "last": signin.time, "log_odds": log_odds, "risk": risk, "count": 1,
            "shared": len(brought), "values": brought + [value for value in named if value not in brought],
            "status": "open", "event": signin.id, "opening": signin.id, "sentence": sentence[:LONGEST_SENTENCE],
            "key": list(key_of(signin)), "subnet": signin.subnet,
        }  # fmt: skip
        rows.append(row)
        if len(rows) > BOUND:
            rows.remove(min(rows[:-1], key=lambda other: (STAYING.index(other["status"]), other["last"])))
        return row
    row["last"] = max(row["last"], signin.time)
    row["count"] += 1
    if log_odds > row["log_odds"]:
        row.update(log_odds=log_odds, event=signin.id, sentence=sentence[:LONGEST_SENTENCE])
    row["risk"] = max(row["risk"], risk)
    return row


def blank(event_id: str, time: float, named: List[str], shared: List[str]) -> Row:
    """An incident that only a verdict knows of."""
    return {
        "id": event_id, "opened": time, "last": time, "log_odds": 0.0, "risk": 100.0, "count": 1, "shared": len(shared),
        "values": shared + [value for value in named if value not in shared], "status": "malicious", "event": event_id,
        "opening": event_id, "sentence": "", "key": None, "subnet": None,
    }  # fmt: skip


def expire(profile: Profile, time: float) -> None:
    """Drop what is too old to count; a confirmed one stays until an analyst closes it."""
    profile.incidents[:] = [
        row
        for row in profile.incidents
        if row["status"] == "malicious"
        or time - row["last"] <= (HIGH_KEPT_DAYS if row["risk"] >= HIGH else KEPT_DAYS) * 86400.0
    ]
