"""Freeman, Jain, Dürmuth, Biggio, Giacinto, "Who Are You?", NDSS 2016, with the weights of the public reference.

    score = ln Π_k p(x_k) / p(x_k | u)  +  ln (1 / |U|) / (n_u / N)
    p     = Σ_j λ_j · count(h_j(x)) / n      over address, ASN, country; and agent, browser + version, system, form

Only the most specific level is smoothed (p(unseen) = M / (N + M), M distinct values); a person's likelihood of 0
becomes a quarter of everybody's; people without history are not scored.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from math import log
from typing import Any, Dict, List, Optional, Sequence, Tuple

from ...signin import SignIn

WEIGHTS = ((0.6, 0.3, 0.1), (0.5387, 0.2680, 0.1882, 0.0051))
Levels = Tuple[Any, ...]


class Freeman:
    def __init__(self) -> None:
        self._all: List[List[Counter[Any]]] = [[Counter() for _ in weights] for weights in WEIGHTS]
        self._own: Dict[str, List[List[Counter[Any]]]] = defaultdict(
            lambda: [[Counter() for _ in weights] for weights in WEIGHTS]
        )
        self._sizes: Counter[str] = Counter()
        self._total = 0

    def score_and_learn(self, signin: SignIn) -> float:
        if signin.outcome != "success":
            return 0.0
        features = levels(signin)
        size, total = self._sizes[signin.user], self._total
        score = self._score(signin.user, features, size, total) if size else 0.0
        own = self._own[signin.user]
        for feature, values in enumerate(features):
            if values is not None:
                for level, value in enumerate(values):
                    self._all[feature][level][value] += 1
                    own[feature][level][value] += 1
        self._sizes[signin.user] += 1
        self._total += 1
        return score

    def _score(self, user: str, features: Sequence[Optional[Levels]], size: int, total: int) -> float:
        score = log(total / (size * len(self._sizes)))
        own = self._own[user]
        for feature, values in enumerate(features):
            if values is None:
                continue
            weights = WEIGHTS[feature]
            everybody = likelihood(self._all[feature], values, weights, total, smooth=True)
            person = likelihood(own[feature], values, weights, size, smooth=False) or everybody / 4
            score += log(everybody / person)
        return score


def levels(signin: SignIn) -> Tuple[Optional[Levels], Optional[Levels]]:
    """Address and agent, from the most specific level to the least."""
    address = None if signin.ip is None else (signin.ip, signin.asn, signin.country)
    if signin.user_agent is None or signin.device is None:
        return address, None
    system, _, rest = signin.device.partition("-")
    form, _, browser = rest.partition("-")
    return address, (signin.user_agent, (browser, signin.version), system, form)


def likelihood(
    counts: List[Counter[Any]], values: Levels, weights: Sequence[float], total: int, *, smooth: bool
) -> float:
    answer = 0.0
    for level, (value, weight) in enumerate(zip(values, weights)):
        seen = counts[level][value]
        if level or not smooth:
            answer += weight * seen / total
            continue
        kinds = len(counts[level])
        unseen = kinds / (total + kinds)
        answer += weight * (seen / total * (1 - unseen) if seen else unseen)
    return answer
