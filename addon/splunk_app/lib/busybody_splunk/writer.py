"""The one writer of a model: everything it stages stays unseen until its commit, which shows all of it at once."""

from __future__ import annotations

import time
import uuid
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Callable, Dict, Iterable, List, Mapping, Optional, Set, Tuple, Type

from busybody.errors import ModelError, StoreError
from busybody.model import population_of
from busybody.stores.protocol import DAY, NOTHING, Row, check_commit

from .chain import (
    JOURNALS,
    MODELS,
    POPULATION,
    PROFILES,
    SCHEMA,
    Head,
    Version,
    checksum,
    document,
    person_of,
    with_gap,
)
from .kvstore import Document, pieces
from .lease import Lease, forget_old
from .model import KEEP, KVModel
from .model_migrations import migrate
from .orders import Orders, carry_out, discard
from .rest import Splunkd, SplunkdError

if TYPE_CHECKING:
    from .staging import Staging

Content = Optional[Tuple[str, Mapping[str, Any]]]  # text and what is kept beside it; None erases
SELDOM = 100  # writers, of whom one looks for what is very old
ONE_BY_ONE = 10  # people read by themselves, until those are read together who will follow
NO_PROFILES: Mapping[str, Optional[Row]] = {}
NO_JOURNALS: Mapping[str, Optional[str]] = {}


class Writer(KVModel):
    """Reads the commit that it builds on, and what it staged itself. One commit, then the lease has ended."""

    def __init__(
        self,
        splunkd: Splunkd,
        lease: Lease,
        seconds: float,
        *,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Made by `KVModel.writer` alone. First does what older commits left to do."""
        super().__init__(splunkd, lease.model, clock=clock, sleep=sleep)
        base, now = lease.base, clock()
        self.lease = lease
        self.afterwards = Orders()  # what follows the commit, such as incidents to save
        self.staged_bytes = 0  # of profiles and journals
        self._seconds = seconds
        self._ended = False
        self._singles = 0  # people who were read by themselves
        self._next = base._replace(
            number=lease.number,
            series=base.series or uuid.uuid4().hex,
            gaps=with_gap(base.gaps, base.number + 1, lease.number - 1),
            created=base.created or now,
            schema=SCHEMA,
        )
        self._asked: Dict[str, Set[str]] = {PROFILES: set(), JOURNALS: set()}  # of whom the base is known
        self._base: Dict[str, Dict[str, Version]] = {PROFILES: {}, JOURNALS: {}}  # what it has of them, less the texts
        self._staged: Dict[str, Dict[str, bool]] = {PROFILES: {}, JOURNALS: {}}  # user -> whether a text is left
        try:
            self._tidy(now)
            migrate(self)
        except BaseException:
            self.give_up()
            raise

    def _tidy(self, now: float) -> None:
        base = self.lease.base
        carry_out(self.collection, self.name, base, now)
        if base.number + 1 < self.lease.number:
            discard(self.collection, self.name, base.number + 1, self.lease.number - 1)
        if self.is_turn_to_forget:
            forget_old(self.lease, now)

    @property
    def is_turn_to_forget(self) -> bool:
        """Whether this is the one writer in many that looks for what is very old."""
        return self.lease.number % SELDOM == 0

    # Reading --------------------------------------------------------------------------------------------------

    @property
    def head(self) -> Head:
        """The base with what was staged."""
        return self._next

    def _make_sure(self) -> None:
        """Renews the lease. Raises Lost where somebody else took over: then the base may be gone, too."""
        now = self.clock()
        if not self._ended and now > self.lease.expires - self._seconds / 2:
            self.lease = self.lease.renewed(now + self._seconds)

    def refresh(self) -> None:
        """A writer stays with its base."""

    def prefetch(self, users: Iterable[str], *, journals: bool = True) -> None:
        """As every model; journals come along, since whoever learns will ask for them."""
        super().prefetch(users, journals=journals)

    def _text(self, kind: str, user: str) -> Optional[str]:
        if user not in self._fetched[kind] and self._may_have(kind, user):
            self._singles += 1
            if self._singles == ONE_BY_ONE:  # a new day has begun, and everybody who waits is about to be settled
                with suppress(ModelError):  # a store does not judge what it keeps
                    self.prefetch(set(population_of(self)[1]) - self._asked[PROFILES])
        return super()._text(kind, user)

    def _read(self, kind: str, users: Iterable[str]) -> Dict[str, Version]:
        asked = {user for user in users if self._may_have(kind, user)}
        found = super()._read(kind, asked)
        for user in asked - self._asked[kind]:
            version = found.get(user)
            if version is not None:
                self._base[kind][user] = version._replace(text=None if version.text is None else "")
        self._asked[kind] |= asked
        return found

    def _may_have(self, kind: str, user: str) -> bool:
        """Whether it is worth a request."""
        if user in self._staged[kind] or user in self._base[kind]:
            return True
        return self.lease.base.number > 0 and user not in self._asked[kind]

    def _look_up(self, kind: str, users: Iterable[str]) -> None:
        """Finds out what the base has of people who were not read."""
        base = self.lease.base
        unknown = set(users) - self._asked[kind]
        self._asked[kind] |= unknown
        if not base.number or not unknown:
            return
        wanted = {person_of(base.series, user): user for user in unknown}
        fields = ("person", "number", "previous", "gone")
        rows = self._filtered(self._rows(kind, wanted, fields), base)
        for person, row in rows.items():
            if person in wanted:
                text = None if row.get("gone") else ""
                self._base[kind][wanted[person]] = Version(int(row["number"]), int(row["previous"]), text)

    # Writing --------------------------------------------------------------------------------------------------

    def stage(
        self,
        profiles: Mapping[str, Optional[Row]] = NO_PROFILES,
        journals: Mapping[str, Optional[str]] = NO_JOURNALS,
        population: Optional[str] = None,
        meta: Mapping[str, str] = NOTHING,
    ) -> None:
        """Writes what the commit is to show; any number of times. The same rules as `commit` of every store.

        Raises Lost where somebody else took over meanwhile.
        """
        if self._ended:
            raise StoreError("this writer's lease has ended. Ask for another writer.", source=self.name)
        check_commit(profiles, journals, population, meta, self.name)
        self._make_sure()
        rows = {user: row and (row.text, {"last_seen": row.last_seen}) for user, row in profiles.items()}
        self._stage(PROFILES, rows)
        self._stage(JOURNALS, {user: None if text is None else (text, {}) for user, text in journals.items()})
        if population is not None:
            self._stage_population(population)
        if meta:
            self._next = self._next._replace(meta={**self._next.meta, **meta})

    def _stage(self, kind: str, contents: Mapping[str, Content]) -> None:
        self._look_up(kind, contents)
        staged = self._staged[kind]
        documents: List[Document] = []
        for user, content in contents.items():
            before = self._base[kind].get(user)
            if content is None and user not in staged and (before is None or before.text is None):
                continue  # there is nothing to erase
            text, extra = content or (None, {})
            version = Version(self.lease.number, before.number if before else 0, text)
            documents.append(document(self.name, self._next.series, user, version, extra))
            staged[user] = text is not None
            self._fetched[kind].pop(user, None)
            self.staged_bytes += len(text or "")
        self.collection(kind).save(documents)
        self._next = self._next._replace(people=self._people())

    def _stage_population(self, text: str) -> None:
        parts = pieces(text)
        number, series = self.lease.number, self._next.series
        self.collection(POPULATION).save(
            {
                "_key": f"{series}|{number}|{piece:04}", "model": self.name, "series": series, "number": number,
                "piece": piece, "text": part,
            }
            for piece, part in enumerate(parts)
        )  # fmt: skip
        self._next = self._next._replace(population=number, pieces=len(parts), checksum=checksum(parts))

    def commit(
        self,
        profiles: Mapping[str, Optional[Row]] = NO_PROFILES,
        journals: Mapping[str, Optional[str]] = NO_JOURNALS,
        population: Optional[str] = None,
        meta: Mapping[str, str] = NOTHING,
    ) -> None:
        """Stages the rest and shows everything; the lease has ended then. Raises Lost, and nothing shows."""
        self.stage(profiles, journals, population, meta)
        now = self.clock()
        self._replaced()
        head = self._next._replace(time=now)
        models = self.collection(MODELS)
        models.save(self.afterwards.documents(self.name, head.number, now, KEEP))
        self.lease.commit(head)
        self._ended = True
        self._next = head
        with suppress(SplunkdError):  # it is committed; the next writer does the rest
            if models.one(self.lease.following) is None:  # else that one is about to do it, or did
                carry_out(self.collection, self.name, head, now)

    def _people(self) -> int:
        """How many have a profile."""
        base, staged = self._base[PROFILES], self._staged[PROFILES]
        before = sum(1 for user in staged if user in base and base[user].text is not None)
        return self.lease.base.people + sum(staged.values()) - before

    def _replaced(self) -> None:
        """Orders the deletion of what the commit replaces, once nobody reads it any more."""
        base, series = self.lease.base, self._next.series
        for kind, staged in self._staged.items():
            for user, left in staged.items():
                person, before = person_of(series, user), self._base[kind].get(user)
                if before is not None:
                    self.afterwards.delete_key(kind, f"{person}|{before.number}")
                if not left:
                    self.afterwards.delete_key(kind, f"{person}|{self.lease.number}", last=True)
        if base.population not in (0, self._next.population):
            query = {"$and": [{"series": series}, {"number": base.population}]}
            self.afterwards.delete(POPULATION, query)
        if not base.number:  # what is left over from a model that somebody emptied in part
            for kind in (PROFILES, JOURNALS, POPULATION):
                self.afterwards.delete(kind, {"$and": [{"model": self.name}, {"series": {"$ne": series}}]})

    def give_up(self) -> None:
        """Ends the lease; nothing that was staged will show. After a commit it does nothing."""
        if not self._ended:
            self._ended = True
            if self.lease.give_up(self.clock()):
                discard(self.collection, self.name, self.lease.number, self.lease.number)

    def staging(self) -> Staging:
        """This writer as a Store whose `commit` only stages: for a scorer that saves more than once before the end."""
        from .staging import Staging

        return Staging(self)

    # Erasing --------------------------------------------------------------------------------------------------

    def forget(self, user: str) -> bool:
        there = [version for kind in self._staged for version in self._read(kind, [user]).values()]
        known = any(version.text is not None for version in there)
        if not self._ended:
            self.commit({user: None}, {user: None})
        series, until = self._next.series, {"number": {"$lte": self._next.number}}
        for kind in (PROFILES, JOURNALS):
            self.collection(kind).delete({"$and": [{"series": series}, {"person": person_of(series, user)}, until]})
        older = {"$and": [{"series": series}, {"number": {"$lt": self._next.population}}]}
        self.collection(POPULATION).delete(older)  # a journal or table of before may name the person
        return known

    def prune(self, older_than_days: float, now: float) -> int:
        old = dict.fromkeys(self.not_seen_since(now - older_than_days * DAY))
        self.commit(old, old)
        return len(old)

    def not_seen_since(self, time: float) -> List[str]:
        """Everybody who was last seen before `time`."""
        rows = self._everybody(PROFILES, ("person", "number", "user", "gone", "last_seen"))
        return sorted(row["user"] for row in rows.values() if not row.get("gone") and row["last_seen"] < time)

    def compact(self) -> None:
        """What was replaced goes by itself."""

    def __enter__(self) -> Writer:  # noqa: PYI034  typing.Self came with 3.11
        return self

    def __exit__(self, kind: Optional[Type[BaseException]], error: Optional[BaseException], trace: object) -> None:
        try:
            self.give_up()
        except SplunkdError:
            if error is None:
                raise  # else the first error says more; the lease ends by itself
