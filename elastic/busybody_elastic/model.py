"""The model of one partition: its scorer, the book of what that took in, and what was seen lately.

No locks and no writing: whoever calls holds the partition's lock.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from typing import Any, TypeVar, cast

from busybody.errors import BusybodyError, ModelError
from busybody.policy import Policy
from busybody.profile.codec import encode
from busybody.scorer import HOUR, Scorer
from busybody.signin import SignIn
from busybody.standing import standing
from busybody.verdict import Verdict

from .book import Book, Heard
from .documents import Documents, person_id
from .errors import Lost
from .flight import Ahead, Flight
from .provisional import Seen, Slot, Ticket
from .records import BROKEN, KNOWN, READER, SCORED, SKIPPED, UNSCORED, Answer, Incoming

T = TypeVar("T")
Item = tuple[Incoming | None, SignIn]  # None: of somebody else's people, only heard of
SKEW = 300.0  # seconds by which a source's clock may be ahead of ours
FUTURE = 86400.0  # seconds ahead of ours from which a sign-in's time is a mistake, and would age everybody
MANY = 20_000  # entries since the last commit from which on one is wanted
TOO_MANY = 100_000  # ... and from which on nothing is taken any more: the cluster does not take what we have
ERASED, BEFORE, AHEAD = "the person was erased", "scored before", "its time lies in the future"
BUSY, FULL, LATE = "waits for a batch that is not settled", "the cluster takes no results", "the deadline is over"
LOOK = 16  # sign-ins between two looks at the deadline
_answer = cast("Callable[[type[Answer], tuple[Any, ...]], Answer]", tuple.__new__)


class Model:
    def __init__(self, policy: Policy, ahead: Ahead, documents: Documents, since: float) -> None:
        """`since`: see `Seen`."""
        self.policy, self._ahead, self._documents = policy, ahead, documents
        self._book, self._seen = Book(policy, ahead, documents), Seen(since)
        self.last_signin = 0.0
        self._rebuild()

    def _rebuild(self) -> None:
        self._scorer, self._stale = self._book.scorer(), False

    @property
    def scorer(self) -> Scorer:
        """The scorer, without what was taken back."""
        if self._stale:
            self._rebuild()
        return self._scorer

    @property
    def entries(self) -> int:
        """How much was taken in since the last commit."""
        return len(self._book.log)

    @property
    def wants_commit(self) -> bool:
        """Whether it is time, so that memory stays flat."""
        return self.entries >= MANY or self._scorer.people.is_full()

    def missing(self, users: Collection[str]) -> set[str]:
        """Keys of those who have to be read from the store."""
        people = self._scorer.people
        keys = {people.key(user) for user in users}
        return keys.difference([person.key for person in people.at_hand(keys)])

    def meet(self, users: Collection[str]) -> None:
        """Take people into memory whose profiles were fetched: it came too late for this batch, not for the next."""
        for user in users:
            with suppress(ModelError):
                self._scorer.people.get(user)

    def doubtful(self, items: Sequence[Item]) -> list[str]:
        """Identities that may have a result from before this memory began: only what had happened by then can have."""
        seen, until = self._seen, self._seen.since + SKEW
        return [
            item.identity
            for item, signin in items
            if signin.time <= until and item is not None and item.entrance == READER
            and (mark := hash(item.identity)) not in seen.young and mark not in seen.old
        ]  # fmt: skip

    # Score --------------------------------------------------------------------------------------------------

    def batch(
        self, items: Sequence[Item], *, learn: bool, ticket: Ticket | None, held: Collection[str], before: set[str],
        now: float, is_over: Callable[[], bool] | None,
    ) -> list[Answer]:  # fmt: skip
        """The answers, in order. `held`: people who wait for another batch; `before`: identities that have a result."""
        if self._stale:
            self._rebuild()
        self._seen.make_room(now)
        erased, latest = self._book.erased, now + FUTURE
        begun = len(ticket.slots) if ticket is not None else 0
        answers: list[Answer] = []
        for place, (item, signin) in enumerate(items):
            if is_over is not None and not place % LOOK and is_over():
                answers += late(items[place:])
                break
            if item is None:
                if learn and signin.time <= latest:
                    self._hear(signin, ticket)
            elif signin.time > latest:
                answers.append(Answer(item.identity, BROKEN, AHEAD))
            elif held and signin.user in held:
                answers.append(Answer(item.identity, UNSCORED, BUSY))
            elif erased and signin.time <= erased.get(person_id(signin.user), 0.0):
                answers.append(Answer(item.identity, SKIPPED, ERASED))
            elif learn:
                answers.append(self._take(item, signin, now, before, ticket))
            else:
                answers.append(self._ask(item, signin))
            if ticket is not None and len(ticket.slots) <= begun + place:
                ticket.slots.append(None)
        if ticket is not None:
            ticket.slots += [None] * (begun + len(items) - len(ticket.slots))
        return answers

    def _hear(self, signin: SignIn, ticket: Ticket | None) -> None:
        """Somebody else's people: of them recent evidence is made."""
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
        if len(book.log) >= TOO_MANY:
            return Answer(identity, UNSCORED, FULL)
        try:
            assessment = self._scorer.process(signin)
        except BusybodyError as error:
            return self._failed(identity, error)
        seen.young.add(mark)
        known = bool(before) and identity in before
        if ticket is not None:
            ticket.slots.append(Slot(len(book.log), -1 if known else book.out + len(book.results), mark))
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
        body = self._documents.busybody(signin, assessment, sentence, item, scorer.organisation.epoch)
        return Answer(item.identity, SCORED, "", body, assessment.alert)

    def _failed(self, identity: str, error: BusybodyError) -> Answer:
        """The answer where a person cannot be read. The scorer may have stopped half-way: it is built anew."""
        if isinstance(error, Lost):
            raise error
        self._rebuild()
        status = BROKEN if isinstance(error, ModelError) else UNSCORED
        return Answer(identity, status, f"the person cannot be read ({type(error).__name__})")

    # Take back, and take in anything else -------------------------------------------------------------------

    def take_back(self, slots: Sequence[Slot]) -> None:
        """As if they had never come."""
        for slot in slots:
            self._book.take_back(slot)
            self._seen.discard(slot.mark)
            self._stale = True

    def run(self, operation: Callable[[Scorer], T]) -> T:
        """Do something to the scorer that it is to do again where it has to be built anew."""
        scorer, self._stale = self.scorer, True
        done = operation(scorer)  # where it fails half-way, the scorer is built anew
        self._stale = False
        self._book.log.append(operation)
        return done

    def feedback(self, verdict: Verdict, mark: str, told: Mapping[str, Any], now: float) -> str:
        """See `Partition.feedback`."""
        scorer, self._stale = self.scorer, True
        done = self._book.tell(scorer, verdict, mark, told, now)
        self._stale = False
        return done

    # Commit, forget, look -----------------------------------------------------------------------------------

    @property
    def unwritten(self) -> int:
        """People who changed since they were last written down."""
        return len(self._scorer.people.changed)

    def write_down(self, most: int) -> None:
        """So many of them, ahead of `pack`."""
        self.scorer.people.prepare(most)

    def pack(self, notes: Mapping[str, str], done: bool, now: float) -> Flight | None:
        """What is to be written, and a new page for what comes; None where there is nothing."""
        scorer = self.scorer
        if not notes and not self._book.is_due(done, now):
            return None
        self._stale = True  # where the next line fails, all is taken in again
        flight = self._book.pack(scorer, notes, done, now)
        self._stale = False
        self._book.begin()
        return flight

    def publish(self, until: int | None, now: float) -> Flight | None:
        """The results before that place (None: all), which go out before the state does; None where there are none."""
        outcome = self._book.publish(until, now)
        return Flight(outcome, {}, {}, None, {}) if outcome is not None else None

    def reread(self) -> None:
        """The store was changed from outside: somebody was erased."""
        self._book.reread()
        self._rebuild()

    def drop(self) -> None:
        """What was not committed is somebody else's to do."""
        self._book.begin()

    def standing(self, user: str, now: float) -> dict[str, Any] | None:
        """How a person stands; None for somebody unknown."""
        people = self.scorer.people
        person = people.get(user)
        return None if person is None else standing(people.key(user), encode(person.profile), self.policy, now)


def late(items: Sequence[Item]) -> list[Answer]:
    """The answers for what came too late."""
    return [Answer(item.identity, UNSCORED, LATE) for item, _ in items if item is not None]
