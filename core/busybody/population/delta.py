"""What one hour of event time taught about the organisation: whole numbers, so that the order of adding is nothing.

Workers hand over deltas; adding two deltas is adding their numbers. Each carries the hour and the worker it
comes from, so that adding one twice is noticed (`organisation`).
"""

from __future__ import annotations

from typing import Any, Dict, Optional, Tuple

from ..signin import SignIn
from .calibration import bin_of

Combination = Tuple[Optional[str], Optional[str], Optional[int], Optional[str], int, Optional[str], int]


class Delta:
    """Sign-ins by combination of values, scores by (bin, day), people by (subnet, person)."""

    def __init__(self) -> None:
        self.values: Dict[Combination, int] = {}  # (class, country, asn, device, hour, group, day) -> sign-ins
        self.scores: Dict[Tuple[int, int], int] = {}
        self.egress: Dict[Tuple[str, str], int] = {}  # (subnet, person) -> day
        self.habitual: Dict[int, int] = {}  # day -> sign-ins about which nothing was odd
        self.people: int = 0  # profiles begun

    def note_values(self, signin: SignIn, day: int, user: str) -> None:
        """One trusted sign-in."""
        hour = int(signin.time % 86400.0 // 3600.0)
        key = (signin.network, signin.country, signin.asn, signin.device, hour, signin.group, day)
        self.values[key] = self.values.get(key, 0) + 1
        if signin.subnet is not None:
            self.egress[(signin.subnet, user)] = day

    def note_score(self, log_odds: float, day: int) -> None:
        """One success that is no repetition of an open incident."""
        key = (bin_of(log_odds), day)
        self.scores[key] = self.scores.get(key, 0) + 1

    def add(self, other: Delta) -> None:
        for key, number in other.values.items():
            self.values[key] = self.values.get(key, 0) + number
        for bucket, number in other.scores.items():
            self.scores[bucket] = self.scores.get(bucket, 0) + number
        for day, number in other.habitual.items():
            self.habitual[day] = self.habitual.get(day, 0) + number
        for edge, day in other.egress.items():
            self.egress[edge] = max(day, self.egress.get(edge, day))
        self.people += other.people

    def __bool__(self) -> bool:
        return bool(self.values or self.scores or self.habitual or self.egress or self.people)

    def to_json(self) -> Dict[str, Any]:
        return {
            "values": [[*key, number] for key, number in self.values.items()],
            "scores": [[*key, number] for key, number in self.scores.items()],
            "egress": [[*edge, day] for edge, day in self.egress.items()],
            "habitual": sorted(self.habitual.items()),
            "people": self.people,
        }

    @classmethod
    def from_json(cls, row: Optional[Dict[str, Any]]) -> Delta:
        delta = cls()
        if row:
            delta.values = {(*entry[:7],): entry[7] for entry in row["values"]}
            delta.scores = {(bucket, day): number for bucket, day, number in row["scores"]}
            delta.egress = {(subnet, who): day for subnet, who, day in row["egress"]}
            delta.habitual = {day: number for day, number in row["habitual"]}
            delta.people = row["people"]
        return delta
