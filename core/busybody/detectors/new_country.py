"""New country: how surprising is a country that the person has no trusted sign-in from?

    surprise = S(P(country | person)), backed off person → peer group → organisation → world   [nats, at most 5]

Its default weight is small: network and travel say most of it already. A missing country, and somebody of
whom no country is known yet, say nothing.
"""

from __future__ import annotations

from typing import Optional

from ..policy import Policy
from ..population import Population
from ..profile import Known, Profile, trust
from ..signin import SignIn
from .signal import Signal, surprisal

TAU, TAU_ANONYMOUS = 1.0, 4.0  # sign-ins' worth of back-off; exits of VPNs change countries freely
HIGHEST = 5.0
ANONYMOUS = ("hosting", "vpn", "tor")


def detect(signin: SignIn, profile: Profile, seen: Known, population: Population, policy: Policy) -> Optional[Signal]:
    country = signin.country
    if country is None or not seen.countries or seen.country or country in policy.countries.trusted:
        return None
    tau = (TAU_ANONYMOUS if signin.network in ANONYMOUS else TAU) * population.unit
    base = population.organisation.base("country", country, signin.group or profile.group, population.organisation_unit)
    surprise = surprisal(tau * base / (seen.total + tau), HIGHEST) * trust.doubt(profile, "country", signin, seen)
    if surprise <= 0.0:
        return None
    return Signal(surprise, {"country": country, "usual": ", ".join(profile.most_used(1))})
