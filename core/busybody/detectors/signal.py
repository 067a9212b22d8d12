"""What a detector returns: how surprising, and the values to say it with.

    surprisal = min(highest, max(0, ln(FAMILIAR / P)))      [nats]

A value that makes up FAMILIAR of what a person does is not unlike them, however much rarer it is than another
one; so the habitual sign-in has no surprise at all, exactly, and a short path may say so without a logarithm.
"""

from __future__ import annotations

from math import log
from typing import Any, Mapping, NamedTuple, Optional

from ..signin import SignIn

FAMILIAR = 0.02  # share of a person's own sign-ins from which on nothing is surprising


class Signal(NamedTuple):
    surprisal: float  # nats; negative where it lowers the odds
    evidence: Mapping[str, Any]  # the values that the catalogue's words need
    hard: bool = False  # not merely a value that may become normal one day
    before: Optional[SignIn] = None  # the sign-in that this one was compared with, where it was one


def surprisal(probability: float, highest: float) -> float:
    """How much rarer than familiar, in nats, between 0 and `highest`."""
    if probability >= FAMILIAR:
        return 0.0
    return min(log(FAMILIAR / probability), highest)
