"""Calibration: does a risk mean what it says?

Risk r promises that a share of 10^(−r/25) of the sign-ins looks at least as odd. Honest sign-ins are counted, since
attacks are what a risk is raised for. The promise is kept where it lies within the observed share's 95 % interval: by
bootstrap over people, and not narrower than a count of that size is uncertain by itself (Poisson). Log-odds promise too: a posterior probability, which the reliability diagram compares.
"""

from __future__ import annotations

from bisect import bisect_right
from math import exp, sqrt
from random import Random
from typing import Any, Dict, List, NamedTuple, Optional, Sequence

from ..population.calibration import rarity_of
from .bootstrap import Interval, interval
from .replay import Replay

RISKS = (20.0, 30.0, 40.0, 50.0, 60.0, 70.0, 75.0, 90.0, 99.9)
LEVELS = (("low", 20.0, 40.0), ("medium", 40.0, 70.0), ("high", 70.0, 90.0), ("critical", 90.0, 101.0))
POSTERIORS = (0.0, 0.01, 0.03, 0.1, 0.3, 0.5, 0.7, 0.9, 0.99, 1.0)
DRAWS = 200


class Counted(NamedTuple):
    """What a run gives for the calibration; small, so that it can be handed between processes."""

    people: List[List[int]]  # for each person, honest sign-ins that reach each of RISKS, and all of them (last)
    levels: List[int]  # honest sign-ins in each of LEVELS
    bins: List[List[float]]  # of POSTERIORS: sign-ins, attacks, sum of what was said
    brier: float  # summed


def counted(run: Replay) -> Counted:
    people: Dict[str, List[int]] = {}
    levels = [0] * len(LEVELS)
    bins = [[0.0, 0.0, 0.0] for _ in POSTERIORS[1:]]
    brier = 0.0
    for row in run.tested:
        if row.detail is None:
            continue
        risk, attack = row.detail.risk, row.truth.attack
        said = 1.0 / (1.0 + exp(-max(-60.0, min(60.0, row.score))))
        brier += (said - attack) ** 2
        here = bins[next(place for place, bound in enumerate(POSTERIORS[1:]) if said <= bound)]
        here[0], here[1], here[2] = here[0] + 1, here[1] + attack, here[2] + said
        if attack:
            continue
        counts = people.setdefault(row.user, [0] * (len(RISKS) + 1))
        counts[-1] += 1
        for place in range(bisect_right(RISKS, risk)):
            counts[place] += 1
        for place, (_, lowest, highest) in enumerate(LEVELS):
            levels[place] += lowest <= risk < highest
    return Counted([people[user] for user in sorted(people)], levels, bins, brier)


def calibration(runs: Sequence[Counted]) -> Dict[str, Any]:
    """Promise and observation for risks, levels and posteriors, all runs pooled."""
    people = [counts for run in runs for counts in run.people]
    total = sum(counts[-1] for counts in people)
    drawn = _drawn(people)
    risks = []
    for place, risk in enumerate(RISKS):
        promise, seen = rarity_of(risk), sum(row[place] for row in people)
        between = _wider(interval([draw[place] for draw in drawn]), seen, total)
        kept = between is not None and between.low <= promise <= between.high
        risks.append({"risk": risk, **_promise(promise, seen, total),
                      "interval": between, "kept": kept})  # fmt: skip
    levels = []
    for place, (name, lowest, highest) in enumerate(LEVELS):
        promise = rarity_of(lowest) - (rarity_of(highest) if highest <= 100.0 else 0.0)
        levels.append({"level": name, **_promise(promise, sum(run.levels[place] for run in runs), total)})
    return {"signins": total, "risks": risks, "levels": levels, "posterior": _posterior(runs)}


def _wider(between: Optional[Interval], seen: int, total: int) -> Optional[Interval]:
    """The interval, at least as wide as that of a Poisson count (Wilson and Hilferty's approximation)."""
    if between is None or not total:
        return None
    low = seen * (1 - 1 / (9 * seen) - 1.96 / (3 * sqrt(seen))) ** 3 if seen else 0.0
    more = seen + 1
    high = more * (1 - 1 / (9 * more) + 1.96 / (3 * sqrt(more))) ** 3
    return Interval(min(between.low, max(low, 0.0) / total), max(between.high, high / total))


def _promise(promise: float, seen: int, total: int) -> Dict[str, Any]:
    observed = seen / total if total else None
    return {"promised": promise, "observed": observed, "signins": seen, "expected": promise * total}


def _drawn(people: Sequence[Sequence[int]]) -> List[List[float]]:
    """Shares at each of RISKS, the people drawn anew."""
    rng, answer = Random("calibration"), []  # noqa: S311  seeded on purpose
    for _ in range(DRAWS if people else 0):
        sums = [0] * (len(RISKS) + 1)
        for _ in people:
            row = people[int(rng.random() * len(people))]
            sums[-1] += row[-1]
            if row[0]:  # most people have nothing odd
                for place in range(len(RISKS)):
                    sums[place] += row[place]
        answer.append([count / (sums[-1] or 1) for count in sums[:-1]])
    return answer


def _posterior(runs: Sequence[Counted]) -> Dict[str, Any]:
    """Bins of the posterior that the log-odds state, and the share of attacks in them; Brier score and ECE."""
    rows: List[Dict[str, Any]] = []
    gap = 0.0
    for place, (low, high) in enumerate(zip(POSTERIORS, POSTERIORS[1:])):
        n, hits, said = (sum(run.bins[place][column] for run in runs) for column in range(3))
        rows.append({"from": low, "to": high, "signins": int(n), "said": said / n if n else None,
                     "attacks": hits / n if n else None})  # fmt: skip
        gap += abs(said - hits)
    total = sum(row["signins"] for row in rows)
    brier = sum(run.brier for run in runs)
    return {"bins": rows, "brier": brier / total if total else None, "ece": gap / total if total else None}
