"""How often each value of one kind was seen, and on which day last.

Counts are decayed whole numbers (`decay`). Bounded: the smallest, oldest value makes room for a new one.
"""

from __future__ import annotations

from typing import Any, Dict, List, Union

from ..decay import shifted

Key = Union[str, int]


class Counts:
    __slots__ = ("bound", "total", "values")

    def __init__(self, bound: int) -> None:
        self.bound = bound
        self.values: Dict[Key, List[int]] = {}  # value -> [count, last day]
        self.total = 0

    def add(self, value: Key, weight: int, day: int) -> None:
        known = self.values.get(value)
        if known is None:
            self.values[value] = [weight, day]
            self.total += weight
            if len(self.values) > self.bound:
                self._evict(value)
            return
        known[0] += weight
        if day > known[1]:
            known[1] = day
        self.total += weight

    def count(self, value: Key) -> int:
        known = self.values.get(value)
        return known[0] if known is not None else 0

    def shift(self, bits: int) -> None:
        """Move to a later era."""
        for value, known in list(self.values.items()):
            known[0] = shifted(known[0], bits)
            if not known[0]:
                del self.values[value]
        self.total = sum(known[0] for known in self.values.values())

    def to_json(self) -> List[List[Any]]:
        return [[value, count, day] for value, (count, day) in self.values.items()]

    @classmethod
    def from_json(cls, bound: int, rows: List[List[Any]]) -> Counts:
        counts = cls(bound)
        counts.values = {value: [count, day] for value, count, day in rows}
        counts.total = sum(row[1] for row in rows)
        return counts

    def _evict(self, newest: Key) -> None:
        victim = min(
            (value for value in self.values if value != newest),
            key=lambda value: (self.values[value][0], self.values[value][1], str(value)),
        )
        self.total -= self.values.pop(victim)[0]
