"""Failed attempt: whoever it was is not in. −3 nats on every failure, where something else is odd."""

from __future__ import annotations

from typing import Optional

from ..policy import Policy
from ..population import Population
from ..profile import Known, Profile
from ..signin import SignIn
from .signal import Signal

RELIEF = 3.0


def detect(signin: SignIn, profile: Profile, seen: Known, population: Population, policy: Policy) -> Optional[Signal]:
    return Signal(-RELIEF, {}) if signin.outcome == "failure" else None
