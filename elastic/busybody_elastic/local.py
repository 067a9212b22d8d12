"""The partitions of this instance: rows in, answers out. What `hop` asks of another instance is answered here, too."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

from busybody.errors import BusybodyError
from busybody.signin import SignIn

from .errors import Lost
from .owners import Owned, Owners, Single
from .passage import Deadline, Passage
from .records import UNSCORED, Answer, Incoming

log = logging.getLogger("busybody.router")
DAY = 86_400.0
PATIENCE = 20.0  # seconds for the others to enter a day; whoever came is told to come again then


class Row(NamedTuple):
    """One sign-in of a batch, and whose it is."""

    partition: int
    incoming: Incoming
    signin: SignIn


def by_day(rows: Sequence[Row]) -> Iterator[Sequence[Row]]:
    """The rows in their order, parted where a later day begins than any before."""
    start, latest = 0, float("-inf")
    for place, row in enumerate(rows):
        day = row.signin.time // DAY
        if day > latest:
            if place > start:
                yield rows[start:place]
            start, latest = place, day
    if rows:
        yield rows[start:]


class Delivered(NamedTuple):
    """What became of rows at one place."""

    answers: dict[int, Answer]  # by position in the rows, of the people who belong there
    tickets: dict[int, str]  # partition -> what settles its part
    fences: dict[int, int]  # partition -> session, of those that took the rows


class Days(Protocol):
    """Lets several partitions enter a new day together."""

    def reach(self, day: int, deadline: Deadline) -> bool:
        """Enter the days up to that one; False where that is not done in time. Called alone in the passage."""

    def is_due(self, day: int) -> bool:
        """Whether `reach` has something to do."""

    def look(self) -> None:
        """See whether others wait for us."""

    def close(self) -> None:
        """Nobody waits any more."""


class Local:
    """What this instance owns."""

    def __init__(self, owners: Owners | Single, passage: Passage, days: Days | None = None) -> None:
        """`days` where the organisation has several partitions."""
        self._owners, self._passage, self.days = owners, passage, days
        self._lock, self._reaching = threading.Lock(), threading.Thread()

    def deliver(
        self, partitions: Sequence[int], rows: Sequence[Row], expected: Mapping[int, int], *, learn: bool,
        provisional: bool, deadline: Deadline,
    ) -> Delivered:  # fmt: skip
        """Score what belongs to these partitions; of other people's sign-ins they hear, as far as they learn.

        Of a partition for which another session is `expected`, nothing is done.
        """
        done = Delivered({}, {}, {})
        day = int(max(row.signin.time for row in rows) // DAY)
        if not self._enter(day, deadline):
            return done
        with self._passage.shared(deadline.left) as entered:
            if not entered or (self.days is not None and self.days.is_due(day)):
                return done
            for number in partitions:
                owned = self._owners.get(number)
                if owned is not None and expected.get(number, owned.fence) == owned.fence:
                    self._score(owned, rows, learn, provisional, deadline, done)
        return done

    def _enter(self, day: int, deadline: Deadline) -> bool:
        """Reach a day together with the others. Who has a deadline does not wait longer; it goes on without them."""
        if self.days is None or not self.days.is_due(day):
            return True
        if deadline.left is None:
            return self._reach(day)
        with self._lock:
            if not self._reaching.is_alive():
                self._reaching = threading.Thread(target=self._reach, args=(day,), name="busybody-day", daemon=True)
                self._reaching.start()
            reaching = self._reaching
        reaching.join(deadline.left)
        return not self.days.is_due(day)

    def _reach(self, day: int) -> bool:
        assert self.days is not None
        with self._passage.alone():
            return self.days.reach(day, Deadline(PATIENCE))

    def _score(
        self, owned: Owned, rows: Sequence[Row], learn: bool, provisional: bool, deadline: Deadline, done: Delivered
    ) -> None:
        number = owned.number
        mine = [place for place, row in enumerate(rows) if row.partition == number]
        items: Sequence[Any] = [(row.incoming, row.signin) for row in rows]
        if len(mine) < len(rows):
            if learn:
                items = [(row.incoming if row.partition == number else None, row.signin) for row in rows]
            else:
                items = [(rows[place].incoming, rows[place].signin) for place in mine]
        if not items:
            return
        try:
            batch = owned.partition.score(items, learn=learn, provisional=provisional, deadline=deadline.left)
        except Lost:
            self._owners.lose(owned)
            return
        except BusybodyError as error:
            log.warning("partition %d cannot score: %s", number, error)
            told = f"the state cannot be read ({type(error).__name__})"
            done.answers.update((place, Answer(rows[place].incoming.identity, UNSCORED, told)) for place in mine)
            return
        done.fences[number] = owned.fence
        done.answers.update(zip(mine, batch.answers, strict=True))
        if batch.ticket is not None:
            done.tickets[number] = batch.ticket

    def settle(self, tickets: Mapping[int, str], accepted: Sequence[bool]) -> None:
        """See `records.Router.settle`, of the tickets that `deliver` gave."""
        for number, ticket in tickets.items():
            owned = self._owners.get(number)
            if owned is not None:
                try:
                    owned.partition.settle(ticket, accepted)
                except Lost:
                    self._owners.lose(owned)

    def commit(
        self, partitions: Sequence[int], expected: Mapping[int, int], notes: Mapping[str, str] | None = None, *,
        done: bool = False,
    ) -> dict[int, int]:  # fmt: skip
        """Commit these; their sessions. Raises Lost for one that is not ours any more, or not in the session `expected`.

        Raises what the cluster says, too.
        """
        fences = {}
        for number in partitions:
            owned = self._owned(number)
            if expected.get(number, owned.fence) != owned.fence:
                raise Lost(f"partition {number} changed its owner meanwhile.")
            try:
                owned.partition.commit(notes, done=done)
            except Lost:
                self._owners.lose(owned)
                raise
            fences[number] = owned.fence
        return fences

    def publish(self) -> None:
        """Write results of all that is owned here, ahead of the state. Raises what the cluster says, and Lost."""
        for owned in self._owners.owned():
            try:
                owned.partition.publish()
            except Lost:
                self._owners.lose(owned)
                raise

    def call(self, number: int, method: str, arguments: Sequence[Any]) -> Any:
        """Ask one partition for something else. Raises Lost where it is not ours."""
        owned = self._owned(number)
        try:
            return getattr(owned.partition, method)(*arguments)
        except Lost:
            self._owners.lose(owned)
            raise

    def _owned(self, number: int) -> Owned:
        owned = self._owners.get(number)
        if owned is None:
            raise Lost(f"partition {number} belongs to another instance now.")
        return owned
