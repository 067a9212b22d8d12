"""Who may add to a model's chain: one writer at a time, decided by inserting keys that only one can insert.

    <model>:<n>        the lease of number n; inserted only when the outcome of n-1 is known
    <model>:<n>:end    the outcome of n, inserted once, for good: committed by its writer, or given up by whoever
                       finds the lease expired

So a writer that slept through its lease cannot commit: either the outcome is still open and nobody else has begun,
or it was given up, and the insertion fails.
"""

from __future__ import annotations

import time
import uuid
from typing import Callable, NamedTuple, Optional

from busybody.errors import StoreError

from .chain import END, GIVEN_UP, LEASE, SCHEMA, Head, end_document, end_key, given_up, head_of, lease_key
from .kvstore import Collection, Document
from .rest import SplunkdError

DAY = 86400.0
KEPT = 7 * DAY  # how long leases and outcomes are remembered
DEAD = DAY  # beyond its lease a writer does not even try: its number may be forgotten one day
READ_BACK = 50  # tries until a cluster member sees what its captain took


class Held(StoreError):
    """Somebody else writes the model. `owner` and until when (UTC epoch seconds) their lease runs."""

    def __init__(self, model: str, owner: str, expires: float) -> None:
        until = time.strftime("%H:%M:%S UTC", time.gmtime(expires))
        told = f"the model is being written by {owner}; the lease ends at {until}. Wait until then, or run this later."
        super().__init__(told, source=model)
        self.owner, self.expires = owner, expires


class Lost(StoreError):
    """The lease ran out and somebody else took over; nothing of what was staged will ever show."""

    def __init__(self, model: str) -> None:
        told = "the lease ran out and another search took over; nothing was changed. Run this again."
        super().__init__(told, source=model)


class Lease(NamedTuple):
    """The right to commit `number` on top of `base`. Numbers between them have been given up."""

    models: Collection
    model: str
    number: int
    base: Head
    token: str
    owner: str
    expires: float

    @property
    def following(self) -> str:
        """The key of the lease after this one."""
        return lease_key(self.model, self.number + 1)

    def renewed(self, until: float) -> Lease:
        """The lease until a later time. Raises Lost where it was taken over."""
        if self.models.one(end_key(self.model, self.number)) is not None:
            raise Lost(self.model)
        lease = self._replace(expires=until)
        self.models.update(lease_key(self.model, self.number), _document(lease))
        return lease

    def commit(self, head: Head) -> None:
        """Puts the number into the chain. Raises Lost where that is no longer possible, SplunkdError where it is not."""
        if head.time > self.expires + DEAD:
            raise Lost(self.model)
        failed: Optional[SplunkdError] = None
        try:
            if self.models.insert(end_document(self.model, head, self.token)):
                return
        except SplunkdError as error:
            failed = error  # it may have got through all the same
        end = self.models.one(end_key(self.model, self.number))
        if end is None and failed is not None:
            raise failed
        if end is None or end.get("token") != self.token:
            raise Lost(self.model)

    def give_up(self, now: float) -> bool:
        """Keeps the number out of the chain; False where it is in there already."""
        end = given_up(self.model, self.number, now)
        if self.models.insert(end):
            return True
        there = self.models.one(end["_key"])
        return there is not None and there["state"] == GIVEN_UP


def acquire(
    models: Collection,
    model: str,
    owner: str,
    seconds: float,
    clock: Callable[[], float],
    sleep: Callable[[float], None],
) -> Lease:
    """The lease of the next number. Raises Held."""
    number = _next(models, model, clock())
    lease = Lease(models, model, number, Head(), uuid.uuid4().hex, owner, clock() + seconds)
    if not models.insert(_document(lease)):
        there = models.one(lease_key(model, number)) or {}
        if there.get("token") != lease.token:
            raise Held(model, str(there.get("owner", "another search")), float(there.get("expires", lease.expires)))
    for _ in range(READ_BACK):  # a member that sees it sees all that was written before, in the same order
        if models.one(lease_key(model, number)) is not None:
            base = head_of(models, model)
            if base.number > number:
                raise Lost(model)  # it was taken over while this slept
            return lease._replace(base=base)
        sleep(0.1)
    raise StoreError("the KV store does not show what it took. Check: splunk show kvstore-status.", source=model)


def _next(models: Collection, model: str, now: float) -> int:
    """The number after the last one whose outcome is known; sees to it that it is."""
    query = {"$and": [{"model": model}, {"kind": LEASE}]}
    last = next(models.find(query, sort="number:-1", limit=1), None)
    if last is None:
        # Somebody may have emptied part of the collection: no number may come again.
        return head_of(models, model).number + 1
    number = int(last["number"])
    if models.one(end_key(model, number)) is None:
        if float(last["expires"]) > now:
            raise Held(model, str(last["owner"]), float(last["expires"]))
        models.insert(given_up(model, number, now))  # False: somebody else has just decided it
    return number + 1


def forget_old(lease: Lease, now: float) -> None:
    """Deletes leases and outcomes that nobody can want any more."""
    old = {"$and": [{"model": lease.model}, {"number": {"$lt": lease.base.number}}, {"time": {"$lt": now - KEPT}}]}
    lease.models.delete({"$and": [*old["$and"], {"$or": [{"kind": LEASE}, {"kind": END}]}]})


def _document(lease: Lease) -> Document:
    return {
        "_key": lease_key(lease.model, lease.number), "model": lease.model, "kind": LEASE, "number": lease.number,
        "owner": lease.owner, "token": lease.token, "expires": lease.expires, "time": lease.expires, "schema": SCHEMA,
    }  # fmt: skip
