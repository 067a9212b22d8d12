"""What the page says of any number of scores, held in memory that does not grow with them.

Kept are counts, the riskiest incidents and people, one counter per hour (per longer span when there are many) and one
per square degree of the map. Whatever is dropped is dropped from the bottom, and the page says so.
"""

from __future__ import annotations

from collections import Counter
from itertools import islice
from typing import Any, Callable, Dict, Iterable, List, Mapping, Optional, Sequence, Set, Tuple, TypeVar

from ..profile import incidents
from ..risk import person_risk
from .reading import LEVELS, Counted, Scored, counted, level_of, scored
from .timeline import axis
from .words import DAY

PersonRisk = Callable[[Sequence[Mapping[str, Any]], float], float]  # open incidents and now -> 0 to 100

Value = TypeVar("Value", bound="_Ranked")

MOST_INCIDENTS = 120
MOST_PEOPLE = 2_000
MOST_PER_PERSON = 32  # incidents that count; the 32nd weighs 1/181
MOST_PER_SIGNIN = 3  # reasons in the table of people
MOST_REASONS = 40
MOST_SPANS = 3_000
MOST_DISTINCT = 2_000_000  # people and alerts are told apart by a hash each
FIRST_SPAN = 3_600  # seconds
LONGEST_REASON = 120


class _Ranked:
    """Something that is kept or dropped by whether it alerts, then by its risk."""

    alert: bool
    risk: float


def key_of(one: Scored) -> str:
    """What belongs together: the sign-ins of an incident, else those of a day that differ in nothing but their time."""
    if one.incident is not None:
        return f"{one.user}\0{one.incident}"
    this = one.this._replace(time=None, lat=None, lon=None)
    return "\0".join((one.user, str(int(one.time // DAY)), *map(str, this)))


class Incident(_Ranked):
    """Sign-ins of one person that belong together, told by the riskiest of them."""

    def __init__(self, key: str, first: Scored) -> None:
        self.key = key
        self.best = first
        self.risk = first.risk
        self.alert = first.alert
        self.signins = 0
        self.first = self.last = first.time

    def add(self, one: Scored) -> None:
        self.signins += 1
        self.first, self.last = min(self.first, one.time), max(self.last, one.time)
        self.alert = self.alert or one.alert
        if one.risk > self.risk:
            self.best, self.risk = one, one.risk


class Person(_Ranked):
    """One person and the incidents that make them risky."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.risk = 0.0  # until the end of the reading the highest of a sign-in, then the person's
        self.alert = False
        self.signins = 0
        self.last = 0.0
        self.highest = -1.0
        self.sentence = ""
        self.reasons: Tuple[str, ...] = ()  # the strongest of the riskiest sign-in
        self.top = ""  # key of the riskiest incident
        self.incidents: Dict[str, Tuple[float, float]] = {}  # risk and last time
        self.detectors: Counter[str] = Counter()

    @property
    def worst(self) -> str:
        """The level of the riskiest sign-in; what adds up to `risk` may be many small ones."""
        return level_of(self.highest)

    def add(self, key: str, one: Scored) -> None:
        self.signins += 1
        self.last = max(self.last, one.time)
        self.alert = self.alert or one.alert
        if len(self.detectors) < MOST_PER_PERSON:
            self.detectors.update(f.detector for f in one.findings if f.contribution > 0 and not f.filtered_by)
        if one.risk > self.highest:
            self.highest, self.sentence, self.top = one.risk, one.sentence, key
            self.risk = self.highest
            speaking = (f.reason for f in one.findings if f.contribution > 0 and f.reason and not f.filtered_by)
            self.reasons = tuple(islice(speaking, MOST_PER_SIGNIN))
        if one.incident is None or one.risk < incidents.RISK:  # only an incident adds up
            return
        risk, last = self.incidents.get(key, (one.risk, one.time))
        self.incidents[key] = (max(risk, one.risk), max(last, one.time))
        if len(self.incidents) > MOST_PER_PERSON:
            del self.incidents[min(self.incidents, key=self.incidents.__getitem__)]

    def close(self, person_risk: PersonRisk, now: float) -> None:
        """From the risks of incidents to the person's own at the end of what was read, as `busybody risk` has it."""
        counting = [row for row in self.incidents.values() if _still_counts(row[0], now - row[1])]
        self.risk = person_risk([{"status": "open", "risk": risk, "last": last} for risk, last in counting], now)


class Spans:
    """Counts over time: one span an hour, twice as long whenever there are too many."""

    def __init__(self) -> None:
        self.seconds = FIRST_SPAN
        self.counts: Dict[int, List[int]] = {}  # number of the span -> count of each level

    def add(self, time: float, level: str) -> None:
        row = self.counts.setdefault(int(time // self.seconds), [0] * len(LEVELS))
        row[LEVELS.index(level)] += 1
        while len(self.counts) > MOST_SPANS:
            self._double()

    def _double(self) -> None:
        merged: Dict[int, List[int]] = {}
        for span, row in self.counts.items():
            kept = merged.setdefault(span // 2, [0] * len(LEVELS))
            kept[:] = [a + b for a, b in zip(kept, row)]
        self.counts, self.seconds = merged, self.seconds * 2

    def total(self) -> List[int]:
        return [sum(column) for column in zip(*self.counts.values())] or [0] * len(LEVELS)


class Quality:
    """How much of the input could be used."""

    def __init__(self) -> None:
        self.records = self.scored = self.unreadable = self.late = 0
        self.skipped: Counter[str] = Counter()
        self.learned: Counter[str] = Counter()
        self.sources: Counter[str] = Counter()
        self.present: Counter[str] = Counter()  # how many sign-ins have a place, a network …


class Summary:
    """The answer of `summary`; people with an alert first, incidents likewise, then by falling risk."""

    def __init__(self) -> None:
        self.people: List[Person] = []
        self.incidents: List[Incident] = []
        self.spans = Spans()
        self.quality = Quality()
        self.places: Counter[Tuple[int, int]] = Counter()  # whole degrees (latitude, longitude)
        self.names = self.alerts = self.odd = self.at_risk = 0  # people; alerts; incidents; people with a high one
        self.first: Optional[float] = None
        self.last: Optional[float] = None


def summary(lines: Iterable[Mapping[str, Any]], *, person_risk: PersonRisk = person_risk) -> Summary:
    """Read all lines once. A line without person, time or risk is counted as unreadable, never an error."""
    gathering = _Gathering(person_risk)
    for line in lines:
        gathering.read(line)
    return gathering.close()


class _Gathering:
    def __init__(self, person_risk: PersonRisk) -> None:
        self.person_risk = person_risk
        self.said = Summary()
        self.incidents: Dict[str, Incident] = {}
        self.people: Dict[str, Person] = {}
        self.names: Set[int] = set()
        self.alerts: Set[int] = set()
        self.odd: Set[int] = set()
        self.at_risk: Set[int] = set()

    def read(self, line: Mapping[str, Any]) -> None:
        quality = self.said.quality
        quality.records += 1
        if not isinstance(line, Mapping):
            quality.unreadable += 1
        elif "skipped" in line:
            _bounded_count(quality.skipped, str(line["skipped"])[:LONGEST_REASON])
        else:
            one = counted(line)
            if one is None:
                quality.unreadable += 1
                return
            self._count(one)
            full = None if one.level == "none" else scored(line)
            if full is not None:
                self._rank(full)

    def _count(self, one: Counted) -> None:
        said, quality = self.said, self.said.quality
        quality.scored += 1
        quality.late += one.late
        said.first = one.time if said.first is None else min(said.first, one.time)
        said.last = one.time if said.last is None else max(said.last, one.time)
        said.spans.add(one.time, one.level)
        _remember(self.names, one.user)
        _bounded_count(quality.learned, one.learned)
        _bounded_count(quality.sources, one.source)
        quality.present.update(one.present)
        if one.cell is not None:
            said.places[one.cell] += 1

    def _rank(self, one: Scored) -> None:
        key = key_of(one)
        _remember(self.odd, key)
        if one.level in ("high", "critical"):
            _remember(self.at_risk, one.user)
        if one.alert:
            _remember(self.alerts, key)
        if key not in self.incidents:
            self.incidents[key] = Incident(key, one)
        self.incidents[key].add(one)
        self.people.setdefault(one.user, Person(one.user)).add(key, one)
        self.incidents = self._kept(self.incidents, MOST_INCIDENTS)
        self.people = self._kept(self.people, MOST_PEOPLE)

    def _kept(self, ranked: Dict[str, Value], most: int) -> Dict[str, Value]:
        """All of them until there are twice as many as wanted, then the riskier half."""
        if len(ranked) <= 2 * most:
            return ranked
        return dict(sorted(ranked.items(), key=lambda item: (not item[1].alert, -item[1].risk))[:most])

    def close(self) -> Summary:
        said = self.said
        if said.last is not None:  # one clock that runs ahead must not let everybody's risk decay
            now = min(said.last, axis(said.spans.counts, said.spans.seconds).end)
            for person in self.people.values():
                person.close(self.person_risk, now)
        said.people = sorted(self.people.values(), key=_first)[:MOST_PEOPLE]
        said.incidents = sorted(self.incidents.values(), key=lambda i: (not i.alert, -i.risk, -i.last, i.key))[
            :MOST_INCIDENTS
        ]
        said.names, said.alerts = len(self.names), len(self.alerts)
        said.odd, said.at_risk = len(self.odd), len(self.at_risk)
        return said


def _still_counts(risk: float, age: float) -> bool:
    kept = incidents.HIGH_KEPT_DAYS if risk >= incidents.HIGH else incidents.KEPT_DAYS
    return age <= kept * DAY


def _first(person: Person) -> Tuple[Any, ...]:
    """Those with an alert, then by the level of their worst sign-in, then by falling risk."""
    level = LEVELS.index(person.worst)
    return not person.alert, -level, -person.risk, -person.highest, -person.last, person.name


def _remember(known: Set[int], text: str) -> None:
    if len(known) < MOST_DISTINCT:
        known.add(hash(text))


def _bounded_count(counter: Counter[str], what: str) -> None:
    """Count it by name while there are few names, and all further ones together."""
    counter[what if what in counter or len(counter) < MOST_REASONS else "other"] += 1
