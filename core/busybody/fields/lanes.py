"""Lanes: the straight way through a map for records of a shape that was met before.

Logs say the same things over and over, in records of a few shapes. A lane knows where in such a record the values are
that a part of the sign-in rests on, so that what was made of them can be remembered: whether it is one, the words, the
person, the place and the device. Left for every record are its id, its time and its session.
"""

from __future__ import annotations

from operator import itemgetter
from typing import AbstractSet, Any, Callable, Dict, FrozenSet, Iterable, List, Mapping, Optional, Sequence, Set, Tuple

from .conditions import always, is_present
from .getters import Getter, Slot
from .paths import Slots
from .reader import WORDS, Reader
from .shapes import CONTAINERS, Row, Shape, filler
from .values import Convert

PARTS = {
    "words": (*WORDS, "flags", "source"),
    "who": ("user", "source"),
    "where": ("ip", "asn", "as_org", "network", "flags", "places"),
    "means": ("user_agent", "device_id"),
}  # parts of a sign-in, and the parts of a map that they rest on; besides these there is the decision
_REMEMBERED = 16_384  # combinations of values for each part
_LONGEST = 512  # characters of a text in such a combination
_KINDS = 1_024  # combinations of kinds of values
_TEXT = frozenset((str, type(None)))
Fill = Callable[[Row], Slots]
_PRINTABLE = frozenset(map(chr, range(33, 127)))


class Part:
    """The values in the row that a part of the sign-in rests on, and what was made of them.

    A memory's keys must not mix up 1, 1.0 and True, which are equal and say different things. Where a number stood
    when the shape was learned, another kind of value is another shape (`_row_reader`); where a text stood or a mere
    measure, of which the number is all that matters, such a value is not remembered.
    """

    __slots__ = ("_measures", "_texts", "key", "memory", "slots")

    def __init__(self, places: AbstractSet[int], example: Row, measures: AbstractSet[int], slots: Fill) -> None:
        at = sorted(places)
        self.key: Callable[[Row], Any] = itemgetter(*at) if at else _nothing
        self.memory: Dict[Any, Any] = {}
        self.slots = slots  # of a row, as far as this part needs them
        self._measures = tuple(places & measures)
        self._texts = _pick([place for place in at if type(example[place]) is str and place not in measures])

    def also_whether(self, places: Sequence[int], missing: FrozenSet[str]) -> None:
        """Rest on these places, too, as far as they hold something or nothing."""
        values = self.key

        def key(row: Row) -> Any:
            found = values(row)
            return (*(found if type(found) is tuple else (found,)), *[is_present(row[at], missing) for at in places])

        if places:
            self.key = key

    def remember(self, row: Row, found: Any, texts: Dict[str, str]) -> None:
        """Keep it, if it is sure and there is room. Of equal texts in keys one is kept: they are near when compared."""
        if len(self.memory) >= _REMEMBERED or not _TEXT.issuperset(map(type, self._texts(row))):
            return
        for place in self._measures:
            if row[place] in (0, 1):
                return
        key = self.key(row)
        kept = []
        for value in key if type(key) is tuple else (key,):
            if type(value) is str and len(value) > _LONGEST:
                return
            kept.append(texts.setdefault(value, value) if type(value) is str else value)
        self.memory[tuple(kept) if type(key) is tuple else kept[0]] = found


class Lane:
    """One shape of one map. `row` gives the values of a record, None where it has another shape."""

    def __init__(self, reader: Reader, record: Mapping[str, Any], slots: Slots) -> None:
        """Learn the shape of the record. Raises ValueError where it has none."""
        self.reader = reader
        there: Set[int] = set()  # slots that have to hold something, whatever it is
        asked = {name: self._asked(fields, slots, there) for name, fields in PARTS.items()}
        asked["decision"] = reader.asks("decision")
        inputs = reader.derived()  # of the slots that are filled from others
        self._shape = Shape(record, reader.tree(), set().union(*asked.values()).difference(inputs))
        self._places: Dict[int, Sequence[int]] = dict(self._shape.places)
        self._leaves = {slot: self._shape.leaves(slot) for slot in self._places}
        derive = self._deriver({slot: found for slot, found in inputs.items() if not found.isdisjoint(self._places)})
        self.slots: Fill = filler(self._places, reader.width)
        example = self._shape.row
        keys = {name: self._under(found) for name, found in asked.items()}
        varied = set().union(*(keys[name] for name in ("who", "where", "means"))) - self._under(reader.asks("source"))
        apart = "words" if varied.isdisjoint(keys["decision"]) else "decision"
        keys[apart] |= keys["decision"]
        present = {self._places[slot][0] for slot in there}
        self._decide(example, keys[apart], present)
        resting = set().union(*keys.values())
        measures = resting & self._under(reader.measured())

        def part(name: str, slots: Fill) -> Part:
            return Part(keys[name], example, measures, slots)

        self.decision = part("decision", self.slots) if apart == "decision" else None  # None: made with the words
        self.words, self.who, self.means = (part(name, self.slots) for name in ("words", "who", "means"))
        near = filler({slot: self._places[slot] for slot in asked["where"] if slot in self._places}, reader.width)
        whether = reader.whether_only["places"]
        keys["spot"] = self._under(reader.asks("places") - whether)
        self.where, self.spot = part("where", near), part("spot", near)
        self.spot.also_whether([place for slot in whether for place in self._places.get(slot, ())], reader.map.missing)
        others = [place for place in sorted(resting - measures) if type(example[place]) is not str]
        self.row = _row_reader(self._shape, derive, others, present, reader.map.missing)
        self.time_at = self._time_place()
        self.id, self.time, self.session = (self._way(name) for name in ("id", "time", "session"))

    def _asked(self, fields: Sequence[str], slots: Slots, there: Set[int]) -> Set[int]:
        """The slots that the fields rest on: of the ways to the user those up to the first that leads to one."""
        found: Set[int] = set()
        for field in fields:
            entries = self.reader.entries[field] if field == "user" else ()
            for number, entry in enumerate(entries):
                found |= entry.asks
                if (
                    entry.as_is
                    and type(slots[min(entry.asks)]) is str
                    and is_present(slots[min(entry.asks)], self.reader.map.missing)
                    and any(slots[slot] is not None for later in entries[number + 1 :] for slot in later.asks)
                ):
                    there |= entry.asks
                    break
            else:
                found |= self.reader.asks(field)
        return found

    def _under(self, slots: Iterable[int]) -> Set[int]:
        return {leaf for slot in slots for leaf in self._leaves.get(slot, ())}

    def _decide(self, example: Row, key: Set[int], there: Set[int]) -> None:
        """Where the decision asks only whether there is something: put it to `there`, or to the key where it is not."""
        row = self._shape.row
        sure = {place for place, length, _ in self._shape.steps if length and type(row[place]) is dict}
        for slots in self.reader.whether:  # of each of these one has to be there
            places = [place for slot in slots for place in self._places.get(slot, ())]
            found = [place for place in places if place in sure or is_present(example[place], self.reader.map.missing)]
            if not found:
                key.update(places)
            elif not any(
                place in sure or place in there or key.issuperset(self._shape.under(place)) for place in found
            ):
                there.add(found[0])
        if any(type(example[place]) in CONTAINERS for place in key):
            raise ValueError("a list of nothing has no shape")

    def _deriver(self, derived: Mapping[int, AbstractSet[int]]) -> Optional[Callable[[Row], None]]:
        """Adds to a row what the map makes of its values: elements that it selects, groups of its expressions."""
        if not derived:
            return None
        needed = set().union(*derived.values())
        fill = filler({slot: places for slot, places in self._places.items() if slot in needed}, self.reader.width)
        derive, pick = self.reader.derive, _pick(list(derived))
        first, boxed = len(self._shape.row), False

        def extend(row: Row) -> None:
            slots = fill(row)
            derive(slots)
            row += pick(slots)
            if boxed:  # a list can be no key, its spelling can
                row += [repr(value) if type(value) in CONTAINERS else value for value in row[first:]]

        extend(self._shape.row)
        boxed = any(type(value) in CONTAINERS for value in self._shape.row[first:])
        width = len(self._shape.row) - first if boxed else 0
        if boxed:
            del self._shape.row[first:]
            extend(self._shape.row)
        for place, slot in enumerate(derived, first):
            self._places[slot], self._leaves[slot] = [place], [place + width]
        return extend

    def _time_place(self) -> int:
        """Where the time is, if it is taken from there as it stands; else 0, where there is None."""
        entries = self.reader.entries["time"]
        places = [place for slot in entries[0].asks for place in self._places.get(slot, ())]
        return places[0] if entries[0].as_is and len(places) == 1 else 0

    def _way(self, field: str) -> Getter:
        """To a value that is another one in every record."""
        ways = []
        for entry in self.reader.entries.get(field, ()):
            places = self._places.get(entry.raw.slot, ()) if isinstance(entry.raw, Slot) else (0, 0)
            if entry.when is not always or len(places) > 1:
                getter, slots = self.reader.getters[field], self.slots
                return lambda row: getter(slots(row))
            ways += [(place, entry.convert) for place in places]

        return _only(*ways[0]) if len(ways) == 1 else _first(ways)


def _only(place: int, convert: Convert) -> Getter:
    def get(row: Row) -> Any:
        value = row[place]
        return None if value is None else convert(value)

    return get


def _first(ways: Sequence[Tuple[int, Convert]]) -> Getter:
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
    """A tuple of the values at these places; of a single place the value stands there twice."""
    if not places:
        return _nothing
    first, *others = places
    second, *rest = others or places
    return itemgetter(first, second, *rest)


def _nothing(_row: Row) -> Tuple[()]:
    return ()


def _row_reader(
    shape: Shape,
    derive: Optional[Callable[[Row], None]],
    others: Sequence[int],
    there: Iterable[int],
    missing: FrozenSet[str],
) -> Callable[[Mapping[str, Any]], Optional[Row]]:
    """Gives the row of a record that has the top-level keys of the shape, None where it has not its structure.

    Neither if one of the places `there` holds nothing, or one of the `others` a value that is no text and of another
    kind than those before.
    """
    steps, closed, present = tuple(shape.steps), tuple(shape.closed), tuple(there)
    pick, known = _pick(others), Kinds(max(len(others), 2))
    sure = _PRINTABLE.difference(*(word[0] + word[0].upper() for word in missing if word))

    def read(record: Mapping[str, Any]) -> Optional[Row]:
        row: Row = [None, *record.values()]
        try:
            for place, length, values in steps:
                part = row[place]
                if len(part) != length:
                    return None
                row += values(part)
        except (KeyError, TypeError):
            return None
        for place in closed:
            if type(row[place]) in CONTAINERS:
                return None
        if derive is not None:
            derive(row)
        for place in present:
            value = row[place]
            if (type(value) is not str or value[:1] not in sure) and not is_present(value, missing):
                return None
        if others:
            kinds = tuple(map(type, pick(row)))
            if kinds not in known and not known.admits(kinds):
                return None
        return row

    return read


class Kinds(Set[Tuple[type, ...]]):
    """The kinds of values met at some places; at each only one kind beside text is admitted, and no containers."""

    def __init__(self, places: int) -> None:
        self._others: List[Optional[type]] = [None] * places

    def admits(self, kinds: Tuple[type, ...]) -> bool:
        """Whether these may stand beside those before; they are noted."""
        others = [None if kind in _TEXT else kind for kind in kinds]
        if any(new in CONTAINERS or (new and old and new is not old) for new, old in zip(others, self._others)):
            return False
        self._others = [new or old for new, old in zip(others, self._others)]
        if len(self) >= _KINDS:
            self.clear()
        self.add(kinds)
        return True
