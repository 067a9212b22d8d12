"""A profile as JSON text and back: versioned, compact, refused when damaged."""

from __future__ import annotations

import json
from operator import attrgetter
from typing import Any, Dict, List, Sequence

from ..errors import ModelError, shown
from ..signin import SignIn
from .incidents import PARTS
from .profile import Doubt, Habit, Profile, Waiting

VERSION = 1
WINDOW_FIELDS = (
    "outcome", "ip", "subnet", "network", "country", "city", "lat", "lon", "accuracy_km", "asn", "as_org", "device",
    "version", "device_id", "app", "session", "method", "mfa", "interactive", "flags", "group", "extra",
)  # fmt: skip
PLAIN = (
    "era", "count", "first", "last", "total", "fresh", "versions", "hours", "pairs", "methods", "denied", "verdicts",
    "promoted", "frozen", "group", "sources", "floor", "custom",
)  # fmt: skip


PLACE_FIELDS = (
    "time", "lat", "lon", "accuracy_km", "asn", "subnet", "network", "country", "city", "as_org", "device", "app", "ip",
)  # fmt: skip
_place_values = attrgetter(*PLACE_FIELDS)


def _place(values: List[Any]) -> SignIn:
    """What is kept of a sign-in that travel may start at."""
    return SignIn(id="", user="", **_parts(PLACE_FIELDS, values))


def encode(profile: Profile) -> str:
    """The profile as one line of JSON. Empty parts are left out."""
    out: Dict[str, Any] = {"v": VERSION}
    for name in PLAIN:
        value = getattr(profile, name)
        if value:
            out[name] = value
    if profile.settled != profile.last:
        out["settled"] = profile.settled
    if profile.habits:
        out["habits"] = [
            [*key, habit.first, habit.count, habit.last, habit.subnets] for key, habit in profile.habits.items()
        ]
    if profile.sessions:
        out["sessions"] = [[name, *opening] for name, opening in profile.sessions.items()]
    if profile.anchors:
        out["anchors"] = [list(_place_values(anchor)) for anchor in profile.anchors]
    previous = profile.previous
    if previous is not None and (not profile.anchors or previous != profile.anchors[-1]):
        out["previous"] = list(_place_values(previous))
    if profile.pending:
        out["pending"] = [[key, row["first"], row["last"], row["days"]] for key, row in profile.pending.items()]
    if profile.incidents:
        out["incidents"] = [[row[part] for part in PARTS] for row in profile.incidents]
    if profile.seen:
        out["window"] = _window_to_json(profile)
    return clean(json.dumps(out, ensure_ascii=False, separators=(",", ":"), allow_nan=False))


def clean(text: str) -> str:
    """Text that any store can hold: half a surrogate pair, which JSON lets through, becomes a question mark."""
    if text.isascii():
        return text
    return text.encode("utf-8", "replace").decode("utf-8")


def decode(text: str, user: str = "?") -> Profile:
    """The profile that `encode` wrote.

    Raises ModelError, naming the person's key, when the text is damaged or of a newer version.
    """
    try:
        row = json.loads(text)
        version = row.pop("v")
        if version != VERSION:
            raise ModelError(
                f"the profile is of version {version}, this Busybody reads {VERSION}. Upgrade Busybody.", key=user
            )
        profile = Profile()
        for name in PLAIN:
            if name in row:
                setattr(profile, name, _of_kind(name, row.pop(name), getattr(profile, name)))
        for network, country, operator, device, device_id, first, count, last, subnets in row.pop("habits", []):
            habit = Habit(
                _of_kind("first", first, 0), _of_kind("count", count, 0), float(last), _of_kind("subnets", subnets, {})
            )
            profile.habits[network, country, operator, device, device_id] = habit
        for name, opened, operator, device in row.pop("sessions", []):
            profile.sessions[name] = (float(opened), operator, device)
        profile.anchors = [_place(values) for values in row.pop("anchors", [])]
        if profile.anchors:
            profile.previous = profile.anchors[-1]
        if "previous" in row:
            profile.previous = _place(row.pop("previous"))
        profile.pending = {
            key: {"first": first, "last": last, "days": days} for key, first, last, days in row.pop("pending", [])
        }
        profile.incidents = [_parts(PARTS, values) for values in row.pop("incidents", [])]
        profile.settled = _of_kind("settled", row.pop("settled"), None) if "settled" in row else profile.last
        for values in row.pop("window", []):
            _take_event(profile, values)
        if row:
            raise ValueError(f"unknown parts {sorted(row)}")
        return profile
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ModelError(f"the profile is damaged ({error}). Restore the store from a backup.", key=user) from error


def _of_kind(name: str, value: Any, like: Any) -> Any:
    """The value, where it is of the kind that a fresh profile has there. Raises ValueError."""
    fits = value is None or isinstance(value, (int, float, str)) if like is None else isinstance(value, type(like))
    if not fits or (name == "hours" and [type(count) for count in value] != [int] * 24):
        raise ValueError(f"{name} is {shown(value)}")
    return value


def _parts(names: Sequence[str], values: List[Any]) -> Dict[str, Any]:
    """A row with its names. Raises ValueError where it is too short or too long."""
    if not isinstance(values, list) or len(values) != len(names):
        raise ValueError(f"a row of {len(names)} is {shown(values)}")
    return dict(zip(names, values))


def _window_to_json(profile: Profile) -> List[List[Any]]:
    """What was taken in within the lateness bound, by time: ids, and the whole of what still waits."""
    waiting = {(entry.signin.source, entry.signin.id): entry for entry in profile.window}
    rows: List[List[Any]] = []
    for time, event_id, source in sorted((time, event_id, source) for (source, event_id), time in profile.seen.items()):
        row: List[Any] = [time, event_id, source]
        entry = waiting.get((source, event_id))
        if entry is not None:
            values = zip(WINDOW_FIELDS, _window_values(entry.signin))
            row.append({name: value for name, value in values if value != _DEFAULTS[name]})
            if entry.doubt is not None:
                row += entry.doubt
        rows.append(row)
    return rows


_window_values = attrgetter(*WINDOW_FIELDS)
_DEFAULTS = SignIn._field_defaults


def _take_event(profile: Profile, row: List[Any]) -> None:
    time, event_id, source = row[:3]
    profile.seen[source, event_id] = time
    if len(row) > 3:
        values = dict(row[3])
        values["flags"] = tuple(values.get("flags", ()))
        signin = SignIn(id=event_id, time=time, user="", source=source, **values)
        profile.window.append(Waiting(signin, None, Doubt(*row[4:]) if len(row) > 4 else None))
