"""Back-fill: the sign-ins of a span of event time, scored and learned, and never paging anybody."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import closing

from .reader.feed import Stopped
from .reader.follow import COMMIT_SECONDS, SURE, Reader
from .reader.lane import Lane, ahead, pages
from .reader.seen import SECOND

NOTE = "reader backfill"  # when the one that is under way committed last (epoch seconds); empty: none is


def backfill(reader: Reader, begin: float, end: float, *, now: Callable[[], float] = time.time) -> int:
    """Feed what happened from `begin` to before `end` (epoch seconds) and has no result yet; how many that were.

    The cursor of the reader stays where it is. Run again after a crash, it feeds again what was not surely learned.
    Raises PartialResults, ClusterError, Lost; Stopped, with what was fed committed.
    """
    router, feeder = reader.router, reader.feeder
    reader.look()
    span = [int(begin * SECOND), int(end * SECOND) - 1]
    half_done = router.notes().get(NOTE)
    last = float(half_done) if half_done else now()
    feeder.sure = last - SURE
    router.commit({NOTE: str(last)})  # before anything is fed: results may outlive what was learned of them
    lane = Lane("backfill", "@timestamp", reader.wanted, 0)
    fed, committed = 0, now()
    source = ahead(pages(reader.cluster, reader.indices, lane, lane.between(*span), reader.page))
    with closing(source):
        for page in source:
            fed += len(feeder.feed(page, quiet_before=float("inf"), look_up=True))
            reader.show(page)
            stopped = reader.stop.is_set()
            if stopped or now() - committed >= COMMIT_SECONDS:
                router.commit({NOTE: str(now())})
                committed = now()
            if stopped:
                raise Stopped
    router.commit({NOTE: ""})
    return fed
