"""Impostors: somebody else at a person's account, put together from the honest sign-ins of everybody.

A takeover brings a network, a device, an hour that are somebody's, and not this person's. So no attack needs to be
labelled to learn what one looks like. Shares as measured in docs/training.md.
"""

from __future__ import annotations

from collections import deque
from random import Random
from typing import Any, Deque, Dict, List, Mapping, Optional, Sequence, TypeVar

from ..places import Locator, address
from ..signin import SignIn

NETWORK = (
    "ip", "subnet", "network", "country", "region", "city", "lat", "lon", "accuracy_km", "asn", "as_org",
)  # fmt: skip
DEVICE = ("user_agent", "device", "version", "device_id")
PROOF = frozenset(("managed_device", "phishing_resistant"))
ANYBODYS, HOSTING, SAME_COUNTRY, OWN_NETWORK = 0.35, 0.60, 0.75, 0.85  # cumulated; the rest: seen nowhere yet
OWN_DEVICE, OTHER_HOUR, WITHOUT_ID = 0.35, 0.6, 0.5
DONORS = 20_000
ADDRESSES = 400
DAY = 86400.0
Drawn = TypeVar("Drawn")


class Impostors:
    """Draws impostors from the sign-ins it was shown."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._donors: Deque[SignIn] = deque(maxlen=DONORS)
        self._of_country: Dict[Optional[str], Deque[SignIn]] = {}
        self._hosting = _networks(random, ("hosting",))
        self._anywhere = _networks(random, None)

    def see(self, signin: SignIn) -> None:
        """One honest sign-in, whose parts others may borrow."""
        self._donors.append(signin)
        self._of_country.setdefault(signin.country, deque(maxlen=DONORS // 10)).append(signin)

    def draw(self, victim: SignIn) -> Optional[SignIn]:
        """Somebody else at this person's account, at about this time; None before anybody was seen."""
        random = self._random
        if not self._donors:
            return None
        parts = dict(self._network(victim, random.random()))
        if random.random() >= OWN_DEVICE:
            donor = self._any(self._donors)
            parts.update((name, getattr(donor, name)) for name in DEVICE)
        elif random.random() < WITHOUT_ID:
            parts["device_id"] = None
        if random.random() < OTHER_HOUR:
            parts["time"] = victim.time // DAY * DAY + random.random() * DAY
        return victim._replace(flags=tuple(flag for flag in victim.flags if flag not in PROOF), session=None, **parts)

    def _network(self, victim: SignIn, drawn: float) -> Mapping[str, Any]:
        if drawn < ANYBODYS:
            return _network_of(self._any(self._donors))
        if drawn < HOSTING:
            return self._any(self._hosting)
        if drawn < SAME_COUNTRY:
            return _network_of(self._any(self._of_country.get(victim.country) or self._donors))
        if drawn < OWN_NETWORK:
            return {}
        return self._any(self._anywhere)

    def _any(self, donors: Sequence[Drawn]) -> Drawn:
        return donors[int(self._random.random() * len(donors))]


def _network_of(signin: SignIn) -> Mapping[str, Any]:
    return {name: getattr(signin, name) for name in NETWORK}


def _networks(random: Random, classes: Optional[Sequence[str]]) -> List[Mapping[str, Any]]:
    """Addresses drawn from the whole of IPv4, of these classes, with what the packaged table says of them."""
    locator = Locator()
    found: List[Mapping[str, Any]] = []
    while len(found) < ADDRESSES:
        ip = f"{random.randrange(1, 224)}.{random.randrange(256)}.{random.randrange(256)}.{random.randrange(1, 255)}"
        place = locator.locate(ip)
        if place.asn is None or place.lat is None or (classes and place.network not in classes):
            continue
        found.append(
            {
                "ip": ip, "subnet": address.subnet(ip), "network": place.network, "country": place.country, "region": place.region,
                "city": place.city, "lat": place.lat, "lon": place.lon, "accuracy_km": place.accuracy_km, "asn": place.asn,
                "as_org": place.as_org,
            }
        )  # fmt: skip
    return found
