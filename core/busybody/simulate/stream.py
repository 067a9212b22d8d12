"""The stream: everybody's days, and the attacks among them, in the order of time."""

from __future__ import annotations

from random import Random
from typing import Dict, Iterator, List

from .attacks import Attack, planned
from .clock import DAY
from .config import SHAPES, Event, Organisation
from .life import Life
from .people import found
from .world import World


def generate(config: Organisation) -> Iterator[Event]:
    """The sign-ins of `config`, by time. Memory holds two days, however long the month."""
    world = World(Random(f"{config.seed}:world"), config.misclassified)
    company = found(config, SHAPES[config.shape], world)
    life = Life(config, world)
    plans: Dict[int, List[Attack]] = {}
    for attack in planned(config, company):
        for day in attack.days:
            plans.setdefault(day, []).append(attack)
    waiting: List[Event] = []
    first, end = config.start, config.start + config.days * DAY
    for day in range(-1, config.days + 1):
        lived: Dict[int, List[Event]] = {}
        for person in company.people:
            events = life.day(person, day)
            if events:
                lived[person.index] = events
                waiting += events
        for attack in plans.get(day, ()):
            waiting += attack.strike(day, lived)
        waiting.sort(key=_order)
        horizon = config.start + (day + 0.4) * DAY  # nobody's next day begins before this
        done = 0
        for event in waiting:
            time = event[0][1]
            if time >= horizon:
                break
            done += 1
            if first <= time < end:
                yield event
        del waiting[:done]
    for event in waiting:
        if first <= event[0][1] < end:
            yield event


def _order(event: Event) -> tuple[float, str]:
    return event[0][1], event[0][0]
