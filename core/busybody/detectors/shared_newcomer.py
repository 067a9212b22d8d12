"""Shared newcomer: a hosting network or tool that nobody here is known for, and several people are on it today.

    surprise = foreign · ln(people)      [nats, at most 3]      people: in the day before, 3 others at least

Network: a hosting, VPN or Tor operator without a trusted sign-in of anybody in the organisation. Device: a script or
command-line tool likewise. One attacker who got at several accounts looks so; so does a tool that was rolled out, on
the first day.
"""

from __future__ import annotations

from math import log
from typing import Optional

from ..policy import Policy
from ..population import Population
from ..profile import Known, Profile
from ..signin import SignIn
from .signal import Signal, foreign

HIGHEST = 3.0


def detect(signin: SignIn, profile: Profile, seen: Known, population: Population, policy: Policy) -> Optional[Signal]:
    organisation, about = population.organisation, population.about
    if not organisation.people:
        return None
    people, what = 0, ""
    if about.arrived is not None and signin.asn is not None and not organisation.common("asn", signin.asn):
        people, what = about.arrived.people, f"network {signin.as_org or signin.asn}"
    if (
        signin.device is not None
        and about.tool is not None
        and about.tool.people > people
        and not organisation.common("device", signin.device)
    ):
        people, what = about.tool.people, f"tool {signin.device}"
    strange = foreign(signin, profile, seen, population) if people else 0.0
    return Signal(min(strange * log(people), HIGHEST), {"people": people, "what": what}, True) if strange else None
