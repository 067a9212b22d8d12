"""HBOS scores in pure Python what PyOD scores."""

from __future__ import annotations

from typing import Any, Dict

import pytest
from busybody.train import export
from busybody.trained.fault import Fault
from busybody.trained.histogram import compiled
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from .conftest import Original
from .tables import tables

EXACT = 1e-9
FITTED = {
    "alpha": 0.1,
    "columns": [{"edges": [0.0, 1.0, 2.0, 3.0], "density": [0.7, 0.0, 0.3], "reach": [0.5, 0.5]}],
}


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    tables(), st.sampled_from(("float32", "float64", "int64")), st.sampled_from((3, 10, "auto")),
    st.sampled_from((0.1, 0.9)), st.sampled_from((0.1, 0.5, 0.9)),
)  # fmt: skip
def test_scores_are_those_of_the_original(
    original: Original, table: Any, dtype: str, bins: Any, alpha: float, tolerance: float
) -> None:
    rows, asked = table
    array = original("numpy.array")
    fitted = original("pyod.models.hbos.HBOS")(n_bins=bins, alpha=alpha, tol=tolerance).fit(array(rows).astype(dtype))
    model = export.hbos(fitted)
    edges = [edge for column in model["columns"] for edge in column["edges"]]
    asked = asked + [[edge] * len(rows[0]) for edge in edges]  # the edges themselves
    score = compiled(model, len(rows[0]))
    theirs = fitted.decision_function(array(asked, dtype="float64"))
    assert [score(row) for row in asked] == pytest.approx(theirs.tolist(), abs=EXACT)


@pytest.mark.parametrize("value", [-0.5, 0.0, 0.3, 1.0])
def test_what_lies_just_outside_belongs_to_the_outermost_bin(value: float) -> None:
    assert compiled(FITTED, 1)([value]) == pytest.approx(0.3219280948873623)  # −log₂ 0.8


@pytest.mark.parametrize("value", [-0.51, 1.5, 3.51, 1e9])
def test_what_lies_far_outside_is_as_odd_as_the_lowest_bar(value: float) -> None:
    assert compiled(FITTED, 1)([value]) == pytest.approx(3.321928094887362)  # −log₂ 0.1


@pytest.mark.parametrize(
    ("column", "path"),
    [({"edges": [0.0, 1.0, 2.0]}, "columns[0].edges"), ({"edges": [0.0, 2.0, 1.0, 3.0]}, "columns[0].edges")],
)
def test_a_column_that_does_not_hang_together_is_refused(column: Dict[str, Any], path: str) -> None:
    with pytest.raises(Fault) as found:
        compiled({"alpha": 0.1, "columns": [{**FITTED["columns"][0], **column}]}, 1)  # type: ignore[index]
    assert found.value.path == path
    with pytest.raises(Fault, match="2 features"):
        compiled(FITTED, 2)
