"""When what came through the doors becomes durable: results, then state."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress

from anyio import to_thread
from busybody.errors import BusybodyError

from .limits import Refused
from .metrics import Metrics
from .records import Router

log = logging.getLogger("busybody_elastic.doors")
SOON = 1.0  # seconds: what lies nowhere else
LATER = 15.0  # seconds: documents that the cluster holds, so that the reader finds again what a crash loses
NEVER = float("inf")


class Committer:
    """Commits what came through the doors, much of it at once: each commit writes everybody who was met since the last."""

    def __init__(self, router: Router, metrics: Metrics) -> None:
        self._router = router
        self._metrics = metrics
        self._waiting: list[asyncio.Future[None]] = []
        self._at = NEVER  # loop time of the next commit
        self._sooner = asyncio.Event()
        self._said = ""  # the latest complaint, which is not repeated

    def learned(self, within: float) -> None:
        """Something was learned that is to be durable so many seconds from now at the latest; returns at once."""
        at = asyncio.get_running_loop().time() + within
        if at < self._at:
            self._at = at
            self._sooner.set()

    async def now(self) -> None:
        """Returns once what was learned is durable. Raises Refused where it is not."""
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(done)
        self.learned(0.0)
        await done

    async def run(self) -> None:
        """Until it is cancelled."""
        clock = asyncio.get_running_loop().time
        while True:
            left = self._at - clock()
            if left <= 0.0:
                await self.commit()
                continue
            self._sooner.clear()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._sooner.wait(), None if left == NEVER else left)

    async def commit(self) -> None:
        """Now. What cannot be committed is tried again with the next; whoever waits is told."""
        waiting, self._waiting = self._waiting, []
        self._at = NEVER
        try:
            await to_thread.run_sync(self._router.commit)
        except Exception as error:  # noqa: BLE001  the next one may succeed, and must be tried
            self._metrics.commits.labels("failed").inc()
            told = str(error) if isinstance(error, BusybodyError) else type(error).__name__
            if told != self._said:
                self._said = told
                log.warning("what was learned is not durable yet: %s", told)
            self.learned(SOON)
            for done in waiting:
                if not done.done():
                    done.set_exception(Refused(503, "the answer could not be made durable. Send it again."))
            return
        self._said = ""
        self._metrics.commits.labels("done").inc()
        for done in waiting:
            if not done.done():
                done.set_result(None)
