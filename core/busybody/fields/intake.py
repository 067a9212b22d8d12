"""Intake: one record of any known format -> one SignIn.

What the event carries (place, ASN, network class, flags) wins over the table unless the policy says
`geo.prefer: table`; a place is never put together from two sources that disagree.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any, Dict, List, Mapping, NamedTuple, Optional, Sequence, Tuple, Union

from ..devices import parse as parse_device
from ..errors import RecordError
from ..identity import Identity
from ..places import NOWHERE, Place, address, networks
from ..signin import NO_EXTRA, SignIn
from .conditions import always
from .networks import ClassRules
from .paths import Slots
from .reader import ORDER, Reader
from .registry import Registry
from .times import TimeReader

_SOURCES = 256  # whose time readers are kept; records name their source themselves
_REMEMBERED = 65536  # addresses whose place is remembered
_make = SignIn._make  # half the time of SignIn(…)


class Skipped(NamedTuple):
    """A record that is no sign-in, and why."""

    reason: str


Located = Tuple[Optional[str], Place]  # subnet, what the table knows
Spot = Tuple[Optional[str], Optional[str], Optional[str], Optional[float], Optional[float], Optional[float]]
NO_ADDRESS: Located = (None, NOWHERE)


class Intake:
    """Reads records by the packaged maps and the policy's own.

    `source` names the data set where it is known and overrides what the record says; `reference_time` (epoch
    seconds) dates times without a year to the nearest past; `extra` are the paths that go to `SignIn.extra`.
    """

    def __init__(
        self,
        policy: Any,
        locator: Any,
        *,
        source: Optional[str] = None,
        reference_time: Optional[float] = None,
        extra: Sequence[str] = (),
    ) -> None:
        self._policy = policy
        self._locator = locator
        self._source = source
        self._reference = reference_time
        self._identity = Identity(policy)
        self._prefer_table = getattr(getattr(policy, "geo", None), "prefer", "event") == "table"
        self._classes = ClassRules(policy)
        self._times: Dict[str, TimeReader] = {}
        self._located: Dict[str, Located] = {}
        self.registry = Registry(getattr(policy, "maps", None) or (), _address, _first)
        self._extra = [
            (path, {reader.map.name: reader.path_slot(path) for reader in self.registry.readers}) for path in extra
        ]

    def read(self, record: Mapping[str, Any]) -> Union[SignIn, Skipped]:
        """The sign-in, or why the record is none. Raises RecordError, which names the field, for a broken one."""
        reader, slots = self.registry.find(record)
        if reader is None:
            return Skipped("no map knows this format" if record else "the record is empty")
        reason = reader.skipped(slots)
        if reason is not None:
            return Skipped(reason)
        try:
            return self._signin(record, reader, slots)
        except (ValueError, OverflowError) as error:
            raise self._diagnosed(reader, slots, error) from error
        except RecursionError as error:
            raise RecordError("the record is nested too deeply.", key="id") from error

    def explain(self, record: Mapping[str, Any]) -> Any:
        """Which field became what and why, for people: an `explain.Explanation`."""
        from .explain import explain

        return explain(self, record)

    def _signin(self, record: Mapping[str, Any], reader: Reader, slots: Slots) -> Union[SignIn, Skipped]:
        # One long function: every call in it would cost every record a tenth of a microsecond.
        (
            name, raw_time, ip, own_source, asn, as_org, raw_id, user_agent, outcome, device_id, app, session, method,
            mfa, interactive, group, network,
        ) = [get(slots) for get in reader.ordered]  # fmt: skip
        if name is None:
            return Skipped("no user is named (" + ", ".join(entry.label for entry in reader.entries["user"]) + ")")
        source = self._source or own_source or reader.map.source
        if raw_time is None:
            raise ValueError("is missing")
        time = (self._times.get(source) or self._time_reader(source)).read(raw_time)
        flags = tuple([flag for flag, holds in reader.flags if holds(slots)]) if reader.flags else ()
        subnet, table = NO_ADDRESS if ip is None else self._located.get(ip) or self._locate(ip)
        if table.asn is not None and (asn is None or self._prefer_table):
            asn, as_org = table.asn, table.as_org
        elif as_org is None and asn is not None and asn == table.asn:
            as_org = table.as_org
        network = self._classes.network(ip, asn, as_org, network, flags, table)
        place = event_place(reader, slots)
        if place is None or place[3] is None or self._prefer_table:
            place = self._merged(place, table)
        country, region, city, lat, lon, accuracy_km = place
        if lat is not None and accuracy_km is None:
            accuracy_km = networks.accuracy_km(network)
        if user_agent is None:
            device = version = None
        else:
            parsed = parse_device(user_agent)
            device, version = parsed.fingerprint, parsed.version
        person = self._identity.resolve(name, source)
        extra = self._extras(reader, slots) if self._extra else NO_EXTRA
        fields = (
            raw_id or hashed(record), time, person, outcome or "unknown", ip, subnet, network, country, region, city,
            lat, lon, accuracy_km, asn, as_org, user_agent, device, version, device_id, app, session, method,
            mfa or "unknown", interactive, flags, group, source, raw_id, extra,
        )  # fmt: skip
        return _make(fields)

    def _merged(self, place: Optional[Spot], table: Place) -> Spot:
        """The place in the event or the one in the table; of both only where they agree on the country."""
        if place is None or (self._prefer_table and table.country is not None):
            return table[:6]
        country, region, city, lat, _, _ = place
        if lat is None and country == table.country:
            if city is None or city == table.city:
                return (country, region or table.region, table.city, *table[3:6])
            return (country, region, city, *table[3:6])
        return place

    def _locate(self, ip: str) -> Located:
        place = NOWHERE if self._locator is None else self._locator.locate(ip)
        if len(self._located) >= _REMEMBERED:
            self._located.clear()
        found = self._located[ip] = (address.subnet(ip), place)
        return found

    def _time_reader(self, source: str) -> TimeReader:
        if len(self._times) >= _SOURCES:
            self._times.clear()
        settings = (getattr(self._policy, "sources", None) or {}).get(source)
        found = self._times[source] = TimeReader(getattr(settings, "timezone", None), self._reference)
        return found

    def _extras(self, reader: Reader, slots: Slots) -> Mapping[str, Any]:
        found = {path: slots[by_map[reader.map.name]] for path, by_map in self._extra}
        return {path: value for path, value in found.items() if value is not None}

    def _diagnosed(self, reader: Reader, slots: Slots, error: Exception) -> RecordError:
        """The error again, with the field that it came from."""
        for field, get in zip(ORDER, reader.ordered):
            try:
                value = get(slots)
                if field == "time":
                    if value is None:
                        looked = ", ".join(entry.label for entry in reader.entries["time"])
                        return RecordError(f"is missing. Looked at {looked}.", key="time")
                    self._time_reader(self._source or reader.map.source).read(value)
            except (ValueError, OverflowError) as found:
                return RecordError(f"{found}.", key=field)
        for group in reader.places:
            for field, get in group.getters.items():
                try:
                    get(slots)
                except (ValueError, OverflowError) as found:
                    return RecordError(f"{found}.", key=field)
        return RecordError(f"{error}.")


def event_place(reader: Reader, slots: Slots) -> Optional[Spot]:
    """The first place of the record that has a country or coordinates."""
    for group in reader.places:
        if group.when is not always and not group.when(slots):
            continue
        get_country, get_region, get_city, get_point, get_accuracy = group.ordered
        country, region, city, accuracy_km = get_country(slots), get_region(slots), get_city(slots), get_accuracy(slots)
        lat, lon = get_point(slots) or (group.lat(slots), group.lon(slots))
        if lat is None or lon is None or (lat == 0.0 and lon == 0.0):
            lat = lon = accuracy_km = None
        if country is not None or lat is not None:
            return (country, region, city, lat, lon, accuracy_km)
    return None


def hashed(record: Mapping[str, Any]) -> str:
    """An id for a record that has none: the same content, in whatever order of keys, has the same."""
    canonical = json.dumps(record, sort_keys=True, separators=(",", ":"), ensure_ascii=True, default=str)
    return hashlib.sha256(canonical.encode("ascii")).hexdigest()[:16]


def _address(value: Any) -> Optional[str]:
    """The canonical address in a text, or in a list of them as forwarding proxies leave it; None in anything else."""
    if isinstance(value, list):
        value = ",".join(item for item in value if isinstance(item, str))
    return address.parse(value) if isinstance(value, str) else None


def _first(value: Any) -> Any:
    """A time as it is written; of a list the first element. It is read when the source, and so its zone, is known."""
    if isinstance(value, list):
        return next((item for item in value if item is not None), None)
    return value


__all__: List[str] = ["Intake", "Skipped", "event_place", "hashed"]
