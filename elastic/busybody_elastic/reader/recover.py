"""Recovery: what was stamped shortly before a process died, and nobody learned.

The gateway's answer comes before result and state are durable, so a document may lie in the cluster with its score
while both died with the process. What the gateway vouches for the reader passes over; here it is read from the last commit
on, again and again until all that was sent before the start can be seen. What has a result that was learned is left out,
and the core learns nothing twice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Protocol

from ..cluster.protocol import Cluster
from .feed import Feeder
from .lane import Found, Lane, Query, batches, lanes, pages
from .seen import SECOND
from .wanted import stamped

LONGEST = 180.0  # seconds in which what the dead process sent is done and seen, however slow the cluster is
PAUSE, LONGEST_PAUSE = 1.0, 30.0  # seconds between two looks
UNDATED = 3600.0  # seconds further back where only the event's own time is known
AHEAD = 60.0  # seconds by which another clock may be ahead of ours


class From(Protocol):
    """What recovery needs of a reader."""

    cluster: Cluster
    feeder: Feeder
    indices: str
    wanted: Query
    page: int

    @property
    def overlap_seconds(self) -> float: ...
    def named(self, lane: Lane, some: list[Found]) -> list[Found]: ...
    def quiet_before(self) -> float: ...


class Recovery:
    """Of one start. `step` is to be called until it `is_over`; it looks as often as it is worth while."""

    def __init__(self, reader: From, since: float, now: Callable[[], float]) -> None:
        """`since` (epoch seconds): what was stamped before is learned."""
        self._reader, self._now, begun = reader, now, now()
        self._low, self._high = int(since * SECOND), int((begun + AHEAD) * SECOND)
        self._until = begun + max(LONGEST, 2 * reader.overlap_seconds)
        self._due, self._pause = begun, PAUSE
        self._fed: set[int] = set()  # hashes of index and id
        self.is_over = False

    def step(self) -> Iterator[list[Found]]:
        """Feed what was not seen before; batch by batch, so that it can be committed in between."""
        now = self._now()
        if self.is_over or now < self._due:
            return
        yield from self._look()
        self._due, self._pause = now + self._pause, min(self._pause * 2, LONGEST_PAUSE)
        self.is_over = now >= self._until

    def _look(self) -> Iterator[list[Found]]:
        reader, fed = self._reader, self._fed
        for lane in lanes(0, int(UNDATED * SECOND), reader.wanted, stamped()):
            query = lane.between(self._low - lane.overlap, self._high)
            found = pages(reader.cluster, reader.indices, lane, query, 5 * reader.page, source=False)
            unseen = [one for page in found for one in page if hash((one.hit.index, one.hit.id)) not in fed]
            for some in batches(unseen, reader.page):
                batch = reader.named(lane, some)
                reader.feeder.feed(batch, quiet_before=reader.quiet_before(), look_up=True)
                fed.update(hash((one.hit.index, one.hit.id)) for one in batch)
                if batch:
                    yield batch
