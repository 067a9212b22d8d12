"""What is known of a person, as plain values and in words: for whoever has to judge one of their sign-ins."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Dict, List, Tuple

from .known import NO_ID

if TYPE_CHECKING:
    from ..people import Person

PLACE = (
    "time", "country", "city", "lat", "lon", "accuracy_km", "network", "asn", "as_org", "subnet", "ip", "device", "app",
)  # fmt: skip
NAMES = {0: "class", 1: "country", 2: "operator", 3: "device", 4: "device_id"}  # of the parts of a habit


def described(user: str, person: Person) -> Dict[str, Any]:
    """The profile as plain values. Shares are of the person's own sign-ins, older ones counting less."""
    profile = person.profile
    total = sum(profile.hours)
    return {
        "user": user, "key": person.key, "signins": profile.count, "first": profile.first, "last": profile.last,
        "group": profile.group, "frozen": profile.frozen, "sources": profile.sources,
        "networks": _usual(person, (0, 2)), "countries": _usual(person, (1,)), "devices": _usual(person, (3, 4)),
        "hours": [round(count / total, 4) if total else 0.0 for count in profile.hours],
        "places": [{name: getattr(anchor, name) for name in PLACE} for anchor in reversed(profile.anchors)],
        "pending": [
            {"value": value, "first": row["first"], "last": row["last"], "days": sorted(row["days"])}
            for value, row in profile.pending.items()
        ],
        "denied": profile.denied, "verdicts": profile.verdicts,
        "waiting": len(profile.window),
        "incidents": [
            {name: row[name] for name in ("id", "event", "status", "risk", "opened", "last", "count", "sentence")}
            for row in sorted(person.incidents, key=lambda row: -row["last"])
        ],
    }  # fmt: skip


def in_words(value: str) -> str:
    """What a profile names `asn:64504`, `device:windows-desktop-edge`, `country:PT` or `id:7F3`, for a reader."""
    from ..devices import describe
    from ..report.words import plain

    kind, _, rest = value.partition(":")
    if kind == "asn":
        return plain("network " + operator(int(rest) if rest.isdigit() else rest))
    if kind == "device":
        return plain("device " + describe(rest))
    if value == f"id:{NO_ID}":
        return "a device without an id"
    return plain({"id": f"device id {rest}", "country": f"country {rest}"}.get(kind, value))


def operator(value: Any) -> str:
    """An AS number with the name that the table has for it, or a subnet."""
    from ..places.locator import table

    if not isinstance(value, int):
        return "unknown operator" if value is None else str(value)
    name = table().organisation(value)
    return f"{name} (AS{value})" if name else f"AS{value}"


def _usual(person: Person, parts: Tuple[int, ...]) -> List[Dict[str, Any]]:
    """The values of some parts of the habits, the most used first."""
    counts: Dict[Tuple[Any, ...], List[float]] = {}
    for key, habit in person.profile.habits.items():
        values = tuple(key[part] for part in parts)
        if any(value is not None for value in values):
            row = counts.setdefault(values, [0.0, 0.0])
            row[0], row[1] = row[0] + habit.count, max(row[1], habit.last)
    total = person.profile.total or 1
    ordered = sorted(counts.items(), key=lambda row: (-row[1][0], str(row[0])))
    return [
        {**{NAMES[part]: value for part, value in zip(parts, values)}, "share": round(count / total, 4), "last": last}
        for values, (count, last) in ordered
    ]
