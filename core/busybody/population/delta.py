"""What one day of event time taught about the organisation: whole numbers, so that the order of adding is nothing.

Workers hand their deltas over and add them up: counting is the same in any order and any partition.
"""

from __future__ import annotations

from typing import Any, Dict, List, Optional, Tuple

from ..signin import SignIn
from .calibration import BASE, bin_of

TABLES = ("class", "country", "asn", "device", "hour")
Tally = Dict[Any, int]


class Day:
    """What the settled sign-ins of one day add: a tally for each table, and for each table of each peer group."""

    __slots__ = ("groups", "habitual", "scores", "tables")

    def __init__(self) -> None:
        self.tables: Tuple[Tally, ...] = ({}, {}, {}, {}, {})  # in the order of TABLES
        self.groups: Dict[str, Tuple[Tally, ...]] = {}  # without the hours
        self.scores: Tally = {}  # bin -> sign-ins
        self.habitual = 0  # sign-ins about which nothing was odd

    def add(self, other: Day) -> None:
        self.habitual += other.habitual
        _add(self.scores, other.scores)
        for mine, theirs in zip(self.tables, other.tables):
            _add(mine, theirs)
        for group, tables in other.groups.items():
            for mine, theirs in zip(self.group(group), tables):
                _add(mine, theirs)

    def group(self, name: str) -> Tuple[Tally, ...]:
        tables = self.groups.get(name)
        if tables is None:
            tables = self.groups[name] = ({}, {}, {}, {})
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
        classes, countries, asns, devices, hours = day.tables
        network, country, asn, device = signin.network, signin.country, signin.asn, signin.device
        if network is not None:
            classes[network] = classes.get(network, 0) + 1
        if country is not None:
            countries[country] = countries.get(country, 0) + 1
        if asn is not None:
            asns[asn] = asns.get(asn, 0) + 1
        if device is not None:
            devices[device] = devices.get(device, 0) + 1
        hour = int(signin.time % 86400.0 // 3600.0)
        hours[hour] = hours.get(hour, 0) + 1
        if signin.group is not None:
            for tally, value in zip(day.group(signin.group), (network, country, asn, device)):
                if value is not None:
                    tally[value] = tally.get(value, 0) + 1
        if signin.subnet is not None:
            self.egress[(signin.subnet, user)] = number

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
                day.tables = tuple(dict(tally) for tally in tables)
                day.groups = {group: tuple(dict(tally) for tally in tallies) for group, tallies in groups}
            delta.egress = {(subnet, who): seen for subnet, who, seen in row["egress"]}
            delta.people = row["people"]
        return delta


def _rows(tally: Tally) -> List[Tuple[Any, int]]:
    """In one order, whoever counted first."""
    return sorted(tally.items(), key=lambda row: str(row[0]))


def _add(mine: Tally, theirs: Tally) -> None:
    for value, number in theirs.items():
        mine[value] = mine.get(value, 0) + number
