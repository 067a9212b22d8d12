"""Order: several files merged by time, logs sorted that are not, logs noticed that are written newest first."""

from __future__ import annotations

import json
import os
import tempfile
from heapq import heapify, heapreplace, merge
from itertools import islice
from typing import Any, Iterable, Iterator, List, Tuple

from ..signin import SignIn
from .entries import Entry, payload_of, time_of
from .shorthand import Shorthand

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
        runs = _Runs(folder)
        keyed = _keyed(entries)
        run = sorted(islice(keyed, RUN), key=_key)
        while len(run) == RUN:
            runs.add(run)
            run = sorted(islice(keyed, RUN), key=_key)
        for _, _, entry in merge(runs.merged(), iter(run), key=_key):
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


class _Runs:
    """Sorted runs in temporary files; as soon as there are FAN_IN of them, they become one."""

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self._paths: List[str] = []
        self._number = 0
        self._shorthand = Shorthand()

    def add(self, run: Iterable[Keyed]) -> None:
        self._paths.append(self._write(run))
        if len(self._paths) == FAN_IN:
            old, merged = self._paths, self.merged()
            self._paths = [self._write(merged)]
            for path in old:
                os.remove(path)  # noqa: PTH107  pathlib costs a tenth of the start-up budget

    def merged(self) -> Iterator[Keyed]:
        return merge(*map(self._read, self._paths), key=_key)

    def _write(self, run: Iterable[Keyed]) -> str:
        path = os.path.join(self._folder, f"run-{self._number}.txt")
        self._number += 1
        with open(path, "w", encoding="ascii") as file:
            for time, place, (name, line, payload) in run:
                signin = payload if type(payload) is SignIn else None
                row = [None if time == float("-inf") else time, place, name, line, None if signin else payload]
                file.write(f"{_encode(row)}\t{self._shorthand.text(signin) if signin else ''}\n")
        return path

    def _read(self, path: str) -> Iterator[Keyed]:
        with open(path, encoding="ascii") as file:
            for text in file:
                head, _, signin = text[:-1].partition("\t")
                time, place, name, line, row = json.loads(head)
                payload = self._shorthand.signin(signin) if signin else payload_of(row)
                yield float("-inf") if time is None else time, place, (name, line, payload)
