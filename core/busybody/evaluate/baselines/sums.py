"""Frequency sums: the surprisal of a few fields in the person's own history, with or without impossible travel.

    score = Σ −ln((count + 0.5) / (n + 1)) over the fields  +  4.6 · max P(the way from a recent place was impossible)

`Sum.strong()` (network class, ASN, device, travel) is the one that a model has to beat; `Sum.plain()` (country, ASN,
city, device) is what is usually written first. They learn everything, gate nothing and have no parameter to tune.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict, deque
from typing import Any, Deque, Dict, Sequence, Tuple

from ...places import distance_km
from ...signin import SignIn

RADII_KM = {"mobile": 250.0, "hosting": 500.0, "vpn": 500.0, "tor": 500.0}  # 67 % radius by network class, else 40
TRAVEL_WEIGHT = 4.6  # ln(0.5 / 0.005)


class Sum:
    """History of every person, as plain counts."""

    def __init__(self, fields: Sequence[str] = ("network", "asn", "device"), travel: bool = True) -> None:
        self._fields = [SignIn._fields.index(name) for name in fields]
        self._travel = travel
        self._counts: Dict[Tuple[str, int], Counter[Any]] = defaultdict(Counter)
        self._sizes: Counter[str] = Counter()
        self._places: Dict[str, Deque[Tuple[float, float, float, float]]] = defaultdict(lambda: deque(maxlen=5))

    @classmethod
    def strong(cls) -> Sum:
        return cls()

    @classmethod
    def plain(cls) -> Sum:
        return cls(("country", "asn", "city", "device"), travel=False)

    def score_and_learn(self, signin: SignIn) -> float:
        if signin.outcome != "success":
            return 0.0
        user, size = signin.user, self._sizes[signin.user]
        total = 0.0
        for field in self._fields:
            value = signin[field]
            if value is None:  # missing weighs nothing
                continue
            counts = self._counts[user, field]
            total -= math.log((counts[value] + 0.5) / (size + 1))
            counts[value] += 1
        self._sizes[user] += 1
        return total + (TRAVEL_WEIGHT * self._impossible(signin) if self._travel else 0.0)

    def _impossible(self, signin: SignIn) -> float:
        if signin.lat is None or signin.lon is None:
            return 0.0
        radius = RADII_KM.get(signin.network or "", 40.0)
        worst = 0.0
        for time, lat, lon, other in self._places[signin.user]:
            distance = distance_km(lat, lon, signin.lat, signin.lon)
            if distance < 100:
                continue
            hours = abs(signin.time - time) / 3600.0
            feasible = max(100 * hours + 30, 850 * (hours - 0.75))
            sigma = math.hypot(radius, other) / 1.489 + 20
            worst = max(worst, 0.5 + 0.5 * math.erf((distance - feasible) / sigma / math.sqrt(2)))
        self._places[signin.user].append((signin.time, signin.lat, signin.lon, radius))
        return worst
