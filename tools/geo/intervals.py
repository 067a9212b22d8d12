"""Sorted intervals: laid flat, with reserved blocks cut in, and neighbours of one value merged."""

from __future__ import annotations

from array import array
from heapq import merge
from typing import Dict, Iterable, Iterator, List, Sequence, Tuple

Interval = Tuple[int, int, int]  # first, last, value
Starts = List[Tuple[int, int]]  # (first, value); each holds until the next one starts


def flat(intervals: Iterable[Interval]) -> List[Interval]:
    """Disjoint intervals in rising order. Of two that overlap the one inside wins; what is left of the other stays."""
    done: List[Interval] = []
    open_: List[Tuple[int, int]] = []  # (last, value) of the intervals around the cursor, innermost last
    cursor = 0

    def close(until: int) -> None:
        nonlocal cursor
        while open_ and cursor < until:
            last, value = open_[-1]
            stop = min(last, until - 1)
            if cursor <= stop:
                done.append((cursor, stop, value))
                cursor = stop + 1
            if last < until:
                open_.pop()
            else:
                return

    for first, last, value in sorted(intervals, key=lambda interval: (interval[0], -interval[1])):
        close(first)
        cursor = max(cursor, first)
        open_.append((last, value))
    close(1 << 129)
    return done


def coarse(intervals: Iterable[Interval], dropped: int) -> Iterator[Interval]:
    """Rising disjoint intervals without their `dropped` lowest bits; the largest part of a torn block has all of it."""
    size = 1 << dropped
    parts: Dict[int, int] = {}  # value -> addresses, of the block at hand
    block = -1

    def torn(at: int, value: int, addresses: int) -> Iterator[Interval]:
        nonlocal block
        if at != block:
            yield from settled()
            block = at
        parts[value] = parts.get(value, 0) + addresses

    def settled() -> Iterator[Interval]:
        if parts:
            yield block, block, max(sorted(parts), key=lambda value: parts[value])
            parts.clear()

    for first, last, value in intervals:
        head, tail = first >> dropped, last >> dropped
        if first % size or (head == tail and (last + 1) % size):
            yield from torn(head, value, min(last + 1, (head + 1) << dropped) - first)
            head += 1
        whole = tail if (last + 1) % size == 0 else tail - 1
        if head <= whole:
            yield from settled()
            yield head, whole, value
        if max(head, whole + 1) <= tail:
            yield from torn(tail, value, last + 1 - (tail << dropped))
    yield from settled()


def without(intervals: Iterable[Interval], blocks: Sequence[Interval]) -> Iterator[Interval]:
    """The intervals with the blocks cut out of them; both disjoint and rising."""
    passed = 0
    for first, last, value in intervals:
        while passed < len(blocks) and blocks[passed][1] < first:
            passed += 1
        at = passed
        while at < len(blocks) and blocks[at][0] <= last:
            if first < blocks[at][0]:
                yield first, blocks[at][0] - 1, value
            first = blocks[at][1] + 1
            at += 1
        if first <= last:
            yield first, last, value


def starts(intervals: Iterable[Interval], blocks: Sequence[Interval], bits: int) -> Starts:
    """Rising starts from 0 on, value 0 where nothing is known; `blocks` win over `intervals`. Keys have `bits` bits."""
    table: Starts = []

    def begin(at: int, value: int) -> None:
        if not table or table[-1][1] != value:
            table.append((at, value))

    cursor = 0
    for first, last, value in merge(without(intervals, blocks), blocks):
        if cursor < first:
            begin(cursor, 0)
        begin(first, value)
        cursor = last + 1
    if cursor < 1 << bits:
        begin(cursor, 0)
    return table


def by_halves(table: Starts) -> Dict[str, array[int]]:
    """IPv4 starts as low 16 bits plus, for every upper half, the index of its first start."""
    bucket = array("I")
    for index, (first, _) in enumerate(table):
        while len(bucket) <= first >> 16:
            bucket.append(index)
    while len(bucket) < 65_537:
        bucket.append(len(table))
    return {"bucket": bucket, "low": array("H", (first & 0xFFFF for first, _ in table))}


def by_words(table: Starts) -> Dict[str, array[int]]:
    """The upper 48 bits of IPv6 starts: low 16 of them, the distinct upper words, and the index where each begins."""
    high, begin = array("I"), array("I")
    for index, (first, _) in enumerate(table):
        if not high or high[-1] != first >> 16:
            high.append(first >> 16)
            begin.append(index)
    begin.append(len(table))
    return {"high": high, "begin": begin, "low": array("H", (first & 0xFFFF for first, _ in table))}
