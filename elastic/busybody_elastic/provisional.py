"""What is learned but not yet for good: tickets of batches that upstream may still refuse, and what was seen lately."""

from __future__ import annotations

from typing import NamedTuple, Sequence

ROOM = 400_000  # identities kept, some 100 bytes each
EXPIRES = 60.0  # seconds after which a ticket that nobody settled counts as refused


class Slot(NamedTuple):
    """Where one sign-in of a ticket stands: in the log of what was learned, and among the results."""

    entry: int
    result: int  # -1 where an older result holds
    mark: int


class Ticket:
    """One provisional batch. Two deliveries of one sign-in in it share a slot; what was not learned has none."""

    def __init__(self, opened: float) -> None:
        self.opened = opened  # monotonic
        self.people: set[str] = set()
        self.slots: list[Slot | None] = []  # by position in the batch

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
