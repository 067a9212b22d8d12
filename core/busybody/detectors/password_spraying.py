"""Password spraying: many people failed from where this sign-in comes from, this person among them.

    surprise = 1 + ln(people / usual)      [nats, at most 5]

The people of the day before are counted three ways, and the most telling is told: those who failed from this network
(subnet) and did not get in from there; from this operator with this kind of device; with this kind of device wherever
from, where it is a scripting tool or one that the person never used. usual is what honest slips explain: LEAST / 2 at
a network, else one in SLIPS of the organisation's people who use that operator or device.

A network that several people are known to use, or where as many got in after failing as did not, is an office and no
attack. Only what is foreign to the person counts. Nothing is usual before anybody is known.
"""

from __future__ import annotations

from math import log
from typing import Any, Dict, Optional, Tuple

from ..policy import Policy
from ..population import Population
from ..population.crowd import LEAST, Many
from ..population.evidence import is_tool
from ..profile import Known, Profile
from ..signin import SignIn
from .signal import Signal, foreign

SLIPS = 0.05  # of the people fail on a usual day
TIMES = 3.0  # more than usual
HIGHEST = 5.0
Crowded = Tuple[float, Dict[str, Any]]


def detect(signin: SignIn, profile: Profile, seen: Known, population: Population, policy: Policy) -> Optional[Signal]:
    return crowded(signin, profile, seen, population) if population.about.failed else None


def crowded(signin: SignIn, profile: Profile, seen: Known, population: Population) -> Optional[Signal]:
    """The same whether or not the person failed, too."""
    found = max(
        filter(None, (_source(signin, population), _family(signin, population), _device(signin, seen, population))),
        key=lambda one: one[0], default=None,
    )  # fmt: skip
    if found is None or not foreign(signin, profile, seen, population):
        return None
    return Signal(min(found[0], HIGHEST), found[1], True)


def _source(signin: SignIn, population: Population) -> Optional[Crowded]:
    many = population.about.source
    if many is None or many.people < max(LEAST, 2 * many.resolved):
        return None
    if population.organisation.is_shared(signin.subnet, population.day):
        return None
    return _said(many, LEAST / 2.0, signin, signin.subnet or "")


def _family(signin: SignIn, population: Population) -> Optional[Crowded]:
    common = population.organisation.common
    share = min(common("asn", signin.asn), common("device", signin.device))
    return _unusual(population.about.family, share, population, signin, f"AS{signin.asn} with one kind of device")


def _device(signin: SignIn, seen: Known, population: Population) -> Optional[Crowded]:
    if seen.device and not is_tool(signin.device):
        return None
    share = population.organisation.common("device", signin.device)
    return _unusual(population.about.device, share, population, signin, "many networks with one kind of device")


def _unusual(many: Optional[Many], share: float, population: Population, signin: SignIn, where: str) -> Optional[Crowded]:
    people = population.organisation.people
    usual = max(1.0, SLIPS * share * people)
    if many is None or many.people < max(LEAST, TIMES * usual) or not people:
        return None
    return _said(many, usual, signin, where)


def _said(many: Many, usual: float, signin: SignIn, where: str) -> Crowded:
    minutes = max(1, round((signin.time - many.since) / 60.0))
    return 1.0 + log(many.people / usual), {"people": many.people, "where": where, "minutes": minutes}
