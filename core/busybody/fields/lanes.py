"""Lanes: the straight way through a map for records of a shape that was met before.

Logs say the same things over and over, in records of a few shapes. A lane knows where in such a record the values are
that a part of the sign-in rests on, so that what was made of them can be remembered: whether it is one, the words, the
person, the place and the device. Left for every record are its id, its time and its session.
"""

from __future__ import annotations

from operator import itemgetter
from typing import Any, Callable, Dict, FrozenSet, Iterable, List, Mapping, Optional, Sequence, Set, Tuple

from .conditions import always, is_present
from .getters import Getter, Slot
from .paths import Slots
from .reader import WORDS, Reader
from .shapes import CONTAINERS, Row, Shape, filler, row_reader

PARTS = {
    "words": (*WORDS, "flags", "source"),
    "who": ("user", "source"),
    "where": ("ip", "asn", "as_org", "network", "flags", "places"),
    "means": ("user_agent", "device_id"),
}  # parts of a sign-in, and the parts of a map that they rest on; besides these there is the decision
_REMEMBERED = 16_384  # combinations of values for each part
_TEXT = (str, type(None))
_PRINTABLE = frozenset(map(chr, range(33, 127)))
Read = Callable[[Mapping[str, Any]], Optional[Row]]


class Part:
    """The values in the row that a part of the sign-in rests on, and what was made of them."""

    __slots__ = ("key", "memory")

    def __init__(self, places: Iterable[int]) -> None:
        self.key = _pick(sorted(places))
        self.memory: Dict[Any, Any] = {}

    def remember(self, row: Row, found: Any) -> None:
        if len(self.memory) < _REMEMBERED:
            self.memory[self.key(row)] = found


class Lane:
    """One shape of one map. `row` gives the values of a record, None where it has another shape."""

    def __init__(self, reader: Reader, record: Mapping[str, Any]) -> None:
        """Learn the shape of the record. Raises ValueError where it has none."""
        self.reader = reader
        asked = {name: reader.asks(*names) for name, names in PARTS.items()}
        asked["decision"] = reader.asks("decision")
        derived = reader.derived()
        self._shape = Shape(record, reader.tree(), set().union(*asked.values()).difference(derived))
        self._places: Dict[int, Sequence[int]] = dict(self._shape.places)
        self._leaves = {slot: self._shape.leaves(slot) for slot in self._places}
        read = row_reader(self._shape)
        if derived:
            read = self._deriving(read, derived)
        self.slots: Callable[[Row], Slots] = filler(self._places, reader.width)
        example = read(record)
        if example is None:
            raise ValueError("a record that does not have its own shape")
        keys = {name: self._under(slots) for name, slots in asked.items()}
        there = self._decide(example, keys["decision"])
        resting = set().union(*keys.values())
        texts = {place for place in resting if type(example[place]) is str}
        self._texts = _pick(sorted(texts))
        self.row: Read = _checking(read, sorted(resting - texts), there, reader.map.missing)
        self.decision, self.words, self.who, self.where, self.means = (
            Part(keys[name]) for name in ("decision", *PARTS)
        )
        self.id, self.time, self.session = (self._way(name) for name in ("id", "time", "session"))

    def certain(self, row: Row) -> bool:
        """Whether equal keys are equal values: 1, 1.0 and True are one key, and say different things."""
        return all(type(value) in _TEXT for value in self._texts(row))

    def _under(self, slots: Iterable[int]) -> Set[int]:
        return {leaf for slot in slots for leaf in self._leaves.get(slot, ())}

    def _decide(self, example: Row, key: Set[int]) -> Set[int]:
        """Places that have to hold something, whatever; where nothing of what is asked for is there, `key` grows."""
        missing = self.reader.map.missing
        sure = {place for place, kind, length, _ in self._shape.steps if kind is dict and length}
        there: Set[int] = set()
        for slots in self.reader.whether:  # of each of these one has to be there
            places = [place for slot in slots for place in self._places.get(slot, ())]
            found = [place for place in places if place in sure or is_present(example[place], missing)]
            if not found:
                key.update(places)
            elif sure.union(key, there).isdisjoint(found):
                there.add(found[0])
        if any(type(example[place]) in CONTAINERS for place in key):
            raise ValueError("a list of nothing has no shape")
        return there

    def _deriving(self, read: Read, derived: Sequence[int]) -> Read:
        """Adds to the row what the map makes of its values: elements that it selects, groups of its expressions."""
        reader, inputs = self.reader, self.reader.inputs()
        fill = filler({slot: places for slot, places in self._places.items() if slot in inputs}, reader.width)
        derive, pick = reader.derive, _pick(derived)
        first, width = len(self._shape.row), len(derived)
        for place, slot in enumerate(derived, first):
            self._places[slot], self._leaves[slot] = [place], [place + width]

        def wider(record: Mapping[str, Any]) -> Optional[Row]:
            row = read(record)
            if row is not None:
                slots = fill(row)
                derive(slots)
                found = pick(slots)[:width]
                row += found
                row += [repr(value) if type(value) in CONTAINERS else value for value in found]
            return row

        return wider

    def _way(self, field: str) -> Getter:
        """To a value that is another one in every record."""
        ways = []
        for entry in self.reader.entries.get(field, ()):
            places = self._places.get(entry.raw.slot, ()) if isinstance(entry.raw, Slot) else (0, 0)
            if entry.when is not always or len(places) > 1:
                getter, slots = self.reader.getters[field], self.slots
                return lambda row: getter(slots(row))
            ways += [(place, entry.convert) for place in places]

        def get(row: Row) -> Any:
            for place, convert in ways:
                value = row[place]
                if value is not None:
                    value = convert(value)
                    if value is not None:
                        return value
            return None

        return get


def _pick(places: Sequence[int]) -> Callable[[Row], Any]:
    """The values at these places as a tuple that can be a key."""
    if len(places) > 1:
        return itemgetter(*places)
    return itemgetter(places[0], places[0]) if places else lambda _row: ()


def _checking(read: Read, others: Sequence[int], there: Iterable[int], missing: FrozenSet[str]) -> Read:
    """Refuses rows that have nothing where something has to be, and those whose equal keys may be unequal values.

    1, 1.0 and True are one key, but not of one meaning. So at each of the `others`, which held no text when the shape
    was learned, only one kind of values that are no text is let pass.
    """
    pick, present = _pick(others), tuple(there)
    kinds: List[Optional[type]] = [None] * max(len(others), 2)
    known: Set[Tuple[type, ...]] = set()
    certainly = _PRINTABLE.difference(*(word[0] + word[0].upper() for word in missing if word))

    def is_new_kind(types: Tuple[type, ...]) -> bool:
        for place, kind in enumerate(types):
            if kind in CONTAINERS or (kind not in _TEXT and kinds[place] not in (None, kind)):
                return True
        for place, kind in enumerate(types):
            if kind not in _TEXT:
                kinds[place] = kind
        known.add(types)
        return False

    def checked(record: Mapping[str, Any]) -> Optional[Row]:
        row = read(record)
        if row is None:
            return None
        if others:
            types = tuple(map(type, pick(row)))
            if types not in known and is_new_kind(types):
                return None
        for place in present:
            value = row[place]
            if (type(value) is not str or value[:1] not in certainly) and not is_present(value, missing):
                return None
        return row

    return checked
