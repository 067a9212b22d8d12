"""The partitions of this instance: rows in, answers out. What `hop` asks of another instance is answered here, too."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Protocol

from busybody.errors import BusybodyError
from busybody.signin import SignIn

from .errors import Lost
from .owners import Owned, Owners, Single
from .passage import Deadline, Passage
from .records import UNSCORED, Answer, Incoming

log = logging.getLogger("busybody.router")
DAY = 86_400.0


class Row(NamedTuple):
    """One sign-in of a batch, and whose it is."""

    partition: int
    incoming: Incoming
    signin: SignIn


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


class Local:
    """What this instance owns."""

    def __init__(self, owners: Owners | Single, passage: Passage, days: Days | None = None) -> None:
        """`days` where the organisation has several partitions."""
        self._owners, self._passage, self._days = owners, passage, days

    def deliver(
        self, partitions: Sequence[int], rows: Sequence[Row], *, learn: bool, provisional: bool, deadline: Deadline
    ) -> Delivered:
        """Score what belongs to these partitions; of other people's sign-ins they hear, as far as they learn."""
        done = Delivered({}, {}, {})
        if self._days is not None:
            day = int(max(row.signin.time for row in rows) // DAY)
            if self._days.is_due(day):
                with self._passage.alone(deadline.left) as entered:
                    if not (entered and self._days.reach(day, deadline)):
                        return done
        with self._passage.shared(deadline.left) as entered:
            if not entered or (self._days is not None and self._days.is_due(day)):
                return done
            for number in partitions:
                owned = self._owners.get(number)
                if owned is not None:
                    self._score(owned, rows, learn, provisional, deadline, done)
        return done

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
        self, partitions: Sequence[int], notes: Mapping[str, str] | None = None, *, done: bool = False
    ) -> dict[int, int]:
        """Commit these; their sessions. Raises Lost for one that is not ours any more, and what the cluster says."""
        fences = {}
        for number in partitions:
            owned = self._owned(number)
            try:
                owned.partition.commit(notes, done=done)
            except Lost:
                self._owners.lose(owned)
                raise
            fences[number] = owned.fence
        return fences

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
