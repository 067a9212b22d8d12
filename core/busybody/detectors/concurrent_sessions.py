"""Concurrent sessions: somebody signs in elsewhere with another device while the person is at work at the usual one.

    surprise = 1 − minutes since the person's last sign-in / 30      [nats]

Only where network and device are both foreign: who picks up the phone beside the laptop has used both before.
"""

from __future__ import annotations

from typing import Optional

from ..policy import Policy
from ..population import Population
from ..profile import Known, Profile
from ..profile.profile import key_of, operator_of
from ..signin import SignIn
from .signal import Signal, foreign

SECONDS = 1800.0


def detect(signin: SignIn, profile: Profile, seen: Known, population: Population, policy: Policy) -> Optional[Signal]:
    if signin.device is None or foreign(signin, profile, seen, population) < 1.0:
        return None
    before = _latest(signin, profile)
    if before is None or before.device in (None, signin.device) or operator_of(before) == operator_of(signin):
        return None
    gap = signin.time - before.time
    if not 0.0 <= gap < SECONDS:
        return None
    return Signal(
        1.0 - gap / SECONDS, {"hours": gap / 3600.0, "device": signin.device, "usual": before.device}, before=before
    )


def _latest(signin: SignIn, profile: Profile) -> Optional[SignIn]:
    """The person's last sign-in by habit, whether it waits or not."""
    for entry in reversed(profile.window):
        other = entry.signin
        if (other.time, other.id) < (signin.time, signin.id) and key_of(other) in profile.habits:
            return other
    return profile.previous
