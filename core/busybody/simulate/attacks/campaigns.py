"""Attacks on many accounts at once, of which a few give way."""

from __future__ import annotations

from random import Random
from typing import Dict, List

from ..config import Event, Organisation
from ..devices import TOOLS, draw
from ..people import Company, Person
from .attacker import THEIR_MACHINES, Attack


class Stuffing(Attack):
    """Leaked pairs of name and password, tried once or twice each out of a botnet."""

    name = "stuffing"
    share = 0.35  # of the people whose name is on the list

    def __init__(self, rng: Random, fallen: List[Person], company: Company, config: Organisation, order: int) -> None:
        self.fallen = fallen
        super().__init__(rng, fallen[0], company, config, order)

    def plan(self) -> None:
        rng = self.rng
        self.sites = [self.anywhere() for _ in range(3 + int(rng.random() * 12))]
        self.machines = [draw(TOOLS if rng.random() < 0.3 else THEIR_MACHINES, rng) for _ in range(3)]
        self.hours = 0.3 + rng.random() * 5
        self.tries = 1.4

    def strike(self, day: int, lived: Dict[int, List[Event]]) -> List[Event]:
        rng, begin = self.rng, self.moment(day)
        begin = min(begin, self.config.start + (day + 1) * 86400.0)
        listed = [person for person in self.company.people if person.kind != "service" and rng.random() < self.share]
        events = []
        for person in listed:
            for _ in range(int(self.tries + rng.random())):
                site = self.sites[int(rng.random() * len(self.sites))]
                device = self.machines[int(rng.random() * len(self.machines))]
                events.append(
                    self.signin(person, begin + rng.random() * self.hours * 3600, site.lease(rng), device, day=day,
                                flags=site.flags, outcome="failure", app="mail", per_person=True)
                )  # fmt: skip
        for person in self.fallen:
            events += self.enter(person, begin + rng.random() * self.hours * 3600, day)
        return events

    def enter(self, person: Person, time: float, day: int) -> List[Event]:
        """The pair was right; at times the buyer of the account comes later, from elsewhere."""
        rng = self.rng
        site = self.sites[int(rng.random() * len(self.sites))]
        device = self.machines[int(rng.random() * len(self.machines))]
        events = [
            self.signin(person, time, site.lease(rng), device, day=day, flags=site.flags, app="mail", per_person=True)
        ]
        if rng.random() < 0.4:
            buyer, own = self.anywhere(), draw(THEIR_MACHINES, rng)
            later = time + 600 + rng.random() * 20000
            events.append(
                self.signin(person, later, buyer.lease(rng), own, day=day, flags=buyer.flags, per_person=True)
            )
        return events


class Spraying(Stuffing):
    """A few common passwords against everybody, from one address or from hundreds."""

    name = "spraying"
    share = 0.8

    def plan(self) -> None:
        rng = self.rng
        self.sites = [self.anywhere()]
        if rng.random() < 0.5:  # spread over rented or hijacked lines, many of them in the country itself
            country = self.victim.home.country
            self.sites = [self.world.pick(rng, rng.choice(("residential", "hosting")), country) for _ in range(25)]
        self.machines = [draw(TOOLS if rng.random() < 0.4 else THEIR_MACHINES, rng)]
        self.hours = 0.5 + rng.random() * 20
        self.tries = 0.3 + rng.random() * 1.5
