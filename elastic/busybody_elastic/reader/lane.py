"""A lane: the documents of a query in the order of one time field, read page by page from a point in time.

`date` and `date_nanos` are sorted as milliseconds both, an index that does not map the field takes part, and ties are
broken by the cluster (`cluster.page`). An answer that lacks a shard raises PartialResults; nothing after it is read.
"""

from __future__ import annotations

import heapq
import threading
from itertools import chain
from queue import Full, Queue
from typing import Any, Generator, Iterable, Iterator, NamedTuple, Sequence, TypeVar

from ..cluster.protocol import Cluster, Hit

AHEAD = 2  # pages that are fetched while one is scored
MOMENT = 0.1  # seconds in which a fetcher notices that nobody waits for it
T = TypeVar("T")
Query = dict[str, Any]


class Found(NamedTuple):
    """A document on its way to the scorer, and its place in its lane."""

    value: int  # milliseconds since 1970
    lane: str
    hit: Hit


class Lane(NamedTuple):
    """`overlap` in milliseconds: how far before its position it looks again for what became visible late."""

    name: str
    field: str  # the time field it goes by
    query: Query
    overlap: int

    def between(self, low: int, high: int | None = None) -> Query:
        """Its documents from `low` to `high`, both included."""
        bounds: dict[str, Any] = {"gte": low, "format": "epoch_millis"}
        if high is not None:
            bounds["lt"] = high + 1  # nanoseconds belong to their millisecond
        return {"bool": {"filter": [self.query, {"range": {self.field: bounds}}]}}

    @property
    def sort(self) -> list[dict[str, Any]]:
        return [{self.field: {"order": "asc", "numeric_type": "date", "unmapped_type": "date"}}]


def lanes(overlap: int, overlap_undated: int, wanted: Query, which: Query) -> list[Lane]:
    """The lanes that are followed: by index time, and by event time where no index time is written down."""
    has_ingested = {"exists": {"field": "event.ingested"}}
    by_index = {"bool": {"filter": [wanted, which]}}
    by_event = {"bool": {"filter": [wanted, which], "must_not": [has_ingested]}}
    return [
        Lane("ingested", "event.ingested", by_index, overlap),
        Lane("timestamp", "@timestamp", by_event, max(overlap, overlap_undated)),
    ]


def pages(
    cluster: Cluster, indices: str, lane: Lane, query: Query, size: int, *, source: bool | Sequence[str] = True
) -> Generator[list[Found], None, None]:
    """The pages of a query in the lane's order, all of one moment."""
    pit = cluster.open_pit(indices)
    try:
        body: dict[str, Any] = {"query": query, "sort": lane.sort, "size": size, "track_total_hits": False}
        if source is not True:
            body["_source"] = source
        while True:
            page = cluster.page(pit, body)
            pit = page.pit
            if page.hits:
                yield [Found(int(hit.sort[0]), lane.name, hit) for hit in page.hits]
            if len(page.hits) < size:
                return
            body["search_after"] = page.hits[-1].sort
    finally:
        cluster.close_pit(pit)


def merged(sources: Sequence[Iterable[list[Found]]]) -> Iterator[Found]:
    """The documents of several lanes in one order of time, so that none runs days ahead of another."""
    return heapq.merge(*[chain.from_iterable(source) for source in sources], key=lambda found: found.value)


def batches(found: Iterable[Found], size: int) -> Iterator[list[Found]]:
    batch: list[Found] = []
    for one in found:
        batch.append(one)
        if len(batch) >= size:
            yield batch
            batch = []
    if batch:
        yield batch


def ahead(source: Generator[T, None, None], depth: int = AHEAD) -> Generator[T, None, None]:
    """The same, made in a thread of its own up to `depth` ahead. What goes wrong there is raised here."""
    queue: Queue[tuple[bool, Any]] = Queue(depth)
    gone = threading.Event()

    def put(item: tuple[bool, Any]) -> None:
        while not gone.is_set():
            try:
                queue.put(item, timeout=MOMENT)
                return
            except Full:
                continue

    def fetch() -> None:
        try:
            for item in source:
                put((True, item))
                if gone.is_set():
                    break
            put((False, None))
        except BaseException as error:  # noqa: BLE001  whatever it is, it belongs to who reads
            put((False, error))
        finally:
            source.close()

    thread = threading.Thread(target=fetch, name="busybody-fetch", daemon=True)
    thread.start()
    try:
        while True:
            more, item = queue.get()
            if more:
                yield item
            elif item is None:
                return
            else:
                raise item
    finally:
        gone.set()
        thread.join()
