"""A map, compiled: record -> slots -> the values of one SignIn.

Everything that can be decided once is decided here: paths become slots, conditions and transforms functions, and
what a text was converted to is remembered (logs say the same few thousand things over and over). Memories are
emptied when full, so that a reader's size does not grow with the log.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import contextmanager
from typing import Any, Dict, FrozenSet, Iterator, List, NamedTuple, Optional, Sequence, Set, Tuple

from ..errors import PolicyError
from . import values
from .conditions import Condition, Fault, Holds, always, compile_condition, is_present, text_of
from .extracts import compile_extract, run
from .getters import Entry, Getter, Slot, Way, absent, chain, conditional, first, fresh, lenient
from .paths import Frozen, Paths, Slots
from .schema import FIELDS, VOCABULARIES, FieldMap
from .transforms import Transform, compile_transforms

NOT_REMEMBERED = (
    "id",
    "time",
    "session",
    "ip",
    "location",
    "lat",
    "lon",
)  # each value comes once or twice, or with others
MEASURES = ("lat", "lon", "location", "accuracy_km")
NEEDED = ("user", "time")  # without these nothing can be scored: what is wrong with them breaks the record
WORDS = ("outcome", "app", "method", "mfa", "interactive", "group")  # what a few thousand records say in the same way

PLACE_ORDER = ("country", "region", "city", "location", "accuracy_km")


class PlaceGroup(NamedTuple):
    """One of the places that a record may carry; groups are taken whole."""

    when: Holds
    getters: Mapping[str, Getter]
    ordered: Sequence[Getter]  # in the order of PLACE_ORDER
    lat: Getter
    lon: Getter
    entries: Mapping[str, List[Entry]]


class Reader:
    """One map, ready to read records. `convert_ip` and `convert_time` are the reader's surroundings'."""

    def __init__(self, field_map: FieldMap, convert_ip: values.Convert, convert_time: values.Convert) -> None:
        self.map = field_map
        self._paths = Paths()
        self._converts = {"ip": convert_ip, "time": convert_time}
        self._extracts = [
            compile_extract({**raw, "from": path}, self._slot, self.map.fault, f"extract[{n}]")
            for n, raw in enumerate(field_map.extract)
            for path in _listed(raw.get("from"))
        ]
        self.asked: Dict[str, Set[int]] = {}  # part of the map -> the slots that it rests on
        self.whether_only: Dict[str, Set[int]] = {}  # those of which it only matters whether they hold something
        with self._asking("decision"):
            self.detect = self._condition(field_map.detect, "detect")
            self.detect_parts = [(part, self._condition(part, "detect").holds) for part in _parts(field_map.detect)]
            self.skip: List[Tuple[Holds, str]] = [
                (self._condition(rule["when"], f"skip[{n}].when").holds, rule["reason"])
                for n, rule in enumerate(field_map.skip)
            ]
            sign_in = field_map.sign_in
            self.sign_in: Holds = always if sign_in is None else self._condition(sign_in, "sign_in").holds
            self.kinds = [(path, self._slot(path, f"kind[{n}]")) for n, path in enumerate(field_map.kind)]
        self.whether = self._paths.whether  # of these slots the decision asks less than of those that it rests on
        self.entries: Dict[str, List[Entry]] = {}
        self.getters: Dict[str, Getter] = {}
        for name in FIELDS:
            found = self._entries(name, field_map.fields.get(name, ()), f"fields.{name}")
            if found:
                self.entries[name] = found
            self.asked[name] = set().union(*(entry.asks for entry in found))
            self.getters[name] = self._getter(name, found) if found else absent
        self.words = [self.getters[name] for name in WORDS]
        with self._asking("places"):
            self.places = [self._place(raw, n) for n, raw in enumerate(field_map.places)]
        with self._asking("flags"):
            self.flags = [
                (flag, self._condition(raw, f"flags.{flag}").holds) for flag, raw in sorted(field_map.flags.items())
            ]

    @property
    def specificity(self) -> Tuple[int, bool, str]:
        """Sorts the most specific map first: tests in `detect`, a user's map before a packaged one, then the name."""
        return (-self.detect.tests, not self.map.own, self.map.name)

    def slots(self, record: Mapping[str, Any]) -> Slots:
        """The value of every path of the map in this record."""
        slots = self._paths.read(record)
        if self._extracts:
            run(self._extracts, self._paths, slots)
        return slots

    @property
    def width(self) -> int:
        """How many slots there are."""
        return len(self._paths)

    def tree(self) -> Frozen:
        """The paths, as `shapes` follow them."""
        return self._paths.tree()

    def asks(self, *parts: str) -> Set[int]:
        """The slots that these parts of the map rest on."""
        return set().union(*(self.asked[part] for part in parts))

    def derived(self) -> Dict[int, Set[int]]:
        """The slots that are filled from others (behind brackets, by expressions, out of JSON in a text), and those."""
        behind = self._paths.behind_brackets()
        expressions = {one.slot for one in self._extracts if one.search is not None}
        texts = {one.prefix: one.slot for one in self._extracts if one.search is None}
        found: Dict[int, Set[int]] = {}
        for path, slot in self._paths.slots.items():
            below = {origin for prefix, origin in texts.items() if (path + ".").startswith(prefix)}
            if path.startswith("$"):
                found[slot] = expressions
            elif slot in behind or below:
                found[slot] = {behind.get(slot, slot), *below}
        return found

    def derive(self, slots: Slots) -> None:
        """Fill the derived slots."""
        self._paths.finish(slots)
        if self._extracts:
            run(self._extracts, self._paths, slots)

    def skipped(self, slots: Slots) -> Optional[str]:
        """Why this record of the map's format is no sign-in; None where it is one."""
        for holds, reason in self.skip:
            if holds(slots):
                return reason
        if self.sign_in(slots):
            return None
        for _, slot in self.kinds:
            kind = values.text(slots[slot], self.map.missing)
            if kind is not None:
                return f"{kind[:80]} is no sign-in"
        return f"no sign-in of {self.map.source}"

    def measured(self) -> Set[int]:
        """Slots of which only their number matters, whether it is written as 1 or as 1.0."""
        entries = [*self.entries.get("asn", ())]
        for group in self.places:
            for name in MEASURES:
                entries += group.entries.get(name, ())
        elsewhere = self.asks(*(name for name in self.asked if name not in ("asn", "places")))
        found = {entry.raw.slot for entry in entries if isinstance(entry.raw, Slot) and entry.as_is}
        return found - elsewhere - self._paths.compared

    @contextmanager
    def _asking(self, part: str) -> Iterator[None]:
        self._paths.asked, self._paths.whether = set(), []
        yield
        self.asked[part] = self._paths.asked
        if part != "decision":
            self.whether_only[part] = set().union(*self._paths.whether) - self._paths.asked
            self.asked[part].update(*self._paths.whether)

    def path_slot(self, path: str) -> int:
        """The slot of a further path, such as one that a custom profile names."""
        return self._slot(path, path)

    def fault(self, key: str) -> Fault:
        """Makes errors that name this map and a key below `key`."""

        def error(inner: str, message: str) -> PolicyError:
            joined = key + inner if inner.startswith("[") else f"{key}.{inner}"
            return self.map.fault(joined if inner else key, message)

        return error

    def _condition(self, raw: Any, key: str) -> Condition:
        return compile_condition(raw, self._paths, self.map.missing, self.fault(key))

    def _slot(self, path: Any, key: str) -> int:
        if not isinstance(path, str):
            raise self.map.fault(key, f"{path!r} is no path")
        try:
            return self._paths.add(path)
        except ValueError as error:
            raise self.map.fault(key, f"{path!r}: {error}") from error

    def _entries(self, field: str, raws: Sequence[Any], key: str) -> List[Entry]:
        found = []
        for number, raw in enumerate(raws):
            with self._asking(key):
                entry = self._entry(field, raw, f"{key}[{number}]")
            found.append(entry._replace(asks=frozenset(self.asked.pop(key))))
        return found

    def _entry(self, field: str, raw: Any, key: str) -> Entry:
        if isinstance(raw, str):
            raw = {"path": raw}
        if not isinstance(raw, Mapping):
            raise self.map.fault(key, f"{raw!r} is no entry. Give a path or an object")
        when = self._condition(raw["when"], f"{key}.when").holds if "when" in raw else always
        keys = set(raw) - {"when"}
        if keys == {"value"}:
            return self._constant(field, raw["value"], when, key)
        steps: Sequence[Transform] = ()
        if "apply" in raw:
            steps = compile_transforms(raw["apply"], self.fault(f"{key}.apply"))
        convert = self._convert(field, steps)
        if keys <= {"path", "apply"} and "path" in raw:
            slot = self._slot(raw["path"], f"{key}.path")
            as_is = when is always and not steps and field not in self.map.values
            return Entry(raw["path"], when, Slot(slot), convert, as_is)
        if keys <= {"join", "with", "apply"} and {"join", "with"} <= keys and isinstance(raw["join"], list):
            label, joined = self._joined({"join": raw["join"], "with": raw["with"]}, key)
            return Entry(label, when, joined, convert)
        raise self.map.fault(key, f'has the keys {sorted(raw)}. Give "path", "join" with "with", or "value"')

    def _joined(self, raw: Any, key: str) -> Tuple[str, Getter]:
        """How a join is spelled for people, and its getter; a part is a path or itself a join."""
        if not isinstance(raw, Mapping):
            return str(raw), Slot(self._slot(raw, key))
        if set(raw) != {"join", "with"} or not isinstance(raw["join"], list):
            raise self.map.fault(key, f'has the keys {sorted(raw)}. A part of a join is a path or {{"join", "with"}}')
        parts = [self._joined(part, f"{key}.join[{number}]") for number, part in enumerate(raw["join"])]
        separator = str(raw["with"])
        joined = _join([getter for _, getter in parts], separator, self.map.missing)
        return separator.join(label for label, _ in parts), joined

    def _constant(self, field: str, value: Any, when: Holds, key: str) -> Entry:
        try:
            converted = self._convert(field, ())(value)
        except ValueError as error:
            raise self.map.fault(f"{key}.value", str(error)) from error
        if converted is None and value not in ("unknown", "none"):
            raise self.map.fault(f"{key}.value", f"{value!r} is no value of {field}")
        final = value if converted is None else converted
        return Entry(f"always {text_of(value)}", when, lambda _slots: final, lambda raw: raw)

    def _convert(self, field: str, steps: Sequence[Transform]) -> values.Convert:
        base = self._base(field)
        if not steps:
            return base

        def convert(value: Any) -> Any:
            for step in steps:
                value = step(value)
                if value is None:
                    return None
            return base(value)

        return convert

    def _base(self, field: str) -> values.Convert:
        missing = self.map.missing
        if field in VOCABULARIES:
            # "none" is a word of ours for mfa, though it means nothing elsewhere
            unsaid = missing - {"none"} if field == "mfa" else missing
            translate = values.Vocabulary(self.map.values.get(field, {}), VOCABULARIES[field], unsaid)
            return _truth(translate) if field == "interactive" else translate
        convert = self._converts.get(field) or _CONVERTS.get(field)
        if convert is None:
            keep = values.long_name if field == "user" else values.text
            convert = values.text_reader(keep, missing)
        if field in self.map.values:
            rename = values.Vocabulary(self.map.values[field], (), missing)
            inner = convert
            return lambda value: inner(value if rename(value) is None else rename(value))
        return _unless_missing(convert, missing) if field in _CONVERTS or field == "ip" else convert

    def _getter(self, field: str, entries: Sequence[Entry]) -> Getter:
        if field not in NEEDED:
            entries = [entry._replace(convert=lenient(entry.convert)) for entry in entries]
        if field in NOT_REMEMBERED:
            return first([fresh(entry) for entry in entries])
        getters: List[Getter] = []
        plain: List[Way] = []
        for entry in entries:
            if entry.when is always and isinstance(entry.raw, Slot):
                plain.append((entry.raw.slot, {}, entry.convert))
                continue
            if plain:
                getters.append(chain(plain))
                plain = []
            getters.append(conditional(entry))
        if plain:
            getters.append(chain(plain))
        return first(getters)

    def _place(self, raw: Mapping[str, Any], number: int) -> PlaceGroup:
        key = f"places[{number}]"
        when = self._condition(raw["when"], f"{key}.when").holds if "when" in raw else always
        entries = {
            name: [self._entry(name, entry, f"{key}.{name}[{n}]") for n, entry in enumerate(found)]
            for name, found in raw.items()
            if name != "when"
        }
        getters = {name: self._getter(name, found) for name, found in entries.items()}
        ordered = [getters.get(name, absent) for name in PLACE_ORDER]
        return PlaceGroup(when, getters, ordered, getters.get("lat", absent), getters.get("lon", absent), entries)


_CONVERTS: Dict[str, values.Convert] = {
    "asn": values.asn,
    "country": values.country,
    "lat": values.latitude,
    "lon": values.longitude,
    "location": values.location,
    "accuracy_km": values.radius,
}


def _parts(detect: Any) -> List[Any]:
    """The conditions of which all must hold."""
    if isinstance(detect, Mapping) and "all" in detect:
        return _listed(detect["all"])
    return _listed(detect)


def _listed(raw: Any) -> List[Any]:
    return raw if isinstance(raw, list) else [raw]


def _unless_missing(convert: values.Convert, missing: FrozenSet[str]) -> values.Convert:
    def converted(value: Any) -> Any:
        if type(value) in _NEVER_MISSING or is_present(value, missing):
            return convert(value)
        return None

    return converted


_NEVER_MISSING = frozenset((int, float, dict))


def _truth(translate: values.Vocabulary) -> values.Convert:
    def convert(value: Any) -> Optional[bool]:
        word = translate(value)
        return None if word is None else word == "true"

    return convert


def _join(getters: Sequence[Getter], separator: str, missing: FrozenSet[str]) -> Getter:
    def get(slots: Slots) -> Optional[str]:
        parts = [values.text(getter(slots), missing) for getter in getters]
        return separator.join(part for part in parts if part) if all(parts) else None

    return get
