"""The ledger of incidents: what a writer saw of each, and which of them somebody is to hear of now."""

from __future__ import annotations

from typing import TYPE_CHECKING, Dict, Sequence, Set

from busybody.risk import level_of
from busybody.scorer import Scorer
from busybody.signin import Assessment

from ..columns import leading
from ..incidents import Incidents, incident
from .engines import rank

if TYPE_CHECKING:
    from ..kvstore import Document
    from ..verdicts import Verdicts
    from ..writer import Writer

EVENTS = "reported_events"  # of a document: ids of the sign-ins that somebody heard of, who may answer to each
MOST_EVENTS = 8


class Ledger:
    """Incidents of one model, as the scorer has them; what was reported of them before comes from their collection."""

    def __init__(self, incidents: Incidents, scorer: Scorer) -> None:
        self._incidents = incidents
        self._scorer = scorer
        self._rows: Dict[str, Document] = {}  # as they are to be kept, by id
        self.reports = 0

    def reported(self, found: Sequence[Assessment]) -> Set[int]:
        """Which of them (by place) open an incident from an alert up, or raise its level."""
        odd = [(number, assessment) for number, assessment in enumerate(found) if assessment.incident is not None]
        self.note({assessment.user for _, assessment in odd})
        reported: Set[int] = set()
        for number, assessment in odd:
            row = self._rows.get(str(assessment.incident))
            if row is None:  # it made room for a newer one of the same person
                row = self._rows[str(assessment.incident)] = self._alone(assessment)
            if assessment.event_id == row["event_id"] and assessment.findings:
                row["detector"] = leading(assessment.findings) or row["detector"]
            if assessment.alert and (not row["reported_risk"] or rank(assessment.risk) > rank(row["reported_risk"])):
                row["reported_risk"] = round(assessment.risk, 2)
                row[EVENTS] = [*row.get(EVENTS, ())[-MOST_EVENTS + 1 :], assessment.event_id]
                reported.add(number)
        self.reports += len(reported)
        return reported

    def note(self, users: Set[str]) -> None:
        """Take the incidents of people as the model has them now."""
        people = [self._scorer.people.get(user) for user in sorted(users)]
        rows = [(person.key, row) for person in people if person is not None for row in person.incidents]
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
            self._rows[row["id"]][EVENTS] = there.get(EVENTS, [])

    def keep(self, writer: Writer) -> None:
        """Save them with the writer's commit."""
        self._incidents.changed(writer, self._rows.values())

    def _alone(self, assessment: Assessment) -> Document:
        """An incident of which no more is known than this sign-in."""
        identity = str(assessment.incident)
        known = self._incidents.known([identity])
        return known.get(identity) or incident(
            identity, user=self._scorer.people.key(assessment.user), opened=assessment.time, last=assessment.time,
            risk=round(assessment.risk, 2), level=assessment.level, event_id=assessment.event_id,
        )  # fmt: skip


class Answers:
    """The verdicts that wait, applied by the writer: with its commit they are done, and not before."""

    def __init__(self, verdicts: Verdicts, scorer: Scorer, ledger: Ledger) -> None:
        self._verdicts, self._scorer, self._ledger = verdicts, scorer, ledger
        self.given = verdicts.pending()

    def apply(self, writer: Writer) -> None:
        """Before anything is learned: what was disowned is not to teach once more."""
        for given in self.given:
            self._scorer.feedback(given.verdict)
        self._ledger.note({given.verdict.user for given in self.given})
        self._verdicts.applied(writer, self.given)
