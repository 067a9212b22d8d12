"""Partition: one scorer and everything of its people.

Order of writes: results, alerts, incidents, people's risk, and last the state with the reader's cursor in its notes.
Learning is idempotent by event id, so what was scored but not committed when a process died is taken in again by the
next one, while the result that it wrote then holds.

All methods may be called from any thread. A commit works on a snapshot, so that scoring goes on meanwhile.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from threading import Lock
from typing import Any, TypeVar, cast

from busybody.errors import BusybodyError, ModelError
from busybody.policy import Policy
from busybody.profile import Profile
from busybody.profile.codec import encode
from busybody.scorer import HOUR, Scorer
from busybody.signin import SignIn
from busybody.standing import standing
from busybody.stores import Store
from busybody.verdict import Verdict

from .book import Book, Heard
from .documents import person_id
from .errors import Lost
from .flight import Ahead
from .people_risk import DECAY
from .provisional import EXPIRES, Gate, Seen, Slot, Ticket
from .records import BROKEN, KNOWN, READER, SCORED, SKIPPED, UNSCORED, Answer, Batch, Incoming
from .results import Results

T = TypeVar("T")
Item = tuple[Incoming | None, SignIn]  # None: of somebody else's people, only heard of
SKEW = 300.0  # seconds by which a source's clock may be ahead of ours
FUTURE = 86400.0  # seconds ahead of ours from which a sign-in's time is a mistake, and would age everybody
MANY = 5_000  # sign-ins since the last commit from which on one is wanted
TOO_MANY = 100_000  # ... and from which on nothing is taken any more: the cluster does not take what we have
WAITS = 0.6  # of a deadline may be spent on waiting for others
LOOK = 16  # sign-ins between two looks at the deadline
ERASED, BEFORE, AHEAD = "the person was erased", "scored before", "its time lies in the future"
BUSY, FULL, LATE = "waits for a batch that is not settled", "the cluster takes no results", "the deadline is over"
_answer = cast("Callable[[type[Answer], tuple[Any, ...]], Answer]", tuple.__new__)


class Partition:
    def __init__(
        self, number: int, policy: Policy, store: Store, results: Results, *, clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic, expires: float = EXPIRES,
    ) -> None:  # fmt: skip
        """Opens the model in `store`. `clock`: UTC epoch seconds; `expires`: see `provisional`."""
        self.number, self.policy, self.store, self.results = number, policy, store, results
        self._clock, self._monotonic = clock, monotonic
        self._lease = getattr(store, "lease", None)
        self._ahead = Ahead(store, serial=self._lease is None)
        self._gate = Gate(monotonic, expires, number)
        self._gate.expired = lambda name: self._settle(name, ())
        self._turn, self._commits = self._gate.turn, Lock()
        self._seen = Seen(clock())
        self._book = Book(policy, self._ahead, results.documents)
        self._rebuild()
        self.scored, self.last_signin, self.last_scored = 0, 0.0, 0.0

    def _rebuild(self) -> None:
        self._scorer, self._stale = self._book.scorer(), False

    def _fresh(self) -> Scorer:
        """The scorer, without what was taken back."""
        if self._stale:
            self._rebuild()
        return self._scorer

    # Score --------------------------------------------------------------------------------------------------

    def score(
        self, items: Sequence[Item], *, learn: bool = True, provisional: bool = False, deadline: float | None = None
    ) -> Batch:
        """See `records.Router.score`. Raises Lost, and StoreError or ClusterError where nothing can be read."""
        start = self._monotonic()
        limit, patience = (None, None) if deadline is None else (start + deadline, start + WAITS * deadline)
        mine = [one for one in items if one[0] is not None]
        users = {signin.user for _, signin in mine}
        before = self._known_before(mine) if learn else set()
        fetched = self._fetch(users)
        with self._turn:
            self._gate.wait(lambda: self._gate.lets_in(users, provisional), patience)
            if not self._gate.lets_in((), provisional):
                return Batch([_late(item) for item, _ in mine])
            self._ahead.use(fetched)
            ticket = Ticket(self._monotonic()) if provisional and learn else None
            try:
                return self._batch(items, learn, ticket, limit, before)
            finally:
                self._ahead.use(None)

    def _known_before(self, items: Sequence[Item]) -> set[str]:
        """Those that were scored before this memory began. Only what had happened by then can have been."""
        seen, until = self._seen, self._seen.since + SKEW
        doubtful = [
            item.identity
            for item, signin in items
            if signin.time <= until and item is not None and item.entrance == READER
            and (mark := hash(item.identity)) not in seen.young and mark not in seen.old
        ]  # fmt: skip
        return self.results.known(doubtful) if doubtful else set()

    def _fetch(self, users: set[str]) -> tuple[int, dict[str, str | None]]:
        with self._turn:
            self._gate.check()
            people = self._scorer.people
            keys = {people.key(user) for user in users}
            keys.difference_update([person.key for person in people.at_hand(keys)])
        return self._ahead.fetch(keys)

    def _batch(
        self, items: Sequence[Item], learn: bool, ticket: Ticket | None, limit: float | None, before: set[str]
    ) -> Batch:
        now, held, erased = self._clock(), self._gate.held, self._book.erased
        self._fresh()
        self._seen.make_room(now)
        answers: list[Answer] = []
        for place, (item, signin) in enumerate(items):
            if limit is not None and not place % LOOK and self._monotonic() > limit:
                answers += [_late(rest) for rest, _ in items[place:] if rest is not None]
                break
            if signin.time > now + FUTURE:
                if item is not None:
                    answers.append(Answer(item.identity, BROKEN, AHEAD))
            elif item is None:
                self._hear(signin, learn, ticket)
            elif held and signin.user in held:
                answers.append(Answer(item.identity, UNSCORED, BUSY))
            elif erased and signin.time <= erased.get(person_id(signin.user), 0.0):
                answers.append(Answer(item.identity, SKIPPED, ERASED))
            elif learn:
                answers.append(self._take(item, signin, now, before, ticket))
            else:
                answers.append(self._ask(item, signin))
            if ticket is not None and len(ticket.slots) <= place:
                ticket.slots.append(None)
        return Batch(answers, self._gate.open(ticket) if ticket is not None else None)

    def _hear(self, signin: SignIn, learn: bool, ticket: Ticket | None) -> None:
        """Somebody else's people: of them recent evidence is made."""
        if not learn:
            return
        heard = Heard(signin)
        heard(self._scorer)
        self._book.log.append(heard)
        if ticket is not None:
            ticket.slots.append(Slot(len(self._book.log) - 1, -1, 0))

    def _take(self, item: Incoming, signin: SignIn, now: float, before: set[str], ticket: Ticket | None) -> Answer:
        """Score and learn."""
        identity, seen, book = item.identity, self._seen, self._book
        mark = hash(identity)
        if mark in seen.young or mark in seen.old:
            if ticket is not None:
                ticket.again(mark)
            return _answer(Answer, (identity, KNOWN, BEFORE, None, False))
        if len(book.results) >= TOO_MANY:
            return Answer(identity, UNSCORED, FULL)
        try:
            assessment = self._scorer.process(signin)
        except BusybodyError as error:
            return self._failed(identity, error)
        seen.young.add(mark)
        known = bool(before) and identity in before
        if ticket is not None:
            ticket.people.add(signin.user)
            ticket.slots.append(Slot(len(book.log), -1 if known else len(book.results), mark))
        if signin.time > self.last_signin:
            self.last_signin = signin.time
        body = book.enter(self._scorer, item, signin, assessment, now, known)
        if known:
            return Answer(identity, KNOWN, BEFORE)
        return _answer(Answer, (identity, SCORED, "", body, assessment.alert and not item.quiet))

    def _ask(self, item: Incoming, signin: SignIn) -> Answer:
        """Score without learning: nothing is kept but the time."""
        scorer, moment = self._scorer, signin.time
        try:
            if moment >= (scorer.hour + 1) * HOUR:
                scorer.advance(moment)
                self._book.log.append(lambda again: again.advance(moment))
            assessment = scorer.score(signin)
        except BusybodyError as error:
            return self._failed(item.identity, error)
        sentence = scorer.describe(signin, assessment) if assessment.findings else ""
        body = self.results.documents.busybody(signin, assessment, sentence, item, scorer.organisation.epoch)
        return Answer(item.identity, SCORED, "", body, assessment.alert)

    def _failed(self, identity: str, error: BusybodyError) -> Answer:
        """The answer where a person cannot be read. The scorer may have stopped half-way: it is built anew."""
        if isinstance(error, Lost):
            raise error
        self._rebuild()
        status = BROKEN if isinstance(error, ModelError) else UNSCORED
        return Answer(identity, status, f"the person cannot be read ({type(error).__name__})")

    def settle(self, ticket: str, accepted: Sequence[bool]) -> None:
        """See `records.Router.settle`. A ticket that was settled or has expired changes nothing."""
        with self._turn:
            self._gate.check()
            self._settle(ticket, accepted)

    def _settle(self, name: str, accepted: Sequence[bool]) -> None:
        ticket = self._gate.release(name)
        for slot in ticket.refused(accepted) if ticket is not None else ():
            self._book.take_back(slot)
            self._seen.discard(slot.mark)
            self._stale = True

    # Anything else that the scorer takes in -----------------------------------------------------------------

    def run(self, operation: Callable[[Scorer], T], *, settled: bool = False) -> T:
        """Do something to the scorer that it is to do again where it has to be built anew.

        `settled` waits until no ticket is open, so that nothing of it depends on what may still be taken back.
        """
        with self._turn:
            self._gate.wait(lambda: not self._gate.alone and not (settled and self._gate.tickets))
            try:
                done = operation(self._fresh())
            except BusybodyError:
                self._stale = True
                raise
            self._book.log.append(operation)
            return done

    def feedback(self, verdict: Verdict, mark: str, told: Mapping[str, Any]) -> str:
        """Take a verdict, once: `mark` names it. `told` is {answer, verified, channel, by, time} as it is to be shown.

        Returns what it did, in words. It is for good with the next commit.
        """
        with self._turn:
            self._gate.wait(lambda: self._gate.lets_in((verdict.user,), False))
            try:
                return self._book.tell(self._fresh(), verdict, mark, told, self._clock())
            except BusybodyError:
                self._stale = True
                raise

    # Commit -------------------------------------------------------------------------------------------------

    @property
    def wants_commit(self) -> bool:
        """Whether it is time to commit, so that memory stays flat."""
        return len(self._book.log) >= MANY or self._scorer.people.is_full()

    def commit(self, notes: Mapping[str, str] | None = None, *, done: bool = False) -> None:
        """Results, then state, are durable once this returns. `done`: the back-fill is, and is digested.

        Waits for open tickets. Raises ClusterError or StoreError where it has to be tried again, and Lost.
        """
        with self._commits:
            self._land(again=True)
            self._take_off(notes or {}, done=done)
            self._land()

    def _take_off(self, notes: Mapping[str, str], *, done: bool = False, alone: bool = False) -> None:
        """Take what is to be written, where there is anything; with `alone` nobody is let in until `let_in`."""
        gate, book = self._gate, self._book
        with self._turn:
            gate.closed = True
            try:
                gate.wait(lambda: not gate.tickets)
                scorer, now = self._fresh(), self._clock()
                gate.alone = alone or scorer.people.is_full()
                if notes or book.is_due(done, now):
                    self._stale = True  # where the next line fails, all is taken in again
                    self._ahead.flight = book.pack(scorer, notes, done, now)
                    self._stale = False
                    book.begin()
            finally:
                gate.closed = False
                self._turn.notify_all()

    def _land(self, *, again: bool = False, stay: bool = False) -> None:
        """Write the flight, if there is one. Where that fails it stays, for the next commit."""
        flight = self._ahead.flight
        try:
            if flight is None:
                return
            if self._lease is not None:
                self._lease.check()
            self.results.write(flight.outcome, doubtful=again)
            self._ahead.land()
            with self._turn:
                self._ahead.landed()
                self.scored += len(flight.outcome.scored)
                self.last_scored = flight.outcome.now
                if self._gate.alone:
                    self._scorer.people.let_go()
        except Lost as error:
            self.drop(error)
            raise
        finally:
            if not stay:
                self._gate.let_in()

    def drop(self, error: Lost | None = None) -> None:
        """Somebody else owns the people: everything is dropped, and who waits here hears it."""
        self._gate.drop(error or Lost("the people of this partition belong to another instance now"))
        with self._turn:
            self._book.begin()

    # Forget, look -------------------------------------------------------------------------------------------

    def forget(self, user: str) -> list[str]:
        """Erase a person from the state. Says what went, in words; their documents are for `forget.forget`."""
        from .forget import forget_in

        with self._commits:
            try:
                self._land(again=True, stay=True)
                self._take_off({}, alone=True)
                self._land(stay=True)
                with self._turn:
                    gone = forget_in(self.store, self.policy, user, self._clock())
                    self._ahead.landed()
                    self._book.reread()
                    self._rebuild()
                    return gone
            finally:
                self._gate.let_in()

    def refresh_risk(self, owns: Callable[[str], bool] = lambda _: True) -> int:
        """Write the risk of people with open incidents as it has decayed; of those that `owns` names. Hourly."""
        now, standings = self._clock(), []
        for user in filter(owns, self.results.at_risk()):
            with self._turn:
                self._gate.wait(lambda: not self._gate.alone)
                people = self._fresh().people
                person = people.get(user)
                text = encode(person.profile if person is not None else Profile())
                standings.append((user, standing(people.key(user), text, self.policy, now), now, DECAY))
        return self.results.write_risk(standings)

    def status(self) -> dict[str, Any]:
        """For the heartbeat and metrics. Times are epoch seconds; 0.0 for never."""
        with self._turn:
            return {
                "partition": self.number, "scored": self.scored, "uncommitted": len(self._book.log),
                "tickets": len(self._gate.tickets), "last_signin": self.last_signin, "last_scored": self.last_scored,
                "epoch": self._scorer.organisation.epoch, "lost": self._gate.lost is not None,
            }  # fmt: skip


def _late(item: Incoming | None) -> Answer:
    return Answer(item.identity if item is not None else "", UNSCORED, LATE)
