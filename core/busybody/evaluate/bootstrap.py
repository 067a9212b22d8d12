"""Intervals: the people of every run are drawn anew, with replacement, and everything is counted again.

An interval is what the middle 95 % of the draws give. Two methods are compared on the same draws, so that what the
people have in common drops out of the difference.
"""

from __future__ import annotations

from random import Random
from typing import Callable, List, NamedTuple, Optional, Sequence, Tuple

from .incidents import Figures, Judged, together

DRAWS = 300
Measure = Callable[[Figures], float]


class Interval(NamedTuple):
    low: float
    high: float


def draws(runs: Sequence[Judged], number: int = DRAWS, seed: int = 1) -> List[Figures]:
    """The figures of all runs together, for each draw. The same seed draws the same people whatever the method."""
    answer = []
    for draw in range(number):
        rng = Random(f"{seed}:{draw}")  # noqa: S311  seeded on purpose
        answer.append(together([run.figures(_weights(len(run.users), rng)) for run in runs]))
    return answer


def _weights(people: int, rng: Random) -> List[int]:
    weights = [0] * people
    for _ in range(people):
        weights[int(rng.random() * people)] += 1
    return weights


def interval(values: Sequence[float]) -> Optional[Interval]:
    """The middle 95 %; None where there is nothing to draw from."""
    ordered = sorted(value for value in values if value == value)
    if not ordered:
        return None
    last = len(ordered) - 1
    return Interval(ordered[round(0.025 * last)], ordered[round(0.975 * last)])


def difference(first: Sequence[Figures], second: Sequence[Figures], measure: Measure) -> Optional[Interval]:
    """The interval of first minus second, draw by draw."""
    pairs: List[Tuple[float, float]] = [(measure(one), measure(other)) for one, other in zip(first, second)]
    return interval([one - other for one, other in pairs])
