"""Order: several files merged by time, logs sorted that are not, logs noticed that are written newest first."""

from __future__ import annotations

import json
import os
import tempfile
from heapq import heapify, heapreplace, merge
from itertools import islice
from typing import Any, Iterable, Iterator, List, Tuple

from .entries import Entry, payload_of, payload_row, time_of

RUN = 25_000  # entries sorted at once
FAN_IN = 64  # runs merged at once
LOOKED_AT = 1_000  # entries from which the direction is told
FEWEST = 20  # sign-ins that make a direction
BATCH = 512  # entries
Keyed = Tuple[float, int, Entry]
_encode = json.JSONEncoder(separators=(",", ":"), check_circular=False).encode


def batches(entries: Iterable[Entry]) -> Iterator[List[Entry]]:
    """Entries in lists, for what goes through them faster so."""
    iterator = iter(entries)
    while True:
        batch = list(islice(iterator, BATCH))
        if not batch:
            return
        yield batch


def by_time(streams: List[Iterator[Entry]]) -> Iterator[Entry]:
    """Several streams as one: of those at hand the earliest; what has no time follows what it stood behind."""
    waiting: List[Any] = []
    for number, stream in enumerate(streams):
        head = next(stream, None)
        if head is not None:
            waiting.append((_when(head), number, head, stream))
    heapify(waiting)
    while waiting:
        _, number, head, stream = waiting[0]
        yield head
        following = next(stream, None)
        if following is None:
            waiting[0] = (float("inf"), number, None, None)
            heapreplace(waiting, waiting[0])
            waiting = [row for row in waiting if row[3] is not None]
            heapify(waiting)
        else:
            heapreplace(waiting, (_when(following), number, following, stream))


def _when(entry: Entry) -> float:
    time = time_of(entry[2])
    return float("-inf") if time is None else time


def newest_first(entries: Iterable[Entry], gap: float) -> bool:
    """Whether time only falls in the first entries of a stream, by more than `gap` seconds."""
    known = (time_of(entry[2]) for entry in islice(entries, LOOKED_AT))
    times = [time for time in known if time is not None]
    return len(times) >= FEWEST and times[0] - times[-1] > gap and all(a >= b for a, b in zip(times, times[1:]))


def sorted_by_time(entries: Iterable[Entry]) -> Iterator[Entry]:
    """All entries by time, in bounded memory: sorted runs go to temporary files. Equal times keep their order.

    What has no time stays behind the sign-in that it stood behind.
    """
    with tempfile.TemporaryDirectory(prefix="busybody-sort-") as folder:
        runs: List[str] = []
        number = 0
        keyed = _keyed(entries)
        run = sorted(islice(keyed, RUN), key=_key)
        while len(run) == RUN:
            runs.append(_write(folder, number, run))
            number += 1
            if len(runs) == FAN_IN:
                runs = [_write(folder, number, merge(*map(_read, runs), key=_key), old=runs)]
                number += 1
            run = sorted(islice(keyed, RUN), key=_key)
        for _, _, entry in merge(*map(_read, runs), iter(run), key=_key):
            yield entry


def _key(keyed: Keyed) -> Tuple[float, int]:
    return keyed[0], keyed[1]


def _keyed(entries: Iterable[Entry]) -> Iterator[Keyed]:
    last = float("-inf")
    for number, entry in enumerate(entries):
        time = time_of(entry[2])
        if time is not None:
            last = time
        yield last, number, entry


def _write(folder: str, number: int, run: Iterable[Keyed], old: Iterable[str] = ()) -> str:
    path = os.path.join(folder, f"run-{number}.jsonl")
    with open(path, "w", encoding="ascii") as file:
        file.writelines(_text(*keyed) for keyed in run)
    for done in old:
        os.remove(done)  # noqa: PTH107  pathlib costs a tenth of the start-up budget
    return path


def _text(time: float, place: int, entry: Entry) -> str:
    name, line, payload = entry
    return _encode([None if time == float("-inf") else time, place, name, line, payload_row(payload)]) + "\n"


def _read(path: str) -> Iterator[Keyed]:
    with open(path, encoding="ascii") as file:
        for text in file:
            time, place, name, line, row = json.loads(text)
            yield float("-inf") if time is None else time, place, (name, line, payload_of(row))
