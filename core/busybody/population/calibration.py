"""Calibration: how rare a score is here, and the risk that follows from it.

    q(L) = (#{sign-ins ≥ L} + 1) / (n + 1)          risk = −25·log10 q, within 0 and 100

The organisation's own sign-ins are blended with a shipped reference by n / (n + 500); above the point that
only 30 sign-ins reach, both are continued by the exponential tail of their mean excess, or a small
organisation would never see a critical sign-in. 50 is one in a hundred, 75 one in a thousand.

Nobody labels an organisation's sign-ins, and the rarest of them may be an attacker's own, who would raise the bar for
himself. So beyond its rarest hundredth the organisation's curve lies at most twice as high as the reference's,
which is made of honest sign-ins.
"""

from __future__ import annotations

import json
from functools import lru_cache
from math import exp, log10
from pathlib import Path
from typing import Any, Dict, List, Mapping, Optional

LOWEST, HIGHEST, BINS = -12.0, 36.0, 512  # log-odds covered
WIDTH = (HIGHEST - LOWEST) / BINS
BASE = -6.0  # log-odds of a sign-in about which nothing is odd
BLEND = 500.0  # sign-ins at which the organisation's own history weighs as much as the reference
TAIL = 30.0  # sign-ins below which the count is too coarse and the tail is fitted
RISK_PER_DECADE = 25.0
ANCHOR = 0.01  # share of sign-ins beyond which attackers may be many of them
LEEWAY = 2.0  # organisations differ, and of two estimates of a tail the lower one errs low
REFERENCE = Path(__file__).with_name("reference.json")


def bin_of(log_odds: float) -> int:
    """The bin of a score; out of range goes to the outermost."""
    index = int((log_odds - LOWEST) / WIDTH)
    return 0 if index < 0 else BINS - 1 if index >= BINS else index


def risk_of(rarity: float) -> float:
    """Risk 0 to 100 of a rarity (share of sign-ins that look at least this odd)."""
    if rarity >= 1.0:
        return 0.0
    return min(100.0, -RISK_PER_DECADE * log10(max(rarity, 1e-30)))


def rarity_of(risk: float) -> float:
    """Inverse of `risk_of` below 100."""
    return float(10.0 ** (-risk / RISK_PER_DECADE))


class Survival:
    """Share of sign-ins that score at least L: a table of counts with a fitted tail. Immutable."""

    def __init__(self, counts: Mapping[int, float], total_signins: float) -> None:
        """`counts` are decayed weights by bin; `total_signins` says how many sign-ins they stand for."""
        weight = float(sum(counts.values()))
        self.signins = total_signins if weight else 0.0
        above, at_least = 0.0, [0.0] * (BINS + 1)
        for index in range(BINS - 1, -1, -1):
            above += counts.get(index, 0.0)
            at_least[index] = above
        scale = self.signins / weight if weight else 0.0
        n = self.signins
        self._shares = [(count * scale + 1.0) / (n + 1.0) for count in at_least]
        self._tail_from = BINS
        self._tail_mean = 1.0
        if n:
            self._fit_tail(at_least, scale, counts)

    def _fit_tail(self, at_least: List[float], scale: float, counts: Mapping[int, float]) -> None:
        needed = min(TAIL, max(5.0, self.signins * 0.01))
        start = next((index for index in range(BINS, -1, -1) if at_least[index] * scale >= needed), 0)
        beyond = at_least[start]
        if not beyond:
            return
        excess = sum((index - start + 0.5) * WIDTH * count for index, count in counts.items() if index >= start)
        self._tail_from, self._tail_mean = start, max(excess / beyond, WIDTH)

    def share(self, log_odds: float) -> float:
        """Share of sign-ins with at least this score, in (0, 1], falling in `log_odds`."""
        position = (log_odds - LOWEST) / WIDTH
        if position <= 0.0:
            return self._shares[0]
        if position >= self._tail_from:
            return self._shares[self._tail_from] * exp(-(position - self._tail_from) * WIDTH / self._tail_mean)
        index = int(position)
        here, after = self._shares[index], self._shares[index + 1]
        if index + 1 > self._tail_from:
            after = here
        return float(here * (after / here) ** (position - index))

    def reached_by(self, share: float) -> float:
        """The lowest edge of a bin that no more than this share of sign-ins reach."""
        index = next((index for index, reached in enumerate(self._shares) if reached <= share), BINS)
        return LOWEST + index * WIDTH


class Calibration:
    """From log-odds to rarity and risk, for one epoch of one organisation. Immutable."""

    def __init__(self, own: Survival, reference: Optional[Survival] = None) -> None:
        self.own = own
        self.reference = reference if reference is not None else shipped()
        self.weight = own.signins / (own.signins + BLEND)
        self._anchor = own.reached_by(ANCHOR)
        self._steeper = own.share(self._anchor) / self.reference.share(self._anchor)

    def rarity(self, log_odds: float) -> float:
        """Share of sign-ins that look at least as odd, in (0, 1]."""
        reference = self.reference.share(log_odds)
        if not self.weight:
            return reference
        own = self.own.share(log_odds)
        if log_odds > self._anchor:
            own = min(own, LEEWAY * self._steeper * reference)
        return self.weight * own + (1.0 - self.weight) * reference

    def risk(self, log_odds: float) -> float:
        return risk_of(self.rarity(log_odds))


@lru_cache(maxsize=1)
def shipped() -> Survival:
    """The reference that comes with Busybody: honest sign-ins of simulated organisations (tools/reference)."""
    row: Dict[str, Any] = json.loads(REFERENCE.read_text(encoding="utf-8"))
    return Survival({int(index): float(count) for index, count in row["bins"].items()}, float(row["signins"]))
