"""The published evaluation: fixed seeds, several sizes and shapes of organisation, and logs that hold less.

    python -m busybody.evaluate.published --docs docs/evaluation.md --page evaluation.html

Its seeds were never used for tuning; 7 and 11 are for that. Every log is one task, the tasks share the processors.
"""

from __future__ import annotations

import sys
import time
from concurrent.futures import ProcessPoolExecutor
from tempfile import TemporaryDirectory
from typing import Any, Callable, Dict, List, Mapping, NamedTuple, Optional, Sequence, Tuple

from ..signin import SignIn
from ..simulate import ATTACKS, Event, Organisation, generate
from .ablation import ablation
from .ablation import block as earned
from .baselines import BASELINES
from .blocks import Block
from .bootstrap import DRAWS
from .ceiling import CEILING, method, written
from .ceiling import block as reached
from .poisoning import poisoning
from .replay import DAY, split
from .study import OWN, RIVAL, Study, study, summary

SEEDS = (101, 202, 303, 404, 505)
ALL = (OWN, *BASELINES)
PAIR = (OWN, RIVAL)
FOREST = "forest per person"
NETWORK_FLAGS = frozenset({"proxy", "anonymous", "vpn", "tor", "hosting", "threat"})
Without = Callable[[SignIn], SignIn]


class Task(NamedTuple):
    """One simulated log and what is done with it."""

    group: str  # tasks of a group are published together
    seed: int
    people: int = 800
    methods: Sequence[str] = PAIR
    shape: str = "mixed"
    withhold: str = ""
    misclassified: float = 0.25
    scale: float = 1.0  # of the share of people attacked
    deep: bool = False
    days: int = 30
    ceiling: str = ""  # path of the trees that know the labels


def no_geography(signin: SignIn) -> SignIn:
    return signin._replace(country=None, region=None, city=None, lat=None, lon=None, accuracy_km=None)


def no_classes(signin: SignIn) -> SignIn:
    flags = tuple(flag for flag in signin.flags if flag not in NETWORK_FLAGS)
    return signin._replace(network=None, flags=flags)


def no_ids(signin: SignIn) -> SignIn:
    flags = tuple(flag for flag in signin.flags if flag != "managed_device")
    return signin._replace(device_id=None, session=None, flags=flags)


WITHHELD: Mapping[str, Without] = {
    "geography": no_geography,
    "network classes": no_classes,
    "device and session ids": no_ids,
}
MAIN = "800 people"


def tasks(quick: bool) -> List[Task]:
    """Everything that is published; the longest first. `quick` is one small log of each kind, of the tuning seeds."""
    if quick:
        return [
            Task(MAIN, 7, 90, ALL, deep=True),
            Task("without geography", 7, 90, withhold="geography"),
            Task("calibration, 30 people", 7, 30, (OWN,), scale=0.0),
        ]
    found = [Task("2,000 people", seed, 2000, ALL) for seed in SEEDS[:3]]
    found.append(Task("calibration, 3,000 people", SEEDS[0], 3000, (OWN,)))
    found += [Task(MAIN, seed, 800, ALL, deep=True) for seed in SEEDS]
    for name in WITHHELD:
        found += [Task(f"without {name}", seed, withhold=name) for seed in SEEDS[:3]]
    for shape in ("office", "remote", "global", "school"):
        found += [Task(f"shape: {shape}", seed, shape=shape) for seed in SEEDS[:3]]
    found += [Task("half of the hosting and VPN networks unknown", seed, misclassified=0.5) for seed in SEEDS[:3]]
    found += [Task("a third of the attacks", seed, scale=0.33) for seed in SEEDS[:3]]
    found += [Task("calibration, 300 people", seed, 300, (OWN,)) for seed in SEEDS]
    found += [Task("calibration, 30 people", seed, 30, (OWN,)) for seed in range(901, 921)]
    return found


def with_ceiling(task: Task, path: Optional[str]) -> Task:
    """The same task with the ceiling as a further method, where it is one of the main ones."""
    return task._replace(ceiling=path) if path and task.group == MAIN else task


def run(task: Task) -> Tuple[Task, Study]:
    """Simulate and judge."""
    attacks = {name: min(1.0, share * task.scale) for name, share in ATTACKS.items()}
    config = Organisation(
        people=task.people, days=task.days, seed=task.seed, shape=task.shape, attacks=attacks,
        misclassified=task.misclassified,
    )  # fmt: skip
    events: List[Event] = list(generate(config))
    if task.withhold:
        without = WITHHELD[task.withhold]
        events = [Event(without(signin), truth) for signin, truth in events]
    when = split(config.start, config.start + config.days * DAY, config.warmup)
    name = f"seed {task.seed}"
    others = {CEILING: method(task.ceiling)} if task.ceiling else {}
    methods = [*task.methods, *others]
    return task, study(name, events, when, methods, others=others, people=config.people, deep=task.deep)


def forest(_: object = None) -> Optional[Study]:
    """The forest on one seed and a quarter of the people: a sign-in costs it milliseconds. None without scikit-learn."""
    from ..errors import MissingExtra

    try:
        return run(Task("forest", SEEDS[0], 200, (OWN, RIVAL, FOREST)))[1]
    except MissingExtra:
        return None


def poison(seed: int, people: int) -> Dict[str, Any]:
    return {"poisoning": poisoning(people, seed)}


def published(quick: bool = False, jobs: int = 2, tell: Callable[[str], None] = lambda _: None) -> Dict[str, Any]:
    """Run everything; a JSON object with the main summary and, group by group, the others."""
    groups: Dict[str, List[Study]] = {}
    with TemporaryDirectory() as folder, ProcessPoolExecutor(jobs) as pool:
        ceiling = None if quick else written(pool, folder)
        grown = None if quick else pool.submit(forest)
        poisons = [pool.submit(poison, seed, 60 if quick else 800) for seed in ((7,) if quick else SEEDS[:2])]
        for task, done in pool.map(run, [with_ceiling(task, ceiling) for task in tasks(quick)]):
            groups.setdefault(task.group, []).append(done)
            tell(f"{task.group}, seed {task.seed}")
        extra = [one.result() for one in poisons]
        lost = [] if quick else ablation(pool, 800, SEEDS[:3])
        tree = grown.result() if grown is not None else None
    answer: Dict[str, Any] = {
        "main": summary(groups[MAIN], number=20 if quick else DRAWS, extra=extra),
        "groups": {},
        "ablation": lost,
    }
    if tree is not None:
        answer["groups"]["forest"] = summary([tree])
    for name, studies in groups.items():
        if name != MAIN:
            answer["groups"][name] = summary(studies, number=20 if quick else 100)
    return answer


def variants(said: Mapping[str, Any]) -> Block:
    """One row for each group that has a rival: sizes, shapes, and logs that hold less."""
    from .blocks import share, told

    rows = []
    for name, one in [("800 people, mixed", said["main"]), *said["groups"].items()]:
        by_name = {method["name"]: method for method in one["methods"]}
        own, rival = by_name[OWN], by_name.get(RIVAL)
        if rival is None or name == "forest":
            continue
        at_one = one["budgets"].index(1.0)
        gain = rival["busybody_ahead"]["pooled_at_1"]
        rows.append([
            name, told(own["pr_auc"]), told(own["mean"][at_one]), told(own["pooled"][at_one]), share(rival["pooled"][at_one]["value"]),
            told(gain), told(own["own_cut"]["false"]), share(own["own_cut"]["pooled"]["value"]),
        ])  # fmt: skip
    heading = [
        "logs", "PR-AUC", "TPR at 1, mean", "TPR at 1, pooled", "the sum's", "ahead by", "false incidents by the shipped cut",
        "TPR by it",
    ]  # fmt: skip
    note = "The same measure on other sizes and shapes of organisation, on logs that hold less, and on other attacks."
    return Block("Other organisations, and logs that hold less", note, heading, rows)


def calibrations(said: Mapping[str, Any]) -> Block:
    """Levels by the size of the organisation."""
    rows = []
    for name, one in [("800 people", said["main"]), *said["groups"].items()]:
        table = one.get("calibration")
        if not table or not name.startswith(("calibration", "800", "2,000")):
            continue
        kept = [row for row in table["risks"] if row["expected"] >= 5]
        by_level = {row["level"]: row for row in table["levels"]}
        severe = [by_level["high"], by_level["critical"]]
        promise, seen = (sum(row[key] or 0.0 for row in severe) for key in ("promised", "observed"))
        cells = [
            f"{(by_level[level]['observed'] or 0.0) / by_level[level]['promised']:.2f}"
            for level in ("medium", "high", "critical")
        ]
        words = f"{sum(row['kept'] for row in kept)} of {len(kept)}"
        rows.append(
            [name.replace("calibration, ", ""), f"{table['signins']:,}", *cells, f"{seen / promise:.2f}", words]
        )
    heading = ["organisation", "honest sign-ins", "medium", "high", "critical", "high and critical", "risks kept"]
    note = (
        "How often a level is given to honest sign-ins, as a multiple of its promise; and of the risks that were expected at least "
        "five times, how many keep their promise within the 95 % interval."
    )
    return Block("Calibration by size", note, heading, rows)


def grown(said: Mapping[str, Any]) -> Optional[Block]:
    """The forest, where it was grown."""
    from .blocks import methods

    one = said["groups"].get("forest")
    return None if one is None else methods(one)._replace(title="A forest for each person (200 people, one seed)")


def document(said: Mapping[str, Any]) -> str:
    """All tables as Markdown: what goes between the marks of the documentation."""
    from .blocks import blocks, markdown

    first, *rest = blocks(said["main"])
    more = [block for block in (reached(said["main"]), variants(said), grown(said)) if block is not None]
    last = [earned(said["ablation"])] if said["ablation"] else []
    return "\n".join(
        line for block in [first, *more, *rest, calibrations(said), *last] for line in markdown(block)
    ).rstrip()


BEGIN, END = "<!-- evaluate: begin -->", "<!-- evaluate: end -->"


def filled(page: str, said: Mapping[str, Any]) -> str:
    """The page with its marked block replaced. Raises InputError where the marks are missing."""
    from ..errors import InputError

    head, found, rest = page.partition(BEGIN)
    _, closed, tail = rest.partition(END)
    if not found or not closed:
        raise InputError(f"has no block between {BEGIN} and {END}. Put the marks where the tables belong.")
    return f"{head}{BEGIN}\n\n{document(said)}\n\n{END}{tail}"


def main(arguments: Optional[Sequence[str]] = None) -> None:
    import argparse
    import json
    import os
    from pathlib import Path

    from .page import render

    parser = argparse.ArgumentParser(
        prog="python -m busybody.evaluate.published", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("--quick", action="store_true", help="small logs of the tuning seeds: does everything run?")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--docs", metavar="FILE", help="Markdown whose marked block is filled")
    parser.add_argument("--json", metavar="FILE")
    parser.add_argument("--page", metavar="FILE")
    options = parser.parse_args(arguments)
    begin = time.monotonic()

    def tell(words: str) -> None:
        sys.stdout.write(f"{time.monotonic() - begin:6.0f} s  {words}\n")
        sys.stdout.flush()

    said = published(options.quick, options.jobs, tell)
    if options.json:
        Path(options.json).write_text(json.dumps(said, indent=1) + "\n", encoding="utf-8")
    if options.page:
        Path(options.page).write_text("".join(render(said["main"])), encoding="utf-8")
    if options.docs:
        page = Path(options.docs)
        page.write_text(filled(page.read_text(encoding="utf-8"), said), encoding="utf-8")
    else:
        sys.stdout.write(document(said) + "\n")
    sys.stdout.write(f"{len(SEEDS)} seeds, {time.monotonic() - begin:,.0f} s\n")


if __name__ == "__main__":
    main()
