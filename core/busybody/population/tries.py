"""The failed tries at one person's account: when, from where, and whether a second factor was denied.

Of each hour the first TRIES of a kind are kept: the earliest of a set are the same in any order of arrival, and a
try that is told twice is one. So a flood is counted short, and never forgets how it began.
"""

from __future__ import annotations

from bisect import bisect_left
from typing import Any, Dict, List, Tuple

TRIES = 12  # of one kind and hour
HOUR = 3600.0
Try = Tuple[float, str]  # time, place


class Tries:
    __slots__ = ("hours", "latest", "size")

    def __init__(self) -> None:
        self.hours: Dict[int, Tuple[List[Try], List[Try]]] = {}  # hour -> failures, denials; each in order of time
        self.latest = 0.0
        self.size = 0

    def add(self, time: float, place: str, denied: bool) -> None:
        """One try failed; `denied`: the second factor was refused."""
        if time > self.latest:
            self.latest = time
        kept = self.hours.setdefault(int(time // HOUR), ([], []))[denied]
        one = (time, place)
        index = bisect_left(kept, one)
        if index == TRIES or (index < len(kept) and kept[index] == one):
            return
        kept.insert(index, one)
        self.size += 1
        if len(kept) > TRIES:
            kept.pop()
            self.size -= 1

    def between(self, since: float, until: float, denied: bool) -> Tuple[Try, ...]:
        """Those of one kind from `since` on and before `until`, by time."""
        if self.latest < since:
            return ()
        return tuple(
            one
            for hour in sorted(self.hours)
            if since - HOUR < hour * HOUR < until
            for one in self.hours[hour][denied]
            if since <= one[0] < until
        )

    def forget(self, before: float) -> None:
        """Drop the hours that ended before."""
        for hour in [hour for hour in self.hours if (hour + 1) * HOUR <= before]:
            del self.hours[hour]
        self.size = sum(len(failed) + len(denied) for failed, denied in self.hours.values())

    def to_json(self) -> Any:
        return [self.latest, [[hour, failed, denied] for hour, (failed, denied) in self.hours.items()]]

    @classmethod
    def from_json(cls, row: Any) -> Tries:
        tries = cls()
        tries.latest, hours = row
        for hour, failed, denied in hours:
            tries.hours[int(hour)] = (
                [(time, place) for time, place in failed],
                [(time, place) for time, place in denied],
            )
        tries.forget(float("-inf"))
        return tries
