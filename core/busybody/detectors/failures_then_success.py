"""Failures, then success: somebody tried several times, from this very network, and then got in.

    surprise = foreign · ln(tries)      [nats, at most 3]      tries: failures within the hour before, 3 at least

Only what is foreign to the person counts (see `signal.foreign`): a forgotten password at the usual place is none of
it, one in a hotel half of it. GUESSES and more in a day are guessing, and said there.
"""

from __future__ import annotations

from math import log
from typing import Optional

from ..policy import Policy
from ..population import Population
from ..profile import Known, Profile
from ..signin import SignIn
from .signal import Signal, foreign

SECONDS = 3600.0
LEAST, GUESSES = 3, 10  # failures
HIGHEST = 3.0


def detect(signin: SignIn, profile: Profile, seen: Known, population: Population, policy: Policy) -> Optional[Signal]:
    failed = population.about.failed
    if len(failed) < LEAST or len(failed) >= GUESSES or not seen.total:
        return None
    here = signin.subnet or ""
    times = [time for time, place in failed if place == here and time >= signin.time - SECONDS]
    strange = foreign(signin, profile, seen, population) if len(times) >= LEAST else 0.0
    if not strange:
        return None
    minutes = max(1, round((signin.time - times[0]) / 60.0))
    return Signal(
        min(strange * log(len(times)), HIGHEST), {"tries": len(times), "minutes": minutes, "origin": signin.ip or here},
        strange == 1.0,
    )  # fmt: skip
