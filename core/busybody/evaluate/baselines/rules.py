"""The rules of three products, from their documentation and rule files; each sign-in scores what of them fires.

Rules have no scale of their own. Where several sign-ins fire the same rules, the implied speed orders them, so that a
cut can be set at all.
"""

from __future__ import annotations

from collections import defaultdict, deque
from typing import Any, Deque, Dict, List, Optional, Set, Tuple

from ...places import distance_km
from ...signin import SignIn

DAY, HOUR = 86400.0, 3600.0
ANONYMOUS = frozenset({"tor", "vpn", "proxy", "anonymous"})
FASTEST = 100_000.0  # km/h; only an order among equals


def journey(before: Optional[SignIn], signin: SignIn) -> Tuple[float, float]:
    """Distance (km) from the sign-in before and the implied speed (km/h); zeros where either place is unknown."""
    if before is None or None in (before.lat, before.lon, signin.lat, signin.lon):
        return 0.0, 0.0
    distance = distance_km(before.lat or 0.0, before.lon or 0.0, signin.lat or 0.0, signin.lon or 0.0)
    return distance, min(FASTEST, distance / max((signin.time - before.time) / HOUR, 1 / 3600))


class BuffaLogs:
    """Impossible travel (> 100 km, > 300 km/h), country new or not seen for 30 days, anonymous address.

    New devices are filtered by default, as there.
    """

    def __init__(self) -> None:
        self._before: Dict[str, SignIn] = {}
        self._countries: Dict[str, Dict[str, float]] = defaultdict(dict)

    def score_and_learn(self, signin: SignIn) -> float:
        if signin.outcome != "success":
            return 0.0
        user = signin.user
        distance, speed = journey(self._before.get(user), signin)
        fired = int(distance > 100 and speed > 300)
        countries, country = self._countries[user], signin.country
        if country is not None:
            if countries and signin.time - countries.get(country, -1e18) > 30 * DAY:
                fired += 1
            countries[country] = signin.time
        fired += signin.network in ("tor", "vpn") or not ANONYMOUS.isdisjoint(signin.flags)
        self._before[user] = signin
        return fired + speed / FASTEST / 1000 if fired else 0.0


class Okta:
    """Behavior Detection: speed above 805 km/h, and city (of the last 20), state (15), country (10), position outside
    20 km (20), device (20) and address (50) that are new among the latest successes."""

    FIELDS = (("city", 20), ("region", 15), ("country", 10), ("device", 20), ("ip", 50))

    def __init__(self) -> None:
        self._recent: Dict[Tuple[str, str], Deque[Any]] = {}
        self._positions: Dict[str, Deque[Tuple[float, float]]] = defaultdict(lambda: deque(maxlen=20))
        self._before: Dict[str, SignIn] = {}

    def score_and_learn(self, signin: SignIn) -> float:
        if signin.outcome != "success":
            return 0.0
        user = signin.user
        _, speed = journey(self._before.get(user), signin)
        fired = int(speed > 805)
        for field, length in self.FIELDS:
            value = getattr(signin, field)
            if value is not None:
                recent = self._recent.setdefault((user, field), deque(maxlen=length))
                fired += bool(recent) and value not in recent
                recent.append(value)
        if signin.lat is not None and signin.lon is not None:
            here, positions = (signin.lat, signin.lon), self._positions[user]
            fired += bool(positions) and all(here != one and distance_km(*one, *here) > 20 for one in positions)
            positions.append(here)
        self._before[user] = signin
        return fired + speed / FASTEST / 1000


class Elastic:
    """Prebuilt rules by their risk scores: two places at least 500 km apart at 800 km/h or more within 90 minutes (47),
    an ASN that is new for the person (21), a first device code (47) or legacy client (47), a first proxy (47)."""

    def __init__(self) -> None:
        self._recent: Dict[str, Deque[SignIn]] = defaultdict(lambda: deque(maxlen=20))
        self._terms: Dict[str, Set[Any]] = defaultdict(set)

    def score_and_learn(self, signin: SignIn) -> float:
        if signin.outcome != "success":
            return 0.0
        recent, terms = self._recent[signin.user], self._terms[signin.user]
        risk = 0.0
        for before in recent if signin.interactive is not False else ():
            distance, speed = journey(before, signin)
            if signin.time - before.time <= 5400 and distance >= 500 and speed >= 800:
                risk = 47.0
        fired: List[Tuple[Any, float]] = [(signin.asn, 21.0)] if terms and signin.asn is not None else []
        if signin.method in ("device_code", "legacy"):
            fired.append((signin.method, 47.0))
        if "proxy" in signin.flags:
            fired.append(("proxy", 47.0))
        risk += sum(points for term, points in fired if term not in terms)
        terms.update(term for term, _ in fired)
        terms.add(signin.asn)
        recent.append(signin)
        return risk
