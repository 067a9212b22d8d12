"""The ledger of incidents: what a writer saw of each, and which of them somebody is to hear of now."""

from __future__ import annotations

from contextlib import contextmanager
from time import time as now
from typing import TYPE_CHECKING, Dict, Iterator, Sequence, Set

from busybody.risk import level_of
from busybody.scorer import Scorer
from busybody.signin import Assessment, SignIn

from ..columns import leading
from ..incidents import Incidents, incident
from .engines import rank

if TYPE_CHECKING:
    from ..kvstore import Document
    from ..verdicts import Verdicts
    from ..writer import Writer

EVENTS = "reported_events"  # of a document: ids of the sign-ins that somebody heard of, who may answer to each
MOST_EVENTS = 8
HEARD = "heard_risk"  # at which somebody heard of the incident that was answered, and that this one goes on with
# Of the last report: which sign-in, when it was made (epoch seconds) and from where the person came. By these a search
# finds the risk events that were never written, and writes them.
LAST = ("reported_event", "reported_at", "src")
ANSWERED = ("benign", "closed")  # statuses
OURS = (EVENTS, HEARD, *LAST)


class Ledger:
    """Incidents of one model, as the scorer has them; what was reported of them before comes from their collection."""

    def __init__(self, incidents: Incidents, scorer: Scorer) -> None:
        self._incidents = incidents
        self._scorer = scorer
        self._rows: Dict[str, Document] = {}  # as they are to be kept, by id
        self.reports = 0

    def reported(self, signins: Sequence[SignIn], found: Sequence[Assessment]) -> Set[int]:
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
            heard = _heard(row)
            if assessment.alert and (not heard or rank(assessment.risk) > rank(heard)):
                row["reported_risk"] = round(assessment.risk, 2)
                row[EVENTS] = [*row.get(EVENTS, ())[-MOST_EVENTS + 1 :], assessment.event_id]
                row.update(zip(LAST, (assessment.event_id, 0.0, signins[number].ip or "")))
                reported.add(number)
        self.reports += len(reported)
        return reported

    def note(self, users: Set[str]) -> None:
        """Take the incidents of people as the model has them now."""
        people = [self._scorer.people.named(user) for user in sorted(users)]
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
            self._rows[row["id"]].update((name, there[name]) for name in OURS if name in there)

    @contextmanager
    def answered(self, user: str) -> Iterator[None]:
        """Around the verdict on an incident of a person. One that is closed by it may open once more at once, by those
        of its sign-ins that wait to be learned: who heard of the first has heard of that, unless its level rises."""
        self.note({user})
        before = self._statuses(user)
        yield
        self.note({user})
        after = self._statuses(user)
        closed = [each for each, status in before.items() if status == "open" and after.get(each) in ANSWERED]
        heard = max((_heard(self._rows[each]) for each in closed), default=0.0)
        for each, status in after.items():
            if status == "open" and each not in before:
                self._rows[each][HEARD] = heard

    def _statuses(self, user: str) -> Dict[str, str]:
        """Of a person's incidents, by id."""
        person = self._scorer.people.named(user)
        return {row["id"]: row["status"] for row in person.incidents} if person is not None else {}

    def keep(self, writer: Writer) -> None:
        """Save them with the writer's commit, which is when what was reported is."""
        for row in self._rows.values():
            if row.get("reported_at") == 0.0:
                row["reported_at"] = round(now(), 3)
        self._incidents.changed(writer, self._rows.values())

    def _alone(self, assessment: Assessment) -> Document:
        """An incident of which no more is known than this sign-in."""
        identity = str(assessment.incident)
        known = self._incidents.known([identity])
        return known.get(identity) or incident(
            identity, user=self._scorer.people.key(assessment.user), opened=assessment.time, last=assessment.time,
            risk=round(assessment.risk, 2), level=assessment.level, event_id=assessment.event_id,
        )  # fmt: skip


def _heard(row: Document) -> float:
    """At which risk somebody heard of an incident; 0 where nobody did."""
    return float(max(row["reported_risk"], row.get(HEARD, 0.0)))


class Answers:
    """The verdicts that wait, applied by the writer: with its commit they are done, and not before."""

    def __init__(self, verdicts: Verdicts, scorer: Scorer, ledger: Ledger) -> None:
        self._verdicts, self._scorer, self._ledger = verdicts, scorer, ledger
        self.given = verdicts.pending()

    def apply(self, writer: Writer) -> None:
        """Before anything is learned: what was disowned is not to teach once more."""
        for given in self.given:
            with self._ledger.answered(given.verdict.user):
                self._scorer.feedback(given.verdict)
        self._verdicts.applied(writer, self.given)
