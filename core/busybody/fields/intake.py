"""Intake: one record of any known format -> one SignIn.

What the event carries (place, ASN, network class, flags) wins over the table unless the policy says
`geo.prefer: table`; a place is never put together from two sources that disagree.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any, Callable, Dict, List, Mapping, NamedTuple, Optional, Sequence, Tuple, Union

from ..devices import parse as parse_device
from ..errors import RecordError, shown
from ..identity import Identity
from ..places import NOWHERE, Place, address, networks
from ..signin import NO_EXTRA, SignIn
from .conditions import always
from .lanes import Lane, Part
from .networks import ClassRules
from .paths import Slots
from .reader import NEEDED, PlaceGroup, Reader
from .registry import Registry
from .shapes import Row
from .times import TimeReader

_SOURCES = 256  # whose time readers are kept; records name their source themselves
_REMEMBERED = 50_000  # combinations of values, and records that took the long way, until all is learned anew
_LANES = 64  # shapes of records that are known at a time
_LANES_EACH = 4  # of the same top-level keys
_new = tuple.__new__
_canonical = json.JSONEncoder(sort_keys=True, separators=(",", ":"), default=str).encode


class Skipped(NamedTuple):
    """A record that is no sign-in, and why."""

    reason: str


Spot = Tuple[Optional[str], Optional[str], Optional[str], Optional[float], Optional[float], Optional[float]]
Parts = Tuple[Any, ...]
SIGN_IN = "sign-in"  # the decision on a record that is one


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
        self._lanes: Dict[Tuple[str, ...], List[Lane]] = {}
        self._tried: Dict[Tuple[str, ...], int] = {}  # top-level keys -> lanes laid, or found impossible to lay
        self._room = _REMEMBERED
        maps = [*(getattr(policy, "maps", None) or ())]
        if getattr(policy, "profiles", None):
            from ..custom import Profiles

            profiles = Profiles(policy)
            maps, extra = [*maps, *profiles.maps()], [*extra, *profiles.paths()]
        self._texts: Dict[str, str] = {}  # what stands in the memories' keys
        self.registry = Registry(maps, _address, _first)
        self._extra = [
            (path, {reader.map.name: reader.path_slot(path) for reader in self.registry.readers}) for path in extra
        ]

    def read(self, record: Mapping[str, Any]) -> Union[SignIn, Skipped]:
        """The sign-in, or why the record is none. Raises RecordError, which names the field, for a broken one."""
        for lane in self._lanes.get(tuple(record), ()):
            row = lane.row(record)
            if row is not None:
                try:
                    found: Union[SignIn, Skipped, None] = self._straight(lane, row, record)
                except TypeError:  # a list where a text was: it has another shape
                    continue
                except (ValueError, OverflowError, RecursionError):
                    break  # the long way says what is wrong
                if found is not None:
                    return found
                break
        return self._long_way(record)

    def where(self, reader: Reader, record: Mapping[str, Any]) -> Parts:
        """Where from, from `ip` to `as_org`, of a record that holds what this part rests on (`lanes.PARTS`).

        For whoever knows the other parts already. Raises ValueError for a field that is broken.
        """
        slots = reader.slots(record)
        return self._where(reader, slots, event_place(slots, reader.places))

    def explain(self, record: Mapping[str, Any]) -> Any:
        """Which field became what and why, for people: an `explain.Explanation`."""
        from .explain import explain

        return explain(self, record)

    def _straight(self, lane: Lane, row: Row, record: Mapping[str, Any]) -> Any:
        """The sign-in of a row; None where the long way has to be taken, as with everything that goes wrong here."""
        # One long function: every call in it would cost every record a tenth of a microsecond.
        if lane.decision is not None:
            part = lane.decision
            decision = part.memory.get(part.key(row)) or self._fill(lane, row, part, self._decided)
            if decision is not SIGN_IN:
                return decision
        part = lane.words
        words = part.memory.get(part.key(row)) or self._fill(lane, row, part, self._decided_words)
        if type(words) is not tuple:
            return words
        source, outcome, app, words = words
        part = lane.who
        person = part.memory.get(part.key(row)) or self._fill(lane, row, part, self._person)
        if type(person) is Skipped:
            return person
        part = lane.where
        where = part.memory.get(part.key(row)) or self._fill_where(lane, row)
        part = lane.means
        means = part.memory.get(part.key(row)) or self._fill(lane, row, part, self._means)
        raw_time = row[lane.time_at]
        if type(raw_time) is not str:
            raw_time = lane.time(row)
            if raw_time is None:
                return None
        time = (self._times.get(source) or self._time_reader(source)).read(raw_time)
        raw_id = lane.id(row)
        extra = self._extras(lane.reader, lane.slots(row)) if self._extra else NO_EXTRA
        return _new(
            SignIn,
            (
                raw_id or hashed(record), time, person, outcome, *where, *means, app, lane.session(row), *words,
                raw_id, extra,
            ),
        )  # fmt: skip

    def _fill(self, lane: Lane, row: Row, part: Part, make: Callable[[Reader, Slots], Any]) -> Any:
        """What comes of these values, remembered."""
        found = make(lane.reader, part.slots(row))
        if found is not None:
            part.remember(row, found, self._texts)
            self._use_room()
        return found

    def _fill_where(self, lane: Lane, row: Row) -> Parts:
        """As `_fill`: there are many addresses in few places."""
        part, slots = lane.spot, lane.where.slots(row)
        spot: Optional[Spot] = part.memory.get(part.key(row))
        if spot is None:
            spot = event_place(slots, lane.reader.places)
            if spot is not None:
                part.remember(row, spot, self._texts)
        found = self._where(lane.reader, slots, spot)
        lane.where.remember(row, found, self._texts)
        self._use_room()
        return found

    def _use_room(self) -> None:
        self._room -= 1
        if self._room <= 0:
            self._lanes.clear()
            self._tried.clear()
            self._texts.clear()
            self._room = _REMEMBERED

    def _long_way(self, record: Mapping[str, Any]) -> Union[SignIn, Skipped]:
        """The sign-in of any record; its shape is learned."""
        reader, slots = self.registry.find(record)
        if reader is None:
            return Skipped("no map knows this format" if record else "the record is empty")
        self._learn(record, reader, slots)
        try:
            decision = self._decided(reader, slots)
            if isinstance(decision, Skipped):
                return decision
            person = self._person(reader, slots)
            if isinstance(person, Skipped):
                return person
            raw_time = reader.getters["time"](slots)
            if raw_time is None:
                raise ValueError("is missing")
            source, outcome, app, words = self._words(reader, slots)
            time = (self._times.get(source) or self._time_reader(source)).read(raw_time)
            raw_id = reader.getters["id"](slots)
            extra = self._extras(reader, slots) if self._extra else NO_EXTRA
            return SignIn._make(
                (
                    raw_id or hashed(record), time, person, outcome, *self._where(reader, slots, event_place(slots, reader.places)),
                    *self._means(reader, slots), app, reader.getters["session"](slots), *words, raw_id, extra,
                )
            )  # fmt: skip
        except (ValueError, OverflowError) as error:
            raise self._diagnosed(reader, slots, error) from error
        except RecursionError as error:
            raise RecordError("the record is nested too deeply.", key="id") from error

    def _learn(self, record: Mapping[str, Any], reader: Reader, slots: Slots) -> None:
        """Lay a lane for records of this shape, unless a more specific map may fit them, or there are many already."""
        self._use_room()
        shape = tuple(record)
        tried = self._tried.get(shape, 0)
        if tried >= _LANES_EACH or len(self._tried) >= _LANES or self.registry.candidates(record)[0] is not reader:
            return
        self._tried[shape] = tried + 1
        try:
            self._lanes.setdefault(shape, []).append(Lane(reader, record, slots))
        except (ValueError, RecursionError):
            return

    # The parts of a sign-in, each made of the slots that `lanes.PARTS` names.

    def _decided(self, reader: Reader, slots: Slots) -> Union[str, Skipped, None]:
        """SIGN_IN, or why it is none; None where the map is not the one of this record."""
        if not reader.detect.holds(slots):
            return None
        reason = reader.skipped(slots)
        return SIGN_IN if reason is None else Skipped(reason)

    def _decided_words(self, reader: Reader, slots: Slots) -> Union[Parts, Skipped, None]:
        decision = self._decided(reader, slots)
        return decision if isinstance(decision, Skipped) or decision is None else self._words(reader, slots)

    def _words(self, reader: Reader, slots: Slots) -> Parts:
        """(source, outcome, app, (method, MFA, interactive, flags, group, source))"""
        outcome, app, method, mfa, interactive, group = [get(slots) for get in reader.words]
        source = self._source or reader.getters["source"](slots) or reader.map.source
        words = (method, mfa or "unknown", interactive, _flags(reader, slots), group, source)
        return source, outcome or "unknown", app, words

    def _person(self, reader: Reader, slots: Slots) -> Union[str, Skipped]:
        name = reader.getters["user"](slots)
        if name is None:
            return Skipped("no user is named (" + ", ".join(entry.label for entry in reader.entries["user"]) + ")")
        return self._identity.resolve(name, self._source or reader.getters["source"](slots) or reader.map.source)

    def _means(self, reader: Reader, slots: Slots) -> Parts:
        """(user agent, device, version, device id)"""
        user_agent = reader.getters["user_agent"](slots)
        device = parse_device(user_agent)
        return user_agent, device.fingerprint, device.version, reader.getters["device_id"](slots)

    def _where(self, reader: Reader, slots: Slots, place: Optional[Spot]) -> Parts:
        """(address, subnet, network, country, region, city, latitude, longitude, accuracy, AS number, its name)"""
        ip, asn, as_org, network = [reader.getters[name](slots) for name in ("ip", "asn", "as_org", "network")]
        subnet, table = None, NOWHERE
        if ip is not None:
            subnet, table = address.subnet(ip), NOWHERE if self._locator is None else self._locator.locate(ip)
        if table.asn is not None and (asn is None or self._prefer_table):
            asn, as_org = table.asn, table.as_org
        elif as_org is None and asn is not None and asn == table.asn:
            as_org = table.as_org
        network = self._classes.network(ip, asn, as_org, network, _flags(reader, slots), table)
        if place is None or place[3] is None or self._prefer_table:
            place = self._merged(place, table)
        country, region, city, lat, lon, accuracy_km = place
        if lat is not None and accuracy_km is None:
            accuracy_km = networks.accuracy_km(network)
        return ip, subnet, network, country, region, city, lat, lon, accuracy_km, asn, as_org

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
        for field in NEEDED:
            try:
                value = reader.getters[field](slots)
                if field == "time":
                    if value is None:
                        looked = ", ".join(entry.label for entry in reader.entries["time"])
                        return RecordError(f"is missing. Looked at {looked}.", key="time")
                    self._time_reader(self._source or reader.map.source).read(value)
            except (ValueError, OverflowError) as found:
                return RecordError(f"{found}.", key=field)
        return RecordError(f"{error}.")


def _flags(reader: Reader, slots: Slots) -> Tuple[str, ...]:
    return tuple([flag for flag, holds in reader.flags if holds(slots)])


def event_place(slots: Slots, groups: Sequence[PlaceGroup]) -> Optional[Spot]:
    """The first of the places that has a country or coordinates."""
    for group in groups:
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
    return hashlib.sha256(_canonical(record).encode("ascii")).hexdigest()[:16]


def _address(value: Any) -> Optional[str]:
    """The canonical address in a text, or in a list of them as forwarding proxies leave it.

    Raises ValueError for what is none; None in what is no text.
    """
    if isinstance(value, list):
        value = ",".join(item for item in value if isinstance(item, str))
    if not isinstance(value, str) or not value.strip():
        return None
    found = address.parse(value)
    if found is None:
        raise ValueError(f"{shown(value)} is no address")
    return found


def _first(value: Any) -> Any:
    """A time as it is written; of a list the first element. It is read when the source, and so its zone, is known."""
    if isinstance(value, list):
        return next((item for item in value if item is not None), None)
    return value


__all__: List[str] = ["Intake", "Skipped", "event_place", "hashed"]
