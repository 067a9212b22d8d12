"""Reader: follows the sign-ins that arrive in the cluster, each once, and none lost.

A cycle asks how many documents there are in the overlap and after the position. Where the overlap holds others than
were seen, something became visible late and is read; then everything after the position, to the head. Results are
durable before what was learned of them, and that before the cursor (`Router.commit`), so whatever breaks off in the
middle is fed again: the core learns nothing twice, and an older result holds.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, suppress
from itertools import chain
from typing import Any

from busybody.errors import BusybodyError

from ..cluster.protocol import Cluster
from ..cursor import NOTE, RECOVERY, Cursor
from .feed import Feeder, Known, Notes, Stats, Stopped
from .lane import Found, Lane, Query, ahead, batches, lanes, merged, pages
from .look import MARGIN, Refresh, count, misdated, slowest_refresh
from .recover import UNDATED, Recovery
from .seen import SECOND, Seen
from .wanted import EVERYTHING, excluded, not_in, not_own, signins, stamped

SURE = 60.0  # seconds before a commit: results as old were learned, however the clocks of instances differ
LOOK = 60.0  # seconds after which refresh intervals are looked up again
COMMITTER = "busybody-commit"  # the thread that commits
DOUBTS, OFTEN = 1000, 5.0  # identities that are looked for at once, and seconds between two looks
IDLE = 60.0  # seconds after which a cursor that did not move is committed again: it says until when all is learned
COMMIT_SECONDS, COMMIT_DOCUMENTS = 10.0, 20_000  # after which what was read is committed, head or not


class Reader:
    """One reader, of the instance that leads. Not for several threads, but for `stats` and `overlap_seconds`."""

    def __init__(
        self, cluster: Cluster, router: Notes, known: Known, policy: Any, *, indices: Sequence[str] = ("logs-*",),
        everything: bool = False, page: int = 2000, overlap_seconds: float | None = None, learn_days: float = 30.0,
        quiet_after_seconds: float = 3600.0, follows: bool = True, stop: threading.Event | None = None, now: Callable[[], float] = time.time,
    ) -> None:  # fmt: skip
        """`everything` reads what is no sign-in by the fields that an index maps, too; `overlap_seconds` of None is
        longer than the slowest refresh interval of the followed indices. What is read later than `quiet_after_seconds`
        after it happened or arrived pages nobody. Without `follows` it only recovers what was stamped.
        """
        self.cluster, self.router, self.page, self.follows = cluster, router, page, follows
        self.indices = self._indices = ",".join(indices)
        self.stop = stop or threading.Event()
        wanted = [not_own(), EVERYTHING if everything else signins(policy), *([] if follows else [stamped()])]
        self.wanted = self._wanted = {"bool": {"filter": wanted}}
        self.left_out: Mapping[str, str] = {}  # index -> what is wrong with its times
        self.feeder = Feeder(router, known, self.stop, now, quiet_after_seconds)
        self.refresh = Refresh(0.0, "not looked up yet")
        self._learn_days, self._given_overlap, self._now = learn_days, overlap_seconds, now
        self._quiet_after = quiet_after_seconds
        self._cursor: Cursor | None = None
        self._recovery: Recovery | None = None
        self._seen: dict[str, Seen] = {}
        self._looked = float("-inf")
        self._committed_at, self._uncommitted, self._reached = now(), 0, now()
        self._doubted = float("-inf")
        self._aside = ThreadPoolExecutor(1, COMMITTER)
        self._flight: Future[None] | None = None

    @property
    def stats(self) -> Stats:
        return self.feeder.stats

    @property
    def overlap_seconds(self) -> float:
        """How far back the head is read again."""
        return self._given_overlap if self._given_overlap is not None else self.refresh.seconds + MARGIN

    def quiet_before(self) -> float:
        """What arrived before that (epoch seconds) pages nobody."""
        return self._now() - self._quiet_after

    def drop(self) -> None:
        """Forget everything: the people went to another instance. The next cycle begins at the committed cursor."""
        with suppress(BusybodyError):
            self._land()
        self._cursor, self._recovery, self._uncommitted = None, None, 0
        self._seen.clear()

    def cycle(self) -> int:
        """Read to the head and commit; how many documents were fed.

        Raises PartialResults where an answer lacked a part, ClusterError, Lost: the cursor then stands where it stood.
        Raises Stopped where it was stopped in between; what was fed is committed.
        """
        self.look()
        cursor = self._open()
        fed = self._recover(cursor)
        if self.follows:
            fed += self._follow(cursor)
        if fed or self._uncommitted or self._now() - self._committed_at >= IDLE:
            self._commit(cursor)
        self.stats.lag_seconds, self._reached = 0.0, self._now()
        return fed

    def stuck(self) -> None:
        """A cycle failed: the lag grows, and what is followed is looked up again."""
        self._looked = float("-inf")
        self.stats.lag_seconds = max(self.stats.lag_seconds, self._now() - self._reached)

    def _follow(self, cursor: Cursor) -> int:
        fed = self._learn(cursor) if cursor.learning is not None else 0
        followed = self.lanes()
        bounds = [(lane, self._low(cursor, lane), cursor.position(lane.name)) for lane in followed]
        there = count(self.cluster, self.indices, bounds)
        fresh = []
        for lane, low, position in bounds:
            seen = self._seen[lane.name]
            if seen.since is None or there[lane.name].late != seen.count(low, position):
                fed += self._late(cursor, lane, low, position)
            if there[lane.name].fresh != seen.beyond(position):
                fresh.append(lane)
        if fresh:
            fed += self._fresh(cursor, fresh)
        return fed

    def look(self) -> None:
        """Look up, now and then, how slowly the indices refresh, and which of them cannot be followed."""
        if self._now() - self._looked < LOOK:
            return
        self.refresh = slowest_refresh(self.cluster, self._indices)
        self.left_out = misdated(self.cluster, self._indices)
        self.indices = ",".join([self._indices, *map(excluded, self.left_out)])
        self.wanted = {"bool": {**self._wanted["bool"], **not_in(self.left_out)}}
        self._looked = self._now()

    def lanes(self) -> list[Lane]:
        """What is followed, with today's overlap."""
        overlap = int(self.overlap_seconds * SECOND)
        undated = overlap if self._given_overlap is not None else int(UNDATED * SECOND)
        return lanes(overlap, undated, self.wanted, EVERYTHING)

    # One cycle ----------------------------------------------------------------------------------------------

    def _open(self) -> Cursor:
        if self._cursor is None:
            notes = self.router.notes()
            found = [
                cursor for name in ([NOTE] if self.follows else [NOTE, RECOVERY]) if (cursor := Cursor.of(notes, name))
            ]
            cursor = max(found, key=lambda one: one.committed, default=None) or Cursor.first(
                self._moment(), self._learn_days
            )
            self.feeder.sure = cursor.committed / SECOND - SURE
            if not found:
                self._commit(cursor)  # so that another start goes on learning from the same day
            self._recovery = Recovery(self, self.feeder.sure, self._now)
            self._cursor = cursor
        return self._cursor

    def _recover(self, cursor: Cursor) -> int:
        """What was stamped shortly before the last process ended may not be learned yet."""
        assert self._recovery is not None
        fed = 0
        for batch in self._recovery.step():
            fed += len(batch)
            self._uncommitted += len(batch)
            self._fed(cursor, batch)
        return fed + self._clear_doubts()

    def _clear_doubts(self) -> int:
        """What the gateway stamped, but had no answer of the cluster for: learned where it lies there."""
        stamps, now = self.router.stamps, self._now()
        doubtful = stamps.doubtful()[:DOUBTS] if now - self._doubted >= OFTEN else []
        if not doubtful:
            return 0
        self._doubted, fed = now, 0
        query = {"bool": {"filter": [self.wanted, {"terms": {"busybody.identity": doubtful}}]}}
        lane = Lane("doubtful", "@timestamp", query, 0)
        for batch in self._batches(lane, query):
            self.feeder.feed(batch, quiet_before=self.quiet_before(), look_up=True)
            stamps.trust([name for one in batch if (name := stamps.identity(one.hit.source))])
            fed += len(batch)
        self._uncommitted += fed
        return fed

    def _low(self, cursor: Cursor, lane: Lane) -> int:
        """Where the overlap begins: a whole second, as the memory forgets by the second."""
        seen = self._seen.setdefault(lane.name, Seen())
        low = max((cursor.position(lane.name) - lane.overlap) // SECOND * SECOND, seen.since or 0)
        seen.prune(low)
        return low

    def _learn(self, cursor: Cursor) -> int:
        """The silent start: everything of the last days, in the order of event time."""
        assert cursor.learning is not None
        lane, fed = Lane("learning", "@timestamp", self.wanted, 0), 0
        begin, until = cursor.learning, self._moment()
        for batch in self._batches(lane, lane.between(begin)):
            fed += len(batch)
            self.feeder.feed(batch, quiet_before=float("inf"), look_up=batch[0].value <= begin)
            cursor.learning = max(cursor.learning, min(batch[-1].value, until))
            self._fed(cursor, batch)
        cursor.learning = None
        self._commit(cursor)
        return fed

    def _late(self, cursor: Cursor, lane: Lane, low: int, position: int) -> int:
        """The overlap again, without what was seen."""
        seen, between, fed = self._seen[lane.name], lane.between(low, position), 0
        if seen.since is None:
            found = self._batches(lane, between)
        else:
            unseen = self._unseen(lane, seen, low, position)
            found = (self.named(lane, some) for some in batches(unseen, self.page))
        for batch in found:
            fed += self._feed(batch, look_up=True)
            self._fed(cursor, batch)
        if seen.since is None:
            seen.since = low
        return fed

    def _unseen(self, lane: Lane, seen: Seen, low: int, position: int) -> list[Found]:
        """Those that were not seen, without their content; what was seen and is gone is forgotten."""
        unseen: list[Found] = []
        there: list[Found] = []
        query = lane.between(low, position)
        for page in pages(self.cluster, self.indices, lane, query, 5 * self.page, source=False):
            for one in page:
                known = seen.has(one.hit.index, one.hit.id, one.value)
                (there if known else unseen).append(one)
        seen.forget(low, position)
        for one in there:
            seen.add(one.hit.index, one.hit.id, one.value)
        return unseen

    def named(self, lane: Lane, some: Sequence[Found]) -> list[Found]:
        """The same with their content."""
        places = {(one.hit.index, one.hit.id) for one in some}
        query = {"ids": {"values": sorted({name for _, name in places})}}
        found = chain.from_iterable(pages(self.cluster, self.indices, lane, query, self.page))
        return [one for one in found if (one.hit.index, one.hit.id) in places]

    def _fresh(self, cursor: Cursor, fresh: Sequence[Lane]) -> int:
        """Everything after the position, up to now; of several lanes in one order of time."""
        until, fed = self._moment(), 0
        sources = [self._pages(lane, lane.between(cursor.position(lane.name) + 1)) for lane in fresh]
        try:
            for batch in batches(merged(sources), self.page):
                fed += self._feed(batch)
                for one in batch:
                    cursor.reach(one.lane, one.value, until)
                self._fed(cursor, batch)
        finally:
            for source in sources:
                source.close()
        return fed

    def _feed(self, batch: Sequence[Found], *, look_up: bool = False) -> int:
        seen = self._seen
        new = [one for one in batch if not seen[one.lane].has(one.hit.index, one.hit.id, one.value)]
        assert self._cursor is not None
        quiet_before = max(self._cursor.started / SECOND, self.quiet_before())
        self.feeder.feed(self.feeder.unvouched(new), quiet_before=quiet_before, look_up=look_up)
        for one in new:
            seen[one.lane].add(one.hit.index, one.hit.id, one.value)
        self._uncommitted += len(new)
        return len(new)

    # Pages and commits --------------------------------------------------------------------------------------

    def _pages(self, lane: Lane, query: Query) -> Generator[list[Found], None, None]:
        return ahead(pages(self.cluster, self.indices, lane, query, self.page))

    def _batches(self, lane: Lane, query: Query) -> Generator[list[Found], None, None]:
        with closing(self._pages(lane, query)) as source:
            yield from source

    def _fed(self, cursor: Cursor, batch: Sequence[Found]) -> None:
        """Between two batches: show where it is, commit now and then, stop when asked."""
        self.show(batch)
        stopped = self.stop.is_set()
        if stopped or self._uncommitted >= COMMIT_DOCUMENTS or self._now() - self._committed_at >= COMMIT_SECONDS:
            self._commit(cursor, wait=stopped)
        if stopped:
            raise Stopped

    def commit(self) -> None:
        """Make durable what was fed, by the sweep for instance."""
        if self._cursor is not None:
            self._commit(self._cursor)

    def show(self, batch: Sequence[Found]) -> None:
        """Say how far it has come."""
        self.stats.position = batch[-1].value / SECOND
        self.stats.lag_seconds = max(0.0, self._now() - self.stats.position)

    def _commit(self, cursor: Cursor, *, wait: bool = True) -> None:
        """Commit up to the cursor. Without `wait` the next pages are scored meanwhile; what is fed by then may be in it,
        too, which a restart would only feed again."""
        self._land()
        cursor.committed = self._moment()
        self._flight = self._aside.submit(self.router.commit, cursor.notes(NOTE if self.follows else RECOVERY))
        self._committed_at, self._uncommitted = self._now(), 0
        if wait:
            self._land()

    def _land(self) -> None:
        """Wait for the commit that is under way. Raises what it raised; it is then tried again."""
        flight, self._flight = self._flight, None
        if flight is not None:
            try:
                flight.result()
            except BaseException:
                self._uncommitted += 1
                raise

    def _moment(self) -> int:
        return int(self._now() * SECOND)
