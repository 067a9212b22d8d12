"""The model in the KV store, as the core's Store: read by any search, written by one at a time.

    model = KVModel(splunkd)                             # reads the newest commit, and stays with it
    model.prefetch(scorer.people.key(user) for user in users)
    with model.writer("busytrain of admin", 600) as writer:
        scorer = Scorer(policy, writer)                  # a Store, too
        ...
        scorer.save({"cursor": "…"})                     # writer.commit: visible as a whole, or not at all

A reader stays with one commit for as long as the documents of older ones are kept, an hour from when they were
replaced: each chunk of a search is scored against the same model.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Callable, Dict, Iterable, Iterator, List, Mapping, Optional, Sequence, Type

from busybody.errors import StoreError
from busybody.stores import Info

from .chain import (
    JOURNALS,
    MODELS,
    POPULATION,
    PROFILES,
    SCHEMA,
    Head,
    Newest,
    Version,
    checksum,
    head_of,
    person_of,
    version_of,
)
from .kvstore import Collection, Document
from .lease import Held, Lost, acquire
from .model_migrations import is_old
from .read_only import ReadOnly
from .rest import Splunkd

if TYPE_CHECKING:
    from .writer import Writer

HOUR = 3600.0
KEEP = HOUR  # for how long replaced documents are kept for readers of older commits
MARGIN = 300.0  # seconds for clocks that differ
SHARE = 4  # of one person in so many and more, everybody is read: pages carry ten times more than queries
WHAT = {PROFILES: "the profile", JOURNALS: "the journal"}
Texts = Dict[str, Optional[str]]

__all__ = ["Held", "KVModel", "Lost"]


class KVModel(ReadOnly):
    """One model, as of the newest commit at the time it is first asked. Every method raises StoreError."""

    def __init__(
        self,
        splunkd: Splunkd,
        name: str = "default",
        *,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """No request is sent yet. `clock`: UTC epoch seconds; `sleep` waits for a cluster to agree."""
        self.name = name
        self.splunkd = splunkd
        self.clock, self._sleep = clock, sleep
        self._collections = {each: Collection(splunkd, each) for each in (MODELS, PROFILES, JOURNALS, POPULATION)}
        self._fetched: Dict[str, Texts] = {PROFILES: {}, JOURNALS: {}}
        self._head: Optional[Head] = None
        self._since = 0.0  # when the head was the newest, for certain

    def collection(self, name: str) -> Collection:
        """A collection of the app, over the same connection."""
        if name not in self._collections:
            self._collections[name] = Collection(self.splunkd, name)
        return self._collections[name]

    @property
    def head(self) -> Head:
        """The commit that is read."""
        if self._head is None:
            now = self.clock()
            self._head, self._since = self._newest(), now
        return self._head

    def _make_sure(self) -> None:
        """After each reply: that it is of a time when nothing of this commit was deleted yet."""
        now = self.clock()
        if now - self._since > KEEP - MARGIN:
            if self._newest().number != self.head.number:
                told = "was replaced while this search ran for an hour. Search a shorter time range at once."
                raise StoreError(told, source=self.name)
            self._since = now

    def _newest(self) -> Head:
        head = head_of(self._collections[MODELS], self.name)
        if head.schema < SCHEMA or (head.number == 0 and is_old(self._collections[PROFILES], self.name)):
            told = f"is of an older version of the app. The next | busytrain or update=true brings it up to {SCHEMA}."
            raise StoreError(told, source=self.name)
        return head

    def refresh(self) -> None:
        """Goes over to the newest commit."""
        self._head = None
        for texts in self._fetched.values():
            texts.clear()

    # Reading ------------------------------------------------------------------------------------------------

    def profile(self, user: str) -> Optional[str]:
        return self._text(PROFILES, user)

    def profiles(self, users: Iterable[str]) -> Dict[str, str]:
        found = self._read(PROFILES, users)
        return {user: version.text for user, version in found.items() if version.text is not None}

    def journal(self, user: str) -> Optional[str]:
        return self._text(JOURNALS, user)

    def prefetch(self, users: Iterable[str], *, journals: bool = False) -> None:
        """Reads people together; `users` as the store knows them (`scorer.people.key`).

        What is read waits for one call of `profile` (or `journal`): the scorer keeps it from then on.
        """
        wanted = set(users)
        for kind in (PROFILES, JOURNALS) if journals else (PROFILES,):
            texts = self._fetched[kind]
            missing = wanted.difference(texts)
            texts.update(dict.fromkeys(missing))
            texts.update((user, version.text) for user, version in self._read(kind, missing).items())

    def population(self) -> Optional[str]:
        head = self.head
        if not head.population:
            return None
        query = {"$and": [{"series": head.series}, {"number": head.population}]}
        rows = {row.get("piece"): row.get("text") for row in self._collections[POPULATION].find(query)}
        self._make_sure()
        pieces = [str(rows.get(piece, "")) for piece in range(head.pieces)]
        if checksum(pieces) != head.checksum:
            told = "the population is damaged: its checksum does not fit. Train the model again with | busytrain."
            raise StoreError(told, source=self.name)
        return "".join(pieces)

    def meta(self) -> Mapping[str, str]:
        return dict(self.head.meta)

    def users(self) -> Iterator[str]:
        rows = self._everybody(PROFILES, ("person", "number", "user", "gone"))
        return iter(sorted(row["user"] for row in rows.values() if not row.get("gone")))

    def count(self) -> int:
        return self.head.people

    def _text(self, kind: str, user: str) -> Optional[str]:
        if user in self._fetched[kind]:
            return self._fetched[kind].pop(user)
        version = self._read(kind, (user,)).get(user)
        return None if version is None else version.text

    def _read(self, kind: str, users: Iterable[str]) -> Dict[str, Version]:
        """The versions of those people who have one."""
        head = self.head
        wanted = {person_of(head.series, user): user for user in users}
        if not wanted or not head.series:
            return {}
        rows = (row for row in self._rows(kind, wanted, None) if row.get("person") in wanted)
        newest = self._filtered(rows, head)
        return {wanted[person]: version_of(row, WHAT[kind], self.name) for person, row in newest.items()}

    def _rows(self, kind: str, persons: Mapping[str, str], fields: Optional[Sequence[str]]) -> Iterator[Document]:
        """Documents of those people, of any commit; of everybody where most are wanted."""
        head, collection = self.head, self._collections[kind]
        if len(persons) * SHARE >= head.people > 100:
            return collection.find({"series": head.series}, fields=fields)
        return collection.among("person", persons, fields=fields)

    def _everybody(self, kind: str, fields: Optional[Sequence[str]]) -> Newest:
        head = self.head
        if not head.series:
            return {}
        return self._filtered(self._collections[kind].find({"series": head.series}, fields=fields), head)

    def _filtered(self, rows: Iterable[Document], head: Head) -> Newest:
        """Of each person the newest document that counts."""
        newest: Newest = {}
        for row in rows:
            person, number = row.get("person"), row.get("number")
            if isinstance(person, str) and number in head:
                other = newest.get(person)
                if other is None or other["number"] < row["number"]:
                    newest[person] = row
        self._make_sure()
        return newest

    def writer(self, owner: str, seconds: float) -> Writer:
        """The one writer, as a context manager. `owner` is shown to whoever meets `Held`; `seconds` of the lease.

        The lease is renewed while something is staged. Raises Held. What was not committed at the end is given up.
        """
        from .writer import Writer

        lease = acquire(self._collections[MODELS], self.name, owner, seconds, self.clock, self._sleep)
        return Writer(self.splunkd, lease, seconds, clock=self.clock, sleep=self._sleep)

    # Looking after it -----------------------------------------------------------------------------------------

    def info(self) -> Info:
        """Bytes are those of profiles and journals; reads all of them."""
        size = 0
        for kind in WHAT:
            rows = self._everybody(kind, ("person", "number", "text"))
            size += sum(len(str(row.get("text", "")).encode("utf-8", "surrogatepass")) for row in rows.values())
        return Info("kvstore", SCHEMA, self.head.people, size, self.head.created)

    def verify(self) -> List[StoreError]:
        damaged: List[StoreError] = []
        for kind, what in WHAT.items():
            for row in self._everybody(kind, None).values():
                try:
                    version_of(row, what, self.name)
                except StoreError as error:
                    damaged.append(error)
        try:
            self.population()
        except StoreError as error:
            damaged.append(error)
        return damaged

    def close(self) -> None:
        """Lets go of the connection; whoever asks again opens another."""
        self.splunkd.close()

    def __enter__(self) -> KVModel:  # noqa: PYI034  typing.Self came with 3.11
        return self

    def __exit__(self, kind: Optional[Type[BaseException]], error: Optional[BaseException], trace: object) -> None:
        self.close()
