"""A trained model at work: which part of it answers for a person, and how odd it finds a sign-in."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from functools import partial
from typing import Any, Callable, Dict, List, Mapping, NamedTuple, Optional, Sequence, Tuple

from . import forest, histogram, tails
from .fault import Fault

ORGANISATION, PERSON = "organisation", "person"
Score = Callable[[Sequence[float]], float]
Compile = Callable[[Mapping[str, Any], int], Score]

ALGORITHMS: Mapping[str, Compile] = {
    "isolation_forest": forest.compiled,
    "hbos": histogram.compiled,
    "ecod": partial(tails.compiled, copula=False),
    "copod": partial(tails.compiled, copula=True),
}


class Part:
    """What was trained on the organisation, or on one person."""

    __slots__ = ("_cuts", "_ranks", "rows", "score", "threshold", "usual")

    def __init__(self, algorithm: str, row: Mapping[str, Any], width: int) -> None:
        """Raises Fault where the row does not hang together."""
        if len(row["usual"]) != width:
            raise Fault("usual", f"it has {len(row['usual'])} entries, and there are {width} features")
        try:
            self.score = ALGORITHMS[algorithm](row["model"], width)
        except Fault as fault:
            raise Fault(f"model.{fault.path}", fault.message) from fault
        self.rows: int = row["rows"]  # sign-ins of training
        self.usual: List[float] = [float(value) for value in row["usual"]]  # median of each feature
        self.threshold = float(row["threshold"])  # a score above it is an outlier
        self._cuts = [float(cut) for cut, _ in row["tail"]]
        self._ranks: List[int] = [rank for _, rank in row["tail"]]
        if any(one > other for one, other in zip(self._cuts, self._cuts[1:])):
            raise Fault("tail", "its scores are not in rising order")

    def prepared(self, values: Sequence[Optional[float]]) -> List[float]:
        """The vector as the model was trained on it: what is missing, or more usual than usual, is the usual."""
        return [usual if value is None or value < usual else value for value, usual in zip(values, self.usual)]

    def rarity(self, score: float) -> float:
        """Share of the sign-ins of training that scored at least as high, this one counted in: 1/(n + 1) to 1."""
        place = bisect_right(self._cuts, score)
        return ((self._ranks[place - 1] if place else self.rows) + 1.0) / (self.rows + 1.0)

    def causes(self, values: Sequence[float], number: int = 2) -> List[int]:
        """The features without which the score would fall most, the largest fall first; none that it would not fall for."""
        whole, falls = self.score(values), []
        for place, usual in enumerate(self.usual):
            if values[place] > usual:
                fall = whole - self.score([*values[:place], usual, *values[place + 1 :]])
                if fall > 0.0:
                    falls.append((-fall, place))
        return [place for _, place in sorted(falls)[:number]]


class Trained(NamedTuple):
    """A whole model: one part for everybody, or one for each of some people."""

    algorithm: str  # one of ALGORITHMS
    features: Tuple[str, ...]  # names in `features`, in the order of the vector
    scope: str  # ORGANISATION or PERSON
    provenance: Mapping[str, Any]
    parts: Dict[str, Part]  # by person, as the store names them; ORGANISATION where that is the scope

    def part(self, key: str) -> Optional[Part]:
        """What answers for a person; None where nothing was trained on them."""
        return self.parts.get(ORGANISATION if self.scope == ORGANISATION else key)


TAIL_STEP = 1.25  # between two ranks that are kept


def tail(scores: Sequence[float]) -> List[List[Any]]:
    """The highest scores of training, rising, each with how many reach it: at ranks 1, 2, 3 … ever more apart."""
    ordered, cuts, rank = sorted(scores), set(), 1
    while rank <= len(ordered):
        cuts.add(ordered[-rank])
        rank = max(rank + 1, int(rank * TAIL_STEP))
    return [[cut, len(ordered) - bisect_left(ordered, cut)] for cut in sorted(cuts)]
