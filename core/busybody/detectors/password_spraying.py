"""Password spraying: many people failed from where this sign-in comes from, this person among them.

    surprise = 1 + ln(min(people / usual, 1 / share))      [nats, at most 5]

The people of the day before are counted three ways, and the most telling is told: those who failed from this network
(subnet); from this operator with this kind of device; with this kind of device wherever
from, where the operator is new to the person and the device is, too, or a scripting tool. The last two, which many share,
only while it goes on: while several failed within the last six hours. usual is what honest slips
explain: one at a network, else SLIPS of the organisation's people who use that operator or device. share is that
of the sign-ins here with that operator or device: the rarer it is, the less it is chance that this one has it, too.

A network that several people are known to use, or where half as many got in as failed, is an office and no attack.
Only what is foreign to the person counts, and beyond one network nothing is of whom nothing is known yet.
"""

from __future__ import annotations

from math import log
from typing import Any, Dict, Optional, Tuple

from ..policy import Policy
from ..population import Population
from ..population.crowd import Many
from ..population.evidence import is_tool
from ..profile import Known, Profile
from ..signin import SignIn
from .signal import Signal, foreign

SLIPS = 0.05  # of the people fail on a usual day
TIMES = 3.0  # more than usual
SPREAD = 10  # people, where not one network ties them
HIGHEST = 5.0
Crowded = Tuple[float, Dict[str, Any]]


def detect(signin: SignIn, profile: Profile, seen: Known, population: Population, policy: Policy) -> Optional[Signal]:
    return crowded(signin, profile, seen, population) if population.about.failed else None


def crowded(signin: SignIn, profile: Profile, seen: Known, population: Population) -> Optional[Signal]:
    """The same whether or not the person failed, too."""
    about = population.about
    if about.source is None and about.family is None and about.device is None:
        return None
    found = max(
        filter(None, (_source(signin, population), _family(signin, seen, population), _device(signin, seen, population))),
        key=lambda one: one[0], default=None,
    )  # fmt: skip
    if found is None or not foreign(signin, profile, seen, population):
        return None
    if _is_office(signin, population):
        return None
    return Signal(min(found[0], HIGHEST), found[1], True)


def _is_office(signin: SignIn, population: Population) -> bool:
    """Whether failures from this network are the slips of the many who use it."""
    failed, entered = population.about.source, population.about.entered
    if failed is not None and entered is not None and failed.people < 2 * entered.people:
        return True
    return population.organisation.is_shared(signin.subnet, population.day)


def _source(signin: SignIn, population: Population) -> Optional[Crowded]:
    many = population.about.source
    return _said(many, 1.0, signin, signin.subnet or "") if many is not None else None


def _family(signin: SignIn, seen: Known, population: Population) -> Optional[Crowded]:
    if signin.asn is None or signin.device is None:
        return None
    common = population.organisation.common
    share = min(common("asn", signin.asn), common("device", signin.device))
    return _spread(population.about.family, share, population, seen, signin, f"AS{signin.asn} with one kind of device")


def _device(signin: SignIn, seen: Known, population: Population) -> Optional[Crowded]:
    if seen.asn or signin.device is None or (seen.device and not is_tool(signin.device)):
        return None
    share = population.organisation.common("device", signin.device)
    return _spread(population.about.device, share, population, seen, signin, "many networks with one kind of device")


def _spread(
    many: Optional[Many], share: float, population: Population, seen: Known, signin: SignIn, where: str
) -> Optional[Crowded]:
    people = population.organisation.people
    usual = max(1.0, SLIPS * share * people)
    if many is None or many.people < max(SPREAD, TIMES * usual) or not people or not seen.total:
        return None
    return _said(many, max(usual, share * many.people), signin, where)


def _said(many: Many, usual: float, signin: SignIn, where: str) -> Crowded:
    minutes = max(1, round((signin.time - many.since) / 60.0))
    return 1.0 + log(many.people / usual), {"people": many.people, "where": where, "minutes": minutes}
