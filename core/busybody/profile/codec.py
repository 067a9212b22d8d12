"""A profile as JSON text and back: versioned, compact, refused when damaged.

A person has few devices, and their fingerprints are most of what would be repeated: they stand once, in a list, and by
their number everywhere else. Version 1 had them spelled out.
"""

from __future__ import annotations

import json
from operator import attrgetter
from typing import Any, Dict, List, Optional, Sequence

from ..errors import ModelError, shown
from ..signin import SignIn
from .incidents import PARTS
from .profile import Doubt, Habit, Profile, Waiting

VERSION = 2
READ = (1, VERSION)
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


PLACE_DEVICE, KEY_DEVICE = PLACE_FIELDS.index("device"), 3


class _Devices:
    """The fingerprints of a profile: a number for each, in the order in which they come."""

    def __init__(self) -> None:
        self.numbers: Dict[str, int] = {}

    def number(self, device: Optional[str]) -> Optional[int]:
        return None if device is None else self.numbers.setdefault(device, len(self.numbers))

    def within(self, values: Sequence[Any], place: int) -> List[Any]:
        """The values with the device at that place as its number."""
        row = list(values)
        row[place] = self.number(row[place])
        return row


def _place(values: List[Any], devices: List[str]) -> SignIn:
    """What is kept of a sign-in that travel may start at."""
    parts = _parts(PLACE_FIELDS, values)
    parts["device"] = _device(parts["device"], devices)
    return SignIn(id="", user="", **parts)


def _device(value: Any, devices: List[str]) -> Optional[str]:
    """The device of that number, or the one that version 1 spelled out. Raises ValueError."""
    if value is None or isinstance(value, str):
        return value
    if type(value) is not int or not 0 <= value < len(devices):
        raise ValueError(f"a device is {shown(value)}")
    return devices[value]


def encode(profile: Profile) -> str:
    """The profile as one line of JSON. Empty parts are left out."""
    out: Dict[str, Any] = {"v": VERSION}
    devices = _Devices()
    for name in PLAIN:
        value = getattr(profile, name)
        if value:
            out[name] = value
    if profile.settled != profile.last:
        out["settled"] = profile.settled
    if profile.habits:
        out["habits"] = [
            [*devices.within(key, KEY_DEVICE), habit.first, habit.count, habit.last, habit.subnets]
            for key, habit in profile.habits.items()
        ]
    if profile.sessions:
        out["sessions"] = [[name, *devices.within(opening, 2)] for name, opening in profile.sessions.items()]
    if profile.anchors:
        out["anchors"] = [devices.within(_place_values(anchor), PLACE_DEVICE) for anchor in profile.anchors]
    previous = profile.previous
    if previous is not None and (not profile.anchors or previous != profile.anchors[-1]):
        out["previous"] = devices.within(_place_values(previous), PLACE_DEVICE)
    if profile.pending:
        out["pending"] = [[key, row["first"], row["last"], row["days"]] for key, row in profile.pending.items()]
    if profile.incidents:
        out["incidents"] = [_incident_values(row, devices) for row in profile.incidents]
    if profile.seen:
        out["window"] = _window_to_json(profile)
    if devices.numbers:
        out["devices"] = list(devices.numbers)
    return clean(json.dumps(out, ensure_ascii=False, separators=(",", ":"), allow_nan=False))


def _incident_values(row: Dict[str, Any], devices: _Devices) -> List[Any]:
    values = dict(row)
    if row["key"] is not None:
        values["key"] = devices.within(row["key"], KEY_DEVICE)
    if row["opening"] == row["event"]:
        values["opening"] = ""  # the opening one is mostly the riskiest, too
    return [values[part] for part in PARTS]


def _incident(values: List[Any], devices: List[str]) -> Dict[str, Any]:
    row = _parts(PARTS, values)
    if row["key"] is not None:
        key = row["key"] = list(row["key"])
        key[KEY_DEVICE] = _device(key[KEY_DEVICE], devices)
    row["opening"] = row["opening"] or row["event"]
    return row


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
        if version not in READ:
            raise ModelError(
                f"the profile is of version {version}, this Busybody reads up to {VERSION}. Upgrade Busybody.", key=user
            )
        profile = Profile()
        devices: List[str] = _texts(row.pop("devices", []))
        for name in PLAIN:
            if name in row:
                setattr(profile, name, _of_kind(name, row.pop(name), getattr(profile, name)))
        for network, country, operator, device, device_id, first, count, last, subnets in row.pop("habits", []):
            habit = Habit(
                _of_kind("first", first, 0), _of_kind("count", count, 0), float(last), _of_kind("subnets", subnets, {})
            )
            profile.habits[network, country, operator, _device(device, devices), device_id] = habit
        for name, opened, operator, device in row.pop("sessions", []):
            profile.sessions[name] = (float(opened), operator, _device(device, devices))
        profile.anchors = [_place(values, devices) for values in row.pop("anchors", [])]
        if profile.anchors:
            profile.previous = profile.anchors[-1]
        if "previous" in row:
            profile.previous = _place(row.pop("previous"), devices)
        profile.pending = {
            key: {"first": first, "last": last, "days": days} for key, first, last, days in row.pop("pending", [])
        }
        profile.incidents = [_incident(values, devices) for values in row.pop("incidents", [])]
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


def _texts(values: Any) -> List[str]:
    """A list of texts. Raises ValueError."""
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise ValueError(f"a list of devices is {shown(values)}")
    return values


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
