"""The reconciliation sweep: what became visible later than any overlap, and what an entrance left half done.

It goes over the documents of a past window and asks which of them have no result; those are fed. It runs in small
steps beside the reader, so that no new sign-in waits for it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

from .log import get
from .reader.feed import Feeder
from .reader.follow import Reader
from .reader.lane import Found, Lane, Query, lanes, pages
from .reader.seen import SECOND
from .reader.wanted import owed, unowed

IDENTITY_FIELDS = [
    "event.id",
    "event.dataset",
    "data_stream.dataset",
    "busybody.identity",
    "busybody.status",
    "busybody.stamp",
]


class Sweep:
    """Compares the source's documents with the results, every so often."""

    def __init__(
        self, reader: Reader, *, every_seconds: float = 3600.0, back_seconds: float = 86400.0,
        gateway_scores: str = "all", now: Callable[[], float] = time.time,
    ) -> None:  # fmt: skip
        """`every_seconds` of 0 never sweeps. The first sweep comes with the first `step`.

        `gateway_scores` is `gateway.scores` of the configuration: which of its sign-ins have a result of their own.
        """
        self._reader, self._every, self._back, self._now = reader, every_seconds, back_seconds, now
        self._owed, self._unowed = owed(gateway_scores), gateway_scores != "all"
        self._checked: int | None = None  # up to when what has no result of its own is known to be learned
        self._due = now()
        self._run: Iterator[int] | None = None
        self.found = 0  # sign-ins that only a sweep brought, since the start

    def step(self, seconds: float = 0.5) -> None:
        """Sweep for about that long, where it is time to."""
        if not self._every or (self._run is None and self._now() < self._due):
            return
        if self._run is None:
            self._run = self._pages()
        until = self._now() + seconds
        for _ in self._run:
            if self._now() >= until:
                return
        self._run, self._due = None, self._now() + self._every

    def whole(self) -> int:
        """Sweep to the end; how many sign-ins it brought."""
        before = self.found
        for _ in self._pages():
            pass
        return self.found - before

    def _pages(self) -> Iterator[int]:
        """One page after the other; how many of it were missing."""
        reader, feeder = self._reader, self._reader.feeder
        high = int((self._now() - reader.overlap_seconds) * SECOND)
        low = high - int(self._back * SECOND)
        size = reader.page
        for lane, query in self._queries(low, high):
            for page in pages(reader.cluster, reader.indices, lane, query, size, source=IDENTITY_FIELDS):
                missing = feeder.missing(page)
                if missing:
                    self._bring(feeder, reader.named(lane, missing))
                yield len(missing)

    def _queries(self, low: int, high: int) -> Iterator[tuple[Lane, Query]]:
        """What has to have a result; then what was stamped since the last sweep and has none: it is learned by now."""
        reader, overlap = self._reader, int(self._reader.overlap_seconds * SECOND)
        for lane in lanes(0, 0, reader.wanted, self._owed):
            yield lane, lane.between(low, high)
        if self._unowed:
            since = self._checked if self._checked is not None else int(reader.feeder.sure * SECOND)
            for lane in lanes(0, 0, reader.wanted, unowed(self._owed)):
                yield lane, lane.between(max(low, since), high)
            self._checked = high - overlap

    def _bring(self, feeder: Feeder, missing: list[Found]) -> None:
        answers = feeder.feed(missing, quiet_before=self._reader.quiet_before())
        self._reader.commit()
        brought = feeder.scored(answers)
        self.found += brought
        if brought:
            get("sweep").warning("sign-ins were visible later than the overlap is long", sign_ins=brought)
