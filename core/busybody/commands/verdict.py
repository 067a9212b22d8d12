"""`busybody verdict`: the answer of the person, or of an analyst, about one sign-in."""

from __future__ import annotations

import argparse
import time
from typing import TYPE_CHECKING, Any, List, Optional, Tuple

from ..named import key_of
from .opening import existing
from .options import add_policy, add_store, load_policy, store_path
from .person import UNKNOWN, unknown

if TYPE_CHECKING:
    from ..profile import Profile
    from ..signin import SignIn

DESCRIPTION = """\
Teaches the answer to "was this you?" for one sign-in, named by its event id or by the id of its incident:

  benign      it was the person. With --verified (they proved it with a second factor) or --analyst (somebody looked
              into it) exactly this network, country and device become trusted and the incident ends; without
              either it is remembered and changes nothing, since an attacker may hold the chat account, too.
  malicious   it was not. The person is critical, learning freezes, what that network and device taught is taken back.
  closed      an analyst is done with it; learning goes on.

The same verdict again changes nothing.
"""
EPILOG = """\
examples:
  busybody profile ana@example.com                              shows the incidents and their ids
  busybody verdict ana@example.com 270145bb benign --verified
  busybody verdict ana@example.com 9b5da30e malicious
  busybody verdict ana@example.com 9b5da30e closed

exit codes: 0 done, or known already · 1 no such person or sign-in · 2 usage or policy · 3 the store cannot be written
"""


def add(subparsers: Any) -> None:
    """The parser of the command."""
    from ..verdict import ANSWERS

    parser: argparse.ArgumentParser = subparsers.add_parser(
        "verdict",
        help="say whether a sign-in was the person's own",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("person", metavar="PERSON", help="name as the log has it")
    parser.add_argument("event", metavar="EVENT_ID", help="event_id of a score, or the id of an incident")
    parser.add_argument("answer", choices=ANSWERS, help="see above")
    proof = parser.add_mutually_exclusive_group()
    proof.add_argument(
        "--verified", action="store_true", help="the person proved it with a second factor, apart from the session"
    )
    proof.add_argument("--analyst", action="store_true", help="an analyst says so")
    parser.add_argument("--time", metavar="TIME", help="when it was said, epoch seconds or ISO 8601; default: now")
    parser.add_argument(
        "--anyway", action="store_true",
        help="take it although no such sign-in is known; malicious then freezes the person, and nothing is taken back",
    )  # fmt: skip
    add_store(parser)
    add_policy(parser)


def run(arguments: argparse.Namespace) -> int:
    """Take the verdict, save, and say what it did."""
    from ..moments import moment_of
    from ..scorer import Scorer
    from ..verdict import Verdict
    from .tables import note, say

    policy = load_policy(arguments)
    when = moment_of(arguments.time, "--time")
    path = store_path(arguments)
    with existing(path) as looked:
        key = key_of(looked, policy, arguments.person)
        if key is None:
            note("busybody: " + unknown(looked, policy, arguments.person))
            return UNKNOWN
    with existing(path, writable=True) as store:
        scorer = Scorer(policy, store)
        person = scorer.people.by_key(key)
        if person is None:
            note("busybody: " + unknown(store, policy, arguments.person))
            return UNKNOWN
        known, signin, others = _sign_in(person.profile, person.incidents, arguments.event)
        if not known and not arguments.anyway:
            note("busybody: " + _not_known(arguments.event, others))
            return UNKNOWN
        user = arguments.person if scorer.people.key(arguments.person) == key else key
        verdict = Verdict(
            user, arguments.event, arguments.answer, time.time() if when is None else when, arguments.verified,
            arguments.analyst, signin,
        )  # fmt: skip
        done = scorer.feedback(verdict)
        if not done.startswith("already known"):
            scorer.save()
    say(done[0].upper() + done[1:] + ".")
    return 0


def _sign_in(profile: Profile, rows: List[Any], event: str) -> Tuple[bool, Optional[SignIn], List[str]]:
    """Whether such a sign-in is known, the sign-in itself where it still waits to be learned, and what else is known."""
    waiting = next((entry for entry in profile.window if entry.signin.id == event), None)
    if waiting is not None:
        return True, waiting.signin, []
    if event in profile.verdicts or any(event in (row["id"], row["event"], row["opening"]) for row in rows):
        return True, None, []
    return False, None, [row["id"] for row in rows if row["status"] in ("open", "malicious")]


def _not_known(event: str, others: List[str]) -> str:
    from ..errors import shown

    told = f"no sign-in or incident {shown(event)} is known of this person."
    told += f" Their open incidents: {', '.join(others)}." if others else " They have no open incident."
    return told + " --anyway takes the verdict all the same."
