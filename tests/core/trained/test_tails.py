"""ECOD and COPOD, frozen at training: by their definition, and what PyOD gives to a sign-in alone."""

from __future__ import annotations

import warnings
from functools import partial
from math import log
from typing import Any, Callable, List, Sequence

import pytest
from busybody.train import export
from busybody.trained.tails import BETWEEN, TAIL, compiled, table, thinned
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from .conftest import Original
from .tables import tables

EXACT = 1e-9
QUIET = settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def defined(rows: Sequence[Sequence[float]], skew: Sequence[int], copula: bool, asked: Sequence[float]) -> float:
    """The definition in words of one syllable: count, divide, take logarithms, add."""
    odd, total = 0.0, len(rows) + 1
    for place, value in enumerate(asked):
        left = -log((sum(row[place] <= value for row in rows) + 1) / total)
        right = -log((sum(row[place] >= value for row in rows) + 1) / total)
        skewed = {-1: left, 0: left + right, 1: right}[skew[place]]
        odd += max(skewed, (left + right) / 2) if copula else max(left, right, skewed)
    return odd


@QUIET
@given(tables(least=1), st.booleans(), st.data())
def test_scores_are_those_of_the_definition(drawn: Any, copula: bool, data: Any) -> None:
    rows, asked = drawn
    skew = data.draw(st.lists(st.sampled_from((-1, 0, 1)), min_size=len(rows[0]), max_size=len(rows[0])))
    columns = [{**table(column), "skew": lean} for column, lean in zip(map(list, zip(*rows)), skew)]
    score = compiled({"rows": len(rows), "columns": columns}, len(skew), copula=copula)
    theirs = [defined(rows, skew, copula, row) for row in asked]
    assert [score(row) for row in asked] == pytest.approx(theirs, abs=EXACT)


@QUIET
@given(tables(least=4), st.sampled_from(("ecod", "copod")))
def test_scores_are_those_of_the_original_for_a_batch_of_one(original: Original, drawn: Any, name: str) -> None:
    """Where the one sign-in does not turn the lean of a column, which the original works out anew with it."""
    rows, asked = drawn
    array, sign = original("numpy.array"), original("numpy.sign")
    lean: Callable[..., Any] = original(f"pyod.models.{name}.skew")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # of scipy: a column of one value has no skewness
        fitted = original(f"pyod.models.{name}.{name.upper()}")().fit(array(rows))
        skew = sign(lean(fitted.X_train)).tolist()
        score = compiled(export.tails(fitted.X_train, skew), len(rows[0]), copula=name == "copod")
        for row in asked:
            if sign(lean(array([*rows, row]))).tolist() == skew:
                assert score(row) == pytest.approx(float(fitted.decision_function(array([row]))[0]), abs=EXACT)


def long_history(values: int) -> List[float]:
    return [number * 0.5 + (number % 7) * 0.01 for number in range(values)]


def test_a_long_history_keeps_both_tails_exactly() -> None:
    rows = long_history(5_000)
    kept = table(rows)
    assert len(kept["values"]) == 2 * TAIL + BETWEEN
    score = compiled({"rows": len(rows), "columns": [{**kept, "skew": 1}]}, 1, copula=False)
    ordered = sorted(rows)
    exact = partial(defined, [[value] for value in rows], [1], False)
    for value in [*ordered[:TAIL], *ordered[-TAIL:], ordered[0] - 1.0, ordered[-1] + 1.0]:
        assert score([value]) == pytest.approx(exact([value]), abs=EXACT)


def test_a_long_history_makes_nothing_less_odd_than_it_is() -> None:
    rows = long_history(2_000)
    score = compiled({"rows": len(rows), "columns": [{**table(rows), "skew": 1}]}, 1, copula=False)
    exact = partial(defined, [[value] for value in rows], [1], False)
    for number in range(0, 2_000, 37):
        value = number * 0.5 + 0.3
        assert exact([value]) <= score([value]) <= exact([value]) + 0.3


@given(st.integers(1, 20_000))
def test_what_is_kept_is_in_order_and_bounded(size: int) -> None:
    kept = thinned(size)
    assert kept == sorted(set(kept))
    assert len(kept) == min(size, 2 * TAIL + BETWEEN)
    assert kept[0] == 0
    assert kept[-1] == size - 1
