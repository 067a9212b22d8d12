"""Forgetting, without touching what is remembered: forward decay in whole numbers.

    weight(day) = round(64 · 2^((day − era) / half_life))

A new observation weighs more than an old one, so stored counts never change with time; only ratios matter.
Whole numbers make sums exact in any order and the inverse of an update exact. After ten half-lives the era
moves on and all counts are shifted right by ten bits. Cormode et al., "Forward Decay", ICDE 2009.
"""

from __future__ import annotations

from typing import Dict, Tuple

UNIT = 64  # weight of one sign-in at the start of an era: the rounding error stays below 1 %
HALF_LIVES = 10  # in an era
MOST = 500.0  # half-lives between an era and a day: what is so far apart weighs nothing anyway
DAY = 86400.0  # seconds


class Decay:
    """Weights for one half-life, in days. Eras start at the same days for everybody."""

    def __init__(self, half_life_days: float) -> None:
        self.half_life_days = half_life_days
        self.era_days = max(1, round(half_life_days * HALF_LIVES))
        self._weights: Dict[Tuple[int, int], int] = {}

    def era(self, day: int) -> int:
        """First day of the era that `day` lies in (days since 1970)."""
        return day - day % self.era_days

    def weight(self, day: int, era: int) -> int:
        """What one sign-in of `day` weighs in counts of `era`; at least 1."""
        try:
            return self._weights[day, era]
        except KeyError:
            half_lives = min((day - era) / self.half_life_days, MOST)
            weight: int = max(1, round(UNIT * 2.0**half_lives))
            if len(self._weights) < 4096:
                self._weights[day, era] = weight
            return weight

    def shift(self, old_era: int, new_era: int) -> int:
        """By how many bits counts of `old_era` shrink when they become counts of `new_era`."""
        return round((new_era - old_era) / self.era_days) * HALF_LIVES


def shifted(count: int, bits: int) -> int:
    """The count in the new era, rounded half up."""
    return (count + (1 << (bits - 1))) >> bits if bits else count
