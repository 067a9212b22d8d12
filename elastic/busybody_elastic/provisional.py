"""What is learned but not yet for good: tickets of batches that upstream may still refuse, and who waits for them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from threading import Condition, Lock
from typing import NamedTuple

from .errors import Lost

ROOM = 400_000  # identities kept, some 100 bytes each
NEVER = float("inf")
EXPIRES = 60.0  # seconds after which a ticket that nobody settled counts as refused


class Slot(NamedTuple):
    """Where one sign-in of a ticket stands: in the log of what was learned, and among the results."""

    entry: int
    result: int  # -1 where an older result holds
    mark: int


class Ticket:
    """One provisional batch. Two deliveries of one sign-in in it share a slot; what was not learned has none."""

    def __init__(self) -> None:
        self.opened = NEVER  # monotonic, once all of it is scored
        self.people: set[str] = set()
        self.slots: list[Slot | None] = []  # by position in the batch

    def again(self, mark: int) -> None:
        """Another delivery of what may be in this very batch."""
        self.slots.append(next((slot for slot in self.slots if slot is not None and slot.mark == mark), None))

    def put_in_order(self, places: Sequence[int]) -> None:
        """The slots were filled in another order: the nth is of the sign-in at `places[n]`."""
        filled = dict(zip(places, self.slots, strict=True))
        self.slots = [filled[place] for place in range(len(places))]

    def refused(self, accepted: Sequence[bool]) -> list[Slot]:
        """What is to be as if it had never come: of which no delivery was accepted. What is not told was not."""
        kept = {slot for slot, taken in zip(self.slots, accepted, strict=False) if taken and slot is not None}
        return [slot for slot in dict.fromkeys(self.slots) if slot is not None and slot not in kept]


class Seen:
    """Identities scored lately, by their hash, in two generations of which the older goes."""

    def __init__(self, now: float, room: int = ROOM) -> None:
        self.young: set[int] = set()
        self.old: set[int] = set()
        self.since = self._began = now  # epoch seconds: nothing that was scored after `since` is missing here
        self._half = room // 2

    def make_room(self, now: float) -> None:
        """To be called before each batch."""
        if len(self.young) >= self._half:
            self.old, self.young = self.young, set()
            self.since, self._began = self._began, now

    def discard(self, mark: int) -> None:
        self.young.discard(mark)
        self.old.discard(mark)


class Gate:
    """One lock, the open tickets, and who may enter. Everything but `let_in` is called with the lock held."""

    def __init__(self, monotonic: Callable[[], float], expires: float, number: int) -> None:
        self.turn = Condition(Lock())
        self.tickets: dict[str, Ticket] = {}
        self.held: dict[str, list[Ticket]] = {}  # people in open tickets -> in which, the oldest first
        self.closed = False  # to new tickets: a commit waits
        self.alone = False  # a commit lets nobody in, so that memory can be let go
        self.lost: Lost | None = None
        self._monotonic, self._expires = monotonic, expires
        self._number, self._count = number, 0
        self.expired: Callable[[str], None] = lambda _: None  # what to do with a ticket that nobody settled

    def check(self) -> None:
        """Raises Lost."""
        if self.lost is not None:
            raise self.lost

    def lets_in(self, users: Iterable[str], provisional: bool) -> bool:
        return not (self.alone or (provisional and self.closed) or (self.held and any(u in self.held for u in users)))

    def open(self, users: Iterable[str]) -> tuple[str, Ticket]:
        """A ticket that holds these people, each behind the tickets that hold them already."""
        self._count += 1
        name, ticket = f"{self._number}-{self._count}", Ticket()
        ticket.people.update(users)
        self.tickets[name] = ticket
        for user in ticket.people:
            self.held.setdefault(user, []).append(ticket)
        return name, ticket

    def before(self, ticket: Ticket) -> set[str]:
        """People of the ticket who are in an older one, too."""
        held = self.held
        return {user for user in ticket.people if held[user][0] is not ticket}

    def done(self, name: str, ticket: Ticket) -> str | None:
        """All of it is scored. The ticket's name; None where nothing of it can be refused."""
        if not any(ticket.slots):
            self.release(name)
            return None
        ticket.opened = self._monotonic()
        return name

    @property
    def earliest(self) -> int | None:
        """The first result that may still be refused; None where none can."""
        slots = [slot.result for ticket in self.tickets.values() for slot in ticket.slots if slot is not None]
        return min((place for place in slots if place >= 0), default=None)

    def release(self, name: str) -> Ticket | None:
        """End a ticket, and wake who waits for its people; None for one that ended before."""
        ticket = self.tickets.pop(name, None)
        for user in ticket.people if ticket is not None else ():
            tickets = self.held[user]
            tickets.remove(ticket)  # type: ignore[arg-type]
            if not tickets:
                del self.held[user]
        self.turn.notify_all()
        return ticket

    def wait(self, ready: Callable[[], bool], limit: float | None = None) -> bool:
        """Wait for `ready`; False where the limit (monotonic) comes first. Raises Lost."""
        while True:
            self.check()
            now = self._monotonic()
            for name, ticket in list(self.tickets.items()):
                if now - ticket.opened >= self._expires:
                    self.expired(name)
            if ready():
                return True
            if limit is not None and now >= limit:
                return False
            ends = [ticket.opened + self._expires for ticket in self.tickets.values() if ticket.opened != NEVER]
            if limit is not None:
                ends.append(limit)
            self.turn.wait(max(0.001, min(ends) - now) if ends else None)

    def let_in(self) -> None:
        """After a commit that let nobody in."""
        with self.turn:
            self.alone = False
            self.turn.notify_all()

    def lose(self, error: Lost) -> None:
        """Nobody enters any more; who waits hears it."""
        self.lost = error
        self.tickets.clear()
        self.held.clear()
        self.turn.notify_all()
