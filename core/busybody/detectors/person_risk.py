"""Person at risk: something is foreign about a sign-in of somebody whose open incidents already make a high risk.

    surprise = the person's risk / 100      [nats]      where it is at least the policy's alerts.person_risk

The risk is that of open incidents, decayed (see `risk.person_risk`). A habitual sign-in is not held against anybody.
"""

from __future__ import annotations

from typing import Optional

from ..policy import Policy
from ..population import Population
from ..profile import Known, Profile
from ..risk import person_risk
from ..signin import SignIn
from .signal import Signal, foreign


def detect(signin: SignIn, profile: Profile, seen: Known, population: Population, policy: Policy) -> Optional[Signal]:
    if not profile.incidents or not foreign(signin, profile, seen, population):
        return None
    risk = person_risk(profile.incidents, signin.time)
    return Signal(risk / 100.0, {"person_risk": risk}) if risk >= policy.alerts.person_risk else None
