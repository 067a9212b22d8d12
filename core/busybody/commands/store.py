"""`busybody store`: looking after the place where the profiles are."""

from __future__ import annotations

import argparse
import sys
import time
from typing import Any

from ..named import key_of
from .opening import existing
from .options import add_policy, add_store, load_policy, store_path
from .person import UNKNOWN, unknown

DAMAGED = 3  # exit code
NOT_CONFIRMED = 1  # exit code
DESCRIPTION = "Looks after the store: what is in it, whether it is whole, and what has to be erased from it.\n"
EPILOG = """\
examples:
  busybody store info
  busybody store verify && cp profiles.db backup.db
  busybody store prune --older-than 365
  busybody store forget ana@example.com

exit codes: 0 done · 1 nobody of that name, or not confirmed · 2 usage or policy · 3 cannot be read or written, or is damaged
"""
VERBS = {
    "info": (
        "people, size and age",
        "Says what kind of store it is, how many people it knows, how large and how old it is.",
    ),
    "verify": (
        "read everything and say what is damaged",
        "Reads everything and says what is damaged; nothing is changed.",
    ),
    "prune": ("erase people who were not seen for long", "Erases everybody who was last seen longer ago than that."),
    "forget": (
        "erase a person, for an erasure request",
        (
            "Erases a person: profile, journal, and what the organisation's tables and the window of recent evidence hold of "
            "them. What they added to counts of the whole organisation names nobody and stays."
        ),
    ),
    "compact": ("give unused space back to the disk", "Gives unused space back to the disk."),
}


def add(subparsers: Any) -> None:
    """The parser of the command."""
    kind = argparse.RawDescriptionHelpFormatter
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "store",
        help="look after the store: info, prune, forget",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=kind,
    )
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", required=True)
    for verb, (words, description) in VERBS.items():
        examples = {"prune": " --older-than 365", "forget": " ana@example.com", "info": " --output json"}
        one = verbs.add_parser(
            verb, help=words, description=description, epilog=f"example: busybody store {verb}{examples.get(verb, '')}"
        )
        if verb == "forget":
            one.add_argument("person", metavar="PERSON", help="name as the log has it, or the pseudonym")
            add_policy(one)
        if verb == "prune":
            one.add_argument(
                "--older-than", type=_days, required=True, metavar="DAYS", help="days since the last sign-in"
            )
            one.add_argument("--at", metavar="TIME", help="count from this time; default: now")
        if verb in ("prune", "forget"):
            one.add_argument("--yes", action="store_true", help="do not ask")
        if verb == "info":
            one.add_argument("--output", choices=("table", "json"), default="table", help="default: table")
        add_store(one)


def _days(text: str) -> float:
    from .simulate import factor

    days = factor(text)
    if not days:
        raise argparse.ArgumentTypeError("0 days would erase everybody. Give a number above 0.")
    return days


def run(arguments: argparse.Namespace) -> int:
    """Do what the verb says."""
    verb = {"info": _info, "verify": _verify, "prune": _prune, "forget": _forget, "compact": _compact}[arguments.verb]
    return verb(arguments)


def _info(arguments: argparse.Namespace) -> int:
    from ..moments import minute
    from .tables import say, say_json

    path = store_path(arguments)
    with existing(path) as store:
        info = store.info()
        notes = len(store.meta())
    if arguments.output == "json":
        say_json({"path": path, **info._asdict(), "notes": notes}, indent=2)
        return 0
    say(f"{path}: {info.kind}, schema {info.schema}")
    say(
        f"  {info.people:,} people, {info.bytes:,} bytes"
        + (f", {info.bytes // info.people:,} for each" if info.people else "")
    )
    say(f"  begun {minute(info.created)} UTC")
    return 0


def _verify(arguments: argparse.Namespace) -> int:
    from ..errors import ModelError
    from ..model import states
    from .tables import note, say

    path = store_path(arguments)
    with existing(path) as store:
        damages: list[Exception] = list(store.verify())
        people = 0
        if not damages:
            try:
                for _ in states(store):
                    people += 1
            except ModelError as error:
                damages.append(error)
    for damage in damages:
        note(f"busybody: {damage}")
    if damages:
        note(f"busybody: {path}: {len(damages)} damages. Nothing was changed; restore a copy of the store.")
        return DAMAGED
    say(f"{path}: whole; {people:,} people were read.")
    return 0


def _prune(arguments: argparse.Namespace) -> int:
    from ..moments import minute, moment_of
    from .tables import say

    asked = moment_of(arguments.at, "--at")
    now = time.time() if asked is None else asked
    path = store_path(arguments)
    with existing(path, writable=True) as store:
        limit = minute(now - arguments.older_than * 86400.0)
        if not _confirmed(arguments, f"{path}: erase everybody who was last seen before {limit} UTC?"):
            return NOT_CONFIRMED
        gone = store.prune(arguments.older_than, now)
        say(f"{path}: {gone:,} people erased who were last seen before {limit} UTC; {store.count():,} are left.")
    return 0


def _forget(arguments: argparse.Namespace) -> int:
    from ..identity import Identity
    from ..model import forget
    from .tables import note, say

    policy = load_policy(arguments)
    path = store_path(arguments)
    with existing(path, writable=True) as store:
        key = key_of(store, policy, arguments.person)
        if key is None:
            note("busybody: " + unknown(store, policy, arguments.person))
            return UNKNOWN
        under = f" (kept as {key})" if key != arguments.person else ""
        if not _confirmed(
            arguments, f"{path}: erase all that was learned of {arguments.person}{under}? It cannot be undone."
        ):
            return NOT_CONFIRMED
        gone = forget(store, key, arguments.person, Identity(policy).normal(arguments.person))
        say(f"{path}: erased of {_visible(arguments.person)}{under}: {', '.join(gone)}.")
        say("Logs, scores, reports, exported models and backups are elsewhere: erase the person there, too.")
    return 0


def _compact(arguments: argparse.Namespace) -> int:
    from .tables import say

    path = store_path(arguments)
    with existing(path, writable=True) as store:
        before = store.info().bytes
        store.compact()
        say(f"{path}: {before:,} bytes before, {store.info().bytes:,} now.")
    return 0


def _confirmed(arguments: argparse.Namespace, question: str) -> bool:
    """Whether --yes was given, or somebody at the terminal says yes."""
    from ..report.words import plain
    from .tables import note

    if arguments.yes:
        return True
    if not sys.stdin.isatty():
        note("busybody: nothing was erased. Say --yes where nobody can be asked.")
        return False
    sys.stderr.write(plain(question, 400) + " [y/N] ")
    sys.stderr.flush()
    if sys.stdin.readline().strip().lower() in ("y", "yes"):
        return True
    note("nothing was erased.")
    return False


def _visible(text: str) -> str:
    from ..report.words import plain

    return plain(text)
