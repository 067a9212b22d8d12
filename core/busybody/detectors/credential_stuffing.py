"""Credential stuffing: where many people failed, this person's password was right at the first try.

    surprise = 1 + ln(min(people / usual, 1 / share))      [nats, at most 5]

The crowd is that of password spraying, which see. The difference is this account: with no failure of its own in the
day before, the password was known, out of a leak that other accounts may be in.
"""

from __future__ import annotations

from typing import Optional

from ..policy import Policy
from ..population import Population
from ..profile import Known, Profile
from ..signin import SignIn
from .password_spraying import crowded
from .signal import Signal


def detect(signin: SignIn, profile: Profile, seen: Known, population: Population, policy: Policy) -> Optional[Signal]:
    return None if population.about.failed else crowded(signin, profile, seen, population)
