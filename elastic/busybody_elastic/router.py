"""The way of every sign-in to the owner of its person: here, or one hop to the instance that owns the partition.

All partitions hear of all sign-ins that are learned, in the one order in which they came, since evidence and the
organisation's tables are everybody's; each scores its own people. A batch is parted where a day begins, so that all
have learned of the day before when they enter the next.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from typing import Any, NamedTuple

from busybody.policy import Policy
from busybody.signin import SignIn

from .errors import ClusterError, Lost
from .hop import Hops
from .local import DAY, Delivered, Local, Row, by_day
from .owners import Owners, Single
from .partition import Partition
from .passage import Deadline
from .records import API, READER, UNSCORED, Answer, Batch, Incoming
from .signins import Places, SignIns
from .stamps import Stamps

UNREACHED = "the instance that owns the person cannot be reached"
THREADS = 64  # hops at once
TICKETS = 10_000  # that nobody settled; an owner gives up on one long before
LOOK_SECONDS = 0.5  # at most so often after new owners


class Part(NamedTuple):
    """What one place has of a ticket."""

    address: str  # empty: here
    tickets: dict[int, str]


class How(NamedTuple):
    """How a batch is scored."""

    learn: bool
    provisional: bool
    again: bool  # a reader feeds it, who can read it again
    deadline: Deadline


class PartitionRouter:
    """Implements `records.Router`. Safe from several threads."""

    def __init__(
        self, policy: Policy, owners: Owners | Single, local: Local, hops: Hops | None = None, *,
        clock: Callable[[], float] = time.time, stamps: Stamps | None = None, quiet_after: float = float("inf"),
    ) -> None:  # fmt: skip
        """`hops` reaches the other instances, where there are any; `clock`: UTC epoch seconds.

        `quiet_after`: seconds after which a sign-in that comes through a door wakes nobody any more.
        """
        self.stamps, self._clock, self._quiet_after = stamps or Stamps(), clock, quiet_after
        self.owners, self.local, self.places = owners, local, Places(policy, owners.partitions)
        self._signins, self._hops = SignIns(policy, clock=clock), hops
        self._everybody = range(owners.partitions)
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="busybody-hop") if hops is not None else None
        self._lock = threading.Lock()
        self._open: dict[str, tuple[list[int], list[Part]]] = {}  # ticket -> positions of the rows, and who has them
        self._pending: dict[int, int] = {}  # partition -> its session that took rows since the last commit
        self._noted: dict[int, int] = {}  # ... since the last commit with notes
        self._day = 0  # before which everything was made durable
        self._looked = 0.0

    # Score --------------------------------------------------------------------------------------------------

    def score(
        self, incoming: Sequence[Incoming], *, learn: bool = True, provisional: bool = False,
        deadline: float | None = None,
    ) -> Batch:  # fmt: skip
        """See `records.Router.score`."""
        limit = Deadline(deadline)
        answers: list[Any] = self._signins.read(incoming)
        positions = [place for place, found in enumerate(answers) if type(found) is not Answer]
        rows = [
            Row(self.places.of(answers[place].user), self._quieted(incoming[place], answers[place]), answers[place])
            for place in positions
        ]
        how = How(learn, provisional, learn and not provisional and any(one.entrance != API for one in incoming), limit)
        parts: list[Part] = []
        start = 0
        parted = learn and not provisional and self.owners.partitions > 1
        for run in by_day(rows) if parted else filter(None, [rows]):
            found = self._deliver(run, how, parts)
            for offset, row in enumerate(run):
                answer = found.get(offset) or Answer(row.incoming.identity, UNSCORED, UNREACHED)
                answers[positions[start + offset]] = answer
            start += len(run)
        return Batch(answers, self._ticket(positions, parts))

    def _quieted(self, one: Incoming, signin: SignIn) -> Incoming:
        """Marked as old, where it is by its own time; the reader marks what it reads by itself."""
        old = one.entrance != READER and not one.quiet and signin.time < self._clock() - self._quiet_after
        return one._replace(quiet=True) if old else one

    def _deliver(self, rows: Sequence[Row], how: How, parts: list[Part]) -> dict[int, Answer]:
        """Bring the rows to everybody whom they concern; the answers by position.

        Of the reader's rows nothing is delivered while somebody has no owner, and Lost is raised where somebody missed
        them or lost earlier ones: all is read again then, so that everybody learns everything in its order.
        """
        wanted = self._everybody if how.learn else sorted({row.partition for row in rows})
        here, there = self._where(wanted)
        if len(here) + sum(map(len, there.values())) < len(wanted):
            self._look()
            if how.again:
                return {}
        if how.learn and not self._are_sure(rows, how):
            return {}
        expected = dict(self._noted) if how.again else {}
        going: list[tuple[str, Future[Delivered]]] = []
        if self._hops is not None and self._pool is not None:
            for address, numbers in there.items():
                going.append((address, self._pool.submit(
                    self._hops.deliver, address, numbers, rows, expected, learn=how.learn, provisional=how.provisional,
                    deadline=how.deadline,
                )))  # fmt: skip
        arrived = []
        if here:
            done = self.local.deliver(
                here, rows, expected, learn=how.learn, provisional=how.provisional, deadline=how.deadline
            )
            arrived.append(("", done))
        arrived += [(address, hop.result()) for address, hop in going]
        answers: dict[int, Answer] = {}
        fences: dict[int, int] = {}
        for address, done in arrived:
            answers.update(done.answers)
            fences.update(done.fences)
            if done.tickets:
                parts.append(Part(address, done.tickets))
        if how.learn:
            self._note(fences, how)
        if len(fences) < len(wanted):
            self._look()
            if how.again and (self.owners.partitions > 1 or expected):
                raise self._again()
        return answers

    def _are_sure(self, rows: Sequence[Row], how: How) -> bool:
        """Before a new day everything is made durable: who dies then has nothing to learn again for the day before."""
        day = int(max(row.signin.time for row in rows) // DAY)
        if self.owners.partitions == 1 or day <= self._day:
            return True
        with self._lock:
            noted, self._noted = self._noted, {}
        try:
            self._commit(self._everybody, noted if how.again else {}, done=False)
            self._stay(noted.get(0))
        except ClusterError:
            with self._lock:  # what is not known to be durable is still expected of that session
                self._noted = {**self._noted, **noted}
            return False
        except Lost:
            if how.again:
                raise self._again() from None
            return False
        self._day = day
        return True

    def _again(self) -> Lost:
        with self._lock:
            self._noted.clear()
        return Lost("people changed their owner meanwhile: all is read again from the last cursor.")

    def _where(self, wanted: Sequence[int]) -> tuple[list[int], dict[str, list[int]]]:
        """Which of them are here, and which at which address; of some nobody may know."""
        here = [number for number in wanted if self.owners.get(number) is not None]
        there: dict[str, list[int]] = {}
        for number in wanted:
            if number not in here and (address := self.owners.address_of(number)):
                there.setdefault(address, []).append(number)
        return here, there

    def _note(self, fences: Mapping[int, int], how: How) -> None:
        """Remember which sessions hold what is not committed: what a session held is lost with it."""
        with self._lock:
            for number, fence in fences.items():
                self._pending.setdefault(number, fence)
                if how.again:
                    self._noted.setdefault(number, fence)

    def _look(self) -> None:
        """See who owns what now, but not too often."""
        with self._lock:
            if time.monotonic() - self._looked < LOOK_SECONDS:
                return
            self._looked = time.monotonic()
        if isinstance(self.owners, Owners):
            with suppress(ClusterError):  # then later
                self.owners.look()

    # Settle -------------------------------------------------------------------------------------------------

    def _ticket(self, positions: list[int], parts: list[Part]) -> str | None:
        if not parts:
            return None
        name = secrets.token_hex(8)
        with self._lock:
            self._open[name] = positions, parts
            while len(self._open) > TICKETS:
                del self._open[next(iter(self._open))]
        return name

    def settle(self, ticket: str, accepted: Sequence[bool]) -> None:
        """See `records.Router.settle`. What an owner does not hear of in time counts as refused."""
        with self._lock:
            positions, parts = self._open.pop(ticket, ([], []))
        flags = [bool(accepted[place]) if place < len(accepted) else False for place in positions]
        for address, tickets in parts:
            if not address:
                self.local.settle(tickets, flags)
            elif self._hops is not None:
                self._hops.settle(address, tickets, flags)

    # Commit -------------------------------------------------------------------------------------------------

    def commit(self, notes: Mapping[str, str] | None = None, *, done: bool = False) -> None:
        """See `records.Router.commit`. `done`: a back-fill is over.

        Raises Lost where an owner lost something that it took since the last commit, or never got all of it: what is
        not known to be durable is then to be read again, by a reader from its last cursor.
        """
        with self._lock:
            pending, self._pending = self._pending, {}
        if notes is None:
            mine = {owned.number for owned in self.owners.owned()}
            self._commit(sorted(mine | pending.keys()), pending, done=done)
            return
        with self._lock:
            noted, self._noted = self._noted, {}
        try:
            self._commit([number for number in self._everybody if number != 0], noted, done=done)
            self._stay(self._commit([0], noted, notes, done=done)[0])
        except ClusterError:
            with self._lock:  # to be tried again
                self._noted = {**self._noted, **noted}
            raise

    def _commit(
        self, wanted: Sequence[int], expected: Mapping[int, int], notes: Mapping[str, str] | None = None, *, done: bool
    ) -> dict[int, int]:
        """The sessions that committed. Raises Lost, and writes nothing there, where one is not the expected one."""
        here, there = self._where(wanted)
        fences = self.local.commit(here, expected, notes, done=done) if here else {}
        if self._hops is not None:
            for address, numbers in there.items():
                fences.update(self._hops.commit(address, numbers, expected, notes, done=done))
        for number in wanted:
            if number not in fences:
                self._look()
                raise Lost(f"partition {number} has no owner at the moment.")
        return fences

    def _stay(self, fence: int | None) -> None:
        """The session that holds the cursor has to remain the same, or the reader's own copy of it may be an old one."""
        if fence is not None:
            with self._lock:
                self._noted.setdefault(0, fence)

    def notes(self) -> Mapping[str, str]:
        """The notes of the last commit, from which a reader begins. Raises Lost where this instance does not lead."""
        owned = self.owners.get(0)
        if owned is None:
            raise Lost("another instance leads now.")
        with self._lock:
            self._noted = {0: owned.fence}
        return owned.store.meta()

    # Ask ----------------------------------------------------------------------------------------------------

    @property
    def leads(self) -> bool:
        """Whether this instance owns partition 0: the one that leads keeps the notes, and reads."""
        return self.owners.get(0) is not None

    def owned(self) -> list[int]:
        """The partitions of this instance."""
        return [owned.number for owned in self.owners.owned()]

    def partitions(self) -> list[Partition]:
        """Those partitions themselves."""
        return [owned.partition for owned in self.owners.owned()]

    def partition_of(self, user: str) -> Partition | None:
        """The one that the person belongs to, by name or by the key that the stores know; None where it is elsewhere."""
        owned = self.owners.get(self.places.of_either(user))
        return owned.partition if owned is not None else None

    @property
    def epoch(self) -> int:
        """The organisation's epoch here, in days since 1970; 0 before the first."""
        return max((int(partition.status()["epoch"]) for partition in self.partitions()), default=0)

    # Live ---------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Take what can be had, and keep it."""
        self.owners.start(*([self.local.days.look] if self.local.days is not None else []))

    def close(self) -> None:
        """Commit and release everything."""
        if self.local.days is not None:
            self.local.days.close()
        self.owners.close()
        if self._pool is not None:
            self._pool.shutdown()
        if self._hops is not None:
            self._hops.close()
