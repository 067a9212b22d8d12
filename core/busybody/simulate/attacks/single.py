"""Attacks that are over within hours, on one person each."""

from __future__ import annotations

from typing import Dict, List

from ..config import Event
from ..world import Access
from .attacker import Attack


class Naive(Attack):
    """Stolen password, used from wherever the attacker happens to be."""

    name = "naive"

    def plan(self) -> None:
        self.site = self.anywhere()
        self.device, self.copied = self.machine(0.82, 0.13)

    def strike(self, day: int, lived: Dict[int, List[Event]]) -> List[Event]:
        rng, time, access = self.rng, self.moment(day, lived), self.site.lease(self.rng)
        session = f"s{rng.getrandbits(60):015x}"
        events = []
        for number in range(1 + int(rng.random() * 3.5)):
            method = "sso" if number else None
            events.append(
                self.signin(
                    self.victim,
                    time,
                    access,
                    self.device,
                    day=day,
                    flags=self.site.flags,
                    session=session,
                    method=method,
                )
            )
            time += 60 + rng.random() * 1500
            if rng.random() < 0.15:
                access = self.site.lease(rng, access[0])
        return events


class DomesticVpn(Naive):
    """Knows where the victim lives and rents an exit in that country."""

    name = "vpn"

    def plan(self) -> None:
        kind = "vpn" if self.rng.random() < 0.6 else "hosting"
        self.site = self.world.pick(self.rng, kind, self.victim.home.country)
        self.device, self.copied = self.machine(0.84, 0.12)


class ResidentialProxy(Naive):
    """Comes out of a hijacked line in the victim's own city, often at the victim's own provider."""

    name = "residential_proxy"

    def plan(self) -> None:
        kind = "residential" if self.rng.random() < 0.85 else "mobile"
        self.site = self.world.pick(self.rng, kind, city=self.victim.home)
        self.device, self.copied = self.machine(0.62, 0.28)


class Abroad(Naive):
    """A takeover from abroad that shows the victim's own agent, as a phishing kit saw it."""

    name = "abroad"

    def plan(self) -> None:
        rng = self.rng
        self.site = self.anywhere()
        while self.site.city.country == self.victim.home.country:
            self.site = self.anywhere()
        self.device = self.victim.laptop if rng.random() < 0.75 else self.victim.phone
        self.copied = True


class SessionReplay(Attack):
    """A stolen cookie: the victim's session continues on another network, mostly with another agent or the very same."""

    name = "session_replay"

    def plan(self) -> None:
        rng = self.rng
        where = rng.random()
        country = self.victim.home.country
        if where < 0.5:
            self.site = self.anywhere()
        elif where < 0.88:
            self.site = self.world.pick(rng, rng.choice(("vpn", "hosting", "hosting", "residential")), country)
        else:
            self.site = self.world.pick(rng, "residential", city=self.victim.home)
        self.device, self.copied = self.machine(0.55, 0.20)
        self.days = list(range(self.days[0], self.config.days)) or self.days
        self.done = False

    def strike(self, day: int, lived: Dict[int, List[Event]]) -> List[Event]:
        mine = [event.signin for event in lived.get(self.victim.index, ()) if event.signin.session]
        if self.done or not mine:
            return []
        self.done = True
        rng = self.rng
        taken = rng.choice(sorted(mine, key=lambda signin: signin.time))
        time, access = taken.time + 240 + rng.expovariate(1 / 5400.0), self.site.lease(rng)
        events = []
        for _ in range(1 + int(rng.random() * 4)):
            events.append(
                self.signin(self.victim, time, access, self.device, day=day, flags=self.site.flags, session=taken.session,
                            method="sso", mfa="unknown")
            )  # fmt: skip
            time += 30 + rng.random() * 900
        return events


class MfaFatigue(Attack):
    """Has the password and sends prompts until one is accepted."""

    name = "mfa_fatigue"

    def plan(self) -> None:
        rng = self.rng
        domestic = rng.random() < 0.55
        kind = rng.choice(("hosting", "vpn", "vpn", "residential"))
        self.site = self.world.pick(rng, kind, self.victim.home.country) if domestic else self.anywhere()
        self.device, _ = self.machine(0.82, 0.14)

    def strike(self, day: int, lived: Dict[int, List[Event]]) -> List[Event]:
        rng, time = self.rng, self.moment(day, lived)
        access: Access = self.site.lease(rng)
        events = []
        for _ in range(4 + int(rng.random() * 12)):
            events.append(
                self.signin(self.victim, time, access, self.device, day=day, flags=self.site.flags, outcome="failure",
                            mfa="denied", app="mail")
            )  # fmt: skip
            time += 20 + rng.expovariate(1 / 90.0)
        for _ in range(1 + int(rng.random() * 2)):
            events.append(
                self.signin(self.victim, time, access, self.device, day=day, flags=self.site.flags, mfa="passed")
            )
            time += 200 + rng.random() * 2000
        return events
