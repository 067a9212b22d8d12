"""The loop around the reader: cycle after cycle until it is stopped, whatever the cluster does meanwhile."""

from __future__ import annotations

import threading
import time

from busybody.errors import BusybodyError

from ..errors import Lost, PartialResults
from ..log import get
from ..sweep import Sweep
from .feed import Stopped
from .follow import Reader
from .look import undated

PAUSE, LONGEST_PAUSE = 1.0, 60.0  # seconds before the cluster is asked again
TELL = 10.0  # seconds between two lines about progress
LOOK = 600.0  # seconds between two looks for documents that no lane can bring
tell = get("reader")


class Loop:
    """`waiting` says why nothing is read at the moment; empty while it is."""

    def __init__(self, reader: Reader, sweep: Sweep, interval: float, stop: threading.Event) -> None:
        """`interval` in seconds between two cycles that found nothing."""
        self.reader, self.sweep = reader, sweep
        self.waiting = "it has not begun"
        self._interval, self._stop = interval, stop
        self._told, self._before = time.monotonic(), 0
        self._looked = float("-inf")
        self._refresh = ""
        self._left_out: dict[str, str] = {}

    def run(self) -> None:
        """Until it is stopped. Returns with everything committed that was read."""
        pause = PAUSE
        while not self._stop.is_set():
            try:
                fed = self._turn()
            except Stopped:
                break
            except Lost as lost:
                self.reader.drop()
                self._wait(str(lost), PAUSE)
            except BusybodyError as error:
                self.reader.stuck()
                if self._wait(str(error), pause):
                    partial = isinstance(error, PartialResults)
                    words = (
                        "an answer lacks a part of the sign-ins: it is asked again, and the cursor stays"
                        if partial
                        else "the cluster did not answer, and is asked again"
                    )
                    tell.warning(words, error=error, pause_seconds=pause)
                pause = min(pause * 2, LONGEST_PAUSE)
            else:
                pause = PAUSE
                if not fed:
                    self._stop.wait(self._interval)

    def _turn(self) -> int:
        if not self.reader.router.leads:
            self.reader.drop()
            self._wait("another instance reads", PAUSE)
            return 1
        fed = self.reader.cycle()
        self.waiting = ""
        self._tell(fed)
        self.sweep.step()
        return fed

    def _wait(self, reason: str, pause: float) -> bool:
        """Wait; whether the reason is another than before."""
        new = reason != self.waiting
        self.waiting = reason
        self._stop.wait(pause)
        return new

    def _tell(self, fed: int) -> None:
        """Lag and throughput while there is something to say, and what is odd about the followed indices."""
        reader, now = self.reader, time.monotonic()
        if reader.refresh.words != self._refresh:
            self._refresh = reader.refresh.words
            tell.info("the overlap is read again", overlap_seconds=reader.overlap_seconds, reason=self._refresh)
        if reader.left_out != self._left_out:
            for index in sorted(reader.left_out.keys() - self._left_out.keys()):
                tell.warning(
                    "an index is not read: map the field as date in its template and reindex or roll over",
                    index=index, reason=reader.left_out[index],
                )  # fmt: skip
            self._left_out = dict(reader.left_out)
        if now - self._looked >= LOOK:
            self._looked = now
            for index, number in undated(reader.cluster, reader.indices).items():
                tell.warning(
                    "documents without event.ingested and @timestamp cannot be read", index=index, number=number
                )
        if fed and now - self._told >= TELL:
            stats = reader.stats
            rate = (stats.read - self._before) / (now - self._told)
            tell.info(
                "read", documents=stats.read, per_second=round(rate), scored=stats.scored, known=stats.known,
                skipped=stats.skipped, broken=stats.broken, lag_seconds=stats.lag_seconds,
            )  # fmt: skip
            self._told, self._before = now, stats.read
