"""Calibration: does a risk mean what it says?

Risk r promises that a share of 10^(−r/25) of the sign-ins looks at least as odd. Honest sign-ins are counted, since
attacks are what a risk is raised for. The promise is kept where it lies within the observed share's 95 % interval,
by bootstrap over people. Log-odds promise too: a posterior probability, which the reliability diagram compares.
"""

from __future__ import annotations

from math import exp
from random import Random
from typing import Any, Dict, List, Sequence, Tuple

from ..population.calibration import rarity_of
from .bootstrap import interval
from .replay import Replay

RISKS = (20.0, 30.0, 40.0, 50.0, 60.0, 70.0, 75.0, 90.0, 99.9)
LEVELS = (("low", 20.0, 40.0), ("medium", 40.0, 70.0), ("high", 70.0, 90.0), ("critical", 90.0, 101.0))
POSTERIORS = (0.0, 0.01, 0.03, 0.1, 0.3, 0.5, 0.7, 0.9, 0.99, 1.0)
DRAWS = 200


def calibration(runs: Sequence[Replay]) -> Dict[str, Any]:
    """Promise and observation for risks, levels and posteriors, all runs pooled."""
    counts, total = _by_person(runs)
    drawn = _drawn(counts)
    risks = []
    for place, risk in enumerate(RISKS):
        promise, seen = rarity_of(risk), sum(row[place] for row in counts)
        between = interval([draw[place] for draw in drawn])
        risks.append({
            "risk": risk, "promised": promise, "observed": seen / total if total else None, "signins": seen,
            "expected": promise * total, "interval": between,
            "kept": between is not None and between.low <= promise <= between.high,
        })  # fmt: skip
    return {"signins": total, "risks": risks, "levels": _levels(runs, total), "posterior": _posterior(runs)}


def _by_person(runs: Sequence[Replay]) -> Tuple[List[List[int]], int]:
    """For each person, how many sign-ins reach each of RISKS, and how many there are (last)."""
    people: Dict[Tuple[int, str], List[int]] = {}
    for number, run in enumerate(runs):
        for row in run.tested:
            if row.truth.attack or row.detail is None:
                continue
            counts = people.setdefault((number, row.user), [0] * (len(RISKS) + 1))
            counts[-1] += 1
            for place, risk in enumerate(RISKS):
                if row.detail.risk < risk:
                    break
                counts[place] += 1
    rows = [people[key] for key in sorted(people)]
    return rows, sum(row[-1] for row in rows)


def _drawn(counts: Sequence[Sequence[int]]) -> List[List[float]]:
    """Shares at each of RISKS, the people drawn anew."""
    rng, answer = Random("calibration"), []
    odd = [row for row in counts if row[0]]  # the others only count as sign-ins
    for _ in range(DRAWS if counts else 0):
        picked = [counts[int(rng.random() * len(counts))] for _ in counts]
        total = sum(row[-1] for row in picked) or 1
        answer.append([sum(row[place] for row in picked if row[0]) / total for place in range(len(RISKS))])
    return answer if odd else []


def _levels(runs: Sequence[Replay], total: int) -> List[Dict[str, Any]]:
    answer = []
    for name, lowest, highest in LEVELS:
        promise = rarity_of(lowest) - (rarity_of(highest) if highest <= 100.0 else 0.0)
        seen = sum(
            row.detail is not None and not row.truth.attack and lowest <= row.detail.risk < highest
            for run in runs
            for row in run.tested
        )
        answer.append({"level": name, "promised": promise, "observed": seen / total if total else None,
                       "signins": seen, "expected": promise * total})  # fmt: skip
    return answer


def _posterior(runs: Sequence[Replay]) -> Dict[str, Any]:
    """Bins of the posterior that the log-odds state, and the share of attacks in them; Brier score and ECE."""
    bins = [[0, 0, 0.0] for _ in POSTERIORS[1:]]  # sign-ins, attacks, sum of what was said
    brier, total = 0.0, 0
    for run in runs:
        for row in run.tested:
            if row.detail is None:
                continue
            said = 1.0 / (1.0 + exp(-max(-60.0, min(60.0, row.score))))
            place = next(place for place, bound in enumerate(POSTERIORS[1:]) if said <= bound)
            bins[place][0] += 1
            bins[place][1] += row.truth.attack
            bins[place][2] += said
            brier += (said - row.truth.attack) ** 2
            total += 1
    rows: List[Dict[str, Any]] = [
        {"from": low, "to": high, "signins": n, "said": said / n if n else None, "attacks": hits / n if n else None}
        for (low, high), (n, hits, said) in zip(zip(POSTERIORS, POSTERIORS[1:]), bins)
    ]
    gap = sum(row["signins"] * abs(row["said"] - row["attacks"]) for row in rows if row["signins"])
    return {"bins": rows, "brier": brier / total if total else None, "ece": gap / total if total else None}
