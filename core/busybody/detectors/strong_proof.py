"""Strong proof: a managed device that the person is known to use, or a factor that cannot be phished.

−2 nats each, −3 together; −1 for a managed device that is new to the person: the organisation enrolled it, but it may
be a colleague's. Asked only where something is odd: it answers a doubt, it earns no credit.
"""

from __future__ import annotations

from typing import Optional

from ..policy import Policy
from ..population import Population
from ..profile import Known, Profile
from ..signin import SignIn
from .signal import Signal

EACH, BOTH = 2.0, 3.0
NEW = 1.0


def detect(signin: SignIn, profile: Profile, seen: Known, population: Population, policy: Policy) -> Optional[Signal]:
    if signin.outcome != "success":
        return None
    managed = signin.device_id is not None and "managed_device" in signin.flags
    known = managed and seen.device_id > 0
    factor = "phishing_resistant" in signin.flags or signin.method == "passkey"
    if not managed and not factor:
        return None
    words = [
        word
        for word, holds in (
            ("a managed device they are known for", known),
            ("a managed device, new to them", managed and not known),
            ("a factor that cannot be phished", factor),
        )
        if holds
    ]
    strength = BOTH if known and factor else EACH if known or factor else NEW
    return Signal(-strength, {"what": " and ".join(words)})
