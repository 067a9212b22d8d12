"""Anonymous network: a Tor exit, a proxy, a commercial VPN or a hosting network that is not the person's habit.

    surprise = strength · (1 − min(1, P(class | person) / FAMILIAR))       [nats]

The vendor's own words (a flagged threat, proxy or anonymous address) count in full, unless the class they
describe is a habit. Needs no history and no coordinates.
"""

from __future__ import annotations

from typing import Optional, Tuple

from ..policy import Policy
from ..population import Population
from ..profile import Known, Profile
from ..signin import SignIn
from .signal import FAMILIAR, Signal

BY_FLAG = (
    ("threat", 3.0, "an address the provider calls a threat"),
    ("tor", 3.0, "a Tor exit"),
    ("risky", 2.0, "a sign-in the provider calls risky"),
    ("anonymous", 2.0, "an anonymous address"),
    ("proxy", 1.5, "a proxy"),
    ("vpn", 1.0, "a commercial VPN"),
    ("hosting", 1.0, "a hosting network"),
)
BY_CLASS = {"tor": (3.0, "a Tor exit"), "vpn": (1.0, "a commercial VPN"), "hosting": (1.0, "a hosting network")}
NEVER_HABIT = ("threat", "risky")
HARD = 2.0  # nats from which such an address never teaches by habit; a corporate proxy may


def detect(signin: SignIn, profile: Profile, seen: Known, population: Population, policy: Policy) -> Optional[Signal]:
    strength, what, flag = _strongest(signin)
    if not strength:
        return None
    if flag not in NEVER_HABIT and signin.network in BY_CLASS and seen.total:
        habit = seen.network / seen.total
        strength *= 1.0 - min(1.0, habit / FAMILIAR)
    if strength <= 0.0:
        return None
    return Signal(strength, {"what": what, "flag": flag, "network": signin.network}, strength >= HARD)


def _strongest(signin: SignIn) -> Tuple[float, str, str]:
    strength, what = BY_CLASS.get(signin.network or "", (0.0, ""))
    flag = signin.network or ""
    if signin.flags:
        for name, value, words in BY_FLAG:
            if value > strength and name in signin.flags:
                strength, what, flag = value, words, name
    return strength, what, flag
