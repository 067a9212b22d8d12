"""How many different people did something at one place, and when: a sample that stays small however many they are.

    people ≈ |{names below θ}| / θ          θ: the largest name kept in a span that is full, as a share of all names

Names are hashes, so the smallest SAMPLE of them in each span of four hours are a fair sample of all (theta sketch;
Dasgupta, Lang, Rhodes, Thaler, ICDT 2016). Which names are the smallest depends neither on the order of arrival nor
on repetition. Up to SAMPLE people the number is exact; beyond it is right to about a fifth.
"""

from __future__ import annotations

from typing import Any, Dict, NamedTuple, Optional, Set

SPAN = 4 * 3600.0  # seconds
SAMPLE = 32  # people kept of one span
LEAST = 4  # people that make a crowd
NAMES = 16.0**10


class Many(NamedTuple):
    """How many people, since when (epoch seconds), and how many of them got in afterwards."""

    people: int
    since: float
    resolved: int


class Crowd:
    """People by span of time; of those who later got in from there, when."""

    __slots__ = ("latest", "resolved", "size", "spans")

    def __init__(self) -> None:
        self.spans: Dict[int, Dict[str, float]] = {}  # span -> person -> first time in it
        self.resolved: Dict[str, float] = {}  # person -> first success
        self.latest = 0.0
        self.size = 0  # entries kept

    def add(self, who: str, time: float) -> None:
        """Somebody was there."""
        if time > self.latest:
            self.latest = time
        people = self.spans.setdefault(int(time // SPAN), {})
        known = people.get(who)
        if known is None:
            if len(people) >= SAMPLE:
                last = max(people)
                if who > last:
                    return
                del people[last]
                self.size -= 1
            people[who] = time
            self.size += 1
        elif time < known:
            people[who] = time

    def resolve(self, who: str, time: float) -> None:
        """Somebody got in: theirs were slips, where they had failed before."""
        if any(people.get(who, time) < time for people in self.spans.values()):
            known = self.resolved.get(who)
            if known is None or time < known:
                self.resolved[who] = time
                self.size += known is None

    def between(self, since: float, until: float) -> Optional[Many]:
        """Who was there in that time; None for fewer than LEAST."""
        names: Set[str] = set()
        first, below = until, ""
        for span, people in self.spans.items():
            if since - SPAN < span * SPAN <= until:
                if len(people) >= SAMPLE:
                    last = max(people)
                    below = min(below, last) if below else last
                for who, time in people.items():
                    if since <= time <= until:
                        names.add(who)
                        first = min(first, time)
        if len(names) < LEAST:
            return None
        share = 1.0
        if below:
            names = {who for who in names if who < below}
            share = int(below, 16) / NAMES
        got_in = sum(1 for who in names if self.resolved.get(who, until + 1.0) <= until)
        return Many(round((len(names) - got_in) / share), first, round(got_in / share))

    def forget(self, before: float) -> None:
        """Drop the spans that ended before, and who got in before."""
        for span in [span for span in self.spans if (span + 1) * SPAN <= before]:
            del self.spans[span]
        self.resolved = {who: time for who, time in self.resolved.items() if time >= before}
        self.size = len(self.resolved) + sum(map(len, self.spans.values()))

    def to_json(self) -> Any:
        return [self.latest, [[span, people] for span, people in self.spans.items()], self.resolved]

    @classmethod
    def from_json(cls, row: Any) -> Crowd:
        crowd = cls()
        crowd.latest, spans, crowd.resolved = row
        crowd.spans = {int(span): people for span, people in spans}
        crowd.forget(float("-inf"))
        return crowd
