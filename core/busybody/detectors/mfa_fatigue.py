"""MFA fatigue: prompts for the second factor were denied, one after the other, and then one was accepted.

    surprise = foreign · 2.5 · ln(1 + denials)      [nats, at most 6]      denials: within two hours, 2 at least

Only what is foreign to the person counts (see `signal.foreign`): who denies by mistake and tries again sits where
they always sit. Where all denials came from the very network that got in, half of it foreign is enough for all.
"""

from __future__ import annotations

from math import log
from typing import Optional

from ..policy import Policy
from ..population import Population
from ..profile import Known, Profile
from ..signin import SignIn
from .signal import Signal, foreign

SECONDS = 7200.0
LEAST = 2  # denials
WEIGHT, HIGHEST = 2.5, 6.0


def detect(signin: SignIn, profile: Profile, seen: Known, population: Population, policy: Policy) -> Optional[Signal]:
    denied = [one for one in population.about.denied if one[0] >= signin.time - SECONDS]
    strange = foreign(signin, profile, seen, population) if len(denied) >= LEAST else 0.0
    if not strange:
        return None
    if all(place == signin.subnet for _, place in denied):
        strange = 1.0
    minutes = max(1, round((signin.time - denied[0][0]) / 60.0))
    surprise = min(strange * WEIGHT * log(1.0 + len(denied)), HIGHEST)
    return Signal(surprise, {"denials": len(denied), "minutes": minutes, "origin": signin.ip or "nowhere known"}, True)
