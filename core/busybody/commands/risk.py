"""`busybody risk`: who is at risk now, and why."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any, Dict, Iterator, List, Optional, Tuple

from .opening import existing
from .options import add_policy, add_store, load_policy, store_path

if TYPE_CHECKING:
    from ..policy import Policy
    from ..stores import Store

BATCH = 500  # people read at once
HEADING = ("LEVEL", "WORST", "RISK", "OPEN", "PERSON", "LAST SEEN (UTC)", "WHY")
WIDTHS = (8, 9, 4, 4, 28, 16, 0)  # characters: fixed, so that rows can be printed as they come
COLUMNS = ("user", "risk", "level", "worst", "incidents", "status", "last_seen", "sentence")
DESCRIPTION = """\
Lists the people at risk, the worst level first. RISK is their open incidents added up, each halved for every week
since its last sign-in; WORST is the risk of the worst of them, when it happened; LEVEL is that of the higher of the two.
A confirmed incident is 100 until an analyst closes it; what was found to be the person's own never counts.
"""
EPILOG = """\
examples:
  busybody risk                             the 20 people most at risk
  busybody risk --min 40 --output json      one JSON object per line: level medium and above
  busybody risk --all --output csv          everybody with any risk, in the order of the store
  busybody verdict ana@example.com 9f3c benign --analyst      closes an incident; risk --output json shows the ids

exit codes: 0 done · 2 usage or policy · 3 the store cannot be read
"""


def add(subparsers: Any) -> None:
    """The parser of the command."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "risk",
        help="list who is at risk, and why",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_store(parser)
    add_policy(parser)
    parser.add_argument(
        "--at", metavar="TIME",
        help="risk at this time (epoch seconds, ISO 8601, or now); default: the last day that the store learned from",
    )  # fmt: skip
    parser.add_argument(
        "--min",
        type=_least,
        default=None,
        metavar="N",
        help="people whose risk or worst open incident is N or more; 0 is everybody; default: any risk",
    )
    parser.add_argument("--top", type=_count, default=20, metavar="N", help="so many people, the riskiest first (20)")
    parser.add_argument("--all", action="store_true", help="all of them, in the order of the store")
    parser.add_argument("--output", choices=("table", "json", "csv"), default="table", help="default: table")


def _least(text: str) -> float:
    from .score import risk

    return risk(text)


def _count(text: str) -> int:
    from .simulate import whole

    return whole(text)


def run(arguments: argparse.Namespace) -> int:
    """List."""
    from heapq import nsmallest

    from ..moments import minute
    from .tables import note

    policy = load_policy(arguments)
    with existing(store_path(arguments)) as store:
        now = _now(arguments.at, store)
        counted = [0]
        found: Iterator[Dict[str, Any]] = (
            row for row in _people(store, policy, now, counted) if _wanted(row, arguments.min)
        )
        if not arguments.all:
            found = iter(nsmallest(arguments.top, found, key=_place))
        _print(found, arguments.output)
        if arguments.output == "table":
            note(
                f"{counted[0]:,} people in the store; RISK at {minute(now)} UTC adds up what is open; LEVEL is at least the worst's."
            )
    return 0


def _wanted(row: Dict[str, Any], least: Optional[float]) -> bool:
    return bool(row["risk"] > 0.0 if least is None else max(row["risk"], row["worst"]) >= least)


def _place(row: Dict[str, Any]) -> Tuple[int, float, float, str]:
    """Where a person stands in the list: the worst level first, in it the highest risk, then who was seen last."""
    from ..report.reading import LEVELS

    return -LEVELS.index(row["level"]), -row["risk"], -(row["last_seen"] or 0.0), row["user"]


def _now(text: Optional[str], store: Store) -> float:
    """The time that counts: what was asked for, else the last day that the store learned from."""
    import json
    import time

    from ..moments import moment_of
    from ..report.words import DAY

    asked = moment_of(text, "--at")
    if asked is not None:
        return asked
    population = store.population()
    if population is None:
        return time.time()
    try:
        return float(json.loads(population)["organisation"]["epoch"]) * DAY or time.time()
    except (ValueError, KeyError, TypeError):
        return time.time()  # what is damaged there is told by those who need it; risk does not


def _people(store: Store, policy: Policy, now: float, counted: List[int]) -> Iterator[Dict[str, Any]]:
    """Everybody in the store with their risk, in its order; memory holds one batch."""
    from itertools import islice

    from ..standing import standing

    users = store.users()
    while True:
        batch = list(islice(users, BATCH))
        if not batch:
            return
        for user, text in store.profiles(batch).items():
            counted[0] += 1
            yield standing(user, text, policy, now)


def _print(rows: Iterator[Dict[str, Any]], output: str) -> None:
    from .tables import csv_line, say, say_json, table

    if output == "json":
        for row in rows:
            say_json(row)
    elif output == "csv":
        say(",".join(COLUMNS))
        for row in rows:
            say(csv_line(_cells(row)))
    else:
        table(HEADING, map(_shown, rows), right=(1, 2, 3), widths=WIDTHS, empty="Nobody is at risk.")


def _shown(row: Dict[str, Any]) -> Tuple[Any, ...]:
    from ..moments import minute
    from .profile import whole

    user, risk, level, highest, number, status, _, why = _cells(row)
    worst = "" if not number else "confirmed" if status == "malicious" else f"{highest:.0f}"
    words = whole(why.partition(": ")[2] or why) if why else ""
    return level, worst, f"{risk:.0f}", number, user, minute(row["last_seen"]), words


def _cells(row: Dict[str, Any]) -> Tuple[Any, ...]:
    from ..contracts import iso

    worst = row["incidents"][0] if row["incidents"] else None
    return (
        row["user"], row["risk"], row["level"], row["worst"], len(row["incidents"]), worst["status"] if worst else "",
        "" if row["last_seen"] is None else iso(row["last_seen"]), worst["sentence"] if worst else "",
    )  # fmt: skip
