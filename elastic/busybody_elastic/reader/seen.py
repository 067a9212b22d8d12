"""Which documents were read of late: what a re-read of the overlap leaves out."""

from __future__ import annotations

SECOND = 1000  # milliseconds
LIMIT = 500_000  # documents, some 50 MB


class Seen:
    """Documents by their place in a lane. Of more than `limit` the oldest are forgotten, a second at a time.

    `since` is the place from which the memory is complete; None where it knows nothing yet.
    """

    def __init__(self, limit: int = LIMIT) -> None:
        self.since: int | None = None
        self._limit = limit
        self._seconds: dict[int, dict[int, int]] = {}  # second -> hash of index and id -> place
        self._size = 0

    def add(self, index: str, id: str, value: int) -> None:
        second = self._seconds.setdefault(value // SECOND, {})
        before = len(second)
        second[hash((index, id))] = value
        self._size += len(second) - before
        if self._size > self._limit and len(self._seconds) > 1:
            oldest = min(self._seconds)
            self._size -= len(self._seconds.pop(oldest))
            self.since = max(self.since or 0, (oldest + 1) * SECOND)

    def has(self, index: str, id: str, value: int) -> bool:
        second = self._seconds.get(value // SECOND)
        return second is not None and hash((index, id)) in second

    def count(self, low: int, high: int) -> int:
        """How many lie from `low` to `high`, both included."""
        first, last = low // SECOND, high // SECOND
        inner = sum(len(found) for second, found in self._seconds.items() if first < second < last)
        edges = [self._seconds.get(second, {}) for second in {first, last}]
        return inner + sum(low <= value <= high for found in edges for value in found.values())

    def beyond(self, position: int) -> int:
        """How many lie after it: documents from the future."""
        return self.count(position + 1, (max(self._seconds, default=0) + 1) * SECOND)

    def forget(self, low: int, high: int) -> None:
        """Everything from `low` to `high`, both included: it was read again."""
        for number in [number for number in self._seconds if low // SECOND <= number <= high // SECOND]:
            second = self._seconds[number]
            kept = {key: value for key, value in second.items() if not low <= value <= high}
            self._size -= len(second) - len(kept)
            self._seconds[number] = kept

    def prune(self, low: int) -> None:
        """Forget what lies before the second of `low`."""
        for second in [second for second in self._seconds if second < low // SECOND]:
            self._size -= len(self._seconds.pop(second))

    def __len__(self) -> int:
        return self._size
