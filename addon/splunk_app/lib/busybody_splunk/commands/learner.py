"""The one learner of a model: scores, learns, and keeps all of it with one commit at the end, or nothing.

It first applies the verdicts that wait. Incidents go with the commit, and so does the cursor: how far the index was read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, List, Sequence

from busybody.errors import InputError
from busybody.scorer import Scorer
from busybody.signin import Assessment, SignIn
from busybody.stream.order import LOOKED_AT, newest_first

from ..incidents import Incidents
from ..verdicts import Verdicts
from .engines import Assessed, Prefetch
from .ledger import Answers, Ledger
from .opening import Opened

if TYPE_CHECKING:
    from busybody.policy import Policy
    from busybody.stream.entries import Entry

    from ..chunks import Chunk
    from ..protocol import Messages
    from ..signins import SignIns

LEASE = 900.0  # seconds; renewed as the search goes on, so that only a dead one lets it run out
CURSOR = "cursor"  # note of the model: index time up to which all was read, epoch seconds
INDEXED = "_indextime"


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
            self._cursor = float(self._writer.meta().get(CURSOR, "0")) if cursor else None
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
        reported = self._ledger.reported(found)
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

    # The end --------------------------------------------------------------------------------------------------

    def see(self, chunk: Chunk) -> None:
        """The latest index time of the rows; what is not indexed has none."""
        place = chunk.index.get(INDEXED)
        if self._cursor is None or place is None:
            return
        for row in chunk.rows:
            text = row[place]
            if text and text.replace(".", "", 1).isdigit():
                self._cursor = max(self._cursor, float(text))

    def finish(self) -> None:
        """Commit, with all that goes along."""
        if not (self._signins or self._answers.given):
            self.close()
            return
        self._ledger.keep(self._writer)
        notes = {} if not self._cursor else {CURSOR: f"{self._cursor:.0f}"}
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
        if self._cursor == 0.0:
            messages.warn(
                f"No row has {INDEXED}, so that the cursor stays where it was. Search events, not a data model's summary."
            )

    def close(self) -> None:
        """Give up what was not committed."""
        self._writer.give_up()
