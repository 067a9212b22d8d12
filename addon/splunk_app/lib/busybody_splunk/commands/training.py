"""Learning a spool of sign-ins into a model: seen whole in the end, or not at all.

A short history is staged and committed. A long one is kept at every CHECKPOINT in a draft, which is a model of its own
name that nobody scores with: a search that is ended goes on from there when it comes again, if it brings the same
sign-ins so far and the model is as it was; else the draft is begun anew.
"""

from __future__ import annotations

import hashlib
from itertools import chain, islice
from typing import TYPE_CHECKING, Any, Iterable, Iterator, NamedTuple, Optional, cast

from busybody.contracts import iso
from busybody.profile.learning import WITHHELD
from busybody.scorer import Scorer
from busybody.signin import SignIn
from busybody.stores.memory import MemoryStore
from busybody.stream.shorthand import Shorthand

from ..incidents import Incidents
from ..lookup_model import rows_of
from ..verdicts import Verdicts
from .draft import Draft
from .learner import LEASE
from .ledger import Answers, Ledger
from .spool import Spool

if TYPE_CHECKING:
    from busybody.policy import Policy
    from busybody.stores import Store

    from ..protocol import Messages
    from .opening import Opened

STEP = 100_000  # sign-ins between two messages
STAGED = 40_000  # sign-ins between two times that what changed is written
CHECKPOINT = 400_000  # sign-ins between two commits of the draft


class Result(NamedTuple):
    """What came of a training. Times are epoch seconds."""

    people: int = 0
    signins: int = 0
    taught: int = 0  # successes that will count
    late: int = 0  # of before what the model knows already: they teach nothing
    first: Optional[float] = None
    last: Optional[float] = None
    bytes: int = 0  # of profiles and journals
    resumed: int = 0  # sign-ins that an ended search had learned


class Tally:
    """Counts, and says how far it is."""

    def __init__(self, total: int, messages: Messages) -> None:
        self._total, self._messages = total, messages
        self.signins = self.taught = self.late = self.resumed = 0
        self.first: Optional[float] = None
        self.last: Optional[float] = None

    def count(self, time: float) -> None:
        if self.first is None:
            self.first = time
        self.last = time
        self.signins += 1
        if self.signins % STEP == 0:
            self._messages.info(f"Learned {self.signins:,} of {self._total:,} sign-ins, up to {iso(time)}.")

    def result(self, people: int, size: int) -> Result:
        return Result(people, self.signins, self.taught, self.late, self.first, self.last, size, self.resumed)


def into_lookup(policy: Policy, spool: Spool, messages: Messages) -> Iterator[Any]:
    """A model of these sign-ins alone, as the rows of a lookup."""
    store = MemoryStore()
    scorer = Scorer(policy, store)
    for _ in _learned(scorer, spool.in_time(), Tally(len(spool), messages)):
        scorer.save()
    scorer.save()
    return rows_of(store)


def into_model(opened: Opened, policy: Policy, spool: Spool, name: str, messages: Messages) -> Result:
    """Learn on top of what the model knows. Raises BusybodyError: Held, Lost, and what the KV store refuses."""
    tally = Tally(len(spool), messages)
    signins = _begun(spool.in_time())  # before the lease: sorting may take longer than that runs
    with opened.writable(name).writer(opened.owner, LEASE) as writer:
        staging = writer.staging()
        scorer = Scorer(policy, staging)
        ledger = Ledger(Incidents(opened.splunkd, name), scorer)
        answers = Answers(Verdicts(opened.splunkd, name), scorer, ledger)
        answers.apply(writer)
        ledger.keep(writer)
        draft = None
        if len(spool) < CHECKPOINT:
            for _ in _learned(scorer, signins, tally):
                scorer.save()
            scorer.save()
        else:
            scorer.save()
            draft = Draft(opened, writer, [each.key for each in answers.given])
            try:
                _learn_long(draft, policy, signins, spool, tally)
            finally:
                draft.close()
        writer.commit()
    if draft is not None:
        draft.erase()
    opened.audit(
        messages, "train", name, number=writer.lease.number, signins=tally.signins, verdicts=len(answers.given)
    )
    return tally.result(writer.head.people, writer.staged_bytes)


def _learned(scorer: Scorer, signins: Iterable[SignIn], tally: Tally) -> Iterator[SignIn]:
    """Learn them; stops at each after which it is time to write."""
    people, since = scorer.people, 0
    for signin in signins:
        assessment = scorer.process(signin)
        tally.count(signin.time)
        tally.late += assessment.late
        tally.taught += assessment.learned != WITHHELD
        since += 1
        if since >= STAGED or people.is_full():
            since = 0
            yield signin


def _begun(signins: Iterator[SignIn]) -> Iterator[SignIn]:
    """The same, with the first of them at hand."""
    return chain(list(islice(signins, 1)), signins)


def _learn_long(draft: Draft, policy: Policy, ordered: Iterator[SignIn], spool: Spool, tally: Tally) -> None:
    """By way of a draft, on from where it stands."""
    signins = _Digested(ordered)
    if draft.learned and not signins.skip(draft.learned, draft.digest):
        draft.begin_anew()
        signins = _Digested(spool.in_time())
    tally.signins = tally.resumed = signins.count
    scorer, kept = Scorer(policy, cast("Store", draft)), signins.count
    for _ in _learned(scorer, signins, tally):
        scorer.save()
        if signins.count - kept >= CHECKPOINT:
            kept = signins.count
            draft.keep(kept, signins.digest)
    scorer.save()
    draft.publish()


class _Digested:
    """Sign-ins, and at each time a digest of all so far."""

    def __init__(self, signins: Iterator[SignIn]) -> None:
        self._signins = signins
        self._hash = hashlib.sha256()
        self._text = Shorthand().text
        self.count = 0

    def __iter__(self) -> Iterator[SignIn]:
        for signin in self._signins:
            self._hash.update(self._text(signin).encode("ascii"))
            self.count += 1
            yield signin

    @property
    def digest(self) -> str:
        return self._hash.hexdigest()

    def skip(self, number: int, digest: str) -> bool:
        """Go past so many; whether they are those of the digest."""
        return sum(1 for _ in islice(self, number)) == number and self.digest == digest
