"""Fitted models of scikit-learn and PyOD as portable JSON: `trained.model` scores them as they score themselves."""

from __future__ import annotations

from typing import Any, Dict, List

from ..errors import ModelError
from ..trained.forest import LEAF
from ..trained.tails import table


def isolation_forest(fitted: Any) -> Dict[str, Any]:
    """Of a fitted `sklearn.ensemble.IsolationForest`.

    Raises ModelError where it is not written as this version of the format expects.
    """
    trees = [
        _tree(estimator.tree_, [int(column) for column in columns])
        for estimator, columns in zip(fitted.estimators_, fitted.estimators_features_)
    ]
    return {"max_samples": int(fitted.max_samples_), "trees": trees}


def _tree(tree: Any, columns: List[int]) -> Dict[str, List[Any]]:
    left, right = tree.children_left.tolist(), tree.children_right.tolist()
    inner = [child != LEAF for child in left]
    if any(child != place + 1 for place, child in enumerate(left) if inner[place]):
        raise ModelError("the trees of this scikit-learn are not written depth first. Use another version.")
    return {
        "feature": [columns[feature] if split else LEAF for feature, split in zip(tree.feature.tolist(), inner)],
        "threshold": [float(value) if split else 0.0 for value, split in zip(tree.threshold.tolist(), inner)],
        "right": [child if split else 0 for child, split in zip(right, inner)],
        "samples": [int(samples) for samples in tree.n_node_samples.tolist()],
    }


def hbos(fitted: Any) -> Dict[str, Any]:
    """Of a fitted `pyod.models.hbos.HBOS`, with a fixed number of bins or "auto"."""
    ragged = isinstance(fitted.hist_, list)
    edges = fitted.bin_edges_ if ragged else fitted.bin_edges_.T
    densities = fitted.hist_ if ragged else fitted.hist_.T
    columns = []
    for row, density in zip(edges, densities):
        reach = [float((row[1] - row[0]) * fitted.tol), float((row[-1] - row[-2]) * fitted.tol)]
        columns.append(
            {"edges": [float(edge) for edge in row], "density": [float(bar) for bar in density], "reach": reach}
        )
    return {"alpha": float(fitted.alpha), "columns": columns}


def tails(rows: Any, skewness: Any) -> Dict[str, Any]:
    """Of the training rows of ECOD or COPOD and the sign of each column's skewness."""
    columns = [{**table(column.tolist()), "skew": int(skew)} for column, skew in zip(rows.T, skewness)]
    return {"rows": len(rows), "columns": columns}
