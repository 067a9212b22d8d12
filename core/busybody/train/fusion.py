"""Train the fusion on honest sign-ins alone: monotone boosted trees that tell people from impostors at their account.

Every successful sign-in of a log is taken as honest, and for some of them an impostor is made (`impostors`). Both are
judged against the person's own history; what the detectors find are the features. Only what is odd at all is fitted,
since the habitual sign-in never reaches the fusion.
"""

from __future__ import annotations

from random import Random
from typing import Any, Dict, Iterable, List, Mapping, Optional

from ..detectors import CATALOGUE, Signal
from ..errors import InputError
from ..fusion.features import NAMES, features
from ..fusion.trees import Trees, assembled
from ..policy import Policy
from ..profile import known
from ..signin import SignIn
from ..trained.features import Case
from .history import live
from .impostors import Impostors
from .libraries import library, versions

SHARE = 0.2  # impostors for each honest sign-in
WARM_UP = 6 * 86400.0  # seconds in which people are only learned
FEWEST = 200  # odd honest sign-ins, below which a log says too little
TREES, LEAVES, RATE, SMALLEST_LEAF, FEATURES_AT_A_NODE = 40, 16, 0.1, 20, 0.5
SCALE, BLEND = 0.8, 0.25  # see docs/training.md
HABIT_DETECTORS = [(row.name, row.detect()) for row in CATALOGUE if row.name in NAMES]
Rows = List[List[float]]


class Examples:
    """Odd sign-ins of people and of impostors, as features."""

    def __init__(self) -> None:
        self.honest: Rows = []
        self.impostors: Rows = []
        self.signins = 0
        self.people: Dict[str, None] = {}
        self.first, self.last = float("inf"), float("-inf")

    def add(self, other: Examples) -> None:
        self.honest += other.honest
        self.impostors += other.impostors
        self.signins += other.signins
        self.people.update(other.people)
        self.first, self.last = min(self.first, other.first), max(self.last, other.last)


def examples(signins: Iterable[SignIn], policy: Policy, seed: int) -> Examples:
    """What a log has to teach; `seed` draws the impostors."""
    random = Random(seed)  # noqa: S311  no secret: the same seed draws the same impostors
    found, impostors = Examples(), Impostors(random)
    for lived in live(signins, policy):
        case = lived.case
        signin = case.signin
        found.first, found.last = min(found.first, signin.time), max(found.last, signin.time)
        if signin.time - found.first > WARM_UP:
            found.signins += 1
            found.people[lived.key] = None
            keep(found.honest, case)
            impostor = impostors.draw(signin) if random.random() < SHARE else None
            if impostor is not None:
                keep(found.impostors, case._replace(signin=impostor, seen=known(case.profile, impostor)))
        impostors.see(signin)
    return found


def keep(rows: Rows, case: Case) -> None:
    """Add the features of a sign-in, where anything is odd about it."""
    signals: Dict[str, Signal] = {}
    for name, detect in HABIT_DETECTORS:
        signal = detect(case.signin, case.profile, case.seen, case.population, case.policy)
        if signal is not None:
            signals[name] = signal
    if signals:
        rows.append(features(case.signin, case.profile, signals, case.policy)[0])


def fit(found: Examples, provenance: Optional[Mapping[str, Any]] = None) -> Trees:
    """The trees. Raises InputError where there is too little, MissingExtra without scikit-learn."""
    if len(found.honest) < FEWEST or len(found.impostors) < FEWEST:
        raise InputError(
            f"only {len(found.honest):,} odd sign-ins in {found.signins:,}: too few to learn from. Give a longer log; the "
            f"shipped fusion needs none."
        )
    ensemble = library("sklearn.ensemble", "scikit-learn", "training the fusion")
    threads = library("threadpoolctl", "scikit-learn", "training the fusion")  # which needs it
    model = ensemble.HistGradientBoostingClassifier(
        max_iter=TREES, max_leaf_nodes=LEAVES, learning_rate=RATE, min_samples_leaf=SMALLEST_LEAF,
        max_features=FEATURES_AT_A_NODE, monotonic_cst=[1] * len(NAMES), early_stopping=False, random_state=0,
    )  # fmt: skip
    with threads.threadpool_limits(
        1
    ):  # several on a busy machine wait for each other, thirty times as long as this takes
        model.fit(found.honest + found.impostors, [0] * len(found.honest) + [1] * len(found.impostors))
    told = {
        "honest": len(found.honest), "impostors": len(found.impostors), "signins": found.signins, "people": len(found.people),
        "first": round(found.first), "last": round(found.last), "made_with": versions("scikit-learn"), **(provenance or {}),
    }  # fmt: skip
    stages = model._predictors  # noqa: SLF001  scikit-learn has no public way to its trees; a test holds them to it
    return assembled(tuple(_tree(stage[0].nodes, 0) for stage in stages), SCALE, BLEND, told)


def _tree(nodes: Any, place: int) -> Any:
    """One tree of scikit-learn's, as `trees.Trees` walks it."""
    node = nodes[place]
    if node["is_leaf"]:
        return float(node["value"])
    return (
        int(node["feature_idx"]),
        float(node["num_threshold"]),
        _tree(nodes, int(node["left"])),
        _tree(nodes, int(node["right"])),
    )
