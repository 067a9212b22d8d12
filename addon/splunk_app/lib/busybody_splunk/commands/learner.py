"""The one learner of a model: scores, learns, and keeps all of it with one commit at the end, or nothing.

It first applies the verdicts that wait. Incidents go with the commit, and so does the cursor: how far the index was read,
and which rows of the last hour.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, List, Sequence

from busybody.errors import BusybodyError, InputError
from busybody.scorer import Scorer
from busybody.signin import Assessment, SignIn
from busybody.stream.order import LOOKED_AT, newest_first

from ..chain import MODELS
from ..incidents import Incidents
from ..verdicts import Verdicts
from .engines import Assessed, Prefetch
from .ledger import Answers, Ledger
from .opening import Opened
from .seen import INDEXED, Seen, all_new, key_of

if TYPE_CHECKING:
    from busybody.policy import Policy
    from busybody.stream.entries import Entry

    from ..chunks import Chunk
    from ..protocol import Messages
    from ..signins import SignIns
    from .seen import Marks

LEASE = 300.0  # seconds; renewed as the search goes on, so that only a dead one lets it run out
CURSOR = "cursor"  # note of the model: index time up to which all was read, epoch seconds


class Learner:
    """Scores in the order of the rows, which has to be that of time."""

    def __init__(
        self, opened: Opened, policy: Policy, signins: SignIns, model: str, cursor: bool, messages: Messages
    ) -> None:
        """Takes the lease. Raises BusybodyError: Held, or no right to write."""
        self.signins = signins
        self._opened, self._messages, self._model = opened, messages, model
        self._gap = policy.learning.lateness_seconds
        self._writer = opened.writable(model).writer(opened.owner, LEASE)
        try:
            self.scorer = Scorer(policy, self._writer.staging())
            self._prefetch = Prefetch(self.scorer.people, self._writer)
            self._ledger = Ledger(Incidents(opened.splunkd, model), self.scorer)
            self._answers = Answers(Verdicts(opened.splunkd, model), self.scorer, self._ledger)
            self._answers.apply(self._writer)
            self._seen = self._remembered() if cursor else None
        except BaseException:
            self.close()
            raise
        self._start: List[Entry] = []  # the first sign-ins, until their direction is known
        self._signins = self._late = 0
        self._done = False

    def assess(self, signins: Sequence[SignIn]) -> List[Assessed]:
        self._check_order(signins)
        self._writer.stage()  # renews the lease
        self._prefetch(signins)
        process, describe = self.scorer.process, self.scorer.describe
        found: List[Assessment] = []
        sentences: List[str] = []
        for signin in signins:
            assessment = process(signin)
            found.append(assessment)
            # At once: the next sign-in may bring another day, with other words for how rare this is.
            sentences.append(describe(signin, assessment) if assessment.findings else "")
        self._signins += len(found)
        self._late += sum(assessment.late for assessment in found)
        reported = self._ledger.reported(signins, found)
        if self.scorer.people.is_full():
            self.scorer.save()  # staged, not shown
            self._prefetch.forget()
        return [(*both, number in reported) for number, both in enumerate(zip(found, sentences))]

    def _check_order(self, signins: Sequence[SignIn]) -> None:
        if len(self._start) >= LOOKED_AT:
            return
        self._start += [("", 0, signin) for signin in signins[:LOOKED_AT]]
        if newest_first(self._start, self._gap):
            raise InputError(
                "the events come newest first, and people are learned in time. Put `| sort 0 _time` in front of this command."
            )

    # What was read --------------------------------------------------------------------------------------------

    def _remembered(self) -> Seen:
        """As the commit left it that this one builds on: what that one ordered was done before the lease began."""
        cursor = float(self._writer.meta().get(CURSOR, "0"))
        document = self._writer.collection(MODELS).one(key_of(self._model)) if cursor else None
        return Seen.of(document, self._writer.head.series, cursor)

    def marks(self, chunk: Chunk, ours: Sequence[str]) -> Marks:
        return all_new if self._seen is None else self._seen.marks(chunk, ours)

    # The end --------------------------------------------------------------------------------------------------

    def finish(self) -> None:
        """Commit, with all that goes along."""
        seen = self._seen
        if not (self._signins or self._answers.given or (seen and seen.fresh)):
            self.close()
            return
        self._ledger.keep(self._writer)
        notes = {}
        if seen is not None and seen.cursor:
            notes[CURSOR] = f"{seen.cursor:.0f}"
            self._writer.afterwards.save(MODELS, [seen.document(self._model, self._writer.head.series)])
        self.scorer.save(notes)
        self._writer.commit()
        self._done = True
        self._opened.audit(
            self._messages, "score", self._model, number=self._writer.lease.number, signins=self._signins,
            verdicts=len(self._answers.given), reports=self._ledger.reports, cursor=notes.get(CURSOR),
        )  # fmt: skip

    def tell(self, messages: Messages) -> None:
        messages.metric("busybody.signins", self._signins)
        messages.metric("busybody.reports", self._ledger.reports)
        if not self._done:
            return
        applied = f", {len(self._answers.given):,} verdicts applied" if self._answers.given else ""
        messages.info(f"Learned from {self._signins:,} sign-ins; {self._ledger.reports:,} reports{applied}.")
        if self._late:
            messages.warn(
                f"{self._late:,} sign-ins are older than the lateness that the policy allows and taught nothing. "
                "Put `| sort 0 _time` in front of this command."
            )
        if self._seen is not None and not self._seen.cursor:
            messages.warn(
                f"No row has {INDEXED}, so that the cursor stays where it was. Search events, not a data model's summary."
            )

    def close(self) -> None:
        """Give up what was not committed; where that cannot be told, the lease ends by itself."""
        with suppress(BusybodyError, OSError):
            self._writer.give_up()
