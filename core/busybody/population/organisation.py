"""How common each network class, country, network, device and hour is here, and among a person's peers.

    B(v) = (n(v) + m·prior(v)) / (N + m)      the base that a person's own counts back off to:
                                              person → peer group → organisation → world

What is learned on one day of event time takes effect on the next, everywhere at once: deltas are applied by epoch,
in sorted order, so that any number of workers ends with the same tables.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Dict, List, Optional, Tuple

from ..decay import Decay
from ..errors import ModelError
from .calibration import BASE, Calibration, Survival, bin_of
from .counts import Counts, Key
from .delta import TABLES, Day, Delta, Tally
from .people import person

VERSION = 1
BOUNDS = {"class": 8, "country": 250, "asn": 5000, "device": 1000, "hour": 24}
GROUPS = 200
GROUP_BOUND = 64  # values of one kind kept for a peer group
EGRESS = 4000  # subnets watched for being shared
SHARED_BY = 4  # people that make a subnet shared egress
EGRESS_DAYS = 30
World = Tuple[float, float, float, Dict[Any, float]]
EVERYDAY = bin_of(BASE)
REMEMBERED = 4096  # answers of `base`
GROUP_MASS = 10.0  # sign-ins of back-off from the peer group to the organisation


def _world() -> Dict[str, World]:
    """world.json: for each table the mass of the prior in sign-ins, the share that always stays on it (or a first
    trip to a country would saturate), the probability of a value that is not named, and those that are."""
    rows: Dict[str, Any] = json.loads(Path(__file__).with_name("world.json").read_text(encoding="utf-8"))
    return {name: (float(row["mass"]), row["floor"], row["other"], row["values"]) for name, row in rows.items()}


WORLD = _world()


class Organisation:
    """The tables, their epoch, and the calibration that follows from them."""

    def __init__(self, decay: Decay) -> None:
        self.decay = decay
        self.epoch = 0  # days since 1970: every delta of an earlier day is in
        self.era = 0
        self.people = 0
        self.tables: Dict[Tuple[str, str], Counts] = {}
        self.groups: Dict[str, int] = {}  # group -> last day
        self.scores: Dict[int, int] = {}
        self.egress: Dict[str, Dict[str, int]] = {}
        self.person_days = 0.0  # decayed: people times days
        self.signins = 0.0  # decayed
        self.calibration = Calibration(Survival({}, 0.0))
        self._counts: List[Any] = [0.0, []]  # what it was made of
        self._bases: Dict[Tuple[str, Key, Optional[str], float], float] = {}  # answers of `base` in this epoch

    # What detectors read ------------------------------------------------------------------------------------

    def base(self, table: str, value: Key, group: Optional[str], unit: float) -> float:
        """Probability of a value for somebody here of whom nothing is known. `unit` is the weight of one sign-in.

        What was asked before in this epoch is remembered: many sign-ins ask the same.
        """
        asked = table, value, group, unit
        base = self._bases.get(asked)
        if base is None:
            if len(self._bases) >= REMEMBERED:
                self._bases.clear()
            base = self._bases[asked] = self._base(table, value, group, unit)
        return base

    def _base(self, table: str, value: Key, group: Optional[str], unit: float) -> float:
        mass, floor, other, values = WORLD[table]
        prior = values.get(value, other)
        mass *= unit
        counts = self.tables.get((table, ""))
        base = prior
        if counts is not None:
            base = (1.0 - floor) * (counts.count(value) + mass * prior) / (counts.total + mass) + floor * prior
        if group is not None:
            peers = self.tables.get((table, group))
            if peers is not None:
                base = (peers.count(value) + GROUP_MASS * unit * base) / (peers.total + GROUP_MASS * unit)
        return base

    def common(self, table: str, value: Key) -> float:
        """Share of the organisation's sign-ins that have this value, 0 to 1."""
        counts = self.tables.get((table, ""))
        return counts.count(value) / counts.total if counts is not None and counts.total else 0.0

    def is_shared(self, subnet: Optional[str], day: int) -> bool:
        """Whether several people of the organisation come from this subnet."""
        people = self.egress.get(subnet) if subnet is not None else None
        return people is not None and sum(1 for last in people.values() if day - last <= EGRESS_DAYS) >= SHARED_BY

    def signins_a_day(self) -> float:
        """Successful sign-ins per person and day, blended with a usual 2.8 while little is known."""
        return (self.signins + 2.8 * 30.0) / (self.person_days + 30.0)

    # What settling writes -----------------------------------------------------------------------------------

    def apply(self, delta: Delta, epoch: int) -> None:
        """Take in what was taught before the day `epoch`, and calibrate. Applying an epoch twice changes nothing."""
        if epoch <= self.epoch:
            return
        era = self.decay.era(epoch)
        if era > self.era:
            self._move_to_era(era)
        if self.epoch:
            daily = 0.5 ** (1.0 / self.decay.half_life_days)
            kept = daily ** (epoch - self.epoch)  # as if every day in between had been entered by itself
            self.person_days = self.person_days * kept + self.people * (1.0 - kept) / (1.0 - daily)
            self.signins *= kept
        self.epoch = epoch
        self._bases.clear()
        self.people += delta.people
        for number in sorted(delta.days):
            self._take_day(number, delta.days[number])
        for subnet, user in sorted(delta.egress):
            self._take_egress(subnet, person(user), delta.egress[subnet, user])
        self.calibration = self._calibrate(epoch)

    def _take_day(self, number: int, day: Day) -> None:
        unit = self.decay.weight(number, self.era)
        self.signins += day.habitual + sum(day.scores.values())
        if day.habitual:
            self.scores[EVERYDAY] = self.scores.get(EVERYDAY, 0) + day.habitual * unit
        for index, signins in sorted(day.scores.items()):
            self.scores[index] = self.scores.get(index, 0) + signins * unit
        for table, tally in zip(TABLES, day.tables):
            self._take_tally(table, "", tally, unit, number)
        for group in sorted(day.groups):
            if self._admit_group(group, number):
                for table, tally in zip(TABLES, day.groups[group]):
                    self._take_tally(table, group, tally, unit, number)

    def _take_tally(self, table: str, group: str, tally: Tally, unit: int, number: int) -> None:
        counts = self._table(table, group)
        for value in sorted(tally, key=str):
            counts.add(value, tally[value] * unit, number)

    def _table(self, table: str, group: str) -> Counts:
        counts = self.tables.get((table, group))
        if counts is None:
            counts = self.tables[table, group] = Counts(BOUNDS[table] if not group else min(BOUNDS[table], GROUP_BOUND))
        return counts

    def _admit_group(self, group: str, day: int) -> bool:
        if group not in self.groups and len(self.groups) >= GROUPS:
            return False
        self.groups[group] = max(day, self.groups.get(group, day))
        return True

    def _take_egress(self, subnet: str, who: str, day: int) -> None:
        people = self.egress.pop(subnet, {})
        if who in people or len(people) < 2 * SHARED_BY:
            people[who] = max(day, people.get(who, day))
        self.egress[subnet] = people  # moved to the end: the least recently used subnet is the first
        if len(self.egress) > EGRESS:
            del self.egress[next(iter(self.egress))]

    def _move_to_era(self, era: int) -> None:
        if self.era:
            bits = self.decay.shift(self.era, era)
            for counts in self.tables.values():
                counts.shift(bits)
            self.scores = {index: count >> bits for index, count in self.scores.items() if count >> bits}
        self.era = era

    def _calibrate(self, day: int) -> Calibration:
        unit = self.decay.weight(day, self.era)
        self._counts = [sum(self.scores.values()) / unit, sorted(self.scores.items())]
        return self._from_counts(self._counts)

    @staticmethod
    def _from_counts(counts: List[Any]) -> Calibration:
        signins, bins = counts
        return Calibration(Survival({index: float(count) for index, count in bins}, signins))

    # At rest ------------------------------------------------------------------------------------------------

    def to_json(self) -> Dict[str, Any]:
        return {
            "v": VERSION, "epoch": self.epoch, "era": self.era, "people": self.people,
            "person_days": self.person_days, "signins": self.signins, "groups": self.groups,
            "tables": [[table, group, counts.to_json()] for (table, group), counts in sorted(self.tables.items())],
            "scores": sorted(self.scores.items()),
            "calibration": self._counts, "egress": [[subnet, people] for subnet, people in self.egress.items()],
        }  # fmt: skip

    @classmethod
    def from_json(cls, row: Dict[str, Any], decay: Decay) -> Organisation:
        """Raises ModelError where the row is damaged or newer."""
        try:
            if row["v"] != VERSION:
                raise ModelError(
                    f"the organisation's tables are of version {row['v']}, this Busybody reads {VERSION}. Upgrade Busybody."
                )
            here = cls(decay)
            here.epoch, here.era, here.people = row["epoch"], row["era"], row["people"]
            here.person_days, here.signins, here.groups = row["person_days"], row["signins"], dict(row["groups"])
            tables: List[Any] = row["tables"]
            for table, group, rows in tables:
                bound = BOUNDS[table] if not group else min(BOUNDS[table], GROUP_BOUND)
                here.tables[table, group] = Counts.from_json(bound, rows)
            here.scores = {int(index): int(count) for index, count in row["scores"]}
            here.egress = {subnet: dict(people) for subnet, people in row["egress"]}
            here._counts = row["calibration"]
            here.calibration = cls._from_counts(here._counts)
        except (KeyError, TypeError, ValueError) as error:
            raise ModelError(
                f"the organisation's tables are damaged ({error!r}). Restore the store from a backup."
            ) from error
        return here
