"""Fit one model on one set of vectors, and write down all that scoring needs."""

from __future__ import annotations

import warnings
from statistics import median
from typing import Any, Callable, Dict, List, Mapping, NamedTuple, Optional, Sequence, Tuple

from ..trained.features import FEATURES, Vector
from ..trained.model import ALGORITHMS, tail
from . import export
from .libraries import library, versions

Rows = List[List[float]]


class Settings(NamedTuple):
    """How to train. The same settings on the same rows give the same model."""

    algorithm: str = "isolation_forest"  # one of ALGORITHMS
    trees: int = 100
    max_samples: int = 256  # sign-ins for each tree
    bins: int = 10  # of a histogram
    contamination: Optional[float] = None  # share of the training that is taken for outliers; None: see `fit`
    seed: int = 0


def fit(vectors: Sequence[Vector], features: Sequence[str], settings: Settings) -> Dict[str, Any]:
    """One part of a trained model.

    A value that is missing or below the median counts as the median: to be more ordinary than usual is not odd. To
    the rows of a forest comes one for each feature that is usual but for that feature, which is plainly new: a forest
    cannot cut where it saw only one value, and would be blind for the first new network of somebody who only knew one.

    The threshold leaves `contamination` of the training above it. Without contamination it is 0.5 for a forest, as
    its authors have it, and the highest score of training for the others. Outliers are those above it, never those at it.
    """
    usual = [_median([row[place] for row in vectors]) for place in range(len(vectors[0]))]
    rows = [[base if value is None else max(value, base) for value, base in zip(row, usual)] for row in vectors]
    model = FITTERS[settings.algorithm](rows, plainly_new(usual, features), settings)
    score = ALGORITHMS[settings.algorithm](model, len(usual))
    scores = [score(row) for row in rows]
    threshold = _threshold(scores, settings)
    return {"rows": len(rows), "usual": usual, "threshold": threshold, "tail": tail(scores), "model": model}


def _median(values: Sequence[Optional[float]]) -> float:
    known = [value for value in values if value is not None]
    return median(known) if known else 0.0


def _threshold(scores: Sequence[float], settings: Settings) -> float:
    if settings.contamination is not None:
        ordered = sorted(scores)
        return ordered[max(0, len(ordered) - 1 - int(settings.contamination * len(ordered)))]
    return 0.5 if settings.algorithm == "isolation_forest" else max(scores)


def plainly_new(usual: Sequence[float], features: Sequence[str]) -> Rows:
    """For each feature the usual sign-in with this feature plainly new."""
    rows = [list(usual) for _ in features]
    for place, name in enumerate(features):
        rows[place][place] = max(FEATURES[name].plain, usual[place])
    return rows


def _isolation_forest(rows: Rows, new: Rows, settings: Settings) -> Dict[str, Any]:
    ensemble = library("sklearn.ensemble", "scikit-learn", "training an isolation forest")
    matrix = _matrix(rows + new)
    samples = min(settings.max_samples, len(matrix))
    forest = ensemble.IsolationForest(
        n_estimators=settings.trees, max_samples=samples, random_state=settings.seed, contamination="auto"
    )
    return export.isolation_forest(forest.fit(matrix))


def _hbos(rows: Rows, _new: Rows, settings: Settings) -> Dict[str, Any]:
    module = library("pyod.models.hbos", "pyod", "training HBOS")
    return export.hbos(module.HBOS(n_bins=settings.bins).fit(_matrix(rows)))


def _tails(name: str) -> Callable[[Rows, Rows, Settings], Dict[str, Any]]:
    def fitted(rows: Rows, _new: Rows, _settings: Settings) -> Dict[str, Any]:
        module = library(f"pyod.models.{name}", "pyod", f"training {name.upper()}")
        detector = getattr(module, name.upper())()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # a column of one value has no skewness, and says so
            detector.fit(_matrix(rows))
            skewness = module.np.sign(module.skew(detector.X_train))
        return export.tails(detector.X_train, skewness)

    return fitted


FITTERS: Mapping[str, Callable[[Rows, Rows, Settings], Dict[str, Any]]] = {
    "isolation_forest": _isolation_forest, "hbos": _hbos, "ecod": _tails("ecod"), "copod": _tails("copod"),
}  # fmt: skip


def _matrix(rows: Rows) -> Any:
    return library("numpy", "numpy", "training").array(rows, dtype="float64")


def trained_with(algorithm: str) -> Dict[str, str]:
    """The versions of the packages that fit it."""
    packages: Tuple[str, ...] = (
        ("numpy", "scikit-learn") if algorithm == "isolation_forest" else ("numpy", "scikit-learn", "pyod")
    )
    return versions(*packages)
