"""From slots to values: the ways to a field, and what a text became remembered.

Logs say the same few thousand things over and over. A memory is emptied when it is full, so that a reader's size
does not grow with the log.
"""

from __future__ import annotations

from typing import Any, Callable, Dict, FrozenSet, NamedTuple, Sequence, Tuple

from . import values
from .conditions import Holds, always
from .paths import Slots

Getter = Callable[[Slots], Any]
Way = Tuple[int, Dict[str, Any], values.Convert]  # slot, memory, conversion
_REMEMBERED = 8192  # texts per way
_LONGEST_REMEMBERED = 512  # characters
_NOTHING = object()  # remembered of a text that means nothing


class Entry(NamedTuple):
    """One way to a field's value: how it is spelled in the map, where the raw value is, what is made of it."""

    label: str
    when: Holds
    raw: Getter
    convert: values.Convert
    as_is: bool = False  # the raw value is that of a path, on no condition and not transformed
    asks: FrozenSet[int] = frozenset()  # the slots that it rests on


class Slot:
    """Gives the value of one slot; a class, so that the slot can be seen again."""

    __slots__ = ("slot",)

    def __init__(self, slot: int) -> None:
        self.slot = slot

    def __call__(self, slots: Slots) -> Any:
        return slots[self.slot]


def absent(_slots: Slots) -> None:
    """The getter of a field that a map does not have."""


def chain(ways: Sequence[Way]) -> Getter:
    """The first slot that means something."""
    if len(ways) == 1:
        return _single(*ways[0])

    def get(slots: Slots) -> Any:
        for slot, memory, convert in ways:
            value = slots[slot]
            if value is None:
                continue
            if type(value) is str:
                found = memory.get(value)
                if found is None:
                    found = _remember(memory, convert, value)
                if found is not _NOTHING:
                    return found
            else:
                found = convert(value)
                if found is not None:
                    return found
        return None

    return get


def _single(slot: int, memory: Dict[str, Any], convert: values.Convert) -> Getter:
    def get(slots: Slots) -> Any:
        value = slots[slot]
        if value is None:
            return None
        if type(value) is str:
            found = memory.get(value)
            if found is None:
                found = _remember(memory, convert, value)
            return None if found is _NOTHING else found
        return convert(value)

    return get


def lenient(convert: values.Convert) -> values.Convert:
    """A conversion for a field that a sign-in can do without: what cannot be meant is no value."""

    def converted(value: Any) -> Any:
        try:
            return convert(value)
        except (ValueError, OverflowError):
            return None

    return converted


def _remember(memory: Dict[str, Any], convert: values.Convert, value: str) -> Any:
    found = convert(value)
    if found is None:
        found = _NOTHING
    if len(value) <= _LONGEST_REMEMBERED:
        if len(memory) >= _REMEMBERED:
            memory.clear()
        memory[value] = found
    return found


def conditional(entry: Entry) -> Getter:
    """An entry that may have a condition or a raw value of its own making."""
    memory: Dict[str, Any] = {}
    when, raw, convert = entry.when, entry.raw, entry.convert

    def get(slots: Slots) -> Any:
        value = raw(slots)
        if value is None or not when(slots):
            return None
        if type(value) is not str:
            return convert(value)
        found = memory.get(value)
        if found is None:
            found = _remember(memory, convert, value)
        return None if found is _NOTHING else found

    return get


def fresh(entry: Entry) -> Getter:
    """An entry whose values come once or twice: nothing is remembered."""
    when, raw, convert = entry.when, entry.raw, entry.convert
    if when is always and isinstance(raw, Slot):
        slot = raw.slot

        def get_plain(slots: Slots) -> Any:
            value = slots[slot]
            return None if value is None else convert(value)

        return get_plain

    def get(slots: Slots) -> Any:
        value = raw(slots)
        return convert(value) if value is not None and when(slots) else None

    return get


def first(getters: Sequence[Getter]) -> Getter:
    """The first getter that gives a value."""
    if len(getters) == 1:
        return getters[0]

    def get(slots: Slots) -> Any:
        for getter in getters:
            value = getter(slots)
            if value is not None:
                return value
        return None

    return get
