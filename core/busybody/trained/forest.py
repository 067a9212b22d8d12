"""Isolation forest: how few random cuts it takes to set a sign-in apart.

    score(x) = 2^(−mean depth(x) / c(ψ))            0 to 1; the score of Liu, Ting and Zhou, ICDM 2008
    depth    = cuts to the leaf + c(training rows in the leaf)
    c(n)     = 2 (ln(n − 1) + γ) − 2 (n − 1)/n;  c(2) = 1, c(1) = 0

It is scikit-learn's `IsolationForest`, whose `score_samples` is −score and whose `decision_function` is
threshold − score. Its trees compare in single precision, so the vector is rounded to that first.
"""

from __future__ import annotations

import struct
from math import copysign, inf, log
from typing import Any, Callable, Dict, List, Mapping, Sequence, Tuple

from .fault import Fault

EULER_GAMMA = 0.5772156649015329
LEAF = -1
Row = Dict[str, List[Any]]  # one tree: feature, threshold, right, samples, by node


def compiled(model: Mapping[str, Any], width: int) -> Callable[[Sequence[float]], float]:
    """The score as a function of a vector of `width` numbers. Raises Fault where the trees do not hang together.

    Nodes stand in the order in which a walk to the left meets them: the left child of node i is i + 1.
    """
    roots = [_tree(tree, width, f"trees[{number}]") for number, tree in enumerate(model["trees"])]
    scale = len(roots) * path_length(model["max_samples"])
    rounded = struct.Struct(f"{width}f")

    def score(values: Sequence[float]) -> float:
        try:
            x: Sequence[float] = rounded.unpack(rounded.pack(*values))
        except OverflowError:  # beyond single precision is infinite there
            x = [single(value) for value in values]
        depth = 0.0
        for root in roots:
            node = root
            while node.__class__ is tuple:
                feature, threshold, left, right = node
                node = left if x[feature] <= threshold else right
            depth += node
        return float(2.0 ** (-(depth / scale if scale else 1.0)))

    return score


def path_length(samples: int) -> float:
    """c(n): the mean depth of an unsuccessful search in a binary tree of n rows."""
    if samples <= 2:
        return float(samples == 2)
    return 2.0 * (log(samples - 1.0) + EULER_GAMMA) - 2.0 * (samples - 1.0) / samples


def single(value: float) -> float:
    """A number in single precision; what is too large for it is infinite."""
    try:
        return float(struct.unpack("f", struct.pack("f", value))[0])
    except OverflowError:
        return copysign(inf, value)


def _tree(row: Row, width: int, where: str) -> Any:
    """The root: a tuple (feature, threshold, left, right), or a leaf's depth."""
    features, thresholds, rights, samples = row["feature"], row["threshold"], row["right"], row["samples"]
    size = len(features)
    for name in ("threshold", "right", "samples"):
        if len(row[name]) != size:
            raise Fault(f"{where}.{name}", f"it has {len(row[name])} entries, and `feature` has {size}")
    depths = _depths(features, rights, width, where)
    nodes: List[Any] = [None] * size
    for place in range(size - 1, -1, -1):
        if features[place] == LEAF:
            nodes[place] = depths[place] + path_length(samples[place])
        else:
            nodes[place] = (features[place], float(thresholds[place]), nodes[place + 1], nodes[rights[place]])
    return nodes[0]


def _depths(features: List[int], rights: List[int], width: int, where: str) -> List[int]:
    """How deep each node lies, each having exactly one parent before it."""
    size = len(features)
    depths = [LEAF] * size
    depths[0] = 0
    for place, feature in enumerate(features):
        if depths[place] == LEAF:
            raise Fault(f"{where}.feature[{place}]", "no node leads there")
        if feature == LEAF:
            continue
        if feature >= width:
            raise Fault(f"{where}.feature[{place}]", f"there are only {width} features, and this is number {feature}")
        for child in _children(place, rights[place]):
            if not place < child < size or depths[child] != LEAF:
                raise Fault(f"{where}.right[{place}]", f"{rights[place]} is no node to the right of it")
            depths[child] = depths[place] + 1
    return depths


def _children(place: int, right: int) -> Tuple[int, int]:
    return place + 1, right
