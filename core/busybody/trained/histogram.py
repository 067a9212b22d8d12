"""HBOS: how low the bars of the histograms are in which a sign-in lands, feature by feature.

    score(x) = −Σ log₂(density(x_i) + α)            Goldstein and Dengel, KI 2012

It is PyOD's `HBOS.decision_function`. A bin holds what is above its lower edge, up to and with its upper one. What
lies below or above all bins belongs to the outermost one while it is no farther off than `reach` (PyOD's tolerance
times that bin's width), else to the lowest bar there is.
"""

from __future__ import annotations

from bisect import bisect_left
from math import log2
from typing import Any, Callable, List, Mapping, Sequence, Tuple

from .fault import Fault

Column = Tuple[List[float], List[float], float, float, float]  # edges, bars, lowest bar, reach below and above


def compiled(model: Mapping[str, Any], width: int) -> Callable[[Sequence[float]], float]:
    """The score as a function of a vector of `width` numbers. Raises Fault where a column does not hang together."""
    rows = model["columns"]
    if len(rows) != width:
        raise Fault("columns", f"there are {len(rows)}, and {width} features")
    columns = [_column(row, model["alpha"], f"columns[{number}]") for number, row in enumerate(rows)]

    def score(values: Sequence[float]) -> float:
        total = 0.0
        for value, (edges, bars, lowest, below, above) in zip(values, columns):
            place = bisect_left(edges, value)
            if place == 0:
                total += bars[0] if edges[0] - value <= below else lowest
            elif place == len(edges):
                total += bars[-1] if value - edges[-1] <= above else lowest
            else:
                total += bars[place - 1]
        return -total

    return score


def _column(row: Mapping[str, Any], alpha: float, where: str) -> Column:
    edges = [float(edge) for edge in row["edges"]]
    densities = row["density"]
    if len(edges) != len(densities) + 1:
        raise Fault(f"{where}.edges", f"it has {len(edges)} entries for {len(densities)} bins, one more is needed")
    if any(one > other for one, other in zip(edges, edges[1:])):
        raise Fault(f"{where}.edges", "they are not in order")
    bars = [log2(density + alpha) for density in densities]
    return edges, bars, min(bars), float(row["reach"][0]), float(row["reach"][1])
