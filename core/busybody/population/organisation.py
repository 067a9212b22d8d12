"""How common each network class, country, network, device and hour is here, and among a person's peers.

    B(v) = (n(v) + m·prior(v)) / (N + m)      the base that a person's own counts back off to:
                                              person → peer group → organisation → world

What is learned in one hour of event time takes effect in a later one, everywhere at once: deltas are applied
by epoch, in sorted order, so that any number of workers ends with the same tables.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Dict, List, Optional, Tuple

from ..decay import DAY, Decay
from ..errors import ModelError
from ..profile.counts import Counts, Key
from .calibration import BASE, Calibration, Survival, bin_of
from .delta import Delta
from .people import person

VERSION = 1
BOUNDS = {"class": 8, "country": 250, "asn": 5000, "device": 1000, "hour": 24}
GROUPS = 200
GROUP_BOUND = 64  # values of one kind kept for a peer group
EGRESS = 4000  # subnets watched for being shared
SHARED_BY = 4  # people that make a subnet shared egress
EGRESS_DAYS = 30
WORLD: Dict[str, Any] = json.loads(Path(__file__).with_name("world.json").read_text(encoding="utf-8"))
EVERYDAY = bin_of(BASE)
GROUP_MASS = 10.0  # sign-ins of back-off from the peer group to the organisation


class Organisation:
    """The tables, their epoch, and the calibration that follows from them."""

    def __init__(self, decay: Decay) -> None:
        self.decay = decay
        self.epoch = 0  # hours since 1970: every delta of an earlier hour is in
        self.era = 0
        self.people = 0
        self.tables: Dict[Tuple[str, str], Counts] = {}
        self.groups: Dict[str, int] = {}  # group -> last day
        self.scores: Dict[int, int] = {}
        self.egress: Dict[str, Dict[str, int]] = {}
        self.person_days = 0.0  # decayed: people times days
        self.signins = 0.0  # decayed
        self.today = 0
        self.calibration = Calibration(Survival({}, 0.0))

    # What detectors read ------------------------------------------------------------------------------------

    def base(self, table: str, value: Key, group: Optional[str], unit: float) -> float:
        """Probability of a value for somebody here of whom nothing is known. `unit` is the weight of one sign-in."""
        world = WORLD[table]
        prior = world["values"].get(str(value), world["other"])
        mass = world["mass"] * unit
        counts = self.tables.get((table, ""))
        base = prior if counts is None else (counts.count(value) + mass * prior) / (counts.total + mass)
        floor = world["floor"]  # the share that always stays on the world, or a first trip would saturate
        base = (1.0 - floor) * base + floor * prior
        if group is not None:
            peers = self.tables.get((table, group))
            if peers is not None:
                base = (peers.count(value) + GROUP_MASS * unit * base) / (peers.total + GROUP_MASS * unit)
        return float(base)

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
        """Take in what the hours before `epoch` taught. Applying an epoch twice changes nothing."""
        if epoch <= self.epoch:
            return
        self.epoch = epoch
        day = int(epoch * 3600 // DAY)
        era = self.decay.era(day)
        if era > self.era:
            self._move_to_era(era)
        self._pass_days(day)
        self.people += delta.people
        for combination in sorted(delta.values, key=str):
            self._take_values(combination, delta.values[combination])
        for score_day, number in sorted(delta.habitual.items()):
            self.scores[EVERYDAY] = self.scores.get(EVERYDAY, 0) + number * self.decay.weight(score_day, self.era)
            self.signins += number
        for index, score_day in sorted(delta.scores):
            weight = delta.scores[index, score_day] * self.decay.weight(score_day, self.era)
            self.scores[index] = self.scores.get(index, 0) + weight
            self.signins += delta.scores[index, score_day]
        for subnet, user in sorted(delta.egress):
            self._take_egress(subnet, person(user), delta.egress[subnet, user])
        if delta.scores or delta.habitual:
            self.calibration = self._calibrate(day)

    def _take_values(self, combination: Tuple[Any, ...], number: int) -> None:
        network, country, asn, device, hour, group, day = combination
        weight = number * self.decay.weight(day, self.era)
        for table, value in (("class", network), ("country", country), ("asn", asn), ("device", device), ("hour", hour)):
            if value is None:
                continue
            self._table(table, "").add(value, weight, day)
            if group is not None and table != "hour" and self._admit_group(group, day):
                self._table(table, group).add(value, weight, day)

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

    def _pass_days(self, day: int) -> None:
        if self.today and day > self.today:
            kept = 0.5 ** ((day - self.today) / self.decay.half_life_days)
            self.person_days = self.person_days * kept + self.people * min(day - self.today, 30)
            self.signins *= kept
        self.today = max(self.today, day)

    def _move_to_era(self, era: int) -> None:
        if self.era:
            bits = self.decay.shift(self.era, era)
            for counts in self.tables.values():
                counts.shift(bits)
            self.scores = {index: count >> bits for index, count in self.scores.items() if count >> bits}
        self.era = era

    def _calibrate(self, day: int) -> Calibration:
        unit = self.decay.weight(day, self.era)
        weight = sum(self.scores.values())
        return Calibration(Survival({index: float(count) for index, count in self.scores.items()}, weight / unit))

    # At rest ------------------------------------------------------------------------------------------------

    def to_json(self) -> Dict[str, Any]:
        return {
            "v": VERSION, "epoch": self.epoch, "era": self.era, "people": self.people, "today": self.today,
            "person_days": self.person_days, "signins": self.signins, "groups": self.groups,
            "tables": [[table, group, counts.to_json()] for (table, group), counts in sorted(self.tables.items())],
            "scores": sorted(self.scores.items()), "egress": [[subnet, people] for subnet, people in self.egress.items()],
        }  # fmt: skip

    @classmethod
    def from_json(cls, row: Dict[str, Any], decay: Decay) -> Organisation:
        """Raises ModelError where the row is damaged or newer."""
        try:
            if row["v"] != VERSION:
                raise ModelError(f"the organisation's tables are of version {row['v']}, this Busybody reads {VERSION}. Upgrade Busybody.")
            here = cls(decay)
            here.epoch, here.era, here.people, here.today = row["epoch"], row["era"], row["people"], row["today"]
            here.person_days, here.signins, here.groups = row["person_days"], row["signins"], dict(row["groups"])
            tables: List[Any] = row["tables"]
            for table, group, rows in tables:
                bound = BOUNDS[table] if not group else min(BOUNDS[table], GROUP_BOUND)
                here.tables[table, group] = Counts.from_json(bound, rows)
            here.scores = {int(index): int(count) for index, count in row["scores"]}
            here.egress = {subnet: dict(people) for subnet, people in row["egress"]}
        except (KeyError, TypeError, ValueError) as error:
            raise ModelError(f"the organisation's tables are damaged ({error!r}). Restore the store from a backup.") from error
        if here.scores:
            here.calibration = here._calibrate(here.today)
        return here
