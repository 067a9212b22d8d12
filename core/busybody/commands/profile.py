"""`busybody profile`: what is known of a person, for whoever has to judge one of their sign-ins."""

from __future__ import annotations

import argparse
from typing import Any, Dict, Iterator, List

from ..named import key_of
from ..profile.described import described, in_words, operator
from .opening import existing
from .options import add_policy, add_store, load_policy, store_path
from .person import UNKNOWN, unknown

BAR = 40  # characters of the longest bar of the hours
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


def page(known: Dict[str, Any]) -> Iterator[str]:
    """The profile as lines to read."""
    from ..moments import minute
    from ..report.words import plain

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
    from ..moments import minute
    from ..report.words import plain

    return f"{row['share']:>5.0%}  {plain(words):<48}  last {minute(row['last'])}"


def _network(row: Dict[str, Any], operators: Dict[Any, str]) -> str:
    """`operators` are the names that the log gave them lately: they go before those of the table."""
    number, named = row["operator"], operators.get(row["operator"])
    return _row(row, f"{row['class'] or 'unknown'}, {f'{named} (AS{number})' if named else operator(number)}")


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
    from ..moments import minute
    from ..report.words import plain

    where = ", ".join(plain(row[part]) for part in ("city", "country") if row[part]) or "place unknown"
    via = ", ".join(plain(row[part]) for part in ("network", "as_org") if row[part])
    return f"{minute(row['time'])}  {where}" + (f" ({via})" if via else "")


def _pending(row: Dict[str, Any]) -> str:
    from ..moments import day, minute

    days = ", ".join(day(number) for number in row["days"]) or "none"
    return (
        f"{in_words(row['value'])}, first {minute(row['first'])}, last {minute(row['last'])}; days that count: {days}"
    )


def _incident(row: Dict[str, Any]) -> Iterator[str]:
    from ..moments import minute
    from ..report.words import plain

    span = minute(row["opened"]) + (f" to {minute(row['last'])}" if row["last"] - row["opened"] >= 60 else "")
    yield f"{row['status']}, risk {row['risk']:.0f}, {span}, {row['count']} sign-ins, id {plain(row['id'])}, event {plain(row['event'])}"
    if row["sentence"]:
        yield "  " + whole(plain(row["sentence"], 400))


def whole(sentence: str) -> str:
    """The sentence of an incident, which is kept cut, with a mark where it was."""
    return sentence if sentence.endswith(".") else f"{sentence.rstrip()}…"


__all__ = ["add", "described", "in_words", "operator", "page", "run"]
