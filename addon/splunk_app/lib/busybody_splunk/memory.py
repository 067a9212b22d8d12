"""Memory: what was made of equal cells before, so that a row like others costs a few look-ups.

What is said of a row rests on different columns, as the field map says: whether it is a sign-in, the words (outcome,
method, application), the person, where it came from, and the device. Each part is remembered under the text of its
cells; id, time and session are every row's own. What cannot be remembered safely is read anew each time.
"""

from __future__ import annotations

import hashlib
from json.encoder import encode_basestring_ascii as quoted
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Callable, Dict, List, Mapping, NamedTuple, Optional, Sequence, Set, Tuple

from busybody.fields.conditions import always, is_present
from busybody.fields.getters import Slot, lenient
from busybody.fields.lanes import PARTS
from busybody.fields.times import EARLIEST
from busybody.signin import NO_EXTRA, SignIn

if TYPE_CHECKING:
    from busybody.fields.reader import Reader
    from busybody.stream.entries import Payload

REMEMBERED = 8_192  # combinations of each part; as many from before are kept, since most come again
OWN = ("id", "time", "session")
Row = Sequence[str]
Cells = Callable[[Row], Any]
Where = Tuple[Any, ...]
Way = Tuple[int, Callable[[Any], Any]]  # place of a cell, and what makes a value of it
_new = tuple.__new__
_at = SignIn._fields.index
WHERE = slice(_at("ip"), _at("user_agent"))
MEANS = slice(_at("user_agent"), _at("app"))
MANNER = slice(_at("method"), _at("raw_id"))


class Part(NamedTuple):
    """The cells that a part rests on, and what was made of them; `before` holds what was known when it got too much."""

    cells: Cells
    known: Dict[Any, Any]
    before: Dict[Any, Any]

    def keep(self, row: Row, found: Any, texts: Dict[str, str]) -> None:
        """`texts`: of equal ones in keys one is kept."""
        key = self.cells(row)
        if key in self.known:
            return
        if len(self.known) >= REMEMBERED:
            self.before.clear()
            self.before.update(self.known)
            self.known.clear()
            texts.clear()
        self.known[tuple([texts.setdefault(text, text) for text in key])] = found


class Memory:
    """For rows of one header, read by one map."""

    def __init__(
        self, reader: Reader, places: Mapping[str, int], latest: float, locate: Callable[[Mapping[str, str]], Where]
    ) -> None:
        """`places`: of the columns that the map knows; times after `latest` (epoch seconds) are left to others.

        `locate` says where from, of the cells that this rests on: of the parts the one that is new most often.
        """
        self._reader = reader
        self._locate = locate
        self._places = places
        self._latest = latest
        self._texts: Dict[str, str] = {}
        asked = {part: self._columns(*fields) for part, fields in PARTS.items()}
        decision = self._columns("decision")
        varied = self._columns(*OWN)
        ways = {name: self._ways(name) for name in OWN}
        times = ways["time"] or []
        meaning = set().union(*asked.values())
        self.works = None not in ways.values() and len(times) == 1 and not varied & (meaning | decision)
        if not self.works:
            return
        self._time_at = times[0][0]
        self._ids, self._sessions = ways["id"] or [], ways["session"] or []
        self._decision = Part(_picker(decision), {}, {})
        self._words, self._who, self._where, self._means = (Part(_picker(asked[part]), {}, {}) for part in PARTS)
        self._located = [(name, place) for name, place in places.items() if place in asked["where"]]
        self._single = _picker(meaning | varied)  # a cell of several lines may be several values: those are read anew
        self._needed = self._presences(decision)
        self._spelled = [(place, f'"{name}":') for name, place in sorted(places.items())]

    def recall(self, row: Row) -> Optional[Payload]:
        """What comes of a row whose parts are known; None where it has to be read."""
        try:
            time = float(row[self._time_at])
        except ValueError:
            return None
        if not EARLIEST <= time <= self._latest:
            return None
        part = self._decision
        decision: Any = part.known.get(part.cells(row))
        if decision is not True:
            return decision  # type: ignore[no-any-return]
        part = self._words
        words = part.known.get(part.cells(row))
        part = self._who
        who = part.known.get(part.cells(row))
        part = self._means
        means = part.known.get(part.cells(row))
        if words is None or who is None or means is None:
            return None
        part = self._where
        where = part.known.get(part.cells(row)) or self._new_place(row)
        if where is None:
            return None
        try:
            identity = _first(row, self._ids)
            session = _first(row, self._sessions)
        except ValueError:
            return None
        outcome, app, manner = words
        own = identity or self._hashed(row)
        return _new(SignIn, (own, time, who, outcome, *where, *means, app, session, *manner, identity, NO_EXTRA))

    def _new_place(self, row: Row) -> Optional[Where]:
        """Where a row came from whose other parts are known; None where all of it has to be read."""
        part = self._where
        found: Optional[Where] = part.before.get(part.cells(row))
        if found is None:
            cells = {name: row[place] for name, place in self._located if row[place]}
            text = "".join(cells.values())
            if "\n" in text or not text.isascii():
                return None  # several values, or no text
            try:
                found = self._locate(cells)
            except (ValueError, OverflowError):
                return None
        part.keep(row, found, self._texts)
        return found

    def remember(self, row: Row, found: Payload) -> None:
        """Keep what was made of a row, as far as other rows can be told by it."""
        if not self.works or "\n" in "".join(self._single(row)):
            return
        if self._decision.cells(row) not in self._decision.known:
            missing = self._reader.map.missing
            if not all(any(is_present(row[place], missing) for place in group) for group in self._needed):
                return
            if type(found) is str and not found.startswith(NOBODY):
                self._decision.keep(row, found, self._texts)
        if type(found) is SignIn:
            self._decision.keep(row, True, self._texts)
            self._words.keep(row, (found.outcome, found.app, found[MANNER]), self._texts)
            self._who.keep(row, found.user, self._texts)
            self._where.keep(row, found[WHERE], self._texts)
            self._means.keep(row, found[MEANS], self._texts)

    def _hashed(self, row: Row) -> str:
        """The id of a row without one: the same as `fields.intake.hashed` gives its record."""
        parts = [name + _spelled(row[place]) for place, name in self._spelled if row[place]]
        return hashlib.sha256(("{" + ",".join(parts) + "}").encode("ascii")).hexdigest()[:16]

    # The plan -------------------------------------------------------------------------------------------------

    def _columns(self, *fields: str) -> Set[int]:
        """The places of the columns that these parts of the map rest on."""
        return self._under(self._reader.asks(*fields))

    def _under(self, slots: Set[int]) -> Set[int]:
        """The places of the columns that the slots are filled from."""
        origins = self._reader.derived()
        needed = slots.union(*(origins.get(slot, ()) for slot in slots))
        tree = self._reader.tree()
        return {place for name, place in self._places.items() if _holds(tree[name], needed)}

    def _ways(self, field: str) -> Optional[List[Way]]:
        """The columns that a field is read from, in order; None where more than that is to be done."""
        ways: List[Way] = []
        for entry in self._reader.entries.get(field, ()):
            if not isinstance(entry.raw, Slot) or entry.when is not always or (field == "time" and not entry.as_is):
                return None
            ways += [(place, lenient(entry.convert)) for place in self._under({entry.raw.slot})]
        return ways

    def _presences(self, key: Set[int]) -> List[Set[int]]:
        """Of the columns of which one has to hold something those in the key: a row is remembered only where one does."""
        groups = [self._under(set(group)) for group in self._reader.whether]
        return [group & key for group in groups if self._time_at not in group]


def _first(row: Row, ways: Sequence[Way]) -> Any:
    """The first value that means something. Raises ValueError for a cell of several lines, which may be several values."""
    for place, convert in ways:
        cell = row[place]
        if cell:
            if "\n" in cell:
                raise ValueError("several lines")
            found = convert(cell)
            if found is not None:
                return found
    return None


NOBODY = "no user is named"  # what the core says of the person, not of the decision


def _spelled(cell: str) -> str:
    return quoted(cell) if "\n" not in cell else f"[{','.join(map(quoted, cell.split(chr(10))))}]"


def _holds(branch: Any, needed: Set[int]) -> bool:
    """Whether one of the slots is at or below this key of the tree."""
    slot, below = branch
    return slot in needed or (below is not None and any(_holds(inner, needed) for inner in below.values()))


def _picker(places: Set[int]) -> Cells:
    """A tuple of the cells at these places; a single place stands there twice, and of none the first cell does not count."""
    if not places:
        return lambda _row: ("", "")
    first, *others = sorted(places)
    return itemgetter(first, *(others or [first]))
