"""People in memory: profiles come from the store when they are asked for, and go back when they changed.

Memory stays flat: of more than KEPT people, those unused for longest are written and let go.
"""

from __future__ import annotations

import json
from itertools import islice
from typing import Any, Dict, Iterable, List, Mapping, NamedTuple, Optional, Set, Tuple

from .decay import Decay
from .errors import ModelError
from .fusion.short_path import Box, box_of
from .identity import Identity
from .policy import Policy
from .population import Organisation
from .population.delta import Delta
from .population.evidence import Evidence
from .profile import Profile, incidents, known
from .profile.codec import clean, decode, encode
from .profile.journal import Journal
from .profile.profile import Doubt
from .signin import SignIn
from .stores import Row, Store

KEPT = 20_000  # people
VERSION = 1

NEVER, HOUR = float("inf"), 3600.0

Ripe = Dict[int, Set[str]]  # epoch -> people of whom something settles by then


class Changes(NamedTuple):
    """What goes to the store."""

    profiles: Dict[str, Optional[Row]]
    journals: Dict[str, Optional[str]]


class Person:
    """One person's profile at hand, and what follows from it."""

    __slots__ = ("box", "due", "incidents", "journal", "key", "profile", "ripe")

    def __init__(self, key: str, profile: Profile, hours: float = 0.0, lateness: float = 0.0) -> None:
        self.key = key
        self.profile = profile
        self.journal: Optional[Journal] = None  # read when first needed
        self.incidents: List[incidents.Row] = []  # with those that only wait to be learned
        self.box: Optional[Box] = None  # around all places that travel may start at
        self.due = due_hour(profile, lateness)
        self.ripe = 0  # the latest epoch of which `Ripe` says that something of theirs settles by then; 0 for none
        self.refresh(hours)

    def refresh(self, hours: float) -> None:
        """Work out again what follows from the profile; `hours` is how long an incident stays open."""
        profile = self.profile
        self.box = box_of(profile)
        self.incidents = profile.incidents
        for entry in profile.window:
            if entry.doubt is not None and entry.doubt.risk >= incidents.RISK:
                self.suspect(entry.signin, entry.doubt, hours)

    def suspect(self, signin: SignIn, doubt: Doubt, hours: float) -> None:
        """Hold the incident of a sign-in that waits: it is to stick at once."""
        profile = self.profile
        if self.incidents is profile.incidents:
            self.incidents = [dict(row) for row in profile.incidents]
        brought = incidents.brings(signin, known(profile, signin))
        row = incidents.open_one(self.incidents, brought, signin.time, hours)
        identity = incidents.identifier(self.key, signin)
        incidents.record(self.incidents, row, brought, signin, identity, doubt.log_odds, doubt.risk, doubt.sentence)

    def widen(self, signin: SignIn) -> None:
        """Take one more place into the box."""
        lat, lon = signin.lat, signin.lon
        if lat is None or lon is None:
            return
        if self.box is None:
            self.box = lat, lat, lon, lon
            return
        south, north, west, east = self.box
        if not (south <= lat <= north and west <= lon <= east):
            self.box = min(south, lat), max(north, lat), min(west, lon), max(east, lon)


def due_hour(profile: Profile, lateness: float) -> float:
    """The hour of event time at which something of it settles, in hours since 1970."""
    return (profile.window[0].signin.time + lateness) // HOUR + 1.0 if profile.window else NEVER


class Keeper:
    """The people of one store. What is asked for twice is the same object until `save` lets it go."""

    def __init__(self, store: Store, policy: Policy) -> None:
        self._store = store
        self._hours = policy.learning.incident_hours
        self.lateness = max(map(policy.lateness_seconds, [*policy.sources, ""]))  # seconds; the longest of any data set
        self._identity = Identity(policy)
        self._private = bool(policy.identity.pseudonym_key_file or policy.identity.pseudonym_key_env)
        self._people: Dict[str, Optional[Person]] = {}
        self.changed: Set[str] = set()  # keys of those whose profile has to be written
        self.taught: Set[str] = set()  # those of them whose journal has, too
        self._ready = Changes({}, {})  # what was written down ahead of `collect`

    def key(self, user: str) -> str:
        """The name under which a person is stored: a pseudonym where the policy asks for privacy."""
        return self._identity.pseudonym(user) if self._private else user if user.isascii() else clean(user)

    def get(self, user: str) -> Optional[Person]:
        """The person, or None where nothing is known of them."""
        person = self._people.get(user) if not self._private else None
        return person if person is not None else self.by_key(self.key(user))

    def named(self, user: str) -> Optional[Person]:
        """The person of that name, or else of that key: a pseudonym does not lead to itself."""
        return self.get(user) or self.by_key(user)

    def by_key(self, key: str) -> Optional[Person]:
        try:
            return self._people[key]
        except KeyError:
            return self._load(key)

    def at_hand(self, keys: Iterable[str]) -> List[Person]:
        """Those of them that need not be read."""
        people = [self._people.get(key) for key in sorted(keys)]
        return [person for person in people if person is not None]

    def begin(self, user: str) -> Person:
        """Somebody new."""
        key = self.key(user)
        person = self._people[key] = Person(key, Profile())
        return person

    def journal(self, person: Person) -> Journal:
        if person.journal is None:
            person.journal = Journal.decode(self._store.journal(person.key), person.key)
        return person.journal

    def population(self, decay: Decay) -> Tuple[Organisation, Evidence, Delta, Ripe, int]:
        """What the store holds of everybody: tables, evidence, what is taught but not yet applied, who waits, the hour."""
        text = self._store.population()
        if text is None:
            return Organisation(decay), Evidence(self.key), Delta(), {}, 0
        try:
            row = json.loads(text)
            version = row["v"]
            parts = row["organisation"], row["evidence"], row["delta"], row["ripe"]
            hour = int(row["hour"])
        except (ValueError, KeyError, TypeError) as error:
            raise ModelError(f"the population is damaged ({error!r}). Restore the store from a backup.") from error
        if version != VERSION:
            raise ModelError(f"the model is of version {version}, this Busybody reads {VERSION}. Upgrade Busybody.")
        return (
            Organisation.from_json(parts[0], decay),
            Evidence.from_json(parts[1], self.key),
            Delta.from_json(parts[2]),
            {epoch: set(keys) for epoch, keys in parts[3]},
            hour,
        )

    def collect(self) -> Changes:
        """Everything that changed since the last time, as text, in the order of the keys; the caller commits it."""
        self.prepare(len(self.changed))
        ready, self._ready = self._ready, Changes({}, {})
        return Changes(dict(sorted(ready.profiles.items())), dict(sorted(ready.journals.items())))

    def prepare(self, most: int) -> None:
        """Write down so many of those who changed, ahead of `collect`, which then takes less long.

        Who changes afterwards is written down again.
        """
        for key in list(islice(self.changed, most)):
            person = self._people[key]
            if person is not None:
                self._ready.profiles[key] = Row(encode(person.profile), person.profile.last or 0.0)
                if key in self.taught and person.journal is not None:
                    self._ready.journals[key] = person.journal.encode()
            self.changed.discard(key)
            self.taught.discard(key)

    def commit(self, changes: Changes, population: str, meta: Mapping[str, str]) -> None:
        """Write changes in one piece, then let go of who is beyond the bound."""
        self._store.commit(changes.profiles, changes.journals, population, meta)
        self.let_go()

    def is_full(self) -> bool:
        """Whether it is time to write, so that memory stays flat."""
        return len(self._people) > KEPT or len(self.changed) + len(self._ready.profiles) > KEPT // 2

    def _load(self, key: str) -> Optional[Person]:
        text = self._store.profile(key)
        person: Optional[Person] = None
        if text is not None:
            person = Person(key, decode(text, key), self._hours, self.lateness)
        if len(self._people) > 4 * KEPT:
            self._drop_clean()
        self._people[key] = person
        return person

    def _drop_clean(self) -> None:
        """Let go of everybody who is as the store has them."""
        dirty = self.changed | self._ready.profiles.keys()
        self._people = {key: person for key, person in self._people.items() if key in dirty}

    def let_go(self) -> None:
        """Keep the most recently loaded or begun; call it only when everything is committed."""
        if len(self._people) > KEPT // 2:
            kept: List[str] = list(self._people)[-KEPT // 4 :]
            self._people = {key: self._people[key] for key in kept}


def population_text(organisation: Organisation, evidence: Evidence, delta: Delta, ripe: Ripe, hour: int) -> str:
    """What `Keeper.population` reads. `hour` of event time has begun, in hours since 1970."""
    population: Dict[str, Any] = {
        "v": VERSION, "hour": hour, "organisation": organisation.to_json(), "evidence": evidence.to_json(),
        "delta": delta.to_json(), "ripe": [[epoch, sorted(keys)] for epoch, keys in sorted(ripe.items()) if keys],
    }  # fmt: skip
    return clean(json.dumps(population, ensure_ascii=False, separators=(",", ":"), allow_nan=False))
