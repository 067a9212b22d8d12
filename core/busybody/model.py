"""The model as something that can be taken apart: cut per person, merged again, moved from store to store.

    part = cut(store, ["ana", "bob"])       two people, with the organisation that they belong to
    whole = merge([part, other])            disjoint people together; the same person twice only where equal
    put(whole, store)                       in one commit

What several people share (organisation tables, recent evidence, what is taught but not applied yet) is the
population; it goes with every part, and of two the later one is kept. `model_file` writes and reads files.
"""

from __future__ import annotations

import json
from typing import Any, Dict, Iterable, Iterator, List, Mapping, NamedTuple, Optional, Set, Tuple

from .decay import Decay
from .errors import ModelError, shown
from .people import population_text
from .population import Organisation
from .population.delta import Delta
from .population.evidence import Evidence
from .population.people import person as short_name
from .profile.codec import decode, encode
from .profile.journal import Journal
from .stores import Row, Store

BATCH = 100  # people read at once
Population = Dict[str, Any]  # as JSON: v, organisation, evidence, delta
Settles = Mapping[str, Iterable[int]]  # person -> days


class State(NamedTuple):
    """One person: key, profile and journal as text, the days (since 1970) before which something of theirs settles.

    `last_seen` (epoch seconds) is the profile's own.
    """

    user: str
    profile: str
    journal: Optional[str]
    settles: Tuple[int, ...]
    last_seen: float

    @property
    def row(self) -> Row:
        """What a store keeps of the profile."""
        return Row(self.profile, self.last_seen)


class Part(NamedTuple):
    """Some people, and the population that they belong to."""

    population: Optional[Population]
    people: Dict[str, State]


def cut(store: Store, users: Iterable[str]) -> Part:
    """The model of these people; who is not in the store is left out. Raises ModelError, StoreError."""
    population, settles = population_of(store)
    return Part(population, {state.user: state for state in states(store, users, settles)})


def merge(parts: Iterable[Part]) -> Part:
    """All people of the parts, in order of name, with the latest population.

    Merging a part twice, or in another order, comes to the same. Raises ModelError where two parts say something
    else of one person, or of the organisation at the same time.
    """
    population: Optional[Population] = None
    people: Dict[str, State] = {}
    for part in parts:
        population = later(population, part.population)
        for user, state in part.people.items():
            if people.setdefault(user, state) != state:
                raise ModelError("two parts say different things of this person. Leave one of them out.", key=user)
    return Part(population, dict(sorted(people.items())))


def later(one: Optional[Population], other: Optional[Population]) -> Optional[Population]:
    """The later population. Raises ModelError for two that differ at the same time."""
    if one is None or other is None or one == other:
        return other if one is None else one
    hours = one["hour"], other["hour"]
    if hours[0] == hours[1]:
        raise ModelError(
            "the organisation's tables differ at the same time: these are models of two organisations.",
            key="population",
        )
    return one if hours[0] > hours[1] else other


def put(part: Part, store: Store) -> None:
    """Writes a part into a store, in one commit; its people and population replace those there."""
    profiles = {user: state.row for user, state in part.people.items()}
    journals = {user: state.journal for user, state in part.people.items()}
    settles = {user: state.settles for user, state in part.people.items()}
    population, there = population_of(store)
    store.commit(profiles, journals, joined(part.population or population, {**there, **settles}))


def states(store: Store, users: Optional[Iterable[str]] = None, settles: Optional[Settles] = None) -> Iterator[State]:
    """The people of a store one by one, everybody by default; memory holds one batch.

    Raises ModelError for a profile or journal that cannot be read.
    """
    when = population_of(store)[1] if settles is None else settles
    batch: List[str] = []
    for user in store.users() if users is None else sorted(set(users)):
        batch.append(user)
        if len(batch) >= BATCH:
            yield from _read(store, batch, when)
            batch.clear()
    yield from _read(store, batch, when)


def _read(store: Store, users: List[str], settles: Settles) -> Iterator[State]:
    profiles = store.profiles(users)
    for user in users:
        if user in profiles:
            yield state(user, profiles[user], store.journal(user), settles.get(user, ()))


def state(user: str, profile: str, journal: Optional[str], settles: Iterable[int]) -> State:
    """One person, in the spelling that the store has. Raises ModelError."""
    known = decode(profile, user)
    kept = None if journal is None else Journal.decode(journal, user).encode()
    return State(user, encode(known), kept, tuple(sorted(settles)), known.last or 0.0)


def population_of(store: Store) -> Tuple[Optional[Population], Dict[str, Set[int]]]:
    """What several people share, and when each person's waiting sign-ins settle. Raises ModelError."""
    text = store.population()
    if text is None:
        return None, {}
    try:
        population = json.loads(text)
        settles: Dict[str, Set[int]] = {}
        for day, users in population.pop("ripe"):
            for user in users:
                settles.setdefault(user, set()).add(day)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ModelError(f"the population is damaged ({error!r}). Restore the store from a backup.") from error
    return population, settles


def joined(population: Optional[Population], settles: Settles) -> Optional[str]:
    """The inverse of `population_of`. Without population there is a text only where somebody waits."""
    ripe: Dict[int, Set[str]] = {}
    for user, days in settles.items():
        for day in days:
            ripe.setdefault(day, set()).add(user)
    if population is None:
        return population_text(Organisation(Decay(30.0)), Evidence(), Delta(), ripe, 0) if ripe else None
    row = {**population, "ripe": [[day, sorted(users)] for day, users in sorted(ripe.items())]}
    return json.dumps(row, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def forget(store: Store, user: str, *names: str) -> List[str]:
    """Erases a person wherever a store holds something of them; `user` is their key, `names` further spellings.

    Says what was erased. The counts of the whole organisation, which name nobody, stay. Raises ModelError, StoreError.
    """
    profile, journal = store.profile(user), store.journal(user)
    gone = []
    if profile is not None:
        gone.append(f"the profile ({_signins(profile, user)} learned)")
    if journal is not None:
        gone.append("the journal")
    population, settles = population_of(store)
    if population is not None:
        shorts = {short_name(name) for name in (user, *names)}
        subnets = _forget_egress(population, user, shorts)
        addresses = _forget_evidence(population["evidence"], shorts)
        gone += [f"{subnets} entries among those who share an address"] if subnets else []
        gone += [f"{addresses} entries in the window of recent evidence"] if addresses else []
    settles.pop(user, None)
    store.commit({user: None}, {user: None}, joined(population, settles))
    store.forget(user)  # empties the log, where the old pages still are
    return gone


def _signins(profile: str, user: str) -> str:
    try:
        return f"{decode(profile, user).count:,} sign-ins"
    except ModelError:  # erasing has to work on what is damaged, too
        return "damaged; nobody knows how many sign-ins"


def _forget_egress(population: Population, user: str, shorts: Set[str]) -> int:
    tables, delta = population["organisation"], population["delta"]
    kept = [edge for edge in delta["egress"] if edge[1] != user]
    erased = len(delta["egress"]) - len(kept)
    delta["egress"] = kept
    rows = []
    for subnet, people in tables["egress"]:
        left = {who: day for who, day in people.items() if who not in shorts}
        erased += len(people) - len(left)
        if left:
            rows.append([subnet, left])
    tables["egress"] = rows
    return erased


def _forget_evidence(evidence: Dict[str, Any], shorts: Set[str]) -> int:
    erased = 0
    for who in shorts:
        erased += evidence["tries"].pop(who, None) is not None
    crowds = [*evidence["failing"].values(), *evidence["arrived"].values()]
    for people in [people for _, spans in crowds for _, people in spans]:
        for who in shorts:
            erased += people.pop(who, None) is not None
    return erased


def described(population: Population) -> str:
    """The population in words: `model info` and errors use them."""
    tables = population["organisation"]
    return f"{tables['people']:,} people, {tables['signins']:,.0f} sign-ins, {shown(len(tables['tables']))} tables"
