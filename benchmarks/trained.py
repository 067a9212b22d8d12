"""Trained models: scores per second in pure Python, beside the originals in the same run, and how far they agree.

    python benchmarks/trained.py [--people 200] [--days 40] [--rows 2000]

The vectors are those of the simulator's sign-ins. The originals score one row at a time, as a scorer that answers
each sign-in has to, and all rows as one batch. CPU seconds, best of three. Needs scikit-learn and PyOD.
"""

from __future__ import annotations

import argparse
import platform
import sys
import time
import warnings
from pathlib import Path
from typing import Any, Callable, Dict, List, Sequence, Tuple

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "core"))

from busybody.policy import Policy
from busybody.simulate import Organisation, generate
from busybody.train import export
from busybody.train.history import live
from busybody.train.libraries import library, versions
from busybody.trained.features import NAMES, vector
from busybody.trained.model import ALGORITHMS

Rows = List[List[float]]
Fitted = Tuple[Dict[str, Any], Callable[[Any], Any]]  # portable model, the original's scores of a matrix


def history(people: int, days: int) -> Rows:
    organisation = Organisation(people=people, days=days, seed=7)
    lived = live((event.signin for event in generate(organisation)), Policy.default())
    return [[value or 0.0 for value in vector(row.case, NAMES)] for row in lived if row.settled]


def isolation_forest(matrix: Any) -> Fitted:
    forest = library("sklearn.ensemble", "scikit-learn", "this").IsolationForest(random_state=0).fit(matrix)
    return export.isolation_forest(forest), lambda rows: -forest.score_samples(rows)


def hbos(matrix: Any) -> Fitted:
    fitted = library("pyod.models.hbos", "pyod", "this").HBOS().fit(matrix)
    return export.hbos(fitted), fitted.decision_function


def tails(name: str, matrix: Any) -> Fitted:
    module = library(f"pyod.models.{name}", "pyod", "this")
    fitted = getattr(module, name.upper())().fit(matrix)
    return export.tails(matrix, module.np.sign(module.skew(matrix))), fitted.decision_function


def per_second(work: Callable[[], object], rows: int) -> float:
    best = float("inf")
    for _ in range(3):
        start = time.process_time()
        work()
        best = min(best, time.process_time() - start)
    return rows / best


def measure(name: str, train: Rows, asked: Rows) -> None:
    array = library("numpy", "numpy", "this").array
    matrix, batch = array(train), array(asked)
    fits: Dict[str, Callable[[Any], Fitted]] = {"isolation_forest": isolation_forest, "hbos": hbos}
    model, original = fits[name](matrix) if name in fits else tails(name, matrix)
    score = ALGORITHMS[name](model, len(NAMES))
    single: Sequence[Any] = [batch[place : place + 1] for place in range(min(len(batch), 50))]
    alone = [float(original(row)[0]) for row in single]
    apart = max(abs(score(row) - theirs) for row, theirs in zip(asked, alone))
    in_batch = original(batch).tolist()
    apart_in_batch = max(abs(score(row) - theirs) for row, theirs in zip(asked, in_batch))
    ours = per_second(lambda: [score(row) for row in asked], len(asked))
    by_one = per_second(lambda: [original(row) for row in single], len(single))
    at_once = per_second(lambda: original(batch), len(asked))
    print(f"{name:<17}{ours:>12,.0f}{by_one:>12,.0f}{at_once:>12,.0f}{apart:>12.1e}{apart_in_batch:>12.1e}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=200)
    parser.add_argument("--days", type=int, default=40)
    parser.add_argument("--rows", type=int, default=2000, help="how many are scored")
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    rows = history(arguments.people, arguments.days)
    train, asked = rows[: -arguments.rows], rows[-arguments.rows :]
    packages = versions("numpy", "scikit-learn", "pyod")
    print(
        f"python {platform.python_version()}, {', '.join(f'{name} {packages[name]}' for name in ('scikit-learn', 'pyod'))}"
    )
    print(f"trained on {len(train):,} sign-ins, {len(NAMES)} features; {len(asked):,} scored\n")
    print(f"{'':<17}{'ours /s':>12}{'one by one':>12}{'in a batch':>12}{'apart, one':>12}{'apart, all':>12}")
    for name in ALGORITHMS:
        measure(name, train, asked)


if __name__ == "__main__":
    main()
