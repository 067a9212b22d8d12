"""Seeded defects: each takes one safeguard out, in the process that calls `take_out`. The proofs must notice.

ties      pages go on after the time alone, without the cluster's unique tie-breaker
overlap   nothing before the position is looked at again
fencing   heads are written without compare-and-set, and nobody asks whether the lease still holds
order     the state is durable before the results
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from busybody_elastic import partition
from busybody_elastic.reader import follow, lane
from busybody_elastic.state import lease

NAMES = ("ties", "overlap", "fencing", "order")
_DONE: list[tuple[Any, str, Any]] = []


def take_out(name: str) -> None:
    """Until `put_back`, or for good."""
    if name:
        globals()[f"_{name}"]()


@contextmanager
def without(name: str) -> Iterator[None]:
    """The safeguard is missing meanwhile."""
    take_out(name)
    try:
        yield
    finally:
        while _DONE:
            owner, attribute, value = _DONE.pop()
            setattr(owner, attribute, value)


def _replace(owner: Any, attribute: str, value: Any) -> None:
    _DONE.append((owner, attribute, getattr(owner, attribute)))
    setattr(owner, attribute, value)


def _ties() -> None:
    whole = lane.pages

    def pages(cluster: Any, indices: str, one: lane.Lane, query: Any, size: int, **more: Any) -> Iterator[Any]:
        low = query
        while True:
            page = next(whole(cluster, indices, one, low, size, **more), [])
            if page:
                yield page
            if len(page) < size:
                return
            after = {"gt": page[-1].value, "format": "epoch_millis"}
            low = {"bool": {"filter": [query, {"range": {one.field: after}}]}}

    _replace(follow, "pages", pages)


def _overlap() -> None:
    whole = follow.lanes
    _replace(follow, "lanes", lambda *given: [one._replace(overlap=0) for one in whole(*given)])


def _fencing() -> None:
    real = lease.Lease._attempt

    def put(cluster: Any) -> Any:
        def written(index: str, name: str, source: Mapping[str, Any], **named: Any) -> Any:
            named.pop("if_doc", None)
            return cluster.put(index, name, source, **named)

        return written

    def attempt(self: Any, fields: Mapping[str, Any], start: float) -> bool:
        whole = self.cluster

        class Careless:
            def __getattr__(self, name: str) -> Any:
                return put(whole) if name == "put" else getattr(whole, name)

        self.cluster = Careless()
        try:
            return bool(real(self, fields, start))
        finally:
            self.cluster = whole

    _replace(lease.Lease, "_attempt", attempt)
    _replace(lease.Lease, "is_over", property(lambda self: False))


def _order() -> None:
    real = partition.Partition._land

    def land(self: Any, **named: Any) -> None:
        flight = self._ahead.flight
        if flight is not None:
            write, self.results.write = self.results.write, lambda *given, **more: None
            try:
                real(self, **named)
            finally:
                self.results.write = write
            write(flight.outcome)

    _replace(partition.Partition, "_land", land)
