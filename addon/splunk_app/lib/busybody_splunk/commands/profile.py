"""busyprofile: what is known of a person, as rows that an analyst reads beside one of their sign-ins."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Dict, Iterator

from ..options import REQUIRED, Option
from .generating import Generating, Options
from .opening import DEFAULT

if TYPE_CHECKING:
    from ..protocol import Messages
    from .generating import Row
    from .opening import Opened

NAME = "busyprofile"
OPTIONS = (
    Option("user", "text", REQUIRED, "the person, as the events have the name"),
    Option("policy", "text", DEFAULT, "stanza [policy:<name>] of busybody.conf"),
    Option("model", "text", DEFAULT, "name of the model; <name>.csv is a lookup"),
)
COLUMNS = ("section", "item", "detail", "share", "last")


def command() -> Generating:
    return Generating(NAME, OPTIONS, COLUMNS, rows)


def rows(opened: Opened, options: Options, messages: Messages) -> Iterator[Row]:
    """A row for each thing known. `share` is of the person's own sign-ins, older ones counting less; times are epochs.

    Of somebody unknown there are no rows, and a message with the names that are like this one: a dashboard then says so
    in its own words.
    """
    from busybody.profile.described import described

    from .people import find, unknown

    policy, name = opened.policy(options["policy"]), options["user"]
    with opened.model(options["model"]) as model:
        found = find(model, policy, name)
        if found is None:
            messages.info(unknown(model, policy, name))
            return
    person = described(name, found)
    for section, make in SECTIONS.items():
        for item, detail, share, last in make(person):
            yield section, item, detail, "" if share is None else f"{share:.4f}", "" if last is None else f"{last:.0f}"


Known = Dict[str, Any]
Line = Iterator[Any]


def _person(known: Known) -> Line:
    from busybody.moments import minute

    since = f"learned since {minute(known['first'])} UTC" if known["first"] else "none learned yet"
    yield "sign-ins", f"{known['signins']:,} {since}", None, known["last"]
    if known["waiting"]:
        yield (
            "waiting",
            f"{known['waiting']:,} seen, which are learned when nothing earlier can come any more",
            None,
            None,
        )
    if known["group"]:
        yield "group", known["group"], None, None
    for source, seen in sorted(known["sources"].items()):
        yield "source", source, None, seen
    if known["frozen"]:
        yield (
            "frozen",
            "Learning is frozen after a confirmed incident. | busyverdict ... verdict=closed ends that.",
            None,
            None,
        )


def _networks(known: Known) -> Line:
    from busybody.profile.described import operator

    named = {row["asn"]: f"{row['as_org']} (AS{row['asn']})" for row in known["places"] if row["as_org"] and row["asn"]}
    for row in known["networks"]:
        number = row["operator"]
        yield row["class"] or "unknown", named.get(number) or operator(number), row["share"], _day(row["last"])


def _countries(known: Known) -> Line:
    return ((row["country"], "", row["share"], _day(row["last"])) for row in known["countries"])


def _devices(known: Known) -> Line:
    from busybody.devices import describe

    for row in known["devices"]:
        detail = f"device id {row['device_id']}" if row["device_id"] else ""
        yield describe(row["device"]) if row["device"] else "unknown", detail, row["share"], _day(row["last"])


def _hours(known: Known) -> Line:
    return ((f"{hour:02d}", "hour of the day, UTC", share, None) for hour, share in enumerate(known["hours"]) if share)


def _places(known: Known) -> Line:
    for row in known["places"]:
        where = ", ".join(row[part] for part in ("city", "country") if row[part]) or "place unknown"
        via = ", ".join(str(row[part]) for part in ("network", "as_org", "ip") if row[part])
        yield where, via, None, row["time"]


def _pending(known: Known) -> Line:
    from busybody.moments import day, minute
    from busybody.profile.described import in_words

    for row in known["pending"]:
        days = ", ".join(map(day, row["days"])) or "none"
        yield (
            in_words(row["value"]),
            f"first seen {minute(row['first'])} UTC; days that count: {days}",
            None,
            row["last"],
        )


def _denied(known: Known) -> Line:
    from busybody.profile.described import in_words

    return ((in_words(name), "disowned by a verdict", None, since) for name, since in known["denied"].items())


def _incidents(known: Known) -> Line:
    for row in known["incidents"]:
        told = f"{row['status']}, risk {row['risk']:.0f}, {row['count']:,} sign-ins, event {row['event']}. {row['sentence']}"
        yield row["id"], told.strip(), None, row["last"]


def _verdicts(known: Known) -> Line:
    proof = {"++": "benign, an analyst says", "+": "benign, verified"}
    for event, said in known["verdicts"].items():
        word = said.rstrip("+")
        yield event, proof.get(said[len(word) :], word) if word == "benign" else word, None, None


def _day(last: Any) -> Any:
    """Habits know the day of their last use, since 1970."""
    return last * 86400.0 if isinstance(last, int) and last < 1_000_000 else last


SECTIONS = {
    "person": _person, "network": _networks, "country": _countries, "device": _devices, "hour": _hours, "place": _places,
    "not trusted yet": _pending, "disowned": _denied, "incident": _incidents, "verdict": _verdicts,
}  # fmt: skip
__all__ = ["OPTIONS", "command"]
