"""Attacks with patience: moving in, waiting for the night, waking what sleeps."""

from __future__ import annotations

from typing import Dict, List

from ..clock import midnight
from ..config import Event
from .attacker import Attack
from .single import Naive


class SlowTakeover(Attack):
    """Moves in over two weeks: a sign-in a day, growing, always from the same place."""

    name = "slow_takeover"

    def plan(self) -> None:
        rng, config = self.rng, self.config
        country = self.victim.home.country
        kind = rng.choices(("vpn", "hosting", "residential", "mobile"), (0.3, 0.2, 0.4, 0.1))[0]
        local = rng.random()
        self.site = (
            self.world.pick(rng, kind, city=self.victim.home) if local < 0.35
            else self.world.pick(rng, kind, country) if local < 0.8 else self.anywhere()
        )  # fmt: skip
        self.device, _ = self.machine(0.7, 0.22)
        self.access = self.site.lease(rng)
        last = max(config.warmup, config.days - 12)
        begin = config.warmup + int(rng.random() * (last - config.warmup + 1))
        self.days = list(range(begin, min(begin + 14, config.days)))

    def strike(self, day: int, lived: Dict[int, List[Event]]) -> List[Event]:
        rng = self.rng
        age = day - self.days[0]
        if age and rng.random() < 0.12:
            return []
        if rng.random() < 0.25:
            self.access = self.site.lease(rng, self.access[0])
        events = []
        for _ in range(1 + int(rng.random() * (0.3 + age / 4))):
            events.append(
                self.signin(self.victim, self.moment(day), self.access, self.device, day=day, flags=self.site.flags)
            )
        return events


class Insider(Attack):
    """A colleague with the victim's password, at night or at the weekend, from the office or from the colleague's home."""

    name = "insider"

    def plan(self) -> None:
        rng, victim = self.rng, self.victim
        staff = [p for p in self.company.people if p.kind != "service" and p is not victim]
        near = [p for p in staff if p.group == victim.group] or staff or [victim]
        self.colleague = rng.choice(near)
        self.device = self.colleague.laptop if rng.random() < 0.6 else victim.laptop  # or the unlocked machine
        at_office = victim.office is not None and (self.device is victim.laptop or rng.random() < 0.5)
        self.site = victim.office if at_office and victim.office is not None else self.colleague.isp

    def strike(self, day: int, lived: Dict[int, List[Event]]) -> List[Event]:
        rng, victim = self.rng, self.victim
        hour = (20.5 + rng.random() * 8) % 24
        time = midnight(victim.home.zone, self.config.start, day) + hour * 3600.0
        access = self.site.lease(rng)
        return [
            self.signin(victim, time + number * 900 * rng.random(), access, self.device, day=day, flags=self.site.flags,
                        app=rng.choice(("payroll", "files", "hr", "crm", "ledger")), mfa="passed" if victim.mfa else "none",
                        method="password", device_id=self.device.device_id)
            for number in range(1 + int(rng.random() * 4))
        ]  # fmt: skip


class Dormant(Naive):
    """An account that nobody has used for a while."""

    name = "dormant"

    def plan(self) -> None:
        rng, config, victim = self.rng, self.config, self.victim
        begin = min(victim.leaves, victim.silent[0])
        end = config.days if victim.leaves < config.days else min(config.days, victim.silent[1])
        first = max(config.warmup, begin + 4)
        self.days = [min(config.days - 1, first + int(rng.random() * max(1, end - first)))]
        if rng.random() < 0.5:
            self.site = self.anywhere()
        else:
            self.site = self.world.pick(rng, rng.choice(("hosting", "residential", "vpn")), victim.home.country)
        self.device, self.copied = self.machine(0.8, 0.15)
