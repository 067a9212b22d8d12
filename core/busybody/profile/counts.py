"""How often a person used each value of one kind, and on which day last.

    share(v) = (n(v) + τ·B(v)) / (N + τ)        Dirichlet predictive, backed off to B

Counts are decayed whole numbers (`decay`). Bounded: the smallest, oldest value makes room for a new one.
"""

from __future__ import annotations

from typing import Any, Dict, List, Optional, Union

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

    def remove(self, value: Key, weight: int) -> None:
        """Undo `add`: exact while the value was not evicted in between."""
        known = self.values.get(value)
        if known is None:
            return
        taken = min(weight, known[0])
        known[0] -= taken
        self.total -= taken
        if known[0] <= 0:
            del self.values[value]

    def count(self, value: Key) -> int:
        known = self.values.get(value)
        return known[0] if known is not None else 0

    def last_day(self, value: Key) -> Optional[int]:
        known = self.values.get(value)
        return known[1] if known is not None else None

    def share(self, value: Key, tau: float, base: float, *, of: Optional[int] = None) -> float:
        """Predictive probability; `tau` in counts, `of` the context's total where it is not this table's."""
        total = self.total if of is None else of
        known = self.values.get(value)
        return ((known[0] if known is not None else 0) + tau * base) / (total + tau)

    def top(self, number: int = 3) -> List[Key]:
        """The most used values, most used first."""
        order = sorted(self.values.items(), key=lambda item: (-item[1][0], str(item[0])))
        return [value for value, _ in order[:number]]

    def forget(self, before_day: int) -> None:
        """Drop values last used before that day."""
        for value in [value for value, known in self.values.items() if known[1] < before_day]:
            self.total -= self.values.pop(value)[0]

    def shift(self, bits: int) -> None:
        """Move to a later era."""
        for value, known in list(self.values.items()):
            known[0] = shifted(known[0], bits)
            if not known[0]:
                del self.values[value]
        self.total = sum(known[0] for known in self.values.values())

    def copy(self) -> Counts:
        twin = Counts(self.bound)
        twin.values = {value: known[:] for value, known in self.values.items()}
        twin.total = self.total
        return twin

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
