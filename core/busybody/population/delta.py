"""What one day of event time taught about the organisation: whole numbers, so that the order of adding is nothing.

Workers hand their deltas over and add them up: counting is the same in any order and any partition.
"""

from __future__ import annotations

from collections import Counter
from math import floor
from typing import Any, Dict, List, Mapping, Optional, Tuple

from ..signin import SignIn
from .calibration import BASE, bin_of

TABLES = ("class", "country", "asn", "device", "hour")
AT_ONCE = 1000  # sign-ins whose values wait to be counted
Tally = Dict[Any, int]
Rows = List[Tuple[Any, int]]
Values = Tuple[Optional[str], Optional[str], Optional[int], Optional[str], int]  # network class to hour


class Day:
    """What the settled sign-ins of one day add: a tally for each table, and for each table of each peer group."""

    __slots__ = ("_groups", "_noted", "_tables", "habitual", "scores")

    def __init__(self) -> None:
        self._tables: Tuple[Tally, ...] = ({}, {}, {}, {}, {})  # in the order of TABLES
        self._groups: Dict[str, Tuple[Tally, ...]] = {}  # without the hours
        self._noted: Dict[Optional[str], List[Values]] = {}  # peer group -> what is not counted yet
        self.scores: Tally = {}  # bin -> sign-ins
        self.habitual = 0  # sign-ins about which nothing was odd

    @property
    def tables(self) -> Tuple[Tally, ...]:
        """In the order of TABLES."""
        if self._noted:
            self._count()
        return self._tables

    @property
    def groups(self) -> Dict[str, Tuple[Tally, ...]]:
        """Those of each peer group, without the hours."""
        if self._noted:
            self._count()
        return self._groups

    def note(self, values: Values, group: Optional[str]) -> None:
        """The values of one sign-in. They are counted many at once, which is cheaper."""
        noted = self._noted.get(group)
        if noted is None:
            noted = self._noted[group] = []
        noted.append(values)
        if len(noted) >= AT_ONCE:
            self._count()

    def _count(self) -> None:
        noted, self._noted = self._noted, {}
        for group, rows in noted.items():
            columns = [Counter(column) for column in zip(*rows)]
            for column in columns:
                column.pop(None, None)
            for tables in (self._tables, self.group(group) if group is not None else ()):
                for tally, column in zip(tables, columns):
                    _add(tally, column)

    def add(self, other: Day) -> None:
        self.habitual += other.habitual
        _add(self.scores, other.scores)
        for mine, theirs in zip(self.tables, other.tables):
            _add(mine, theirs)
        for group, tables in other.groups.items():
            for mine, theirs in zip(self.group(group), tables):
                _add(mine, theirs)

    def take(self, tables: List[Rows], groups: List[Tuple[str, List[Rows]]]) -> None:
        """What `Delta.to_json` wrote."""
        self._tables = tuple(dict(rows) for rows in tables)
        self._groups = {group: tuple(dict(rows) for rows in tallies) for group, tallies in groups}

    def group(self, name: str) -> Tuple[Tally, ...]:
        tables = self._groups.get(name)
        if tables is None:
            tables = self._groups[name] = ({}, {}, {}, {})
        return tables


class Delta:
    def __init__(self) -> None:
        self.days: Dict[int, Day] = {}
        self.egress: Dict[Tuple[str, str], int] = {}  # (subnet, person) -> day
        self.people: int = 0  # profiles begun

    def day(self, number: int) -> Day:
        day = self.days.get(number)
        if day is None:
            day = self.days[number] = Day()
        return day

    def note_values(self, signin: SignIn, number: int, user: str) -> None:
        """One trusted sign-in."""
        day = self.days.get(number) or self.day(number)
        hour, subnet = floor(signin.time) // 3600 % 24, signin.subnet
        day.note((signin.network, signin.country, signin.asn, signin.device, hour), signin.group)
        if subnet is not None:
            self.egress[subnet, user] = number

    def note_score(self, log_odds: float, number: int) -> None:
        """One success that is no repetition of an open incident."""
        day = self.day(number)
        if log_odds == BASE:
            day.habitual += 1
            return
        scores, index = day.scores, bin_of(log_odds)
        scores[index] = scores.get(index, 0) + 1

    def add(self, other: Delta) -> None:
        for number, day in other.days.items():
            self.day(number).add(day)
        for edge, seen in other.egress.items():
            self.egress[edge] = max(seen, self.egress.get(edge, seen))
        self.people += other.people

    def __bool__(self) -> bool:
        return bool(self.days or self.egress or self.people)

    def to_json(self) -> Dict[str, Any]:
        days: List[Any] = [
            [
                number, day.habitual, sorted(day.scores.items()), [_rows(tally) for tally in day.tables],
                [[group, [_rows(tally) for tally in tables]] for group, tables in sorted(day.groups.items())],
            ]
            for number, day in sorted(self.days.items())
        ]  # fmt: skip
        egress = [[*edge, seen] for edge, seen in sorted(self.egress.items())]
        return {"days": days, "egress": egress, "people": self.people}

    @classmethod
    def from_json(cls, row: Optional[Dict[str, Any]]) -> Delta:
        delta = cls()
        if row:
            for number, habitual, scores, tables, groups in row["days"]:
                day = delta.day(number)
                day.habitual, day.scores = habitual, dict(scores)
                day.take(tables, groups)
            delta.egress = {(subnet, who): seen for subnet, who, seen in row["egress"]}
            delta.people = row["people"]
        return delta


def _rows(tally: Tally) -> Rows:
    """In one order, whoever counted first."""
    return sorted(tally.items(), key=lambda row: str(row[0]))


def _add(mine: Tally, theirs: Mapping[Any, int]) -> None:
    for value, number in theirs.items():
        mine[value] = mine.get(value, 0) + number
