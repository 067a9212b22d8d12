"""The user's own MMDB files: city, AS and anonymous-IP databases of MaxMind, DB-IP and those who write like them.

What a file knows of an address takes the place of what the packaged table says; what it does not know stays.
Needs the package `maxminddb` (the extra `geo`), which is imported when the first file is opened.
"""

from __future__ import annotations

from typing import Any, Callable, Mapping, NamedTuple, Optional

from ..errors import InputError, MissingExtra
from . import networks
from .address import parse
from .table import NOWHERE, Place, with_class

# Flags of anonymous-IP databases, the most telling first, and the class that each speaks of.
ANONYMOUS_FLAGS = (
    ("is_tor_exit_node", "tor"),
    ("is_anonymous_vpn", "vpn"),
    ("is_public_proxy", "vpn"),
    ("is_residential_proxy", "vpn"),
    ("is_hosting_provider", "hosting"),
    ("is_anonymous", "vpn"),
)
LOCATION_MEANS_LITTLE = ("hosting", "vpn", "tor")  # whatever radius the file gives, the user may be anywhere


class Database:
    """One MMDB file. InputError names the file and the fault, when it is opened or when a look-up meets the fault."""

    def __init__(self, path: str) -> None:
        try:
            import maxminddb
        except ImportError:
            raise MissingExtra("maxminddb", "geo", "Reading MMDB files") from None
        self.path = path
        try:
            self._reader = maxminddb.open_database(path)
            metadata = self._reader.metadata()
        except OSError as error:
            raise InputError(f"the database cannot be opened: {error.strerror}.", source=path) from None
        except Exception as error:  # noqa: BLE001  the readers raise half a dozen kinds on damaged files
            raise _damaged(path, error) from None
        self.kind: str = metadata.database_type
        self._knows_ipv6 = metadata.ip_version == 6

    def get(self, ip: str) -> Mapping[str, Any]:
        """The record of a canonical address, empty where the file has none."""
        if ":" in ip and not self._knows_ipv6:
            return {}
        try:
            record = self._reader.get(ip)
        except Exception as error:  # noqa: BLE001  as above
            raise _damaged(self.path, error) from None
        return record if isinstance(record, dict) else {}


class Found(NamedTuple):
    """What a city record says, in whichever way its maker writes it."""

    country: Optional[str]
    region: Optional[str]
    city: Optional[str]
    lat: Optional[float]
    lon: Optional[float]
    radius_km: Optional[float]


class Databases:
    """Up to three databases over another way to locate, which answers for what they do not know."""

    def __init__(
        self, city: Optional[str], asn: Optional[str], anonymous: Optional[str], find: Callable[[str], Place]
    ) -> None:
        self._city = Database(city) if city else None
        self._asn = Database(asn) if asn else None
        self._anonymous = Database(anonymous) if anonymous else None
        self._find = find

    def locate(self, ip: str) -> Place:
        """The place of an address; NOWHERE for a text that is none."""
        plain = parse(ip)
        if plain is None:
            return NOWHERE
        place = self._find(plain)
        found = _city(self._city.get(plain)) if self._city else None
        if self._asn:
            place = _with_system(place, self._asn.get(plain))
        if self._anonymous:
            network = _anonymous_class(self._anonymous.get(plain))
            if network is not None:
                place = with_class(place, network)
        return place if found is None else _with_city(place, found)


def _damaged(path: str, error: Exception) -> InputError:
    fault = str(error).rstrip(".") or type(error).__name__
    return InputError(f"the database is damaged: {fault}. Fetch the file anew.", source=path)


def _with_city(place: Place, found: Found) -> Place:
    """The place with the file's position; its radius too, unless the network hides where the user is."""
    radius = networks.accuracy_km(place.network)
    if found.radius_km is not None and place.network not in LOCATION_MEANS_LITTLE:
        radius = found.radius_km
    return Place(*found[:5], None if found.lat is None else radius, *place[6:])


def _with_system(place: Place, record: Mapping[str, Any]) -> Place:
    asn = _number(record, "autonomous_system_number", int)
    if asn is None:
        return place
    as_org = _text(record, "autonomous_system_organization")
    network = networks.classify(asn, as_org)
    radius = None if place.lat is None else networks.accuracy_km(network)
    return place._replace(asn=asn, as_org=as_org, network=network, accuracy_km=radius)


def _anonymous_class(record: Mapping[str, Any]) -> Optional[str]:
    """The class that a record of an anonymous-IP, anonymous-plus or residential-proxy database speaks of."""
    for name in ("traits", "residential", "anonymizer"):  # some files put the flags one level down
        inner = record.get(name)
        if isinstance(inner, dict):
            record = {**record, **inner}
    for flag, network in ANONYMOUS_FLAGS:
        if record.get(flag) is True:
            return network
    return "vpn" if record.get("anonymizer_confidence") else None


def _city(record: Mapping[str, Any]) -> Optional[Found]:
    """A city record, nested as MaxMind and DB-IP write it or flat as ip-location-db does; None where it has no country."""
    if isinstance(record.get("country_code"), str):
        return Found(
            _text(record, "country_code"),
            _text(record, "state1"),
            _text(record, "city"),
            _number(record, "latitude", float),
            _number(record, "longitude", float),
            None,
        )
    country = _inner(record, "country") or _inner(record, "registered_country")
    if not country.get("iso_code"):
        return None
    regions = record.get("subdivisions")
    region = regions[0] if isinstance(regions, list) and regions and isinstance(regions[0], dict) else {}
    location = _inner(record, "location")
    return Found(
        _text(country, "iso_code"),
        _text(_inner(region, "names"), "en"),
        _text(_inner(_inner(record, "city"), "names"), "en"),
        _number(location, "latitude", float),
        _number(location, "longitude", float),
        _number(location, "accuracy_radius", float),
    )


def _inner(record: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = record.get(name)
    return value if isinstance(value, dict) else {}


def _text(record: Mapping[str, Any], name: str) -> Optional[str]:
    value = record.get(name)
    return value if isinstance(value, str) and value else None


def _number(record: Mapping[str, Any], name: str, kind: Callable[[Any], Any]) -> Any:
    value = record.get(name)
    return kind(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None
