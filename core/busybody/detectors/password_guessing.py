"""Password guessing: many failures at one account within a day, wherever from, and then a success.

    surprise = foreign · ln(tries)      [nats, at most 4]      tries: failures in the day before, 10 at least

Only what is foreign to the person counts (see `signal.foreign`): guesses that somebody else made, and that failed,
are no reason to doubt the person at their desk.
"""

from __future__ import annotations

from math import log
from typing import Optional

from ..policy import Policy
from ..population import Population
from ..profile import Known, Profile
from ..signin import SignIn
from .failures_then_success import GUESSES
from .signal import Signal, foreign

HIGHEST = 4.0


def detect(signin: SignIn, profile: Profile, seen: Known, population: Population, policy: Policy) -> Optional[Signal]:
    failed = population.about.failed
    if len(failed) < GUESSES or not seen.total:
        return None
    strange = foreign(signin, profile, seen, population)
    if not strange:
        return None
    hours = max(1, round((signin.time - failed[0][0]) / 3600.0))
    evidence = {"tries": len(failed), "period": hours, "places": len({place for _, place in failed})}
    return Signal(min(strange * log(len(failed)), HIGHEST), evidence, strange == 1.0)
