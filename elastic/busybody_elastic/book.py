"""The book of one partition: what its scorer took in since the last commit, and what is to be written of it.

The scorer can be built anew from it: the store as of the last commit, and then every entry that was not taken back.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, cast

from busybody.people import Person, population_text
from busybody.policy import Policy
from busybody.scorer import Scorer
from busybody.signin import Assessment, SignIn
from busybody.standing import standing
from busybody.stores import Row, Store
from busybody.verdict import Verdict

from .digest import Digest
from .documents import Document, Documents, person_id
from .flight import Ahead, Flight, Outcome, Scored, Standing, Told
from .people_risk import INCIDENT
from .provisional import Slot
from .records import READER, Incoming


class Heard(NamedTuple):
    """A sign-in of somebody else's people: only recent evidence hears of it."""

    signin: SignIn

    def __call__(self, scorer: Scorer) -> None:
        scorer.advance(self.signin.time)
        scorer.evidence.observe(self.signin)


Entry = SignIn | Heard | Callable[[Scorer], Any]  # something that the scorer took in
TAKEN = 256  # verdicts remembered
ERASED = 2_000  # people of whom it is remembered that they were erased


class Book:
    def __init__(self, policy: Policy, ahead: Ahead, documents: Documents) -> None:
        self._policy, self._ahead, self._documents = policy, ahead, documents
        notes = ahead.meta()
        self._taken: dict[str, None] = dict.fromkeys(json.loads(notes.get("verdicts") or "[]"))
        self.erased: dict[str, float] = erased_people(notes)
        self._digest = Digest.from_json(notes.get("backfill", ""))
        self.begin()

    def reread(self) -> None:
        """Somebody was erased."""
        self.erased = erased_people(self._ahead.meta())

    def begin(self) -> None:
        """A new page, after a commit has taken the old one."""
        self.log: list[Entry | None] = []  # None: taken back
        self.results: list[Scored | None] = []
        self.out = 0  # results of this page that went out before the others
        self.older: list[str] = []
        self.touched: dict[str, float] = {}  # people whose risk may be another -> as of when
        self._told: list[Told] = []

    def scorer(self) -> Scorer:
        """The scorer as committed, with all that is in the log."""
        log, ahead = [entry for entry in self.log if entry is not None], self._ahead
        scorer = Scorer(self._policy, cast("Store", ahead))
        ahead.use(ahead.fetch({scorer.people.key(one.user) for one in log if isinstance(one, SignIn)}))
        for entry in log:
            if isinstance(entry, SignIn):
                scorer.process(entry)
            else:
                entry(scorer)
        ahead.use(None)
        return scorer

    def enter(
        self, scorer: Scorer, item: Incoming, signin: SignIn, assessment: Assessment, now: float, known: bool
    ) -> Document | None:
        """A sign-in that was scored and learned. Returns its `busybody` where an entrance asks for it.

        `known`: it has a result; the state may not have learned of it before, and has now.
        """
        self.log.append(signin)
        if assessment.incident is not None:
            self.touched[signin.user] = signin.time if item.quiet else now
        if known:
            self.older.append(item.identity)
            return None
        sentence = scorer.describe(signin, assessment) if assessment.findings else ""
        epoch, body, row = scorer.organisation.epoch, None, None
        if item.entrance != READER:
            body = self._documents.busybody(signin, assessment, sentence, item, epoch)
        if assessment.alert:
            person = scorer.people.get(signin.user)
            rows = person.incidents if person is not None else []
            row = next((dict(row) for row in rows if row["id"] == assessment.incident), None)
        self.results.append(Scored(item, signin, assessment, sentence, epoch, now, row, body))
        return body

    def take_back(self, slot: Slot) -> None:
        """What upstream refused."""
        self.log[slot.entry] = None
        if slot.result >= 0:
            self.results[slot.result - self.out] = None

    def tell(self, scorer: Scorer, verdict: Verdict, mark: str, told: Mapping[str, Any], now: float) -> str:
        """Give the scorer a verdict, once. Returns what it did, in words."""
        mark = hashlib.sha256(mark.encode("utf-8", "surrogatepass")).hexdigest()[:16]
        if mark in self._taken:
            return "taken before"
        person = scorer.people.named(verdict.user)
        before = {row["id"]: row["status"] for row in person.incidents} if person is not None else {}
        if person is not None:
            verdict = _aimed(verdict, person)
        done = scorer.feedback(verdict)
        self.log.append(lambda again: again.feedback(verdict))
        self._taken[mark] = None
        while len(self._taken) > TAKEN:
            del self._taken[next(iter(self._taken))]
        if person is None:
            return done
        for row in person.profile.incidents:
            if _concerns(row, verdict) or row["status"] != before.get(row["id"], row["status"]):
                shown = {**told, "state": row["status"]}
                self._told.append(Told(row["id"], verdict.user, verdict.event_id, shown, dict(row)))
        self.touched[verdict.user] = now
        return done

    # Commit -------------------------------------------------------------------------------------------------

    def is_due(self, done: bool, now: float) -> bool:
        """Whether there is anything to commit; `done`: a back-fill is."""
        return bool(self.log) or self._digest.is_due(done, now)

    def publish(self, until: int | None, now: float) -> Outcome | None:
        """The results before that place, to be written ahead of the state; None where there are none."""
        place = len(self.results) if until is None else until - self.out
        scored, self.results = [one for one in self.results[:place] if one is not None], self.results[place:]
        older, self.older = self.older, []
        self.out += place
        self._digest.add(scored, now)
        return Outcome(scored, older, [], [], None, now) if scored or older else None

    def pack(self, scorer: Scorer, notes: Mapping[str, str], done: bool, now: float) -> Flight:
        """All of it, as it is to be written. What the scorer hands over it holds for written."""
        changes, delta, ripe = scorer.hand_over()
        text = population_text(scorer.organisation, scorer.evidence, delta, ripe, scorer.hour)
        standings = list(self._standings(scorer, changes.profiles))
        scored = [one for one in self.results if one is not None]
        digest, told = None, not self._digest.is_empty
        self._digest.add(scored, now)
        if self._digest.is_due(done, now):
            digest = self._digest.id, self._digest.document(self._documents, now)
            self._digest = Digest()
        ours = {"verdicts": json.dumps([*self._taken])} if self._told else {}
        if told or not self._digest.is_empty:
            ours["backfill"] = self._digest.to_json()
        outcome = Outcome(scored, self.older, self._told, standings, digest, now)
        return Flight(outcome, changes.profiles, changes.journals, text, {**notes, **ours})

    def _standings(self, scorer: Scorer, changed: Mapping[str, Row | None]) -> Iterator[Standing]:
        for user, moment in self.touched.items():
            key = scorer.people.key(user)
            row = changed.get(key)
            text = row.text if row is not None else self._ahead.profile(key)
            if text is not None:
                yield user, standing(key, text, self._policy, moment), moment, INCIDENT


def _aimed(verdict: Verdict, person: Person) -> Verdict:
    """The verdict with the event's own id while that waits to be learned, since it has to settle first.

    Of what has settled the model knows more than the document of the sign-in says.
    """
    profile = person.profile
    if any(_concerns(row, verdict) and row["key"] is not None for row in profile.incidents):
        verdict = verdict._replace(signin=None)
    waiting = {entry.signin.id for entry in profile.window}
    events = [row[name] for row in person.incidents if _concerns(row, verdict) for name in ("opening", "event")]
    return verdict._replace(event_id=next((event for event in events if event in waiting), verdict.event_id))


def _concerns(row: Mapping[str, Any], verdict: Verdict) -> bool:
    return verdict.event_id in (row["id"], row["event"], row["opening"])


def erased(notes: Mapping[str, str], names: Sequence[str], now: float) -> dict[str, str]:
    """The note that nothing of a person shall be learned again that is older than `now`. It holds no name."""
    rows = {**erased_people(notes), **{person_id(name): now for name in names}}
    return {"erased": json.dumps(dict([*rows.items()][-ERASED:]))}


def erased_people(notes: Mapping[str, str]) -> dict[str, float]:
    """person_id -> when."""
    found: dict[str, float] = json.loads(notes.get("erased") or "{}")
    return found
