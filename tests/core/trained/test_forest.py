"""Isolation forests score in pure Python what scikit-learn scores."""

from __future__ import annotations

from typing import Any, Dict

import pytest
from busybody.train import export
from busybody.trained.fault import Fault
from busybody.trained.forest import compiled, path_length, single
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from .conftest import Original
from .tables import tables

EXACT = 1e-9


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    tables(), st.sampled_from(("float32", "float64")), st.sampled_from((0.5, 1.0)), st.booleans(),
    st.sampled_from(("auto", 1, 2, 0.7)), st.sampled_from(("auto", 0.1)), st.integers(0, 2**31),
)  # fmt: skip
def test_scores_are_those_of_the_original(
    original: Original,
    table: Any,
    dtype: str,
    features: float,
    bootstrap: bool,
    samples: Any,
    contamination: Any,
    seed: int,
) -> None:
    rows, asked = table
    array = original("numpy.array")
    forest = original("sklearn.ensemble.IsolationForest")(
        n_estimators=7, max_samples=samples, max_features=features, bootstrap=bootstrap, contamination=contamination,
        random_state=seed,
    ).fit(array(rows, dtype=dtype))  # fmt: skip
    score = compiled(export.isolation_forest(forest), len(rows[0]))
    theirs = -forest.score_samples(array(asked))
    assert [score(row) for row in asked] == pytest.approx(theirs.tolist(), abs=EXACT)
    decided = [-forest.offset_ - score(row) for row in asked]
    assert decided == pytest.approx(forest.decision_function(array(asked)).tolist(), abs=EXACT)


def test_a_value_at_a_threshold_goes_the_way_single_precision_sends_it(original: Original) -> None:
    """0.1 is above the cut in double precision and at it in single precision, or the other way round."""
    array = original("numpy.array")
    rows = [[0.1], [0.2], [0.1 + 1e-9], [0.3], [16777216.0], [16777217.0]]
    forest = original("sklearn.ensemble.IsolationForest")(n_estimators=50, random_state=3).fit(array(rows))
    model = export.isolation_forest(forest)
    cuts = {cut for tree in model["trees"] for cut in tree["threshold"]}
    asked = [[value] for cut in cuts for value in (cut, single(cut), cut * (1 + 1e-12), cut * (1 - 1e-12))] + rows
    theirs = -forest.score_samples(array(asked))
    score = compiled(model, 1)
    assert [score(row) for row in asked] == pytest.approx(theirs.tolist(), abs=EXACT)


def test_numbers_beyond_single_precision_are_infinite() -> None:
    score = compiled({"max_samples": 4, "trees": [TREE]}, 1)
    assert score([1e300]) == score([5.0])
    assert score([-1e300]) == score([0.0])


def test_path_length_is_that_of_the_paper() -> None:
    assert [path_length(samples) for samples in (0, 1, 2)] == [0.0, 0.0, 1.0]
    assert path_length(256) == pytest.approx(10.244770920119917, abs=1e-12)


TREE: Dict[str, Any] = {
    "feature": [0, -1, -1], "threshold": [1.0, 0.0, 0.0], "right": [2, 0, 0], "samples": [4, 3, 1],
}  # fmt: skip


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"right": [2, 0]}, "trees[0].right"),
        ({"right": [0, 0, 0]}, "trees[0].right[0]"),
        ({"right": [1, 0, 0]}, "trees[0].right[0]"),
        ({"right": [3, 0, 0]}, "trees[0].right[0]"),
        ({"feature": [1, -1, -1]}, "trees[0].feature[0]"),
        ({"feature": [-1, -1, -1]}, "trees[0].feature[1]"),
    ],
)
def test_a_tree_that_does_not_hang_together_is_refused(change: Dict[str, Any], path: str) -> None:
    with pytest.raises(Fault) as found:
        compiled({"max_samples": 4, "trees": [{**TREE, **change}]}, 1)
    assert found.value.path == path
