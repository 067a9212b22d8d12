"""The learned fusion: boosted trees that may say "and", where a sum can only add.

    log-odds = BASE + Σ contributions
    contribution of a detector of habit = scale · weight · (blend · surprisal + its part of the lift / default weight)
    lift = margin(x) − margin(0) ≥ 0, since every tree is monotone

A detector's part of the lift is what the margin rises by when its features are put in, averaged over putting the
detectors in forwards and backwards: Shapley's value where two found something. `weight` is the policy's, the default
one the catalogue's. The sum that is blended in orders what falls into one leaf. Evidence and proof add by themselves.

The trees are fitted without a label of an attack: see `busybody.train.fusion`.
"""

from __future__ import annotations

import json
from bisect import bisect_left
from functools import lru_cache
from pathlib import Path
from typing import Any, Dict, List, Mapping, NamedTuple, Optional, Set, Tuple

from ..detectors import Signal, entry
from ..distinct import distinct
from ..errors import ModelError, shown
from ..policy import Policy
from ..profile import Profile
from ..signin import SignIn
from .features import NAMES, features

FORMAT, VERSION = "busybody-fusion", 1
REMEMBERED = 50_000  # margins
LARGEST = 1e9  # of any number in the file
SHIPPED = Path(__file__).with_name("trees.json")
Node = Any  # a leaf's value, or (feature, threshold, left where x <= threshold, right)


class Trees(NamedTuple):
    """A fitted fusion."""

    roots: Tuple[Node, ...]
    scale: float
    blend: float
    rest: float  # margin(0)
    provenance: Mapping[str, Any]
    cuts: Tuple[List[float], ...]  # for each feature the thresholds in order
    memory: Dict[Tuple[int, ...], float]

    def margin(self, values: List[float]) -> float:
        """Sum of the leaves that the values fall into; what was asked before, but for steps that no tree takes, is known."""
        steps = tuple(map(bisect_left, self.cuts, values))
        total = self.memory.get(steps)
        if total is None:
            total = _sum(self.roots, values)
            if len(self.memory) < REMEMBERED:
                self.memory[steps] = total
        return total

    def lifts(self, values: List[float], owned: Dict[str, List[int]]) -> Dict[str, float]:
        """Each detector's part of margin(x) − margin(0)."""
        forwards = list(owned)
        whole = self.margin(values)
        if len(forwards) == 1:
            return {forwards[0]: whole - self.rest}
        parts = dict.fromkeys(forwards, 0.0)
        for order in (forwards, forwards[::-1]):
            filled, before = [0.0] * len(values), self.rest
            for name in order[:-1]:
                for place in owned[name]:
                    filled[place] = values[place]
                after = self.margin(filled)
                parts[name] += (after - before) / 2.0
                before = after
            parts[order[-1]] += (whole - before) / 2.0
        return parts


def contributions(
    trees: Trees, signals: Dict[str, Signal], signin: SignIn, profile: Profile, policy: Policy
) -> Dict[str, float]:
    """What each detector of habit that found something adds to the log-odds."""
    values, owned = features(signin, profile, signals, policy)
    if not owned:
        return {}
    weights = policy.weights
    return {
        name: trees.scale * weights[name] * (trees.blend * signals[name].surprisal + lift / entry(name).weight)
        for name, lift in trees.lifts(values, owned).items()
    }


@lru_cache(maxsize=8)
def chosen(fusion: str) -> Optional[Trees]:
    """The trees that a policy's `trained.fusion` names; None for the plain sum. Raises ModelError.

    `shipped` ones were trained on simulated organisations (tools/fusion).
    """
    if fusion == "sum":
        return None
    path = SHIPPED if fusion == "shipped" else Path(fusion)
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        told = "Name one that `busybody train fusion` made, or say shipped or sum (trained.fusion)."
        raise ModelError(f"cannot be read ({error}). {told}", source=str(path)) from error
    return parse(text, str(path))


def parse(text: str, source: str) -> Trees:
    """The fusion in a file. Raises ModelError, naming the place, for what is no such file or does not hang together."""
    try:
        row = json.loads(text, object_pairs_hook=distinct)
        if row["format"] != FORMAT or row["version"] != VERSION:
            raise ValueError(f"it is {shown(row['format'])} of version {shown(row['version'])}")
        if tuple(row["features"]) != NAMES:
            raise ValueError(f"its features are {shown(row['features'])}")
        roots = tuple(map(_root, row["trees"]))
        return assembled(roots, _number(row["scale"]), _number(row["blend"]), dict(row["provenance"]))
    except (ValueError, KeyError, TypeError, IndexError, RecursionError) as error:
        raise ModelError(
            f"this is no fusion that this Busybody reads ({error}). Train one with 'busybody train fusion'.",
            source=source,
        ) from error


def assembled(roots: Tuple[Node, ...], scale: float, blend: float, provenance: Mapping[str, Any]) -> Trees:
    """Trees, ready to walk."""
    cuts: Tuple[Set[float], ...] = tuple(set() for _ in NAMES)
    for root in roots:
        _gather(root, cuts)
    return Trees(roots, scale, blend, _sum(roots, [0.0] * len(NAMES)), provenance, tuple(map(sorted, cuts)), {})


def _gather(node: Node, cuts: Tuple[Set[float], ...]) -> None:
    if node.__class__ is tuple:
        cuts[node[0]].add(node[1])
        _gather(node[2], cuts)
        _gather(node[3], cuts)


def _sum(roots: Tuple[Node, ...], values: List[float]) -> float:
    total = 0.0
    for node in roots:
        while node.__class__ is tuple:
            feature, threshold, left, right = node
            node = left if values[feature] <= threshold else right  # noqa: PLW2901  the walk down
        total += node
    return total


def _root(tree: List[Any]) -> Node:
    """Rows are [feature, threshold, left, right], a leaf is its value; children stand behind their one parent."""
    met: List[int] = []
    root = _node(tree, 0, met)
    if len(set(met)) != len(tree):
        raise ValueError("a node has no parent")
    return root


def _node(tree: List[Any], place: int, met: List[int]) -> Node:
    met.append(place)
    if len(met) > len(tree):
        raise ValueError("a node has two parents")
    row = tree[place]
    if not isinstance(row, list):
        return _number(row)
    feature, threshold, left, right = row
    if any(type(part) is not int for part in (feature, left, right)):
        raise ValueError(f"a node is {shown(row)}")
    if not (0 <= feature < len(NAMES) and place < left and place < right):
        raise ValueError(f"a node is {shown(row)}")
    return (feature, _number(threshold), _node(tree, left, met), _node(tree, right, met))


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not -LARGEST <= value <= LARGEST:
        raise ValueError(f"a number is {shown(value)}")
    return float(value)


def averaged(one: Trees, other: Trees) -> Trees:
    """The mean of two fusions' margins: one trained elsewhere keeps the other from believing a short history."""
    roots = tuple(_halved(root) for root in (*one.roots, *other.roots))
    return assembled(roots, one.scale, one.blend, {"averaged": [one.provenance, other.provenance]})


def _halved(node: Node) -> Node:
    if node.__class__ is tuple:
        feature, threshold, left, right = node
        return (feature, threshold, _halved(left), _halved(right))
    return node / 2.0


def to_json(trees: Trees) -> Dict[str, Any]:
    """What `parse` reads."""
    return {
        "format": FORMAT, "version": VERSION, "provenance": dict(trees.provenance), "features": list(NAMES),
        "scale": trees.scale, "blend": trees.blend, "trees": [_rows(root) for root in trees.roots],
    }  # fmt: skip


def _rows(root: Node) -> List[Any]:
    rows: List[Any] = []

    def put(node: Node) -> int:
        place = len(rows)
        rows.append(node)
        if node.__class__ is tuple:
            feature, threshold, left, right = node
            rows[place] = [feature, threshold, put(left), put(right)]
        return place

    put(root)
    return rows
