"""The lease of one partition: its head document, which says who owns it and which commit holds.

Every change is a compare-and-set, so whoever was stopped or cut off while another took over can change nothing more:
they get Lost. A taker watches the head by its own monotonic clock; no clock is ever compared with another machine's.
"""

from __future__ import annotations

import json
import secrets
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, NamedTuple

from busybody.errors import StoreError
from busybody.stores.protocol import SCHEMA, newer

from ..cluster.protocol import Cluster, Doc
from ..errors import ClusterError, Lost
from . import process
from .sealed import seal, unseal

TRIES = 3  # of one change whose fate is unknown, each after the client's own retries
REFUSED = frozenset((400, 401, 403, 404, 405, 413))  # statuses with which nothing was changed for certain


class Head(NamedTuple):
    """What anybody may know of a partition."""

    partition: int
    partitions: int
    owner: str  # the instance's name; empty where it was released
    address: str  # where the owner is reached by others
    fence: int  # how often it was taken
    committed: int  # number of the latest commit
    applied: int  # the latest that stands in the profiles' own documents; later ones stand in the write-ahead log
    body: Mapping[str, Any]  # salt, population, notes and write-ahead log: see `store`

    @classmethod
    def of(cls, source: Mapping[str, Any], where: str) -> Head:
        if source.get("schema", 0) > SCHEMA:
            raise newer(source["schema"], where)
        body = json.loads(unseal(source, "head", where, "the head"))
        return cls._make([*(source[name] for name in cls._fields[:-1]), body])


class Lease:
    """One instance's claim on one partition, for one session. Safe from several threads.

    Once it was lost or released it stays so, and with it every store that was opened by it: `again` is the next claim.
    """

    def __init__(
        self, cluster: Cluster, index: str, partition: int, *, partitions: int = 1, owner: str = "busybody",
        address: str = "", seconds: float = 15.0, clock: Callable[[], float] = time.monotonic,
        now: Callable[[], float] = time.time,
    ) -> None:  # fmt: skip
        """`seconds` without a sign of life make a partition free; `clock` is monotonic, `now` UTC epoch seconds."""
        self.cluster, self.index, self.partition, self.partitions = cluster, index, partition, partitions
        self.owner, self.address, self.seconds, self.now = owner, address, seconds, now
        self.where = f"{index}, partition {partition}"
        self.id = f"head-{partition}"
        self._clock = clock
        self._lock = threading.RLock()
        self._doc: Doc | None = None  # as we know it
        self._attempts: set[str] = set()  # changes of ours that may yet have come true
        self._seen: tuple[tuple[int, int], float] | None = None  # what a taker saw last, and since when
        self._until = 0.0  # by our clock
        self._spent = False  # whether it was held
        self._once = False  # whether an earlier claim of this process was
        self.head: Head | None = None  # while it is ours

    def again(self) -> Lease:
        """A new claim on the same partition."""
        claim = Lease(
            self.cluster, self.index, self.partition, partitions=self.partitions, owner=self.owner,
            address=self.address, seconds=self.seconds, clock=self._clock, now=self.now,
        )  # fmt: skip
        claim._once = self._spent or self._once
        return claim

    # Take ---------------------------------------------------------------------------------------------------

    def take(self) -> bool:
        """Look once whether the partition can be had, and take it. Whoever waits calls it again now and then.

        It can be had where it is new, released, unchanged for `seconds`, or of our name by a process that is gone.
        Raises StoreError for a head of a newer version or another number of partitions.
        """
        with self._lock:
            if self._spent:
                return self.head is not None and not self.is_over
            start = self._clock()
            doc = self.cluster.get(self.index, self.id)
            if doc is None:
                made = self.cluster.put(self.index, self.id, self._first(), create=True)
                return made is not None and self._hold(made, start)
            head = self._checked(doc.source)
            if not self._is_free(head, doc, start):
                return False
            wanted = {**doc.source, **self._mine(), "fence": head.fence + 1}
            taken = self.cluster.put(self.index, self.id, wanted, if_doc=doc)
            return taken is not None and self._hold(taken, start)

    def _is_free(self, head: Head, doc: Doc, now: float) -> bool:
        if not head.owner:
            return True
        if head.owner == self.owner and not self._once and process.is_gone(doc.source.get("process", "")):
            return True
        version = doc.seq_no, doc.primary_term
        if self._seen is None or self._seen[0] != version:
            self._seen = version, now
        return now - self._seen[1] >= self.seconds

    def _checked(self, source: Mapping[str, Any]) -> Head:
        head = Head.of(source, self.where)
        if head.partitions != self.partitions:
            raise StoreError(
                f"the state was begun with {head.partitions} partitions, and {self.partitions} are asked for. Set "
                f"state.partitions to {head.partitions}, or begin in another namespace and learn anew.",
                source=self.where,
            )
        return head

    def _first(self) -> dict[str, Any]:
        body = {"salt": secrets.token_hex(16), "created": self.now(), "population": None, "notes": {}, "wal": []}
        return {
            "kind": "head", "partition": self.partition, "partitions": self.partitions, "schema": SCHEMA, "fence": 1,
            "committed": 0, "applied": 0, **seal(json.dumps(body), "head"), **self._mine(),
        }  # fmt: skip

    def _mine(self) -> dict[str, Any]:
        renewed = datetime.fromtimestamp(self.now(), UTC).isoformat(timespec="milliseconds")
        return {
            "owner": self.owner, "address": self.address, "process": process.here(), "renewed": renewed,
            "change": secrets.token_hex(8),
        }  # fmt: skip

    def _hold(self, doc: Doc, start: float) -> bool:
        self._doc, self.head, self._spent = doc, self._checked(doc.source), True
        self._until, self._seen = start + self.seconds, None
        self._attempts.clear()
        return True

    # Hold ---------------------------------------------------------------------------------------------------

    @property
    def is_over(self) -> bool:
        """Whether by our own clock somebody else may have taken it."""
        return self._clock() >= self._until

    def check(self) -> Head:
        """The head. Raises Lost where the lease is over or went to somebody else."""
        with self._lock:
            if self.head is None or self.is_over:
                self.drop()
                raise self._lost()
            return self.head

    def renew(self) -> None:
        """A sign of life. Raises ClusterError where it may not have arrived, Lost where the lease is over."""
        self.change()

    def change(self, body: Mapping[str, Any] | None = None, **fields: Any) -> Head:
        """Change the head, and give a sign of life. Raises Lost where it is not ours any more.

        A change whose fate cannot be found out makes the lease lost, since what is in memory may be behind; a mere
        renewal raises ClusterError instead, and its late arrival is understood.
        """
        with self._lock:
            self.check()
            changed: dict[str, Any] = dict(fields)
            if body is not None:
                changed.update(seal(json.dumps(body, ensure_ascii=False), "head"))
            change = self._mine()
            self._attempts.add(change["change"])
            problem: ClusterError | None = None
            for _ in range(TRIES):
                start = self._clock()
                try:
                    if self._attempt({**change, **changed}, start):
                        self._attempts.clear()
                        return self.check()
                except ClusterError as error:
                    problem = error
                    if not changed or error.status in REFUSED:
                        raise
            self.drop()
            raise self._lost() from problem

    def _attempt(self, fields: Mapping[str, Any], start: float) -> bool:
        """One compare-and-set; whether it came true. False where another change of ours arrived late before it."""
        assert self._doc is not None
        try:
            doc = self.cluster.put(self.index, self.id, {**self._doc.source, **fields}, if_doc=self._doc)
        except ClusterError as error:
            if error.status in REFUSED:
                raise
            doc = self.cluster.get(self.index, self.id)
            if doc is not None and (doc.seq_no, doc.primary_term) == (self._doc.seq_no, self._doc.primary_term):
                raise  # it did not arrive, or not yet
        else:
            doc = doc or self.cluster.get(self.index, self.id)
        if doc is None or doc.source.get("change") not in self._attempts:
            self.drop()
            raise self._lost()
        self._doc, self.head = doc, self._checked(doc.source)
        self._until = start + self.seconds
        return bool(doc.source["change"] == fields["change"])

    def release(self) -> None:
        """Let others have it at once. Does nothing where it is not ours."""
        with self._lock:
            if self.head is not None and not self.is_over:
                with suppress(Lost, ClusterError):  # then it ends by itself
                    self.change(owner="", address="")
            self.drop()

    def drop(self) -> None:
        """Forget that it is ours; nothing is written."""
        with self._lock:
            self.head = self._doc = None

    def _lost(self) -> Lost:
        return Lost(
            "somebody else owns these people now, or may. They are opened again when they can be had.",
            source=self.where,
        )


def heads(cluster: Cluster, index: str, partitions: int) -> dict[int, Head]:
    """The heads of those partitions that have one, as of now."""
    found = cluster.mget(index, [f"head-{partition}" for partition in range(partitions)])
    return {
        partition: Head.of(found[name].source, f"{index}, partition {partition}")
        for partition in range(partitions)
        if (name := f"head-{partition}") in found
    }
