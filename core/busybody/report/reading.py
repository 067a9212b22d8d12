"""What the page keeps of one line of scores: checked, cut, small.

A line of scores is input like any other: it may come from another version, another hand or a torn file. What does not
have the shape of an Assessment is None here, and counted as unreadable by the summary.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite
from typing import Any, List, NamedTuple, Optional, Tuple

from ..devices import describe
from .words import LONGEST_SENTENCE, plain

LEVELS = ("none", "low", "medium", "high", "critical")
BOUNDS = (20.0, 40.0, 70.0, 90.0)  # the risk at which each level after `none` begins
PRESENT = (
    ("place", "country"),
    ("network", "asn"),
    ("device", "device"),
    ("application", "app"),
    ("second factor", "mfa"),
)
MOST_FINDINGS = 12
MOST_TECHNIQUES = 6


class Shown(NamedTuple):
    """One finding, as the page tells it."""

    detector: str
    contribution: float  # log-odds
    reason: str
    techniques: Tuple[str, ...]
    filtered_by: Tuple[str, ...]


class Side(NamedTuple):
    """One of the two sign-ins that stand beside each other."""

    time: Optional[float]
    country: str
    region: str
    city: str
    lat: Optional[float]
    lon: Optional[float]
    asn: str
    as_org: str
    network: str
    ip: str
    device: str  # in words
    app: str
    method: str
    mfa: str
    outcome: str
    source: str


class Scored(NamedTuple):
    """One scored sign-in, cut to what the page can show."""

    id: str
    time: float
    user: str
    risk: float  # 0 to 100
    level: str
    sentence: str
    learned: str
    incident: Optional[str]
    late: bool
    alert: bool
    findings: Tuple[Shown, ...]
    this: Side
    previous: Optional[Side]


def scored(line: Mapping[str, Any]) -> Optional[Scored]:
    """The line as a Scored, or None when it has no person, no time or no risk."""
    head = counted(line)
    if head is None:
        return None
    time = head.time
    signin, previous = line.get("signin"), line.get("previous")
    incident = line.get("incident")
    return Scored(
        id=plain(line.get("event_id")),
        time=time,
        user=head.user,
        risk=head.risk,
        level=head.level,
        sentence=plain(line.get("sentence"), LONGEST_SENTENCE),
        learned=plain(line.get("learned")),
        incident=None if incident is None else plain(incident),
        late=head.late,
        alert=line.get("alert") is True,
        findings=_findings(line.get("findings")),
        this=side(signin if isinstance(signin, Mapping) else {}, time),
        previous=side(previous, None) if isinstance(previous, Mapping) else None,
    )


class Counted(NamedTuple):
    """What is counted of every line, cheap to read: most lines are harmless and nothing else is shown of them."""

    time: float
    user: str
    risk: float
    level: str
    learned: str
    late: bool
    source: str
    cell: Optional[Tuple[int, int]]  # whole degrees (latitude, longitude)
    present: Tuple[str, ...]  # of place, network, device, app, mfa


def counted(line: Mapping[str, Any]) -> Optional[Counted]:
    """The line's part in the counts, or None when it has no person, no time or no risk."""
    time, risk, user = number(line.get("time")), number(line.get("risk")), line.get("user")
    if time is None or risk is None or not isinstance(user, str) or not user:
        return None
    risk = min(max(risk, 0.0), 100.0)
    signin = line.get("signin")
    this: Mapping[str, Any] = signin if isinstance(signin, Mapping) else {}
    lat, lon = position(this)
    cell = None if lat is None or lon is None else (round(lat), round(lon))
    present = tuple(what for what, key in PRESENT if this.get(key) not in ("", "unknown", None))
    learned, source = str(line.get("learned") or "unknown")[:40], str(this.get("source") or "unknown")[:80]
    return Counted(time, plain(user), risk, level_of(risk), learned, line.get("late") is True, source, cell, present)


def level_of(risk: float) -> str:
    return LEVELS[sum(risk >= bound for bound in BOUNDS)]


def side(values: Mapping[str, Any], time: Optional[float]) -> Side:
    lat, lon = position(values)
    text = {key: plain(values.get(key)) for key in Side._fields if key not in ("time", "lat", "lon")}
    if text["device"]:
        text["device"] = plain(describe(text["device"]))
    when = number(values.get("time"))
    return Side(time=time if when is None else when, lat=lat, lon=lon, **text)


def position(values: Mapping[str, Any]) -> Tuple[Optional[float], Optional[float]]:
    """Latitude and longitude in degrees, both or neither."""
    lat, lon = number(values.get("lat")), number(values.get("lon"))
    placed = lat is not None and lon is not None and abs(lat) <= 90 and abs(lon) <= 180
    return (lat, lon) if placed else (None, None)


def number(value: Any) -> Optional[float]:
    """A finite number, or None; True is no number."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    try:
        as_float = float(value)
    except OverflowError:  # JSON knows integers beyond any float
        return None
    return as_float if isfinite(as_float) else None


def _findings(values: Any) -> Tuple[Shown, ...]:
    """The strongest findings first."""
    found: List[Shown] = []
    for value in values if isinstance(values, (list, tuple)) else ():
        contribution = number(value.get("contribution")) if isinstance(value, Mapping) else None
        if contribution is None:
            continue
        found.append(
            Shown(
                plain(value.get("detector")),
                contribution,
                plain(value.get("reason"), LONGEST_SENTENCE),
                _texts(value.get("techniques"), MOST_TECHNIQUES),
                _texts(value.get("filtered_by"), MOST_TECHNIQUES),
            )
        )
    found.sort(key=lambda finding: -abs(finding.contribution))
    return tuple(found[:MOST_FINDINGS])


def _texts(values: Any, most: int) -> Tuple[str, ...]:
    return tuple(plain(value) for value in values[:most]) if isinstance(values, (list, tuple)) else ()
