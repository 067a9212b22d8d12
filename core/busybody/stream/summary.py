"""What a run did: how many records, of what level, what was skipped and why, who stood out."""

from __future__ import annotations

from heapq import nlargest
from typing import Any, Dict, List, Tuple

from ..signin import Assessment

TOP = 5
NOTED = 20.0  # risk from which a sign-in may be among the riskiest
Riskiest = Tuple[float, float, str, str, str]  # risk, minus time, id, user, sentence
Kind = Tuple[str, str, bool, bool]  # level, learned, late, alert
REASONS = 200  # different reasons kept; logs have a handful


class Summary:
    """Counts that add up, in whatever order and by however many processes they were made."""

    def __init__(self) -> None:
        self.kinds: Dict[Kind, int] = {}
        self.floor = NOTED  # risk below which nobody is among the riskiest
        self.top: Dict[str, Riskiest] = {}  # the riskiest sign-in of each of the riskiest people
        self.backwards = 0  # sign-ins that stand behind later ones, by more than the lateness bound
        # Counted by the one who reads:
        self.skipped: Dict[str, int] = {}
        self.broken = 0
        self.records = 0

    def count(self, assessment: Assessment) -> None:
        """One sign-in."""
        kind = assessment.level, assessment.learned, assessment.late, assessment.alert
        self.kinds[kind] = self.kinds.get(kind, 0) + 1

    @property
    def signins(self) -> int:
        return sum(self.kinds.values())

    @property
    def levels(self) -> Dict[str, int]:
        return self._by(0)

    @property
    def learned(self) -> Dict[str, int]:
        return self._by(1)

    @property
    def late(self) -> int:
        return self._by(2).get(True, 0)

    @property
    def alerts(self) -> int:
        return self._by(3).get(True, 0)

    def _by(self, place: int) -> Dict[Any, int]:
        counts: Dict[Any, int] = {}
        for kind, number in self.kinds.items():
            counts[kind[place]] = counts.get(kind[place], 0) + number
        return counts

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
        self.backwards += row["backwards"]
        for level, learned, late, alert, number in row["kinds"]:
            kind = level, learned, late, alert
            self.kinds[kind] = self.kinds.get(kind, 0) + number
        for risk, minus_time, event, user, sentence in row["top"]:
            found = (risk, minus_time, event, user, sentence)
            self.top[user] = max(found, self.top.get(user, found))
        self.top = {found[3]: found for found in self.riskiest()}

    def to_json(self) -> Dict[str, Any]:
        kinds = [[*kind, number] for kind, number in self.kinds.items()]
        return {"kinds": kinds, "backwards": self.backwards, "top": self.riskiest()}
