"""Paths into records, and reading many of them in one pass.

`user.name` means the same whether a record nests (`{"user": {"name": …}}`), spells the dots (`{"user.name": …}`)
or mixes both. All paths of a map are put into one tree that holds every spelling, so that a record is walked once
and what the map does not name costs one dictionary look-up. A list on the way stands for its elements, in order.
Behind a bracket (`ipChain[0].ip`, `Parameters[Name=UserAgent].Value`) the path goes on step by step.
"""

from __future__ import annotations

import re
from collections.abc import Mapping  # isinstance() with the one of typing takes five times as long
from typing import Any, Container, Dict, Iterator, List, NamedTuple, Optional, Sequence, Set, Tuple, Union

Slots = List[Any]
Frozen = Dict[str, Any]  # key -> (slot or -1, Frozen or None); tuples unpack faster than attributes are read
Step = Union[str, int, Tuple[str, str]]  # a key, an index, or (key, value) that selects an element of a list

_STEP = re.compile(r"([^.\[\]]+)|\[(-?\d+)\]|\[([^=\[\]]+)=([^\[\]]*)\]")


class Node:
    """One level of the tree: the slot that its value goes to (-1 for none) and the keys that go on below."""

    __slots__ = ("below", "slot")

    def __init__(self) -> None:
        self.slot = -1
        self.below: Dict[str, Node] = {}


class Tail(NamedTuple):
    """Steps to take from the value in one slot to the value of another."""

    slot: int
    start: int
    steps: Tuple[Step, ...]


class Choice(NamedTuple):
    """Tails that begin by selecting elements of one list by one key; the list is looked through once for all."""

    start: int
    name: str
    tails: Mapping[str, Sequence[Tuple[int, Sequence[Step]]]]  # value in lower case -> slots, and the steps behind


def parse(path: str) -> Tuple[Step, ...]:
    """The steps of a path. Raises ValueError with what is wrong."""
    steps: List[Step] = []
    position = 0
    while position < len(path):
        if path[position] == "." and steps:
            position += 1
        found = _STEP.match(path, position)
        if found is None:
            raise ValueError(f"the path breaks at character {position + 1}")
        key, index, name, value = found.groups()
        if key is not None and steps and path[position - 1] != ".":
            raise ValueError(f"a dot is missing before character {position + 1}")
        if key is not None:
            steps.append(key)
        elif index is not None:
            steps.append(int(index))
        else:
            steps.append((name, value))
        position = found.end()
    if not steps:
        raise ValueError("the path is empty")
    if not isinstance(steps[0], str):
        raise ValueError("a path starts with a key")
    if path.endswith("."):
        raise ValueError("the path ends with a dot")
    return tuple(steps)


class Paths:
    """The paths of one map; each has a slot, and `read` fills the slots from a record."""

    def __init__(self) -> None:
        self.slots: Dict[str, int] = {}
        self.asked: Set[int] = set()  # what `add` was asked for since this was last emptied
        self.compared: Set[int] = set()  # slots whose text conditions look at
        self.whether: List[Sequence[int]] = []  # slots of which conditions ask only whether one of them holds something
        self._root = Node()
        self._frozen: Optional[Frozen] = None
        self._tails: List[Tail] = []
        self._choices: List[Choice] = []
        self._others: List[Tail] = []

    def __len__(self) -> int:
        return len(self.slots)

    def add(self, path: str) -> int:
        """The slot of the path, which is new or known. Raises ValueError where it is no path."""
        slot = self.slot(path)
        self.asked.add(slot)
        return slot

    def slot(self, path: str) -> int:
        """As `add`, but not noted as asked for."""
        known = self.slots.get(path)
        if known is not None:
            return known
        steps = parse(path)
        keys = 0
        while keys < len(steps) and isinstance(steps[keys], str):
            keys += 1
        if keys == len(steps):
            slot = self._new(path)
            if not path.startswith("$"):
                self._spell(self._root, [str(step) for step in steps], slot)
            return slot
        start = self.slot(".".join(str(step) for step in steps[:keys]))
        slot = self._new(path)
        self._tails.append(Tail(slot, start, steps[keys:]))
        return slot

    def _new(self, path: str) -> int:
        self.slots[path] = len(self.slots)
        self._frozen = None
        return self.slots[path]

    def _spell(self, node: Node, keys: Sequence[str], slot: int) -> None:
        for used in range(1, len(keys) + 1):
            child = node.below.setdefault(".".join(keys[:used]), Node())
            if used == len(keys):
                child.slot = slot
            else:
                self._spell(child, keys[used:], slot)

    def read(self, record: Mapping[str, Any]) -> Slots:
        """The value of every path, None where the record has none."""
        slots: Slots = [None] * len(self.slots)
        _walk(record, self.tree(), slots)
        self.finish(slots)
        return slots

    def tree(self) -> Frozen:
        """All spellings of all paths; a path behind a bracket is not in it."""
        if self._frozen is None:
            self._frozen = _frozen(self._root)
            self._choices, self._others = _sorted(self._tails)
        return self._frozen

    def behind_brackets(self) -> Dict[int, int]:
        """The slots of paths that go on behind a bracket, and the slots where they start."""
        return {tail.slot: tail.start for tail in self._tails}

    def finish(self, slots: Slots) -> None:
        """Fill the slots of the paths that go on behind a bracket from those where they start."""
        for start, name, tails in self._choices:
            value = slots[start]
            if value is not None:
                for low, element in _selected(value, name, tails).items():
                    for slot, steps in tails[low]:
                        slots[slot] = follow(element, steps)
        for slot, start, steps in self._others:
            value = slots[start]
            if value is not None:
                slots[slot] = follow(value, steps)

    def top_keys(self, path: str) -> List[str]:
        """The top-level keys under which the path can be found: `a`, `a.b`, … for `a.b`."""
        keys = list(_leading_keys(parse(path)))
        return [".".join(keys[:used]) for used in range(1, len(keys) + 1)]


def _leading_keys(steps: Sequence[Step]) -> Iterator[str]:
    for step in steps:
        if not isinstance(step, str):
            return
        yield step


def _frozen(node: Node) -> Frozen:
    return {key: (child.slot, _frozen(child) if child.below else None) for key, child in node.below.items()}


def _walk(record: Mapping[str, Any], below: Frozen, slots: Slots) -> None:
    find = below.get
    for key, value in record.items():
        found = find(key)
        if found is not None and value is not None:
            slot, deeper = found
            if slot >= 0 and slots[slot] is None:
                slots[slot] = value
            if deeper is not None:
                if type(value) is dict:
                    _walk(value, deeper, slots)
                elif type(value) is list:
                    for element in value:
                        if type(element) is dict:
                            _walk(element, deeper, slots)


def follow(value: Any, steps: Sequence[Step]) -> Any:
    """What the steps lead to from here, or None."""
    for number, step in enumerate(steps):
        if value is None:
            return None
        if type(value) is dict and type(step) is str:
            value = value.get(step)
        elif isinstance(step, int):
            value = value[step] if isinstance(value, list) and -len(value) <= step < len(value) else None
        elif isinstance(step, tuple):
            value = _select(value, step)
        elif isinstance(value, Mapping):
            value = value.get(step)
        elif isinstance(value, list):
            rest = steps[number:]
            return next((found for found in (follow(item, rest) for item in value) if found is not None), None)
        else:
            return None
    return value


def _select(value: Any, step: Tuple[str, str]) -> Any:
    wanted = step[1].lower()
    return _selected(value, step[0], (wanted,)).get(wanted)


def _selected(value: Any, name: str, wanted: Container[str]) -> Dict[str, Any]:
    """Of a list the first element for every wanted value of the key `name`, in lower case."""
    found: Dict[str, Any] = {}
    for element in value if isinstance(value, list) else (value,):
        if type(element) is dict or isinstance(element, Mapping):
            word = element.get(name, "")
            low = word.lower() if type(word) is str else str(word).lower()
            if low in wanted and low not in found:
                found[low] = element
    return found


def _sorted(tails: Sequence[Tail]) -> Tuple[List[Choice], List[Tail]]:
    """Those that begin with a selection, by list and key; and the others."""
    chosen: Dict[Tuple[int, str], Dict[str, List[Tuple[int, Sequence[Step]]]]] = {}
    others = []
    for tail in tails:
        step = tail.steps[0]
        if isinstance(step, tuple):
            by_value = chosen.setdefault((tail.start, step[0]), {})
            by_value.setdefault(step[1].lower(), []).append((tail.slot, tail.steps[1:]))
        else:
            others.append(tail)
    return [Choice(start, name, by_value) for (start, name), by_value in chosen.items()], others
