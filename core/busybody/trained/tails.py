"""ECOD and COPOD: how far out in the tails of training a sign-in lies, feature by feature.

    left(x)  = −ln ((#{rows ≤ x} + 1) / (n + 1))      right(x) = −ln ((#{rows ≥ x} + 1) / (n + 1))      [nats]
    skewed   = left where the column leans left (skewness < 0), right where it leans right, both added at 0
    ECOD     = Σ max(left, right, skewed)              Li and others, TKDE 2022
    COPOD    = Σ max((left + right) / 2, skewed)       Li and others, ICDM 2020

PyOD ranks what it scores together with the training rows, so that its score depends on what else is in the batch.
Here training is frozen: what a sign-in scores is what PyOD gives to it alone, with the skewness of training. The
rows are kept as a table of values and ranks. A table of every value is exact; of a longer history it holds the
outermost values and every so-manyth between (`thinned`), and what falls between two of them has the smaller count
of the two on either side: never less odd than it is.
"""

from __future__ import annotations

from bisect import bisect_left
from math import log
from typing import Any, Callable, Dict, List, Mapping, Sequence, Tuple

from .fault import Fault

TAIL, BETWEEN = 128, 256  # values kept at either end, and of those between
Column = Tuple[List[float], List[float], List[float]]  # values; oddness at each, and before, between and after them


def compiled(model: Mapping[str, Any], width: int, *, copula: bool) -> Callable[[Sequence[float]], float]:
    """The score as a function of a vector of `width` numbers: COPOD's where `copula`, else ECOD's.

    Raises Fault where a column does not hang together.
    """
    rows = model["columns"]
    if len(rows) != width:
        raise Fault("columns", f"there are {len(rows)}, and {width} features")
    total = model["rows"]
    columns = [_column(row, total, copula, f"columns[{number}]") for number, row in enumerate(rows)]

    def score(values: Sequence[float]) -> float:
        odd = 0.0
        for value, (known, at, between) in zip(values, columns):
            place = bisect_left(known, value)
            odd += at[place] if place < len(known) and known[place] == value else between[place]
        return odd

    return score


def table(values: Sequence[float]) -> Dict[str, List[Any]]:
    """A column of training as values with the number of rows at or below and at or above each."""
    ordered = sorted(values)
    known: List[float] = []
    below: List[int] = []
    for number, value in enumerate(ordered, 1):
        if known and known[-1] == value:
            below[-1] = number
        else:
            known.append(value)
            below.append(number)
    above = [len(ordered), *(len(ordered) - count for count in below[:-1])]
    kept = thinned(len(known))
    return {
        name: [row[place] for place in kept] for name, row in (("values", known), ("below", below), ("above", above))
    }


def thinned(size: int) -> List[int]:
    """Which of so many values are kept: both tails, and evenly of those between."""
    if size <= 2 * TAIL + BETWEEN:
        return list(range(size))
    middle = size - 2 * TAIL
    between = [TAIL + (2 * number + 1) * middle // (2 * BETWEEN) for number in range(BETWEEN)]
    return [*range(TAIL), *between, *range(size - TAIL, size)]


def _column(row: Mapping[str, Any], total: int, copula: bool, where: str) -> Column:
    known, below, above, skew = [float(value) for value in row["values"]], row["below"], row["above"], row["skew"]
    for name in ("below", "above"):
        if len(row[name]) != len(known):
            raise Fault(f"{where}.{name}", f"it has {len(row[name])} entries, and `values` has {len(known)}")
        if any(count > total for count in row[name]):
            raise Fault(f"{where}.{name}", f"a count is above `rows`, {total}")
    if any(one >= other for one, other in zip(known, known[1:])):
        raise Fault(f"{where}.values", "they are not in rising order")

    def odd(rows_below: int, rows_above: int) -> float:
        left, right = -log((rows_below + 1.0) / (total + 1.0)), -log((rows_above + 1.0) / (total + 1.0))
        skewed = left + right if not skew else left if skew < 0 else right
        return max(skewed, (left + right) / 2.0) if copula else max(left, right, skewed)

    at = [odd(*counts) for counts in zip(below, above)]
    between = [odd(*counts) for counts in zip([0, *below], [*above, 0])]
    return known, at, between
