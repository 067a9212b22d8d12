"""How many different people did something at one place, and since when.

Of each span of four hours the MOST people who came first are kept. Those are the same in any order of arrival, a
repetition adds nothing, and who comes later changes nothing that was told before. So a crowd is counted exactly up to
MOST in four hours, and short beyond: a crowd it is either way.
"""

from __future__ import annotations

from math import floor, inf
from typing import Any, Dict, NamedTuple, Optional, Set, Tuple

SPAN = 4 * 3600  # seconds
MOST = 64  # people kept of one span
LEAST = 4  # people that make a crowd


class Many(NamedTuple):
    """How many people, and since when (epoch seconds)."""

    people: int
    since: float


class Crowd:
    """People by span of time."""

    __slots__ = ("_ends", "latest", "size", "spans")

    def __init__(self) -> None:
        self.spans: Dict[int, Dict[str, float]] = {}  # span -> person -> first time in it
        self.latest = 0.0
        self.size = 0  # entries kept
        self._ends: Dict[int, Tuple[float, str]] = {}  # span that is full -> who came last

    def add(self, who: str, time: float) -> int:
        """Somebody was there. Returns by how many entries the crowd grew."""
        if time > self.latest:
            self.latest = time
        span = floor(time) // SPAN
        people = self.spans.get(span)
        if people is None:
            people = self.spans[span] = {}
        known = people.get(who)
        if known is not None and known <= time:
            return 0
        end = self._ends.get(span)
        if end is not None and (time, who) >= end:
            return 0
        people[who] = time
        grown = int(known is None)
        if len(people) > MOST:
            del people[_last(people)[1]]
            grown -= 1
        if len(people) == MOST:
            self._ends[span] = _last(people)
        self.size += grown
        return grown

    def between(self, since: float, until: float) -> Optional[Many]:
        """Who was there from `since` on and before `until`; None for fewer than LEAST."""
        if self.size < LEAST:
            return None
        names: Set[str] = set()
        earliest, first = inf, until
        for span, people in self.spans.items():
            begins = span * SPAN
            if not since - SPAN < begins < until or not people:
                continue
            whole = begins >= since or min(people.values()) >= since
            if not whole or (begins + SPAN > until and max(people.values()) >= until):
                people = {who: time for who, time in people.items() if since <= time < until}  # noqa: PLW2901
            if people:
                names.update(people)
                if begins < earliest:
                    earliest, first = begins, min(people.values())
        return Many(len(names), first) if len(names) >= LEAST else None

    def forget(self, before: float) -> None:
        """Drop the spans that ended before."""
        for span in [span for span in self.spans if (span + 1) * SPAN <= before]:
            del self.spans[span]
        self._ends = {span: _last(people) for span, people in self.spans.items() if len(people) == MOST}
        self.size = sum(map(len, self.spans.values()))

    def to_json(self) -> Any:
        return [self.latest, [[span, people] for span, people in self.spans.items()]]

    @classmethod
    def from_json(cls, row: Any) -> Crowd:
        crowd = cls()
        crowd.latest, spans = row
        crowd.spans = {int(span): people for span, people in spans}
        crowd.forget(float("-inf"))
        return crowd


def _last(people: Dict[str, float]) -> Tuple[float, str]:
    return max((time, who) for who, time in people.items())
