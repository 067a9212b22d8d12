"""`busybody profile`: what is known of a person, for whoever has to judge one of their sign-ins."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any, Dict, Iterator, List, Tuple

from .opening import existing
from .options import add_policy, add_store, load_policy, store_path
from .person import UNKNOWN, key_of, unknown

if TYPE_CHECKING:
    from ..people import Person

BAR = 40  # characters of the longest bar of the hours
PLACE = (
    "time",
    "country",
    "city",
    "lat",
    "lon",
    "accuracy_km",
    "network",
    "asn",
    "as_org",
    "subnet",
    "ip",
    "device",
    "app",
)
MOST = 12  # rows of a kind that a reader is shown
DESCRIPTION = """\
Shows what is known of a person: since when, from which networks and countries, with which devices, at what hours,
where lately, what is not trusted yet and why, and which incidents are open.
"""
EPILOG = """\
examples:
  busybody profile ana@example.com
  busybody profile ana@example.com --output json

exit codes: 0 done · 1 nobody of that name is known · 2 usage or policy · 3 the store cannot be read
"""


def add(subparsers: Any) -> None:
    """The parser of the command."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "profile",
        help="show what is known of a person",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("person", metavar="PERSON", help="name as the log has it")
    add_store(parser)
    add_policy(parser)
    parser.add_argument("--output", choices=("table", "json"), default="table", help="default: table")


def run(arguments: argparse.Namespace) -> int:
    """Show."""
    from ..people import Person
    from ..profile.codec import decode
    from .tables import note, say, say_json

    policy = load_policy(arguments)
    with existing(store_path(arguments)) as store:
        key = key_of(store, policy, arguments.person)
        text = None if key is None else store.profile(key)
        if key is None or text is None:
            note("busybody: " + unknown(store, policy, arguments.person))
            return UNKNOWN
        known = described(arguments.person, Person(key, decode(text, key), policy.learning.incident_hours))
    if arguments.output == "json":
        say_json(known, indent=2)
    else:
        for line in page(known):
            say(line)
    return 0


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


NAMES = {0: "class", 1: "country", 2: "operator", 3: "device", 4: "device_id"}


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


def page(known: Dict[str, Any]) -> Iterator[str]:
    """The profile as lines to read."""
    from ..report.words import plain
    from .times import minute

    yield plain(known["user"]) + (f", {plain(known['group'])}" if known["group"] else "")
    waits = f"; {known['waiting']:,} not learned yet" if known["waiting"] else ""
    yield f"  {known['signins']:,} sign-ins learned since {minute(known['first'])} UTC{waits}; last seen {minute(known['last'])} UTC"
    for source, seen in sorted(known["sources"].items()):
        yield f"  from {plain(source)}, until {minute(seen)}"
    if known["frozen"]:
        yield "  LEARNING IS FROZEN after a confirmed incident. `busybody verdict PERSON EVENT_ID closed` ends that."
    operators = {row["asn"]: row["as_org"] for row in known["places"] if row["as_org"]}
    yield from _section("networks", (_network(row, operators) for row in known["networks"]))
    yield from _section("countries", (_row(row, row["country"]) for row in known["countries"]))
    yield from _section("devices", (_device(row) for row in known["devices"]))
    yield from _hours(known["hours"])
    yield from _section("recent places", (_place(row) for row in known["places"]))
    yield from _section("not trusted yet", (_pending(row) for row in known["pending"]))
    yield from _section("disowned", (f"{in_words(name)}, {minute(since)}" for name, since in known["denied"].items()))
    yield from _section("incidents", (line for row in known["incidents"] for line in _incident(row)))


def _section(title: str, lines: Iterator[str]) -> Iterator[str]:
    rows = list(lines)
    if rows:
        yield ""
        yield title
        yield from ("  " + row for row in rows[:MOST])
        if len(rows) > MOST:
            yield f"  … and {len(rows) - MOST} more; --output json has them all"


def _row(row: Dict[str, Any], words: str) -> str:
    from ..report.words import plain
    from .times import minute

    return f"{row['share']:>5.0%}  {plain(words):<48}  last {minute(row['last'])}"


def _network(row: Dict[str, Any], operators: Dict[Any, str]) -> str:
    """`operators` are the names that the log gave them lately: they go before those of the table."""
    number, named = row["operator"], operators.get(row["operator"])
    return _row(row, f"{row['class'] or 'unknown'}, {f'{named} (AS{number})' if named else operator(number)}")


def operator(value: Any) -> str:
    """An AS number with the name that the table has for it, or a subnet."""
    from ..places.locator import table

    if not isinstance(value, int):
        return "unknown operator" if value is None else str(value)
    name = table().organisation(value)
    return f"{name} (AS{value})" if name else f"AS{value}"


def _device(row: Dict[str, Any]) -> str:
    from ..devices import describe

    return _row(row, describe(row["device"]) + (f", device id {row['device_id']}" if row["device_id"] else ""))


def _hours(shares: List[float]) -> Iterator[str]:
    most = max(shares)
    if not most:
        return
    yield ""
    yield "hours (UTC)"
    for hour, share in enumerate(shares):
        bar = "#" * max(1, round(share / most * BAR)) if share else ""
        yield f"  {hour:02d}  {bar}".rstrip()


def _place(row: Dict[str, Any]) -> str:
    from ..report.words import plain
    from .times import minute

    where = ", ".join(plain(row[part]) for part in ("city", "country") if row[part]) or "place unknown"
    via = ", ".join(plain(row[part]) for part in ("network", "as_org") if row[part])
    return f"{minute(row['time'])}  {where}" + (f" ({via})" if via else "")


def _pending(row: Dict[str, Any]) -> str:
    from .times import day, minute

    days = ", ".join(day(number) for number in row["days"]) or "none"
    return (
        f"{in_words(row['value'])}, first {minute(row['first'])}, last {minute(row['last'])}; days that count: {days}"
    )


def in_words(value: str) -> str:
    """What a profile names `asn:64504`, `device:windows-desktop-edge`, `country:PT` or `id:7F3`, for a reader."""
    from ..devices import describe
    from ..report.words import plain

    kind, _, rest = value.partition(":")
    if kind == "asn":
        return plain("network " + operator(int(rest) if rest.isdigit() else rest))
    if kind == "device":
        return plain("device " + describe(rest))
    return plain({"id": f"device id {rest}", "country": f"country {rest}"}.get(kind, value))


def _incident(row: Dict[str, Any]) -> Iterator[str]:
    from ..report.words import plain
    from .times import minute

    span = minute(row["opened"]) + (f" to {minute(row['last'])}" if row["last"] - row["opened"] >= 60 else "")
    yield f"{row['status']}, risk {row['risk']:.0f}, {span}, {row['count']} sign-ins, id {plain(row['id'])}, event {plain(row['event'])}"
    if row["sentence"]:
        yield "  " + whole(plain(row["sentence"], 400))


def whole(sentence: str) -> str:
    """The sentence of an incident, which is kept cut, with a mark where it was."""
    return sentence if sentence.endswith(".") else f"{sentence.rstrip()}…"


__all__ = ["add", "described", "in_words", "operator", "page", "run"]
