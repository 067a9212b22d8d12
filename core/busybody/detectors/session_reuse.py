"""Session reuse: a session goes on with another kind of device than it was opened with.

    surprise = 4      [nats]

A cookie does not change its browser; who stole it does. A phone that roams within its session keeps its device, and
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

OTHER_DEVICE = 4.0


def detect(signin: SignIn, profile: Profile, seen: Known, population: Population, policy: Policy) -> Optional[Signal]:
    if signin.session is None or signin.device is None or not foreign(signin, profile, seen, population):
        return None
    opening = profile.opening(signin)
    if opening is None or opening[2] in (None, signin.device):
        return None
    return Signal(OTHER_DEVICE, {"hours": (signin.time - opening[0]) / 3600.0, "device": signin.device, "usual": opening[2]}, True)
