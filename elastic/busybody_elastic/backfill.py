"""Back-fill: the sign-ins of a span of event time, scored and learned, and never paging anybody."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from contextlib import closing

from .reader.feed import Stopped
from .reader.follow import COMMIT_SECONDS, SURE, Reader
from .reader.lane import Lane, ahead, pages
from .reader.seen import SECOND

NOTE = "reader backfill"


def backfill(reader: Reader, begin: float, end: float, *, now: Callable[[], float] = time.time) -> int:
    """Feed what happened from `begin` to before `end` (epoch seconds) and has no result yet; how many that were.

    The cursor of the reader stays where it is. Run again after a crash, it feeds again what was not surely learned.
    Raises PartialResults, ClusterError, Lost; Stopped, with what was fed committed.
    """
    router, feeder = reader.router, reader.feeder
    span = [int(begin * SECOND), int(end * SECOND) - 1]
    feeder.sure = _last(router.notes().get(NOTE), span, now()) - SURE
    lane = Lane("backfill", "@timestamp", reader.wanted, 0)
    fed, committed = 0, now()
    source = ahead(pages(reader.cluster, reader.indices, lane, lane.between(*span), reader.page))
    with closing(source):
        for page in source:
            fed += len(feeder.feed(page, quiet_before=float("inf"), look_up=True))
            reader.show(page)
            stopped = reader.stop.is_set()
            if stopped or now() - committed >= COMMIT_SECONDS:
                router.commit(_note(span, now()))
                committed = now()
            if stopped:
                raise Stopped
    router.commit(_note(span, now()))
    return fed


def _note(span: list[int], moment: float) -> dict[str, str]:
    return {NOTE: json.dumps({"span": span, "committed": moment})}


def _last(text: str | None, span: list[int], now: float) -> float:
    """When a run over the same span committed last. Of another span nothing was left half done."""
    if text is not None:
        row = json.loads(text)
        if row["span"] == span:
            return float(row["committed"])
    return now
