"""The world of the simulator: real cities, operators and prefixes, and what the scorer takes them for."""

from __future__ import annotations

import functools
import ipaddress
import json
import math
import os
from random import Random
from typing import Any, Dict, List, NamedTuple, Optional, Sequence, Tuple

from .clock import Zone, zone_of

# ip, subnet, network, country, region, city, lat, lon, accuracy_km, asn, as_org: SignIn's fields, in its order
Access = Tuple[
    Optional[str], Optional[str], Optional[str], str, Optional[str], str, float, float, Optional[float], int, str
]

COUNTRIES = ("US", "DE", "NL", "GB", "FR", "SG", "PL", "RO")  # where networks are rented, when nothing is said
RADII_KM = {"mobile": 250.0, "hosting": 500.0, "vpn": 500.0}  # as a pipeline would have it; else 40


def distance_km(lat1: float, lon1: float, lat2: float, lon2: float) -> float:
    """Great circle, for planning trips and for the evaluation of the baseline."""
    a, b = math.radians(lat1), math.radians(lat2)
    half = math.sin((b - a) / 2) ** 2 + math.cos(a) * math.cos(b) * math.sin(math.radians(lon2 - lon1) / 2) ** 2
    return 12742.0 * math.asin(math.sqrt(min(1.0, half)))


class City(NamedTuple):
    number: int
    country: str
    region: Optional[str]
    name: str
    lat: float
    lon: float
    home: bool
    zone: Zone


class Site:
    """One operator's addresses in one city."""

    __slots__ = ("asn", "org", "kind", "seen", "flags", "city", "blocks", "v6", "weight", "place", "hidden")

    def __init__(self, asn: int, operator: Sequence[Any], city: City) -> None:
        self.asn = asn
        self.org: str = operator[0]
        self.kind: str = operator[1]
        self.seen: Optional[str] = operator[3]  # by the scorer's classifier on the day this was frozen
        self.hidden = bool(operator[4])  # a name that no classifier can see through
        self.flags: Tuple[str, ...] = ()
        self.city = city
        self.blocks: List[Tuple[int, int]] = []
        self.v6: Optional[int] = None
        self.weight: float = 2.0 ** (operator[2] / 2)
        self.place: Tuple[Any, ...] = ()

    def settle(self) -> None:
        """Fixes what every address of the site has in common, once the scorer's view of it is known."""
        city = self.city
        radius = RADII_KM.get(self.seen or "", 40.0)
        self.place = (self.seen, city.country, city.region, city.name, city.lat, city.lon, radius, self.asn, self.org)

    def lease(self, rng: Random, near: Optional[str] = None) -> Access:
        """An IPv4 address; with `near`, mostly one of the same /24, as a renewed lease is."""
        if near is not None and rng.random() < 0.7:
            subnet = near.rsplit(".", 1)[0]
        else:
            start, size = self.blocks[int(rng.random() * len(self.blocks))]
            base = start + int(rng.random() * size)
            subnet = f"{base >> 24}.{base >> 16 & 255}.{base >> 8 & 255}"
        return (f"{subnet}.{1 + int(rng.random() * 254)}", f"{subnet}.0/24") + self.place

    def lease6(self, rng: Random) -> Access:
        """An IPv6 address in a /64 of its own."""
        assert self.v6 is not None
        site = self.v6 >> 80 | rng.getrandbits(8)
        address = ipaddress.IPv6Address(site << 80 | rng.getrandbits(8) << 64 | rng.getrandbits(64))
        return (str(address), f"{ipaddress.IPv6Address(site << 80)}/48") + self.place

    def same_64(self, rng: Random, address: str) -> str:
        """Another privacy address of the same home."""
        upper = int(ipaddress.IPv6Address(address)) >> 64
        return str(ipaddress.IPv6Address(upper << 64 | rng.getrandbits(64)))


class World:
    """Every site, by class and country and by class and city."""

    def __init__(self, rng: Random, misclassified: float) -> None:
        data = _data()
        self.misclassified = misclassified
        self.secret: Dict[Tuple[str, str], List[Site]] = {}
        self.cities = [
            City(i, row[0], row[1] or None, row[2], row[3], row[4], bool(row[5]), zone_of(row[0], row[4]))
            for i, row in enumerate(data["cities"])
        ]
        self.by_country: Dict[Tuple[str, str], List[Site]] = {}
        self.by_city: Dict[Tuple[str, int], List[Site]] = {}
        self.by_kind: Dict[str, List[Site]] = {}
        self.by_operator: Dict[int, List[Site]] = {}
        sites: Dict[Tuple[int, int], Site] = {}
        for asn, city, prefix, *six in data["prefixes"]:
            site = sites.get((asn, city))
            if site is None:
                operator = data["operators"][str(asn)]
                site = sites[asn, city] = Site(asn, operator, self.cities[city])
                self._file(site)
            if six:
                site.v6 = int(ipaddress.IPv6Address(six[0].split("/")[0]))
            first, bits = prefix.split("/")
            site.blocks.append((int(ipaddress.IPv4Address(first)), 1 << (32 - int(bits))))
        self._flag(rng)
        for site in sites.values():
            site.settle()
        self.homes: Dict[str, List[City]] = {}
        for city_ in self.cities:
            if city_.home and ("residential", city_.number) in self.by_city:
                self.homes.setdefault(city_.country, []).append(city_)
        for country, homes in self.homes.items():  # rather where mobile operators come out nearby
            served = [home for home in homes if self._served(home)]
            self.homes[country] = served or homes

    def _file(self, site: Site) -> None:
        if site.hidden:
            self.secret.setdefault((site.kind, site.city.country), []).append(site)
            self.by_operator.setdefault(site.asn, []).append(site)
            return
        self.by_country.setdefault((site.kind, site.city.country), []).append(site)
        self.by_city.setdefault((site.kind, site.city.number), []).append(site)
        self.by_kind.setdefault(site.kind, []).append(site)
        self.by_operator.setdefault(site.asn, []).append(site)

    def _flag(self, rng: Random) -> None:
        """Which operators the identity provider itself knows for proxies."""
        for asn in sorted(self.by_operator):
            sites = self.by_operator[asn]
            if rng.random() < 0.3 and sites[0].kind in ("hosting", "vpn") and not sites[0].hidden:
                for site in sites:
                    site.flags = ("proxy",)

    def _served(self, home: City) -> bool:
        gateways = self.by_country.get(("mobile", home.country), [])
        return any(distance_km(home.lat, home.lon, site.city.lat, site.city.lon) < 200 for site in gateways)

    def sites(self, kind: str, country: Optional[str] = None, city: Optional[City] = None) -> List[Site]:
        """Sites of the true class, in the city or else its country or else anywhere; never empty."""
        if city is not None:
            found = self.by_city.get((kind, city.number)) or self.by_country.get((kind, city.country))
            if found:
                return found
        elif country is not None:
            found = self.by_country.get((kind, country))
            if found:
                return found
        if kind in ("mobile", "organisation", "vpn") and (city is not None or country is not None):
            return self.sites("hosting" if kind == "vpn" else "residential", country, city)
        return self.by_kind[kind]

    def pick(self, rng: Random, kind: str, country: Optional[str] = None, city: Optional[City] = None) -> Site:
        """One site, larger operators more often; of hosting and VPN, the configured share are of the hidden ones."""
        if kind in ("hosting", "vpn") and rng.random() < self.misclassified:
            where = country or (city.country if city is not None else None)
            secret = self.secret.get((kind, where or rng.choice(COUNTRIES)))
            if secret:
                return secret[int(rng.random() * len(secret))]
        found = self.sites(kind, country, city)
        return rng.choices(found, [site.weight for site in found])[0] if len(found) > 1 else found[0]


@functools.lru_cache(maxsize=1)
def _data() -> Any:
    with open(os.path.join(os.path.dirname(__file__), "networks.json"), encoding="utf-8") as stream:
        return json.load(stream)
