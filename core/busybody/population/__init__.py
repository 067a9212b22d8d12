"""What is known of everybody: the organisation's tables, calibration, and the window of recent evidence."""

from __future__ import annotations

from typing import NamedTuple

from .evidence import NOTHING, About
from .organisation import Organisation


class Population(NamedTuple):
    """What a detector may know of others while it looks at one sign-in, and how to weigh it."""

    organisation: Organisation
    about: About = NOTHING  # recent evidence on this sign-in's address and session
    unit: int = 1  # what one sign-in of this day weighs in the person's counts
    organisation_unit: int = 1  # and in the organisation's
    day: int = 0  # days since 1970


__all__ = ["NOTHING", "About", "Organisation", "Population"]
