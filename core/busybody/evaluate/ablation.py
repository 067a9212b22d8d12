"""Ablation: what is lost when one detector is left out. What loses nothing earns nothing.

    python -m busybody.evaluate.ablation --people 800 --seeds 7,11

A detector that the policy disables neither counts nor shows. Differences are paired: the same people, drawn anew.
"""

from __future__ import annotations

import sys
from concurrent.futures import Executor, ProcessPoolExecutor
from typing import Any, Dict, List, NamedTuple, Optional, Sequence, Tuple

from ..detectors.catalogue import CATALOGUE
from ..policy import Policy
from ..simulate import Organisation, generate
from .blocks import Block, told
from .bootstrap import difference, draws
from .incidents import Judged, together
from .replay import DAY, replay, split
from .shipped import Busybody
from .study import AHEAD

WHOLE = ""
DRAWS = 200


class Part(NamedTuple):
    people: int
    seed: int
    shape: str
    without: str  # detector that is left out; WHOLE leaves none out


def run(part: Part) -> Judged:
    """One log, judged without the detector."""
    config = Organisation(people=part.people, seed=part.seed, shape=part.shape)
    events = list(generate(config))
    when = split(config.start, config.start + config.days * DAY, config.warmup)
    policy = Policy.from_mapping({"detectors": {"disabled": [part.without]}} if part.without else {})
    return Judged.of(replay(Busybody(policy), events, when)._replace(people=config.people))


def ablation(
    pool: Executor, people: int, seeds: Sequence[int], shape: str = "mixed", number: int = DRAWS
) -> List[Dict[str, Any]]:
    """For each detector how far the whole is ahead of the rest without it, with intervals; the dearest first."""
    names = [WHOLE, *(row.name for row in CATALOGUE)]
    parts = [Part(people, seed, shape, name) for name in names for seed in seeds]
    judged: Dict[str, List[Judged]] = {}
    for part, one in zip(parts, pool.map(run, parts)):
        judged.setdefault(part.without, []).append(one)
    whole, sample = together([one.figures() for one in judged[WHOLE]]), draws(judged[WHOLE], number)
    rows = []
    for name in names[1:]:
        rest, drawn = together([one.figures() for one in judged[name]]), draws(judged[name], number)
        gains = {
            key: {"value": measure(whole) - measure(rest), "interval": difference(sample, drawn, measure)}
            for key, measure in AHEAD.items()
        }
        rows.append({"detector": name, **gains})
    return sorted(rows, key=lambda row: -float(row["mean_at_1"]["value"]))


def block(rows: Sequence[Dict[str, Any]]) -> Block:
    """The table of it."""
    cells = [[row["detector"], *(told(row[key]) for key in ("pr_auc", "mean_at_1", "pooled_at_1"))] for row in rows]
    note = "What is lost without a detector, with 95 % intervals by paired bootstrap; below zero, it does harm here."
    return Block("What each detector earns", note, ["without", "PR-AUC", "TPR at 1, mean", "TPR at 1, pooled"], cells)


def main(arguments: Optional[Sequence[str]] = None) -> None:
    import argparse

    parser = argparse.ArgumentParser(
        prog="python -m busybody.evaluate.ablation", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("--people", type=int, default=400)
    parser.add_argument("--seeds", default="7,11")
    parser.add_argument("--shape", default="mixed")
    parser.add_argument("--jobs", type=int, default=1)
    options = parser.parse_args(arguments)
    seeds: Tuple[int, ...] = tuple(map(int, options.seeds.split(",")))
    with ProcessPoolExecutor(options.jobs) as pool:
        table = block(ablation(pool, options.people, seeds, options.shape))
    width = max(len(row[0]) for row in table.rows)
    for row in [table.heading, *table.rows]:
        sys.stdout.write(f"{row[0]:<{width}}  " + "  ".join(f"{cell:>18}" for cell in row[1:]) + "\n")


if __name__ == "__main__":
    main()
