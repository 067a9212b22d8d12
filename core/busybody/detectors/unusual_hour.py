"""Unusual hour: how surprising is the hour of day, in UTC, with an hour of slack on both sides?

    P(h) = (¼ (2 n[h] + n[h−1] + n[h+1]) + τ · B(h)) / (N + τ)      surprise = ln(RARE / P), at most 1.5 nats

B is how the organisation's hours are spread. One hour of slack lets daylight saving pass.
"""

from __future__ import annotations

from math import log
from typing import Optional

from ..policy import Policy
from ..population import Population
from ..profile import Known, Profile
from ..signin import SignIn
from .signal import Signal

TAU = 4.0  # sign-ins' worth of back-off
RARE = 0.01  # share of a person's sign-ins below which an hour is unlike them
HIGHEST = 1.5


def detect(signin: SignIn, profile: Profile, seen: Known, population: Population, policy: Policy) -> Optional[Signal]:
    hours = profile.hours
    if not profile.total:
        return None
    hour = int(signin.time % 86400.0 // 3600.0)
    near = (2 * hours[hour] + hours[hour - 1] + hours[(hour + 1) % 24]) / 4.0
    tau = TAU * population.unit
    base = population.organisation.base("hour", hour, None, population.organisation_unit)
    probability = (near + tau * base) / (profile.total + tau)
    if probability >= RARE:
        return None
    return Signal(min(log(RARE / probability), HIGHEST), {"hour": hour})
