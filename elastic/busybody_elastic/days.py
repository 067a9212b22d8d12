"""A new day with several partitions: all settle, and the sum of what that taught holds from there on, everywhere.

What they have to know of each other stands in their heads, so it needs no owner to be reached, only the cluster:

    day      {"epoch": 20712, "next": 20714, "deltas": {"20711": "delta.0", "20712": "delta.1"}}
    delta.0  what settling for that epoch taught the people of this partition

Time may jump over days. Each day before which anybody settles is then an epoch by itself, so every partition proposes
its `next`, and the earliest is taken; the very next day needs no proposals. Nobody can be more than one epoch ahead of
another, since each needs the deltas of all: the last two are enough for one that was reopened and has to catch up.
"""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Mapping
from typing import NamedTuple

from busybody.errors import StoreError
from busybody.population.delta import Delta
from busybody.scorer import Scorer

from . import deltas
from .cluster.protocol import Cluster
from .errors import ClusterError, Lost
from .owners import Owned, Owners
from .passage import Deadline, Passage
from .state import Head, texts

log = logging.getLogger("busybody.days")
NOTE = "day"
PAUSE, LONGEST_PAUSE = 0.02, 0.5  # seconds between two looks at the others
Session = tuple[int, int]  # partition, fence


class View(NamedTuple):
    """What a partition's head says of its days."""

    epoch: int  # when this was written
    next: int | None  # the epoch that it proposes behind that one
    deltas: dict[int, str]  # epoch -> note with what settling for it taught


UNSAID = View(0, None, {})


class Days:
    """The days of the partitions of one instance. `reach` and `turn` are called by whoever is alone in the passage."""

    def __init__(self, owners: Owners, cluster: Cluster, index: str, passage: Passage) -> None:
        self._owners, self._cluster, self._index, self._passage = owners, cluster, index, passage
        self._epochs: dict[Session, int] = {}  # of those that wait for nothing
        self._kept: dict[Session, tuple[int, Delta]] = {}  # settled, and not known to be durable
        self._wanted = 0
        self._stop = threading.Event()

    def is_due(self, day: int) -> bool:
        """Whether one of ours has not reached that day, or is between two epochs."""
        return any(self._epochs.get((owned.number, owned.fence), -1) < day for owned in self._owners.owned())

    def reach(self, day: int, deadline: Deadline) -> bool:
        """Enter the days up to that one; False where the others are not there in time."""
        self._wanted = max(self._wanted, day)
        pause = PAUSE
        while True:
            moved = self._try()
            if not self.is_due(day):
                return True
            left = deadline.left
            if left == 0.0 or self._stop.is_set():
                return False
            if moved:
                pause = PAUSE
                continue
            self._stop.wait(pause if left is None else min(pause, left))
            pause = min(2 * pause, LONGEST_PAUSE)

    def look(self) -> None:
        """See whether others wait for ours. To be called about every second."""
        views = self._views(self._owners.look()).values()
        latest = max([view.next or 0 for view in views] + [epoch for view in views for epoch in view.deltas])
        if self.is_due(latest):
            with self._passage.alone():
                while self._try():
                    pass

    def close(self) -> None:
        """Nobody waits any more."""
        self._stop.set()

    # One step -----------------------------------------------------------------------------------------------

    def _try(self) -> bool:
        """`turn`, as far as the cluster lets us."""
        try:
            return self.turn()
        except (ClusterError, StoreError) as error:  # a piece may be gone that was replaced since we read the head
            log.warning("a new day has to wait: %s", error)
            return False

    def turn(self) -> bool:
        """Do what can be done now; whether anything was. Raises ClusterError and StoreError."""
        found = self._owners.look()
        views = self._views(found)
        moved = False
        for owned in self._owners.owned():
            try:
                moved = self._step(owned, views, found) or moved
            except Lost:
                self._owners.lose(owned)
        return moved

    def _views(self, found: Mapping[int, Head]) -> dict[int, View]:
        views = {}
        for number in range(self._owners.partitions):
            note = found[number].body["notes"].get(NOTE) if number in found else None
            row = json.loads(texts.read(self._cluster, self._index, note, f"partition {number}")) if note else None
            slots = {int(epoch): slot for epoch, slot in row["deltas"].items()} if row else {}
            views[number] = View(row["epoch"], row["next"], slots) if row else UNSAID
        return views

    def _step(self, owned: Owned, views: Mapping[int, View], found: Mapping[int, Head]) -> bool:
        session, mine = (owned.number, owned.fence), views[owned.number]
        epoch = int(owned.partition.status()["epoch"])
        settled = max(mine.deltas, default=0)
        if settled > epoch:
            self._kept.pop(session, None)
            self._epochs.pop(session, None)
            return self._apply(owned, settled, views, found)
        if session not in self._kept:
            self._epochs[session] = epoch
        chosen = self._chosen(owned, epoch, mine, views)
        if chosen is not None:
            self._settle(owned, epoch, chosen, mine)
        return chosen is not None

    def _chosen(self, owned: Owned, epoch: int, mine: View, views: Mapping[int, View]) -> int | None:
        """The next epoch, where it is certain."""
        decided = [ahead for view in views.values() for ahead in view.deltas if ahead > epoch]
        kept = self._kept.get((owned.number, owned.fence))
        if kept is not None or decided:
            return kept[0] if kept is not None else min(decided)
        proposed = {
            number: view.next for number, view in views.items() if view.next is not None and view.epoch == epoch
        }
        wanted = max([self._wanted, *proposed.values()])
        if wanted <= epoch:
            return None
        if owned.number not in proposed:
            until = wanted
            first = owned.partition.run(lambda scorer: scorer.epochs(until)[0])
            if first == epoch + 1:
                return first  # nobody can propose an earlier one
            owned.partition.commit({NOTE: _note(epoch, first, mine.deltas)})
            proposed[owned.number] = first
        return min(proposed.values()) if len(proposed) == self._owners.partitions else None

    def _settle(self, owned: Owned, epoch: int, chosen: int, mine: View) -> None:
        session = owned.number, owned.fence
        self._epochs.pop(session, None)
        if session not in self._kept:  # a second time there would be nothing left to teach
            self._kept[session] = chosen, owned.partition.run(lambda scorer: scorer.settle(chosen), settled=True)
        before = max(mine.deltas, default=None)
        slots = {} if before is None else {before: mine.deltas[before]}
        slot = deltas.SLOTS[deltas.SLOTS[0] in slots.values()]
        slots[chosen] = slot
        owned.partition.commit({NOTE: _note(epoch, None, slots), slot: deltas.written(self._kept[session][1])})

    def _apply(self, owned: Owned, epoch: int, views: Mapping[int, View], found: Mapping[int, Head]) -> bool:
        """Let the epoch begin, once all have settled for it."""
        if any(epoch not in view.deltas for view in views.values()):
            return False
        total = Delta()
        for number in sorted(views):
            note = found[number].body["notes"][views[number].deltas[epoch]]
            text = texts.read(self._cluster, self._index, note, f"partition {number}")
            total.add(deltas.read(text))

        def apply(scorer: Scorer) -> None:
            scorer.apply(total, epoch)

        owned.partition.run(apply)
        self._epochs[owned.number, owned.fence] = epoch
        return True


def _note(epoch: int, proposed: int | None, slots: Mapping[int, str]) -> str:
    return json.dumps({"epoch": epoch, "next": proposed, "deltas": {str(day): slot for day, slot in slots.items()}})
