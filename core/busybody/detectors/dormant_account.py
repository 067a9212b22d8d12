"""Dormant account: a sign-in after N whole days of silence wakes an account that nobody watches any more.

surprise = 1 + ln(days / N)      [nats, at most 3]      N: policy dormant.days
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
    last = profile.silent_since(signin)
    if last is None:
        return None
    days = int((signin.time - last) // 86400.0)
    if days < policy.dormant.days:
        return None
    return Signal(min(1.0 + log(max(days, 1) / max(policy.dormant.days, 1.0)), HIGHEST), {"days": days})
