"""The one learner of a model: scores, learns, and keeps all of it with one commit at the end, or nothing.

It first applies the verdicts that wait. Incidents go with the commit, and so does the cursor: how far the index was read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Dict, List, Sequence, Set

from busybody.errors import InputError
from busybody.risk import level_of
from busybody.scorer import Scorer
from busybody.signin import Assessment, SignIn
from busybody.stream.order import LOOKED_AT, newest_first

from ..columns import leading
from ..incidents import Incidents, incident
from ..verdicts import Verdicts
from .engines import Assessed, rank, wanted
from .opening import Opened

if TYPE_CHECKING:
    from busybody.policy import Policy
    from busybody.stream.entries import Entry

    from ..chunks import Chunk
    from ..kvstore import Document
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
            self._verdicts = Verdicts(opened.splunkd, model)
            self._given = self._verdicts.pending()
            for given in self._given:
                self.scorer.feedback(given.verdict)
        except BaseException:
            self.close()
            raise
        self._incidents = Incidents(opened.splunkd, model)
        self._rows: Dict[str, Document] = {}  # incidents as they are to be kept, by id
        self._start: List[Entry] = []  # the first sign-ins, until their direction is known
        self._cursor = float(self._writer.meta().get(CURSOR, "0")) if cursor else None
        self._done = False
        self._signins = self._late = self._reports = 0
        self._note({given.verdict.user for given in self._given})

    def assess(self, signins: Sequence[SignIn]) -> List[Assessed]:
        self._check_order(signins)
        people = self.scorer.people
        self._writer.stage()  # renews the lease
        self._writer.prefetch(wanted(people, signins))
        found = [self.scorer.process(signin) for signin in signins]
        self._signins += len(found)
        self._late += sum(assessment.late for assessment in found)
        reported = self._reported(found)
        if people.is_full():
            self.scorer.save()  # staged, not shown
        return [(assessment, number in reported) for number, assessment in enumerate(found)]

    def _check_order(self, signins: Sequence[SignIn]) -> None:
        if len(self._start) >= LOOKED_AT:
            return
        self._start += [("", 0, signin) for signin in signins[:LOOKED_AT]]
        if newest_first(self._start, self._gap):
            raise InputError(
                "the events come newest first, and people are learned in time. Put `| sort 0 _time` in front of this command."
            )

    # Incidents ------------------------------------------------------------------------------------------------

    def _reported(self, found: Sequence[Assessment]) -> Set[int]:
        """Which of them open an incident from an alert up, or raise its level."""
        odd = [(number, assessment) for number, assessment in enumerate(found) if assessment.incident is not None]
        self._note({assessment.user for _, assessment in odd})
        reported: Set[int] = set()
        for number, assessment in odd:
            row = self._rows.get(str(assessment.incident))
            if row is None:  # it made room for a newer one of the same person
                row = self._rows[str(assessment.incident)] = self._alone(assessment)
            if assessment.event_id == row["event_id"] and assessment.findings:
                row["detector"] = leading(assessment.findings) or row["detector"]
            if assessment.alert and (not row["reported_risk"] or rank(assessment.risk) > rank(row["reported_risk"])):
                row["reported_risk"] = round(assessment.risk, 2)
                reported.add(number)
        self._reports += len(reported)
        return reported

    def _note(self, users: Set[str]) -> None:
        """Take the incidents of people as the model has them now, and what was reported of them from the collection."""
        people = [(user, self.scorer.people.get(user)) for user in users]
        rows = [(person.key, row) for _, person in people if person is not None for row in person.incidents]
        missing = {row["id"] for _, row in rows}.difference(self._rows)
        before = self._incidents.known(sorted(missing)) if missing else {}
        for key, row in rows:
            there = self._rows.get(row["id"]) or before.get(row["id"], {})
            self._rows[row["id"]] = incident(
                row["id"], user=key, opened=row["opened"], last=row["last"], risk=round(row["risk"], 2),
                level=level_of(row["risk"]), status=row["status"], detector=there.get("detector", ""),
                sentence=row["sentence"], count=row["count"], reported_risk=there.get("reported_risk", 0.0),
                event_id=row["event"],
            )  # fmt: skip

    def _alone(self, assessment: Assessment) -> Document:
        """An incident of which no more is known than this sign-in."""
        identity = str(assessment.incident)
        known = self._incidents.known([identity])
        return known.get(identity) or incident(
            identity, user=self.scorer.people.key(assessment.user), opened=assessment.time, last=assessment.time,
            risk=round(assessment.risk, 2), level=assessment.level, event_id=assessment.event_id,
        )  # fmt: skip

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
        if not (self._signins or self._given):
            self.close()
            return
        self._verdicts.applied(self._writer, self._given)
        self._incidents.changed(self._writer, self._rows.values())
        notes = {} if not self._cursor else {CURSOR: f"{self._cursor:.0f}"}
        self.scorer.save(notes)
        self._writer.commit()
        self._done = True
        self._opened.audit(
            self._messages, "score", self._model, number=self._writer.lease.number, signins=self._signins,
            verdicts=len(self._given), reports=self._reports, cursor=notes.get(CURSOR),
        )  # fmt: skip

    def tell(self, messages: Messages) -> None:
        messages.metric("busybody.signins", self._signins)
        messages.metric("busybody.reports", self._reports)
        if not self._done:
            return
        applied = f", {len(self._given):,} verdicts applied" if self._given else ""
        messages.info(f"Learned from {self._signins:,} sign-ins; {self._reports:,} reports{applied}.")
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
