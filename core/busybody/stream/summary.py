"""What a run did: how many records, of what level, what was skipped and why, who stood out."""

from __future__ import annotations

from heapq import nlargest
from typing import Any, Dict, List, Tuple

from ..signin import Assessment

TOP = 5
NOTED = 20.0  # risk from which a sign-in may be among the riskiest
Riskiest = Tuple[float, float, str, str, str]  # risk, minus time, id, user, sentence
REASONS = 200  # different reasons kept; logs have a handful


class Summary:
    """Counts that add up, in whatever order and by however many processes they were made."""

    def __init__(self) -> None:
        self.signins = 0
        self.levels: Dict[str, int] = {}
        self.learned: Dict[str, int] = {}
        self.late = 0
        self.alerts = 0
        self.floor = NOTED  # risk below which nobody is among the riskiest
        self.top: Dict[str, Riskiest] = {}  # the riskiest sign-in of each of the riskiest people
        self.backwards = 0  # sign-ins that stand behind later ones, by more than the lateness bound
        # Counted by the one who reads:
        self.skipped: Dict[str, int] = {}
        self.broken = 0
        self.records = 0

    def count(self, assessment: Assessment) -> None:
        """One sign-in."""
        self.signins += 1
        self.levels[assessment.level] = self.levels.get(assessment.level, 0) + 1
        self.learned[assessment.learned] = self.learned.get(assessment.learned, 0) + 1
        self.late += assessment.late
        self.alerts += assessment.alert

    def stands_out(self, assessment: Assessment, sentence: str) -> None:
        """Remember the riskiest sign-in of the riskiest people."""
        row = (assessment.risk, -assessment.time, assessment.event_id, assessment.user, sentence)
        known = self.top.get(assessment.user)
        if known is None or row > known:
            self.top[assessment.user] = row
        if len(self.top) >= 4 * TOP:
            kept = self.riskiest()
            self.top = {row[3]: row for row in kept}
            self.floor = kept[-1][0]

    def skip(self, reason: str) -> None:
        if reason in self.skipped or len(self.skipped) < REASONS:
            self.skipped[reason] = self.skipped.get(reason, 0) + 1
        else:
            self.skipped["other reasons"] = self.skipped.get("other reasons", 0) + 1

    def riskiest(self) -> List[Riskiest]:
        """One for each person; the riskiest first."""
        return nlargest(TOP, self.top.values())

    def add(self, row: Dict[str, Any]) -> None:
        """Take in what another process counted, as `to_json` gave it."""
        self.signins += row["signins"]
        self.late += row["late"]
        self.alerts += row["alerts"]
        self.backwards += row["backwards"]
        for mine, theirs in ((self.levels, row["levels"]), (self.learned, row["learned"])):
            for name, number in theirs.items():
                mine[name] = mine.get(name, 0) + number
        for risk, minus_time, event, user, sentence in row["top"]:
            found = (risk, minus_time, event, user, sentence)
            self.top[user] = max(found, self.top.get(user, found))
        self.top = {found[3]: found for found in self.riskiest()}

    def to_json(self) -> Dict[str, Any]:
        return {
            "signins": self.signins, "late": self.late, "alerts": self.alerts, "backwards": self.backwards, "levels": self.levels,
            "learned": self.learned, "top": self.riskiest(),
        }  # fmt: skip
