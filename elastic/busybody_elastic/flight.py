"""What is on its way to be durable, and the store as if it were there already.

A commit takes seconds while scoring goes on, so it works on a snapshot. Whoever reads the store meanwhile reads that
snapshot first: they see the state with which the commit ends, whether it has been reached or not.
"""

from __future__ import annotations

from threading import RLock
from typing import Any, Iterable, Mapping, NamedTuple, cast

from busybody.signin import Assessment, SignIn
from busybody.stores import Row, Store

from .documents import Document
from .records import Incoming

Standing = tuple[str, Mapping[str, Any], float, str]  # person, standing, now, why it is written


class Scored(NamedTuple):
    """One sign-in and what is said of it."""

    incoming: Incoming
    signin: SignIn
    assessment: Assessment
    sentence: str
    epoch: int
    scored: float  # epoch seconds
    incident: Mapping[str, Any] | None = None  # the model's row of it, of what alerts
    body: Document | None = None  # `busybody`, where an entrance asked for it


class Told(NamedTuple):
    """A verdict on an incident, with what is to be known of it: {answer, verified, channel, by, time, state}."""

    incident: str
    user: str
    event_id: str
    verdict: Mapping[str, Any]
    row: Mapping[str, Any] | None = None  # the model's row of the incident


class Outcome(NamedTuple):
    """Everything that goes out before the state does."""

    scored: list[Scored]
    older: list[str]  # identities of which an older result holds; an alert of theirs may still be missing
    told: list[Told]
    standings: list[Standing]
    digest: tuple[str, Document] | None
    now: float


class Flight(NamedTuple):
    outcome: Outcome
    profiles: Mapping[str, Row | None]
    journals: Mapping[str, str | None]
    population: str | None  # None: results alone, the state follows with a later one
    notes: Mapping[str, str]


class Ahead:
    """The store as the flight will leave it: the part of the core's Store that a Scorer reads.

    `serial`: the store takes one call at a time.
    """

    def __init__(self, store: Store, *, serial: bool) -> None:
        self._store = store
        self._lock = RLock() if serial else None
        self.flight: Flight | None = None
        self._flights = 0  # that have landed
        self._fetched: dict[str, str | None] = {}

    def fetch(self, keys: Iterable[str]) -> tuple[int, dict[str, str | None]]:
        """Read people together, before they are asked for one by one. What it returns goes to `use`."""
        wanted, flights = list(keys), self._flights
        found = self._call(self._store.profiles, wanted) if wanted else {}
        return flights, {key: found.get(key) for key in wanted}

    def use(self, fetched: tuple[int, dict[str, str | None]] | None) -> bool:
        """Answer from what was fetched; False where a commit has made it old. None ends it."""
        fits = fetched is not None and fetched[0] == self._flights
        self._fetched = fetched[1] if fetched is not None and fits else {}
        return fits

    def profile(self, user: str) -> str | None:
        if self.flight is not None and user in self.flight.profiles:
            row = self.flight.profiles[user]
            return row.text if row is not None else None
        if user in self._fetched:
            return self._fetched[user]
        return cast("str | None", self._call(self._store.profile, user))

    def journal(self, user: str) -> str | None:
        if self.flight is not None and user in self.flight.journals:
            return self.flight.journals[user]
        return cast("str | None", self._call(self._store.journal, user))

    def population(self) -> str | None:
        if self.flight is not None and self.flight.population is not None:
            return self.flight.population
        return cast("str | None", self._call(self._store.population))

    def meta(self) -> Mapping[str, str]:
        notes = self._call(self._store.meta)
        return {**notes, **self.flight.notes} if self.flight is not None else notes

    def land(self) -> None:
        """Make the flight's state durable."""
        flight = self.flight
        assert flight is not None
        if flight.population is not None:
            self._call(self._store.commit, flight.profiles, flight.journals, flight.population, flight.notes)

    def landed(self) -> None:
        """It is durable: the store itself says it now."""
        self._flights += self.flight is None or self.flight.population is not None
        self.flight = None

    def _call(self, method: Any, *arguments: Any) -> Any:
        if self._lock is None:
            return method(*arguments)
        with self._lock:
            return method(*arguments)
