"""The figures that one looks at while building, on simulated organisations.

    python -m busybody.evaluate.quick --people 400 --seeds 7,11

For tuning there are the seeds 7 and 11; a figure to publish comes from others.
"""

from __future__ import annotations

import sys
import time
from concurrent.futures import ProcessPoolExecutor
from typing import Any, Dict, Iterable, List, NamedTuple, Optional, Sequence

from .incidents import BUDGETS, Figures, Judged, together
from .replay import DAY, Method, replay, split

METHODS = ("busybody", "sum")


class Task(NamedTuple):
    people: int
    days: int
    seed: int
    shape: str
    methods: Sequence[str]
    policy: Optional[str]


def run(task: Task) -> Dict[str, Any]:
    """Figures by method."""
    from ..simulate import Organisation, generate

    config = Organisation(people=task.people, days=task.days, seed=task.seed, shape=task.shape)
    when = split(config.start, config.start + config.days * DAY, config.warmup)
    events = list(generate(config))
    answer: Dict[str, Any] = {}
    for name in task.methods:
        begin = time.process_time()
        done = replay(method(name, task.policy), events, when)
        answer[name] = (Judged.of(done).figures(), len(events) / (time.process_time() - begin))
    return answer


def method(name: str, policy: Optional[str]) -> Method:
    from ..policy import Policy
    from .baselines import Sum
    from .shipped import Busybody

    if name == "busybody":
        return Busybody(Policy.load(policy) if policy else None)
    return Sum.strong()


def lines(name: str, figures: Figures, speed: float) -> Iterable[str]:
    found = " ".join(f"{value:.2f}" for value in figures.found)
    mean = " ".join(f"{value:.2f}" for value in figures.mean)
    yield (
        f"{name:22s} PR-AUC {figures.precision:.3f} (base {figures.base_rate:.2%})  "
        f"TPR at {'/'.join(f'{budget:g}' for budget in BUDGETS)} pooled {found}, mean over classes {mean}  "
        + (
            f"shipped cut: {figures.own_found:.2f} and {figures.own_mean:.2f} at {figures.own_false:.2f} false  "
            if figures.own_false or figures.own_found
            else ""
        )
        + f"({speed:,.0f}/s)"
    )


def classes(both: Dict[str, Figures]) -> Iterable[str]:
    yield f"{'at 1 / own cut':20s} {'n':>5s} " + " ".join(f"{name:>14s}" for name in both)
    for label, row in next(iter(both.values())).by_class.items():
        cells = (f"{one.by_class[label][2]:.2f} / {one.by_class[label][-1]:.2f}" for one in both.values())
        yield f"{label:20s} {row[0]:5.0f} " + " ".join(f"{cell:>14s}" for cell in cells)


def main(arguments: Optional[Sequence[str]] = None) -> None:
    import argparse

    parser = argparse.ArgumentParser(
        prog="python -m busybody.evaluate.quick", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("--people", type=int, default=400)
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument("--seeds", default="7,11")
    parser.add_argument("--shape", default="mixed")
    parser.add_argument("--methods", default=",".join(METHODS))
    parser.add_argument("--policy")
    parser.add_argument("--jobs", type=int, default=1)
    options = parser.parse_args(arguments)
    names = options.methods.split(",")
    seeds = [int(seed) for seed in options.seeds.split(",")]
    tasks = [Task(options.people, options.days, seed, options.shape, names, options.policy) for seed in seeds]
    if options.jobs > 1:
        with ProcessPoolExecutor(options.jobs) as pool:
            answers = list(pool.map(run, tasks))
    else:
        answers = [run(task) for task in tasks]
    said: List[str] = []
    for seed, answer in zip(seeds, answers):
        for name in names:
            said += lines(f"{name}, seed {seed}", *answer[name])
    both = {name: together([answer[name][0] for answer in answers]) for name in names}
    for name in names:
        said += lines(f"{name}, together", both[name], sum(answer[name][1] for answer in answers) / len(answers))
    sys.stdout.write("\n".join([*said, *classes(both)]) + "\n")


if __name__ == "__main__":
    main()
