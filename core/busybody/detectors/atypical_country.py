"""Atypical country: a country the person knows, but where they were not seen for N whole days.

surprise = 1 + ln(days / N)      [nats, at most 3]      N: policy countries.atypical_days
"""

from __future__ import annotations

from math import log
from typing import Optional

from ..policy import Policy
from ..population import Population
from ..profile import Known, Profile
from ..signin import SignIn
from .signal import Signal

HIGHEST = 3.0


def detect(signin: SignIn, profile: Profile, seen: Known, population: Population, policy: Policy) -> Optional[Signal]:
    country = signin.country
    last = seen.country_last
    if country is None or last is None or country in policy.countries.trusted:
        return None
    days = int((signin.time - last) // 86400.0)
    if days < policy.countries.atypical_days:
        return None
    surprise = min(1.0 + log(max(days, 1) / max(policy.countries.atypical_days, 1.0)), HIGHEST)
    usual = [value for value in profile.most_used(1) if value != country]
    return Signal(surprise, {"country": country, "days": days, "usual": ", ".join(usual) or country})
