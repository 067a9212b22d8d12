"""What becomes of what was learned provisionally, once the cluster has answered."""

from __future__ import annotations

import asyncio
import logging
from concurrent.futures import Executor
from functools import partial

from ..records import Batch, Router

log = logging.getLogger("busybody_elastic.gateway")


class Settling:
    """The ticket of a batch: settled once, whatever happens. Nothing counts as accepted until upstream says so."""

    def __init__(self, router: Router, batch: Batch, threads: Executor) -> None:
        self._router = router
        self._ticket = batch.ticket
        self._threads = threads
        self.accepted = [False] * len(batch.answers)

    @property
    def learned(self) -> bool:
        return self._ticket is not None and any(self.accepted)

    async def over(self) -> None:
        """Tells the router, even where the request is being cancelled."""
        if self._ticket is None:
            return
        settle = partial(self._router.settle, self._ticket, self.accepted)
        try:
            await asyncio.shield(asyncio.wrap_future(self._threads.submit(settle)))
        except Exception as error:  # noqa: BLE001  the cluster has answered, and the caller is to hear it
            log.error("a batch was not settled: %s", type(error).__name__)  # noqa: TRY400  as above
