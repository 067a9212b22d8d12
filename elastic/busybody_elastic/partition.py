"""Partition: one scorer and everything of its people.

Order of writes: results, alerts, incidents, people's risk, and last the state with the reader's cursor in its notes.
Learning is idempotent by event id, so what was scored but not committed when a process died is taken in again by the
next one, while the result that it wrote then holds.

All methods may be called from any thread. A commit works on a snapshot, so that scoring goes on meanwhile.
"""

from __future__ import annotations

import hashlib
import json
import time
from threading import Condition, Lock
from typing import Any, Callable, Iterator, Mapping, Sequence, TypeVar, cast

from busybody.errors import BusybodyError, ModelError
from busybody.people import population_text
from busybody.policy import Policy
from busybody.profile import Profile
from busybody.profile.codec import encode
from busybody.scorer import Scorer
from busybody.signin import Assessment, SignIn
from busybody.standing import standing
from busybody.stores import Store
from busybody.verdict import Verdict

from .digest import Digest
from .errors import Lost
from .flight import Ahead, Flight, Outcome, Scored, Standing, Told
from .people_risk import DECAY, INCIDENT
from .provisional import EXPIRES, Seen, Slot, Ticket
from .records import BROKEN, KNOWN, READER, SCORED, UNSCORED, Answer, Batch, Incoming
from .results import Results

Entry = SignIn | Callable[[Scorer], Any]  # something that the scorer took in
T = TypeVar("T")
SKEW = 300.0  # seconds by which a source's clock may be ahead of ours
FUTURE = 86400.0  # seconds ahead of ours from which a sign-in's time is a mistake, and would age everybody
MANY = 5_000  # sign-ins since the last commit from which on one is wanted
TOO_MANY = 100_000  # ... and from which on nothing is taken any more: the cluster does not take what we have
TAKEN = 256  # verdicts remembered
BEFORE, BUSY, FULL, LATE = (
    "scored before",
    "the person is in a batch that is not settled yet",
    "the cluster does not take results",
    "the deadline is over",
)
_answer = cast("Callable[[type[Answer], tuple[Any, ...]], Answer]", tuple.__new__)


class Partition:
    def __init__(
        self, number: int, policy: Policy, store: Store, results: Results, *, clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic, expires: float = EXPIRES,
    ) -> None:  # fmt: skip
        """Opens the model in `store`. `clock`: UTC epoch seconds."""
        self.number, self.policy, self.store, self.results = number, policy, store, results
        self._clock, self._monotonic, self._expires = clock, monotonic, expires
        self._lease = getattr(store, "lease", None)
        self._ahead = Ahead(store, serial=self._lease is None)
        self._turn, self._commits = Condition(Lock()), Lock()
        self._lost: Lost | None = None
        self._tickets: dict[str, Ticket] = {}
        self._held: dict[str, int] = {}  # people in open tickets -> in how many
        self._closed = False  # to new tickets: a commit waits
        self._alone = False  # a commit lets nobody in, so that memory can be let go
        self._count = 0
        self._seen = Seen(clock())
        self._begin()
        notes = self._ahead.meta()
        self._taken: dict[str, None] = dict.fromkeys(json.loads(notes.get("verdicts", "[]")))
        self._digest = Digest.from_json(notes.get("backfill", ""))
        self._open()
        self.scored, self.last_signin, self.last_scored = 0, 0.0, 0.0

    def _begin(self) -> None:
        """What gathers between two commits."""
        self._log: list[Entry | None] = []  # None: taken back
        self._results: list[Scored | None] = []
        self._older: list[str] = []
        self._told: list[Told] = []
        self._touched: dict[str, float] = {}  # people whose risk may be another -> as of when

    def _open(self) -> None:
        """The scorer as committed, with all that it took in since and that was not taken back."""
        log = [entry for entry in self._log if entry is not None]
        self._scorer = scorer = Scorer(self.policy, cast("Store", self._ahead))
        if log:
            self._ahead.use(self._ahead.fetch({scorer.people.key(one.user) for one in log if isinstance(one, SignIn)}))
            for entry in log:
                if isinstance(entry, SignIn):
                    scorer.process(entry)
                else:
                    entry(scorer)
            self._ahead.use(None)
        self._stale = False

    # Score --------------------------------------------------------------------------------------------------

    def score(
        self, items: Sequence[tuple[Incoming, SignIn]], *, learn: bool = True, provisional: bool = False,
        deadline: float | None = None,
    ) -> Batch:  # fmt: skip
        """See `records.Router.score`. Raises Lost, and what the store raises where nothing can be read."""
        limit = None if deadline is None else self._monotonic() + deadline
        users = {signin.user for _, signin in items}
        before = self._known_before(items) if learn else set()
        fetched = self._fetch(users)
        with self._turn:
            ready = self._wait(lambda: self._may_enter(users, provisional), limit)
            if not ready and (self._alone or (provisional and self._closed)):
                return Batch([Answer(item.identity, UNSCORED, LATE) for item, _ in items])
            self._ahead.use(fetched)
            try:
                return self._batch(items, learn, provisional, limit, before)
            finally:
                self._ahead.use(None)

    def _known_before(self, items: Sequence[tuple[Incoming, SignIn]]) -> set[str]:
        """Those that were scored before this memory began. Only what had happened by then can have been."""
        seen, until = self._seen, self._seen.since + SKEW
        doubtful = [
            item.identity
            for item, signin in items
            if signin.time <= until and item.entrance == READER
            and (mark := hash(item.identity)) not in seen.young and mark not in seen.old
        ]  # fmt: skip
        return self.results.known(doubtful) if doubtful else set()

    def _fetch(self, users: set[str]) -> tuple[int, dict[str, str | None]]:
        with self._turn:
            self._check()
            people = self._scorer.people
            keys = {people.key(user) for user in users}
            keys.difference_update([person.key for person in people.at_hand(keys)])
        return self._ahead.fetch(keys)

    def _may_enter(self, users: set[str], provisional: bool) -> bool:
        return not (self._alone or (provisional and self._closed) or (self._held and self._held.keys() & users))

    def _batch(
        self, items: Sequence[tuple[Incoming, SignIn]], learn: bool, provisional: bool, limit: float | None,
        before: set[str],
    ) -> Batch:  # fmt: skip
        self._fresh()
        now = self._clock()
        self._seen.make_room(now)
        held = frozenset(self._held) if self._held else frozenset()
        ticket = Ticket(self._monotonic()) if provisional and learn else None
        answers: list[Answer] = []
        for item, signin in items:
            if held and signin.user in held:
                answers.append(Answer(item.identity, UNSCORED, BUSY))
            elif limit is not None and not len(answers) % 16 and self._monotonic() > limit:
                answers += [Answer(rest.identity, UNSCORED, LATE) for rest, _ in items[len(answers) :]]
                break
            else:
                answers.append(self._one(item, signin, learn, now, before, ticket))
            if ticket is not None and len(ticket.slots) < len(answers):
                ticket.slots.append(None)
        if ticket is None or not ticket.people:
            return Batch(answers)
        self._count += 1
        name = f"{self.number}-{self._count}"
        self._tickets[name] = ticket
        for user in ticket.people:
            self._held[user] = self._held.get(user, 0) + 1
        return Batch(answers, name)

    def _one(
        self, item: Incoming, signin: SignIn, learn: bool, now: float, before: set[str], ticket: Ticket | None
    ) -> Answer:
        identity, seen, results = item.identity, self._seen, self._results
        mark = hash(identity)
        if mark in seen.young or mark in seen.old:
            if ticket is not None:
                ticket.slots.append(
                    next((slot for slot in ticket.slots if slot is not None and slot.mark == mark), None)
                )
            return _answer(Answer, (identity, KNOWN, BEFORE, None, False))
        if signin.time > now + FUTURE:
            return Answer(identity, BROKEN, "its time lies in the future")
        if len(results) >= TOO_MANY:
            return Answer(identity, UNSCORED, FULL)
        scorer = self._scorer
        try:
            if not learn:
                return self._asked(item, signin)
            assessment = scorer.process(signin)
        except BusybodyError as error:
            self._stale = True  # it may have stopped half-way
            self._fresh()
            status = BROKEN if isinstance(error, ModelError) else UNSCORED
            return Answer(identity, status, f"{type(error).__name__} on reading the person")
        self._log.append(signin)
        seen.young.add(mark)
        known = before and identity in before
        if ticket is not None:
            ticket.people.add(signin.user)
            ticket.slots.append(Slot(len(self._log) - 1, -1 if known else len(results), mark))
        if signin.time > self.last_signin:
            self.last_signin = signin.time
        if assessment.incident is not None:
            self._touched[signin.user] = signin.time if item.quiet else now
        if known:
            self._older.append(identity)
            return Answer(identity, KNOWN, BEFORE)
        sentence = scorer.describe(signin, assessment) if assessment.findings else ""
        epoch, row, body = scorer.organisation.epoch, None, None
        if item.entrance != READER:
            body = self.results.documents.busybody(signin, assessment, sentence, item, epoch)
        if assessment.alert:
            row = self._row(signin.user, assessment)
        results.append(Scored(item, signin, assessment, sentence, epoch, now, row, body))
        return _answer(Answer, (identity, SCORED, "", body, assessment.alert and not item.quiet))

    def _asked(self, item: Incoming, signin: SignIn) -> Answer:
        """Score without learning: nothing is kept but the time."""
        scorer, moment = self._scorer, signin.time
        if moment >= (scorer.hour + 1) * 3600.0:
            self._log.append(lambda again: again.advance(moment))
            scorer.advance(moment)
        assessment = scorer.score(signin)
        sentence = scorer.describe(signin, assessment) if assessment.findings else ""
        epoch = scorer.organisation.epoch
        body = self.results.documents.busybody(signin, assessment, sentence, item, epoch)
        return Answer(item.identity, SCORED, "", body, assessment.alert)

    def _row(self, user: str, assessment: Assessment) -> Mapping[str, Any] | None:
        person = self._scorer.people.get(user)
        rows = person.incidents if person is not None else []
        return next((dict(row) for row in rows if row["id"] == assessment.incident), None)

    # Settle -------------------------------------------------------------------------------------------------

    def settle(self, ticket: str, accepted: Sequence[bool]) -> None:
        """See `records.Router.settle`. A ticket that is settled already, or expired, changes nothing."""
        with self._turn:
            self._check()
            self._settle(ticket, accepted)

    def _settle(self, name: str, accepted: Sequence[bool]) -> None:
        ticket = self._tickets.pop(name, None)
        if ticket is None:
            return
        for user in ticket.people:
            self._held[user] -= 1
            if not self._held[user]:
                del self._held[user]
        for slot in ticket.refused(accepted):
            self._log[slot.entry] = None
            if slot.result >= 0:
                self._results[slot.result] = None
            self._seen.discard(slot.mark)
            self._stale = True
        self._turn.notify_all()

    def _fresh(self) -> None:
        if self._stale:
            self._open()

    def _wait(self, ready: Callable[[], bool], limit: float | None = None) -> bool:
        """Wait for `ready`; False where the limit comes first. Raises Lost."""
        while True:
            self._check()
            now = self._monotonic()
            for name, ticket in list(self._tickets.items()):
                if now - ticket.opened >= self._expires:
                    self._settle(name, ())
            if ready():
                return True
            if limit is not None and now >= limit:
                return False
            ends = [ticket.opened + self._expires for ticket in self._tickets.values()]
            if limit is not None:
                ends.append(limit)
            self._turn.wait(max(0.001, min(ends) - now) if ends else None)

    # Anything else that the scorer takes in -----------------------------------------------------------------

    def run(self, operation: Callable[[Scorer], T], *, settled: bool = False) -> T:
        """Do something to the scorer that it is to do again where it has to be built anew.

        `settled` waits until no ticket is open, so that nothing of it depends on what may still be taken back.
        """
        with self._turn:
            self._wait(lambda: not self._alone and not (settled and self._tickets))
            self._fresh()
            try:
                done = operation(self._scorer)
            except BusybodyError:
                self._stale = True
                raise
            self._log.append(operation)
            return done

    def feedback(self, verdict: Verdict, mark: str, told: Mapping[str, Any]) -> str:
        """Take a verdict, once: `mark` names it. `told` is {answer, verified, channel, by, time} as it is to be shown.

        Returns what it did, in words. It is for good with the next commit.
        """
        mark = hashlib.sha256(mark.encode()).hexdigest()[:16]
        with self._turn:
            self._wait(lambda: not self._alone and verdict.user not in self._held)
            self._fresh()
            if mark in self._taken:
                return "taken before"
            person = self._scorer.people.named(verdict.user)
            before = {row["id"]: row["status"] for row in person.incidents} if person is not None else {}
            done = self._scorer.feedback(verdict)
            self._log.append(lambda again: again.feedback(verdict))
            self._taken[mark] = None
            while len(self._taken) > TAKEN:
                del self._taken[next(iter(self._taken))]
            rows = person.profile.incidents if person is not None else []
            for row in rows:
                meant = verdict.event_id in (row["id"], row["event"], row["opening"])
                if meant or row["status"] != before.get(row["id"], row["status"]):
                    shown = {**told, "state": row["status"]}
                    self._told.append(Told(row["id"], verdict.user, verdict.event_id, shown, dict(row)))
            if person is not None:
                self._touched[verdict.user] = self._clock()
            return done

    # Commit -------------------------------------------------------------------------------------------------

    @property
    def wants_commit(self) -> bool:
        """Whether it is time to commit, so that memory stays flat."""
        return len(self._log) >= MANY or self._scorer.people.is_full()

    def commit(self, notes: Mapping[str, str] | None = None, *, done: bool = False) -> None:
        """Results, then state, are durable once this returns. `done`: the back-fill is, and is digested.

        Waits for open tickets. Raises ClusterError or StoreError where it has to be tried again, and Lost.
        """
        with self._commits:
            if self._ahead.flight is not None:
                self._land(again=True)
            self._take_off(dict(notes or {}), done=done)
            self._land()

    def _take_off(self, notes: dict[str, str], *, done: bool = False, alone: bool = False) -> None:
        """Take what is to be written; nothing where there is nothing."""
        with self._turn:
            self._closed = True
            try:
                self._wait(lambda: not self._tickets)
                self._fresh()
                self._alone = alone or self._scorer.people.is_full()
                now = self._clock()
                if self._log or notes or self._digest.is_due(done, now):
                    self._ahead.flight = self._packed(notes, done, now)
                    self._begin()
            finally:
                self._closed = False
                self._turn.notify_all()

    def _packed(self, notes: dict[str, str], done: bool, now: float) -> Flight:
        """The snapshot. What the scorer hands over it holds for written, so where this fails it is built anew."""
        scorer, self._stale = self._scorer, True
        changes, delta, ripe = scorer.hand_over()
        text = population_text(scorer.organisation, scorer.evidence, delta, ripe, scorer.hour)
        standings = list(self._standings(changes.profiles))
        self._stale = False
        scored = [one for one in self._results if one is not None]
        digest, told = None, not self._digest.is_empty
        self._digest.add(scored, now)
        if self._digest.is_due(done, now):
            digest = self._digest.id, self._digest.document(self.results.documents, now)
            self._digest = Digest()
        if told or not self._digest.is_empty:
            notes["backfill"] = self._digest.to_json()
        notes["verdicts"] = json.dumps([*self._taken])
        outcome = Outcome(scored, self._older, self._told, standings, digest, now)
        return Flight(outcome, changes.profiles, changes.journals, text, notes)

    def _standings(self, changed: Mapping[str, Any]) -> Iterator[Standing]:
        for user, moment in self._touched.items():
            key = self._scorer.people.key(user)
            row = changed.get(key)
            text = row.text if row is not None else self._ahead.profile(key)
            if text is not None:
                yield user, standing(key, text, self.policy, moment), moment, INCIDENT

    def _land(self, *, again: bool = False, stay: bool = False) -> None:
        """Write the flight. Where that fails it stays, for the next commit."""
        flight = self._ahead.flight
        try:
            if flight is None:
                return
            if self._lease is not None:
                self._lease.check()
            self.results.write(flight.outcome, doubtful=again)
            self._ahead.land()
        except Lost as error:
            self.drop(error)
            raise
        else:
            with self._turn:
                self._ahead.flight = None
                self._ahead.landed += 1
                self.scored += len(flight.outcome.scored)
                self.last_scored = flight.outcome.now
                if self._alone:
                    self._scorer.people.let_go()
        finally:
            if not stay:
                self._enter()

    def _enter(self) -> None:
        """Let the others in again."""
        with self._turn:
            self._alone = False
            self._turn.notify_all()

    def drop(self, error: Lost | None = None) -> None:
        """Somebody else owns the people: everything is dropped, and who waits here hears it."""
        with self._turn:
            self._lost = error or Lost("the people of this partition belong to another instance now")
            self._begin()
            self._tickets.clear()
            self._held.clear()
            self._turn.notify_all()

    def _check(self) -> None:
        if self._lost is not None:
            raise self._lost

    # Forget, look -------------------------------------------------------------------------------------------

    def forget(self, user: str) -> list[str]:
        """Erase a person from the state. Says what went, in words; their documents are for `forget.forget`."""
        from busybody.identity import Identity
        from busybody.model import forget

        name = Identity(self.policy).normal(user)
        with self._commits:
            try:
                if self._ahead.flight is not None:
                    self._land(again=True)
                self._take_off({}, alone=True)
                self._land(stay=True)
                with self._turn:
                    self._check()
                    gone = forget(self.store, self._scorer.people.key(name), user, name)
                    self._ahead.landed += 1
                    self._open()
                    return gone
            finally:
                self._enter()

    def refresh_risk(self, owns: Callable[[str], bool] = lambda _: True) -> int:
        """Write the risk of people with open incidents as it has decayed; of those that `owns` names. Hourly."""
        now = self._clock()
        standings = []
        for user in filter(owns, self.results.at_risk()):
            with self._turn:
                self._wait(lambda: not self._alone)
                self._fresh()
                people = self._scorer.people
                person = people.get(user)
                text = encode(person.profile if person is not None else Profile())
                standings.append((user, standing(people.key(user), text, self.policy, now), now, DECAY))
        return self.results.write_risk(standings)

    def status(self) -> dict[str, Any]:
        """For the heartbeat and metrics. Times are epoch seconds; 0.0 for never."""
        with self._turn:
            return {
                "partition": self.number, "scored": self.scored, "uncommitted": len(self._log),
                "tickets": len(self._tickets), "last_signin": self.last_signin, "last_scored": self.last_scored,
                "epoch": self._scorer.organisation.epoch, "lost": self._lost is not None,
            }  # fmt: skip
