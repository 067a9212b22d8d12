"""Things in batches that whoever receives them accepts: not too many, and together not too large."""

from __future__ import annotations

from typing import Callable, Iterable, Iterator, List, TypeVar

Thing = TypeVar("Thing")


def batches(things: Iterable[Thing], size_of: Callable[[Thing], int], most: int, largest: int) -> Iterator[List[Thing]]:
    """At most `most` of them, and no more than `largest` in size, in each; one that is larger stands alone."""
    batch: List[Thing] = []
    size = 0
    for thing in things:
        more = size_of(thing)
        if batch and (len(batch) == most or size + more > largest):
            yield batch
            batch, size = [], 0
        batch.append(thing)
        size += more
    if batch:
        yield batch
