"""A seeded organisation with labelled attacks: sign-ins whose truth is known.

    for signin, truth in generate(Organisation(people=200, days=30, seed=7)): ...

Frozen before the model was tuned: the same values give the same events, on every Python and in every release.
The writers are not frozen: they follow the vendors.
"""

from __future__ import annotations

from .config import ATTACKS, HONEST_KINDS, SHAPES, Event, Organisation, Truth, attacks_named
from .output import Written, run, write
from .stream import generate

__all__ = (
    "ATTACKS", "HONEST_KINDS", "SHAPES", "Event", "Organisation", "Truth", "Written", "attacks_named", "generate", "run",
    "write",
)  # fmt: skip
