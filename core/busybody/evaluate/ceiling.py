"""The ceiling: the same features and trees, fitted with the attacks labelled. What labels cannot teach, tuning cannot.

It is fitted on simulated organisations of their own seeds, so that it too is measured on logs that it never saw; but it
knows which classes of attack there are and how often each comes, as nobody does in earnest. Needs scikit-learn.
"""

from __future__ import annotations

import json
from concurrent.futures import Executor
from functools import partial
from pathlib import Path
from typing import Any, Callable, Iterable, Iterator, Mapping, Optional, Sequence, Set

from ..errors import MissingExtra
from ..fusion.trees import Trees, to_json
from ..policy import Policy
from ..signin import SignIn
from ..simulate import Organisation, generate
from ..simulate.config import Event
from ..train.fusion import WARM_UP, Examples, fit, keep
from ..train.history import live
from ..train.libraries import library
from .blocks import Block, percent, share
from .shipped import Busybody

CEILING = "ceiling"
SEEDS = (2001, 2002, 2003, 2004)
PEOPLE = 800
PURPOSE = "the ceiling"


def labelled(events: Iterable[Event], policy: Policy) -> Examples:
    """The odd sign-ins of a log, told apart by their labels; an attack's stand where impostors do."""
    found = Examples()
    attacks: Set[str] = set()
    for lived in live(_noted(events, attacks), policy):
        signin = lived.case.signin
        found.first, found.last = min(found.first, signin.time), max(found.last, signin.time)
        if signin.time - found.first > WARM_UP:
            found.signins += 1
            found.people[lived.key] = None
            keep(found.impostors if signin.id in attacks else found.honest, lived.case)
    return found


def _noted(events: Iterable[Event], attacks: Set[str]) -> Iterator[SignIn]:
    for signin, truth in events:
        if truth.attack:
            attacks.add(signin.id)
        yield signin


def simulated(people: int, seed: int) -> Examples:
    """What one organisation has to teach."""
    return labelled(generate(Organisation(people=people, seed=seed)), Policy.default())


def trained(pool: Executor, people: int = PEOPLE, seeds: Sequence[int] = SEEDS) -> Trees:
    """The trees. Raises MissingExtra without scikit-learn, InputError where there is too little."""
    library("sklearn.ensemble", "scikit-learn", PURPOSE)
    found = Examples()
    for part in pool.map(partial(simulated, people), seeds):
        found.add(part)
    return fit(found, {"labelled": True, "people_simulated": people, "seeds": list(seeds)})


def written(pool: Executor, folder: str, people: int = PEOPLE, seeds: Sequence[int] = SEEDS) -> Optional[str]:
    """The path of the trees in `folder`; None without scikit-learn."""
    try:
        trees = trained(pool, people, seeds)
    except MissingExtra:
        return None
    path = Path(folder) / "ceiling.json"
    path.write_text(json.dumps(to_json(trees)), encoding="utf-8")
    return str(path)


def method(path: str) -> Callable[[], Busybody]:
    """Busybody with the trees at `path`, for `study`."""
    return lambda: Busybody(Policy.from_mapping({"trained": {"fusion": path}}))


def block(said: Mapping[str, Any]) -> Optional[Block]:
    """Which share of the ceiling the shipped model reaches; None where there is no ceiling."""
    by_name = {one["name"]: one for one in said["methods"]}
    own, ceiling = by_name.get("busybody"), by_name.get(CEILING)
    if own is None or ceiling is None:
        return None
    measures = [("PR-AUC", own["pr_auc"], ceiling["pr_auc"])]
    for key, words in (("mean", "mean over classes"), ("pooled", "pooled")):
        measures += [
            (f"TPR at {budget:g}, {words}", own[key][place], ceiling[key][place])
            for place, budget in enumerate(said["budgets"])
        ]
    rows = [
        [name, share(one["value"]), share(other["value"]), percent(one["value"], other["value"])]
        for name, one, other in measures
    ]
    note = (
        "The ceiling is the same features and trees, fitted with the attacks of other simulated organisations labelled. "
        "No log has such labels; it says what is left to gain without a new feature."
    )
    return Block("Share of the ceiling", note, ["measure", "busybody", CEILING, "share"], rows)
