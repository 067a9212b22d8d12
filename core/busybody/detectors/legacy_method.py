"""Legacy method: the first sign-in of a person by an old protocol without second factor, or by a device code.

    surprise = ln(1 + sign-ins of the person)      [nats, at most 2]

Both go around what protects an account: IMAP and its like know no second factor, and a device code is entered by the
victim for the attacker, at the victim's own desk; so this is asked of habitual sign-ins, too. Once learned it is known
for good. Somebody of whom nothing is known yet says nothing.
"""

from __future__ import annotations

from math import log
from typing import Optional

from ..policy import Policy
from ..population import Population
from ..profile import Known, Profile
from ..profile.profile import REMEMBERED_METHODS
from ..signin import SignIn
from .signal import Signal

HIGHEST = 2.0
WORDS = {"legacy": "an old protocol without second factor", "device_code": "a device code"}


def detect(signin: SignIn, profile: Profile, seen: Known, population: Population, policy: Policy) -> Optional[Signal]:
    method = signin.method
    if method not in REMEMBERED_METHODS or method in profile.methods or not profile.count:
        return None
    return Signal(min(log(1.0 + profile.count), HIGHEST), {"what": WORDS[method or ""]})
