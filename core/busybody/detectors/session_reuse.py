"""Session reuse: a session goes on with another kind of device than it was opened with.

    surprise = 5      [nats]      on another system (Windows, iOS and so on)
             = 3      in another browser on the same system, which may be another app of one sign-on

A cookie does not change its machine; who stole it does. Only what is foreign to the person counts. A phone that roams within its session keeps its device, and
so does a laptop that turns on a VPN: the network alone says nothing here. A session of which the opening is not known
says nothing either.
"""

from __future__ import annotations

from typing import Optional

from ..policy import Policy
from ..population import Population
from ..profile import Known, Profile
from ..signin import SignIn
from .signal import Signal, foreign

OTHER_SYSTEM, OTHER_BROWSER = 5.0, 3.0


def detect(signin: SignIn, profile: Profile, seen: Known, population: Population, policy: Policy) -> Optional[Signal]:
    if signin.session is None or signin.device is None or not foreign(signin, profile, seen, population):
        return None
    opening = profile.opening(signin)
    if opening is None or opening[2] in (None, signin.device):
        return None
    surprise = OTHER_BROWSER if _system(signin.device) == _system(opening[2] or "") else OTHER_SYSTEM
    return Signal(
        surprise, {"hours": (signin.time - opening[0]) / 3600.0, "device": signin.device, "usual": opening[2]}, True
    )


def _system(device: str) -> str:
    """The system that a fingerprint names first."""
    return device.partition("-")[0]
