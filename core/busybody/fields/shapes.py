"""Shapes: where the paths' values are in records of one structure, so that the next one is read without a search.

A record's dictionaries are emptied into one row of values, those of the top level first. The dictionary at place 7 had
four keys when the shape was learned: where it has four now and these four are found, it has the same, and what they
hold stands at the same places of the row as it did then.
"""

from __future__ import annotations

from operator import itemgetter
from typing import AbstractSet, Any, Callable, Dict, Iterable, List, Mapping, Optional, Sequence, Tuple

from .paths import Frozen, Slots

Row = List[Any]
Pick = Callable[[Any], Iterable[Any]]
Step = Tuple[int, int, Pick]  # place, how many values are there, what gives them; TypeError where these are none
WIDEST = 256  # values of a row; a record of more is searched
CONTAINERS = (dict, list)


class Shape:
    """The structure of one record, for others with the same top-level keys in the same order."""

    def __init__(self, record: Mapping[str, Any], tree: Frozen, opened: AbstractSet[int]) -> None:
        """`opened` are the slots whose lists and objects are emptied into the row as well.

        Raises ValueError where the record has no shape: it is too wide, or has a list in a list on a path's way.
        """
        self._opened = opened
        self._leaves: Dict[int, List[int]] = {}  # place of something opened -> places of what is in it
        self.steps: List[Step] = []
        self.closed: List[int] = []  # places where paths would go on, had the record an object or a list there
        self.places: Dict[int, List[int]] = {}  # slot -> places in the row, the first that is not None counts
        self.row: Row = [None, *record.values()]  # of this record
        for place, key in enumerate(record, 1):
            slot, below = tree.get(key, _NO_PATH)
            self._note(place, slot, below, False)

    def leaves(self, slot: int) -> List[int]:
        """The places of the slot's values; of an opened list or object those of what is in it."""
        return [leaf for place in self.places.get(slot, ()) for leaf in self.under(place)]

    def under(self, place: int) -> List[int]:
        """The place, or the places of what is in it."""
        below = self._leaves.get(place)
        return [place] if below is None else [leaf for child in below for leaf in self.under(child)]

    def _note(self, place: int, slot: int, below: Optional[Frozen], inside: bool) -> None:
        value = self.row[place]
        if slot >= 0:
            self.places.setdefault(slot, []).append(place)
        opened = inside or slot in self._opened
        if type(value) in CONTAINERS:
            if opened or below is not None:
                self._empty(place, value, below, opened)
        elif below is not None:
            self.closed.append(place)

    def _empty(self, place: int, value: Any, below: Optional[Frozen], opened: bool) -> None:
        keys: Sequence[Any] = list(value) if type(value) is dict else range(len(value))
        pick: Pick = list.copy
        if type(value) is dict:
            pick = itemgetter(*keys) if len(keys) > 1 else itemgetter(*keys, *keys) if keys else dict.values
        first = len(self.row)
        self.steps.append((place, len(keys), pick))
        self.row += pick(value)
        if len(self.row) > WIDEST:
            raise ValueError("the record is too wide for a shape")
        if opened:
            self._leaves[place] = list(range(first, first + len(keys)))
        for child, key in enumerate(keys, first):
            if type(value) is dict:
                slot, deeper = (below or {}).get(key, _NO_PATH)
                self._note(child, slot, deeper, opened)
            else:  # a list on the way stands for the objects in it
                if below is not None and type(self.row[child]) is list:
                    raise ValueError("a list in a list has no shape")
                self._note(child, -1, below, opened)


def filler(places: Mapping[int, Sequence[int]], width: int) -> Callable[[Row], Slots]:
    """Gives `width` slots of a row, where each is at the first of its places that is not None."""
    empty: Slots = [None] * width
    firsts = [(slot, found[0]) for slot, found in places.items()]
    several = [(slot, found) for slot, found in places.items() if len(found) > 1]

    def fill(row: Row) -> Slots:
        slots = empty[:]
        for slot, place in firsts:
            slots[slot] = row[place]
        for slot, found in several:
            slots[slot] = next((row[place] for place in found if row[place] is not None), None)
        return slots

    return fill


_NO_PATH: Tuple[int, None] = (-1, None)
