"""What a detector returns: how surprising, and the values to say it with.

    surprisal = min(highest, max(0, ln(FAMILIAR / P)))      [nats]

A value that makes up FAMILIAR of what a person does is not unlike them, however much rarer it is than another
one; so the habitual sign-in has no surprise at all, exactly, and a short path may say so without a logarithm.
"""

from __future__ import annotations

from math import log
from typing import Any, Mapping, NamedTuple, Optional

from ..population import Population
from ..profile import Known, Profile
from ..signin import SignIn

FAMILIAR = 0.02  # share of a person's own sign-ins from which on nothing is surprising


class Signal(NamedTuple):
    surprisal: float  # nats; negative where it lowers the odds
    evidence: Mapping[str, Any]  # the values that the catalogue's words need
    hard: bool = False  # not merely a value that may become normal one day
    before: Optional[SignIn] = None  # the sign-in that this one was compared with, where it was one
    beyond: float = 0.0  # log-odds on top, of which the learned fusion knows nothing


def surprisal(probability: float, highest: float) -> float:
    """How much rarer than familiar, in nats, between 0 and `highest`."""
    if probability >= FAMILIAR:
        return 0.0
    return min(log(FAMILIAR / probability), highest)


def foreign(signin: SignIn, profile: Profile, seen: Known, population: Population) -> float:
    """How much of a successful sign-in's network and device is not the person's own: 0, 0.5 or 1.

    What others did near it, or at this account before it, is held only against what is foreign: who mistypes a
    password at home has not been broken into. A subnet is foreign to who hardly ever changes it; a missing side is
    no side. The habitual sign-in has nothing foreign, so that it need not ask for recent evidence.
    """
    if signin.outcome != "success":
        return 0.0
    sides, strange = 0, 0
    if signin.asn is not None or signin.subnet is not None:
        sides += 1
        strange += not seen.asn or (
            signin.subnet is not None and not seen.subnet and profile.fresh + population.unit < FAMILIAR * profile.total
        )
    if signin.device_id is not None and seen.device_id:
        sides += 1
    elif signin.device is not None:
        sides += 1
        strange += not seen.device or seen.carried > 0 or (signin.device_id is not None and seen.device_ids)
    return strange / sides if sides else 0.0
