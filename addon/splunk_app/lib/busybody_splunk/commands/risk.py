"""busyrisk: who is at risk now. A person's open incidents together, each halved for every week since its last sign-in."""

from __future__ import annotations

from itertools import islice
from time import time as now
from typing import TYPE_CHECKING, Any, Dict, Iterator, List, Tuple

from ..columns import exactly
from ..options import Option
from .generating import Generating, Options
from .opening import DEFAULT

if TYPE_CHECKING:
    from busybody.policy import Policy
    from busybody.stores import Store

    from ..protocol import Messages
    from .generating import Row
    from .opening import Opened

NAME = "busyrisk"
OPTIONS = (
    Option("user", "text", "", "only this person, at risk or not"),
    Option("all", "bool", False, "everybody, in the order of their names, also who is at no risk"),
    Option(
        "min_risk", "number", 0.0, "people whose risk or worst open incident is at least that", least=0.0, most=100.0
    ),
    Option("at", "text", "now", "risk at this time: epoch seconds, ISO 8601 or now"),
    Option("policy", "text", DEFAULT, "stanza [policy:<name>] of busybody.conf"),
    Option("model", "text", DEFAULT, "name of the model; <name>.csv is a lookup"),
)
COLUMNS = ("_time", "user", "busy_risk", "level", "worst", "incidents", "status", "sentence", "incident", "event_id", "last")  # fmt: skip
BATCH = 500  # people read at once


def command() -> Generating:
    return Generating(NAME, OPTIONS, COLUMNS, rows)


def rows(opened: Opened, options: Options, messages: Messages) -> Iterator[Row]:  # noqa: ARG001  all have these
    """The people at risk, the worst first; with `all` everybody, page by page."""
    from busybody.moments import moment_of

    moment = moment_of(options["at"], "at") or now()
    policy = opened.policy(options["policy"])
    with opened.model(options["model"]) as model:
        if options["user"]:
            from .people import known

            person = known(model, policy, options["user"])
            yield _row(_risk(model, policy, [person.key], moment)[0], moment)
            return
        least = options["min_risk"]
        found: Iterator[Dict[str, Any]] = (
            row for batch in _batches(model) for row in _risk(model, policy, batch, moment)
        )
        found = (row for row in found if max(row["risk"], row["worst"]) >= least)
        if not options["all"]:
            found = iter(sorted((row for row in found if row["risk"] > 0.0 or row["worst"] > 0.0), key=_place))
        for row in found:
            yield _row(row, moment)


def _batches(store: Store) -> Iterator[List[str]]:
    users = store.users()
    while True:
        batch = list(islice(users, BATCH))
        if not batch:
            return
        yield batch


def _risk(store: Store, policy: Policy, users: List[str], moment: float) -> List[Dict[str, Any]]:
    from busybody.standing import standing

    texts = store.profiles(users)
    return [standing(user, texts[user], policy, moment) for user in users if user in texts]


def _place(row: Dict[str, Any]) -> Tuple[int, float, str]:
    from .engines import rank

    return -rank(max(row["risk"], row["worst"])), -row["risk"], row["user"]


def _row(row: Dict[str, Any], moment: float) -> Row:
    worst = row["incidents"][0] if row["incidents"] else {}
    last = row["last_seen"]
    return (
        f"{moment:.3f}", row["user"], exactly(row["risk"]), row["level"], exactly(row["worst"]), str(len(row["incidents"])),
        worst.get("status", ""), worst.get("sentence", ""), worst.get("id", ""), worst.get("event", ""),
        "" if last is None else f"{last:.3f}",
    )  # fmt: skip


__all__ = ["OPTIONS", "command"]
