"""Which partitions this instance owns: it takes its share, renews the leases, and gives up what it lost.

With several instances the document `instances` says who is there. Each takes what is free until it has its share, and
hands over what it has too much of; a partition whose owner is silent for a lease's time is free.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import NamedTuple

from busybody.errors import BusybodyError
from busybody.stores import Store

from .cluster.protocol import Cluster
from .errors import ClusterError, Lost
from .partition import Partition
from .passage import Passage
from .state import Head, IndexStore, Lease, heads

log = logging.getLogger("busybody.owners")
INSTANCES = "instances"  # id of the document that says who is there
OFTEN, OFTENEST = 3, 2.0  # signs of life in the time of a lease, but at least every so many seconds


class Owned(NamedTuple):
    """A partition that is ours."""

    number: int
    fence: int  # which session of it: what was learned and not committed is lost with the session
    partition: Partition
    store: Store
    lease: Lease | None  # None for SQLite


class Owners:
    """The partitions of one instance. Safe from several threads."""

    def __init__(
        self, open_partition: Callable[[int, Store], Partition], cluster: Cluster, index: str, *, instance: str,
        address: str = "", partitions: int = 1, seconds: float = 15.0, passage: Passage | None = None, clock: Callable[[], float] = time.monotonic,
        now: Callable[[], float] = time.time,
    ) -> None:  # fmt: skip
        """`address` is where others reach us; `seconds` as of a Lease; a partition is handed over alone in the `passage`.

        `clock` is monotonic, `now` UTC epoch seconds.
        """
        self._open_partition, self._cluster, self._index = open_partition, cluster, index
        self.instance, self.address, self.partitions, self._seconds = instance, address, partitions, seconds
        self._clock, self._now = clock, now
        self._leases = [
            Lease(
                cluster, index, number, partitions=partitions, owner=instance, address=address, seconds=seconds,
                clock=clock, now=now,
            )
            for number in range(partitions)
        ]  # fmt: skip
        self._owned: dict[int, Owned] = {}
        self._lock = threading.RLock()
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []
        self._heads: dict[int, Head] = {}  # as last seen
        self._beats: dict[str, tuple[int, float]] = {}  # instance -> its last beat, and since when we know of it
        self._beat = 0
        self._passage = passage or Passage()

    # Ask ----------------------------------------------------------------------------------------------------

    def get(self, number: int) -> Owned | None:
        """The partition, where it is ours."""
        owned = self._owned.get(number)
        if owned is not None and owned.lease is not None and (owned.lease.head is None or owned.lease.is_over):
            self.lose(owned)
            return None
        return owned

    def owned(self) -> list[Owned]:
        """All that is ours, in rising order."""
        return [owned for number in sorted(self._owned) if (owned := self.get(number)) is not None]

    def address_of(self, number: int) -> str:
        """Where its owner is reached, as last heard; empty where there is none."""
        head = self._heads.get(number)
        return head.address if head is not None and head.owner != self.instance else ""

    def owner_of(self, number: int) -> str:
        """The other instance that owns it, as last heard; empty where there is none."""
        head = self._heads.get(number)
        return head.owner if head is not None and head.owner != self.instance else ""

    def look(self) -> dict[int, Head]:
        """The heads as of now. Raises ClusterError."""
        self._heads = heads(self._cluster, self._index, self.partitions)
        return self._heads

    # Change -------------------------------------------------------------------------------------------------

    def take(self) -> None:
        """Look round once: take what is free and our share, hand over what is too much. Raises ClusterError."""
        self._check_in()
        share = -(-self.partitions // max(1, len(self._here())))
        mine = self.owned()
        for owned in mine[share:]:
            self.hand_over(owned)
        for lease in list(self._leases):
            if lease.partition not in self._owned and len(self._owned) < share and not self._stop.is_set():
                if lease.take():
                    self._open(lease)
        self.look()

    def _open(self, lease: Lease) -> None:
        try:
            head = lease.check()
            store = IndexStore(lease)
            owned = Owned(head.partition, head.fence, self._open_partition(head.partition, store), store, lease)
        except BaseException:
            lease.release()
            self._leases[lease.partition] = lease.again()
            raise
        with self._lock:
            self._owned[owned.number] = owned

    def renew(self) -> None:
        """A sign of life of all that is ours."""
        for owned in self.owned():
            try:
                if owned.lease is not None:
                    owned.lease.renew()
            except Lost:
                self.lose(owned)
            except ClusterError as error:  # the lease's own clock says when it is over
                log.warning("the lease of partition %d could not be renewed: %s", owned.number, error)

    def lose(self, owned: Owned) -> None:
        """It is somebody else's, or may be: drop it, and write nothing more."""
        with self._lock:
            if self._owned.get(owned.number) is owned:
                del self._owned[owned.number]
                self._claim_anew(owned)
                log.warning("partition %d is lost; it is opened again when it can be had", owned.number)
        if owned.lease is not None:
            owned.lease.drop()
        owned.partition.drop()

    def _claim_anew(self, owned: Owned) -> None:
        """The lease of a session ends with it, so that nothing of the session can come back with the next."""
        if owned.lease is not None:
            self._leases[owned.number] = owned.lease.again()

    def hand_over(self, owned: Owned) -> None:
        """Commit and release, so that another instance may have it at once."""
        with self._passage.alone():
            with self._lock:
                if self._owned.get(owned.number) is not owned:
                    return
                del self._owned[owned.number]
                self._claim_anew(owned)
            try:
                owned.partition.commit()
            except BusybodyError as error:  # the next owner learns again what was not committed
                log.warning("partition %d was handed over without its last commit: %s", owned.number, error)
            owned.partition.drop()
            owned.store.close()

    # Who is there -------------------------------------------------------------------------------------------

    def _check_in(self) -> None:
        """Say that we are here, and hear who else is. With one partition nobody asks."""
        if self.partitions == 1:
            return
        doc = self._cluster.get(self._index, INSTANCES)
        beats: dict[str, int] = dict(doc.source["beats"]) if doc is not None else {}
        now = self._clock()
        for name, beat in beats.items():
            if self._beats.get(name, (None, 0.0))[0] != beat:
                self._beats[name] = beat, now
        self._beat = beats.get(self.instance, 0) + 1
        self._beats[self.instance] = self._beat, now
        here = {name: beats.get(name, 0) for name in self._here() if name != self.instance}
        source = {"kind": INSTANCES, "beats": {**here, self.instance: self._beat}}
        self._cluster.put(self._index, INSTANCES, source, create=doc is None, if_doc=doc)  # else with the next look

    def _here(self) -> list[str]:
        """The instances that were heard of in the time of a lease."""
        now = self._clock()
        self._beats = {name: (beat, at) for name, (beat, at) in self._beats.items() if now - at < self._seconds}
        return sorted(self._beats)

    # Live ---------------------------------------------------------------------------------------------------

    def start(self, *more: Callable[[], None]) -> None:
        """Take and renew in threads of our own, and whatever else. What cannot be had now is asked for again."""
        for work in (self.take, self.renew, *more):
            thread = threading.Thread(target=self._live, args=(work,), name=f"busybody-{work.__name__}", daemon=True)
            thread.start()
            self._threads.append(thread)

    def _live(self, work: Callable[[], None]) -> None:
        said = ""
        while True:
            try:
                work()
                said = ""
            except BusybodyError as error:
                if str(error) != said:
                    said = str(error)
                    log.warning("%s", said)
            if self._stop.wait(min(self._seconds / OFTEN, OFTENEST)):
                return

    def close(self) -> None:
        """Commit and release everything."""
        self._stop.set()
        for thread in self._threads:
            thread.join()
        for owned in self.owned():
            self.hand_over(owned)


class Single:
    """As `Owners`, for SQLite: one partition, always ours."""

    partitions, instance = 1, ""

    def __init__(self, partition: Partition, store: Store) -> None:
        self._owned: Owned | None = Owned(0, 0, partition, store, None)

    def get(self, number: int) -> Owned | None:
        """The partition."""
        return self._owned if number == 0 else None

    def owned(self) -> list[Owned]:
        """All that is ours."""
        return [self._owned] if self._owned is not None else []

    def address_of(self, number: int) -> str:  # noqa: ARG002  as that of Owners
        """There is nobody else."""
        return ""

    owner_of = address_of

    def lose(self, owned: Owned) -> None:
        """Only a closed one is lost."""
        if self._owned is owned:
            self._owned = None

    def start(self, *more: Callable[[], None]) -> None:
        """Nothing to take."""

    def close(self) -> None:
        """Commit and close."""
        if self._owned is not None:
            self._owned.partition.commit()
            self._owned.store.close()
            self._owned = None
