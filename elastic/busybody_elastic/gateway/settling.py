"""What becomes of what was learned provisionally, once the cluster has answered."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import Executor
from functools import partial
from typing import Any

from ..records import KNOWN, Answer, Batch, Router
from .answer import DUPLICATE, is_accepted
from .bulk import Candidate, is_named

log = logging.getLogger("busybody_elastic.gateway")


def accepted(
    candidates: Sequence[Candidate], found: Sequence[Answer], results: Sequence[Mapping[str, Any]],
    doubtful: Callable[[], Sequence[str]],
) -> list[bool]:  # fmt: skip
    """Which sign-ins lie in the cluster, as its answer tells; `doubtful` are the identities sent before without one."""
    sent = frozenset(doubtful()) if any(one["status"] == DUPLICATE for one in results) else frozenset()
    return [
        is_accepted(results[one.position]) or _is_resent(one, answer, results[one.position], sent)
        for one, answer in zip(candidates, found, strict=True)
    ]


def _is_resent(one: Candidate, answer: Answer, result: Mapping[str, Any], sent: Collection[str]) -> bool:
    """Whether what lies there already is this sign-in. A conflict says only that something of that _id does."""
    if result["status"] != DUPLICATE or one.operation.action != "create" or not one.operation.plain:
        return False
    return answer.status == KNOWN or one.incoming.identity in sent or is_named(one, result)


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
