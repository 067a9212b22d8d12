"""Poisoning: an attacker who comes back every day, until the model takes him for the person.

The first successful sign-in of every simulated attack of a few classes is repeated daily at about its hour, from
its own network and device. Counted is on which days he alerts: those who alerted on the first day, and those who
stayed below it (low and slow). A second run lets him say "it was me" after every alert, without a second factor.
"""

from __future__ import annotations

from random import Random
from typing import Any, Dict, List, Optional, Tuple

from ..policy import Policy
from ..scorer import Scorer
from ..signin import Assessment, SignIn
from ..simulate import Event, Organisation, generate
from ..simulate.config import Truth
from ..verdict import Verdict
from .replay import DAY, replay, split
from .shipped import Busybody

CLASSES = ("naive", "vpn", "abroad", "residential_proxy")
SHARE = 0.04  # of the people, for each class
BEGIN, DAYS = 12, 15  # first day of the attackers, and on how many days they come


def poisoned(people: int, seed: int, shape: str = "mixed") -> Tuple[List[Event], Organisation]:
    """A month of honest sign-ins with daily attackers."""
    config = Organisation(
        people=people, days=BEGIN + DAYS, seed=seed, shape=shape, attacks=dict.fromkeys(CLASSES, SHARE)
    )
    honest: List[Event] = []
    first: Dict[str, Event] = {}
    for event in generate(config):
        if not event.truth.attack:
            honest.append(event)
        elif event.truth.victim:
            first.setdefault(event.truth.incident, event)
    rng = Random(f"{seed}:poisoning")  # noqa: S311  seeded on purpose
    for name, event in sorted(first.items()):
        honest += _daily(event, name, config, rng)
    return sorted(honest, key=lambda event: (event.signin.time, event.signin.id)), config


def _daily(event: Event, name: str, config: Organisation, rng: Random) -> List[Event]:
    signin, truth = event.signin, Truth(event.truth.label, True, name, True)
    hour = (signin.time - config.start) % DAY
    visits = []
    for day in range(DAYS):
        time = config.start + (BEGIN + day) * DAY + (hour + rng.uniform(-3600.0, 3600.0)) % DAY
        visit = signin._replace(
            id=f"{signin.id}-{day}", time=int(time * 1000) / 1000.0, session=f"{signin.session}-{day}"
        )
        visits.append(Event(visit, truth))
    return visits


class SaysItWasMe:
    """The attacker holds the chat account, not the second factor."""

    def __init__(self, events: List[Event]) -> None:
        self._his = {event.signin.id for event in events if event.truth.attack}

    def __call__(self, scorer: Scorer, signin: SignIn, assessment: Assessment) -> None:
        if assessment.alert and signin.id in self._his:
            scorer.feedback(Verdict(signin.user, signin.id, "benign", signin.time, signin=signin))


def poisoning(people: int, seed: int, shape: str = "mixed", policy: Optional[Policy] = None) -> Dict[str, Any]:
    """By day, how many of the daily attackers alert; and the same where the attacker says it was the person."""
    events, config = poisoned(people, seed, shape)
    when = split(config.start, config.start + config.days * DAY, BEGIN)
    answer: Dict[str, Any] = {}
    for name, listener in (("silent", None), ("says_it_was_me", SaysItWasMe(events))):
        alerts: Dict[str, List[bool]] = {}
        for row in replay(Busybody(policy, listener), events, when).rows:
            if row.truth.attack and row.detail is not None:
                alerts.setdefault(row.truth.incident, []).append(row.detail.alert)
        answer[name] = _by_day(list(alerts.values()))
    return answer


def _by_day(attackers: List[List[bool]]) -> Dict[str, Any]:
    loud = [days for days in attackers if days[0]]
    slow = [days for days in attackers if not days[0]]
    return {
        "attackers": len(attackers),
        "alerting_first_day": len(loud),
        "still_alerting": {str(day): sum(days[day] for days in loud) for day in range(DAYS)},
        "below_at_first": len(slow),
        "slow_alerting": {str(day): sum(days[day] for days in slow) for day in range(DAYS)},
    }
