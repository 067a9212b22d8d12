"""busyverdict: the answer to "was this you?", on its way into the model. The next search that learns applies it.

    | busyverdict user="ana@example.com" event_id=9b5da30e verdict=malicious            one answer, an analyst's
    index=responder sourcetype=answers | table user event_id verdict verified | busyverdict        many, as rows

A row's answer counts as verified, which is what lets "it was me" count, only where its `verified` says so.
"""

from __future__ import annotations

from time import time as now
from typing import TYPE_CHECKING, Iterator, List, NamedTuple, Optional, Sequence, Tuple

from ..chunks import EMPTY, Body, Chunk
from ..options import BOOLS, Option, parse
from .generating import Generating, Options
from .opening import DEFAULT, Opened

if TYPE_CHECKING:
    from busybody.people import Person
    from busybody.policy import Policy
    from busybody.signin import SignIn

    from ..model import KVModel
    from ..protocol import Messages, Search
    from .generating import Row

NAME = "busyverdict"
ANSWERS = ("benign", "malicious", "closed")
OPTIONS = (
    Option("user", "text", "", "the person; without it, the rows of the search are the answers"),
    Option("event_id", "text", "", "busy_event_id or busy_incident of the sign-in"),
    Option(
        "verdict", "choice", "", "benign: it was the person; malicious: it was not; closed: learning goes on", ANSWERS
    ),
    Option("verified", "bool", False, "the person proved it with a second factor, apart from the session"),
    Option("analyst", "bool", True, "an analyst says so; of rows, only where this is given"),
    Option("anyway", "bool", False, "take it although no such sign-in is known"),
    Option("policy", "text", DEFAULT, "stanza [policy:<name>] of busybody.conf"),
    Option("model", "text", DEFAULT, "name of the model"),
)
COLUMNS = ("user", "event_id", "verdict", "verified", "done")
READ = COLUMNS[:4]
DONE = "busy_done"


def command() -> Verdicting:
    return Verdicting()


class Answer(NamedTuple):
    """One answer as it was given."""

    user: str
    event_id: str
    verdict: str
    verified: bool
    analyst: bool


class Desk:
    """Takes answers for one model."""

    def __init__(self, opened: Opened, options: Options, messages: Messages) -> None:
        from ..incidents import Incidents
        from ..verdicts import Verdicts

        self._opened, self._options, self._messages = opened, options, messages
        self._policy: Policy = opened.policy(options["policy"])
        self._model: KVModel = opened.writable(options["model"])
        self._verdicts = Verdicts(opened.splunkd, options["model"])
        self._incidents = Incidents(opened.splunkd, options["model"])

    def take(self, answer: Answer) -> str:
        """Append it; what came of it, in words. Raises BusybodyError for an answer about nobody or nothing known."""
        from busybody.errors import BusybodyError, shown
        from busybody.verdict import Verdict

        from ..audit import person as hashed
        from .people import known

        if answer.verdict not in ANSWERS:
            raise BusybodyError(
                f"{shown(answer.verdict)} is no verdict. Say one of: {', '.join(ANSWERS)}.", key="verdict"
            )
        if not answer.user or not answer.event_id:
            raise BusybodyError("a verdict is about one sign-in of one person. Give user and event_id.")
        person = known(self._model, self._policy, answer.user)
        event, signin = self._meant(person, answer.event_id)
        verdict = Verdict(person.key, event, answer.verdict, now(), answer.verified, answer.analyst, signin)
        if not self._verdicts.add(verdict, self._opened.actor):
            return "known already: nothing changed"
        self._opened.audit(
            self._messages, "verdict", self._model.name, event_id=answer.event_id, person=hashed(person.key),
            answer=answer.verdict, verified=answer.verified, analyst=answer.analyst,
        )  # fmt: skip
        if answer.verdict == "benign" and not (answer.verified or answer.analyst):
            return "taken; without a second factor it is remembered and changes nothing"
        return "taken; the next search that learns applies it"

    def _meant(self, person: Person, event: str) -> Tuple[str, Optional[SignIn]]:
        """The event or incident that the model knows by this id; the sign-in too, where it still waits to be learned."""
        from busybody.errors import BusybodyError, shown

        from .ledger import EVENTS

        rows = person.incidents
        named = next((row for row in rows if event in (row["id"], row["event"], row["opening"])), None)
        meant = (event,) if named is None else (event, named["event"], named["opening"])
        for entry in person.profile.window:
            if (
                entry.signin.id in meant
            ):  # what still waits is settled by its answer, or it would open the incident again
                return entry.signin.id, entry.signin
        if named is not None or event in person.profile.verdicts:
            return event, None
        for known in self._incidents.find({"user": person.key}):
            if event in (known["event_id"], *known.get(EVENTS, ())):
                return str(known["_key"]).rpartition(":")[2], None
        if self._options["anyway"]:
            return event, None
        there = [row for row in rows if row["status"] in ("open", "malicious")]
        told = "; ".join(f"{row['id']} ({row['sentence'] or row['status']})" for row in there)
        raise BusybodyError(
            f"no sign-in {shown(event)} is known of this person any more. Answer to its incident, busy_incident. "
            f"{f'Their open incidents: {told}' if there else 'They have no open incident'}. "
            "anyway=true takes the verdict all the same."
        )


class Verdicting:
    """Generating with `user=`; else it goes over the rows, and says of each in busy_done what came of it."""

    def __init__(self) -> None:
        self._one = Generating(NAME, OPTIONS, COLUMNS, rows)
        self._desk: Optional[Desk] = None
        self._opened: Optional[Opened] = None
        self.generating = False
        self.kind = "stateful"

    def begin(self, search: Search, messages: Messages) -> Optional[Sequence[str]]:
        self._options = parse(OPTIONS, search.args, NAME)
        self._search, self._messages = search, messages
        if self._options["user"]:
            self.generating, self.kind = True, self._one.kind
            return self._one.begin(search, messages)
        self._options["analyst"] = any(word.startswith("analyst=") for word in search.args) and self._options["analyst"]
        return [*READ, DONE]

    def take(self, chunk: Chunk) -> Body:
        if self.generating:
            return self._one.take(chunk)
        if not len(chunk):
            return EMPTY
        if self._desk is None:
            self._opened = Opened(self._search)
            self._desk = Desk(self._opened, self._options, self._messages)
        cells = [[self._done(chunk, row, self._desk)] for row in chunk.rows]
        return chunk.extended([DONE], cells)

    def _done(self, chunk: Chunk, row: List[str], desk: Desk) -> str:
        from busybody.errors import BusybodyError

        given = {name: row[chunk.index[name]].strip() if name in chunk.index else "" for name in READ}
        verified = BOOLS.get(given["verified"].lower(), False) or self._options["verified"]
        answer = Answer(given["user"], given["event_id"], given["verdict"].lower(), verified, self._options["analyst"])
        try:
            return desk.take(answer)
        except BusybodyError as error:
            from ..rest import SplunkdError

            if isinstance(error, SplunkdError):
                raise  # no row will fare better
            return f"refused: {error}"

    def close(self) -> None:
        self._one.close()
        if self._opened is not None:
            self._opened.close()


def rows(opened: Opened, options: Options, messages: Messages) -> Iterator[Row]:
    """The one answer of the options."""
    desk = Desk(opened, options, messages)
    answer = Answer(options["user"], options["event_id"], options["verdict"], options["verified"], options["analyst"])
    done = desk.take(answer)
    messages.info(f"Verdict {done}.")
    yield answer.user, answer.event_id, answer.verdict, "1" if answer.verified else "0", done


__all__ = ["OPTIONS", "command"]
