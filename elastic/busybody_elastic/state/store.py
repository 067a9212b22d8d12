"""The core's store in an index of the cluster: one partition, written by whoever holds its lease.

A commit writes new documents first, a write-ahead log of the people and the pieces of the population that changed;
then it changes the head, which is the moment from which all of it holds. The profiles' own documents follow now and
then (`checkpoint`), with the number of the commit as their external version, so that nothing older goes over them. Who
opens the partition reads from the log what those documents lack.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any, Self

from busybody.errors import StoreError
from busybody.stores import Info, Row
from busybody.stores.protocol import DAY, NOTHING, SCHEMA, check_commit

from ..deltas import without
from ..errors import ClusterError
from . import log, texts
from .lease import Head, Lease
from .log import Cell
from .people import JOURNAL, PROFILE, People, raise_for

EVERY = 64  # commits between two checkpoints
CHANGED = 2_000  # profiles and journals after which there is one, too


class IndexStore:
    """The people of one partition, their journals, the population and notes. Safe from several threads.

    Every method raises Lost once the lease is over, and ClusterError where the cluster cannot be reached.
    """

    def __init__(self, lease: Lease) -> None:
        """Opens the partition whose lease was taken. Raises StoreError for what is damaged."""
        self.lease, self._cluster, self._index = lease, lease.cluster, lease.index
        self._where, self._partition = lease.where, lease.partition
        self._lock = threading.RLock()  # of whoever writes; people are read beside it
        self._open = True
        body = lease.check().body
        self._people = People(self._cluster, self._index, self._partition, body["salt"], self._where)
        self._people.changed = log.read(self._cluster, self._index, body["wal"], self._where)
        self.sweep()

    # Read ---------------------------------------------------------------------------------------------------

    def profile(self, user: str) -> str | None:
        return self.profiles((user,)).get(user)

    def profiles(self, users: Iterable[str]) -> dict[str, str]:
        """The profiles of those who have one. Their journals are read along, for who asks for them next."""
        self._head()
        wanted = list(users)
        found = self._people.texts((kind, user) for user in wanted for kind in (PROFILE, JOURNAL))
        return {user: text for user in wanted if (text := found[PROFILE, user]) is not None}

    def journal(self, user: str) -> str | None:
        self._head()
        return self._people.texts([(JOURNAL, user)])[JOURNAL, user]

    def population(self) -> str | None:
        with self._lock:
            entry = self._head().body["population"]
            return None if entry is None else texts.read(self._cluster, self._index, entry, self._where)

    def meta(self) -> Mapping[str, str]:
        with self._lock:
            notes = self._head().body["notes"]
            return {name: texts.read(self._cluster, self._index, note, self._where) for name, note in notes.items()}

    def users(self) -> Iterator[str]:
        with self._lock:
            self._head()
            return iter(sorted(self._people.everybody(PROFILE)))

    def count(self) -> int:
        return sum(1 for _ in self.users())

    def info(self) -> Info:
        with self._lock:
            head = self._head()
            size = sum(size for kind in (PROFILE, JOURNAL) for _, size in self._people.everybody(kind).values())
            return Info("cluster", SCHEMA, self.count(), size, head.body["created"])

    # Write --------------------------------------------------------------------------------------------------

    def commit(
        self,
        profiles: Mapping[str, Row | None],
        journals: Mapping[str, str | None],
        population: str | None = None,
        meta: Mapping[str, str] = NOTHING,
    ) -> None:
        """All of it or nothing. Where it raises Lost, the next owner finds either; where anything else, nothing."""
        with self._lock:
            head = self._head()
            check_commit(profiles, journals, population, meta, self._where)
            number, body = head.committed + 1, dict(head.body)
            changed: dict[Cell, Row | None] = {(PROFILE, user): row for user, row in profiles.items()}
            for user, text in journals.items():
                changed[JOURNAL, user] = None if text is None else Row(text, 0.0)
            documents: list[tuple[str, dict[str, Any]]] = []
            if population is not None:
                body["population"], documents = texts.entry(population, body["population"], self._partition)
            body["notes"] = dict(body["notes"])
            for name, text in meta.items():
                body["notes"][name], more = texts.entry(text, body["notes"].get(name), self._partition)
                documents += more
            entry, more = log.write(number, changed, self._partition)
            body["wal"] = [*body["wal"], *entry]
            self._create(documents + more)
            self.lease.change(body, committed=number)
            self._people.take(number, changed)
            with suppress(ClusterError):  # the commit holds: the next one, or the next sweep, tries again
                self._delete(_pieces(head.body) - _pieces(body))
                if len(body["wal"]) >= EVERY or len(self._people.changed) >= CHANGED:
                    self.checkpoint()

    def checkpoint(self) -> None:
        """Write what the log holds into the profiles' own documents, and let go of the log."""
        with self._lock:
            head = self._head()
            if not head.body["wal"]:
                return
            self._people.write(self.lease.check, self.lease.now())
            self.lease.change({**head.body, "wal": []}, applied=head.committed)
            self._people.written()
            self._delete(log.ids(head.body["wal"], self._partition))

    def forget(self, user: str) -> bool:
        known = self.profile(user) is not None or self.journal(user) is not None
        notes = {name: left for name, text in self.meta().items() if (left := without(user, name, text)) != text}
        self.commit({user: None}, {user: None}, None, notes)
        self.compact()
        return known

    def prune(self, older_than_days: float, now: float) -> int:
        with self._lock:
            self._head()
            limit = now - older_than_days * DAY
            old = [user for user, (last_seen, _) in self._people.everybody(PROFILE).items() if last_seen < limit]
            if old:
                self.commit(dict.fromkeys(old), dict.fromkeys(old))
                self.compact()
        return len(old)

    def compact(self) -> None:
        """Nothing is left but what holds: no log, no document of a commit that never came true, no old tombstone."""
        with self._lock:
            self.checkpoint()
            self.sweep()
            self._people.bury(self.lease.now() - DAY)
            self._cluster.refresh(self._index)  # nor found by a search

    def sweep(self) -> None:
        """Delete what the log and the population of this partition left behind when somebody died in the midst."""
        with self._lock:
            found = set(self._people.find("piece", "wal"))
            body = self.lease.change().body  # nobody had taken over by now: nothing of what was found is theirs
            self._delete(found - _pieces(body) - log.ids(body["wal"], self._partition))

    def _create(self, documents: Sequence[tuple[str, dict[str, Any]]]) -> None:
        actions = [({"create": {"_index": self._index, "_id": name}}, source) for name, source in documents]
        if actions:
            raise_for(self._cluster.bulk(actions), self._where)

    def _delete(self, ids: set[str]) -> None:
        """What nobody relies on any more."""
        actions = [({"delete": {"_index": self._index, "_id": name}}, None) for name in sorted(ids)]
        if actions:
            gone = self._cluster.bulk(actions)
            raise_for([item for item in gone if item.status != 404], self._where)

    # Look after ---------------------------------------------------------------------------------------------

    def verify(self) -> list[StoreError]:
        with self._lock:
            head, found = self._head(), []
            entries = {"population": head.body["population"], **head.body["notes"]}
            for entry in filter(None, entries.values()):
                try:
                    texts.read(self._cluster, self._index, entry, self._where)
                except StoreError as error:
                    found.append(error)
            return found + self._people.damages()

    def close(self) -> None:
        """Lets go of the partition: another instance may have it at once."""
        with self._lock:
            if self._open:
                self._open = False
                self.lease.release()

    def _head(self) -> Head:
        if not self._open:
            raise StoreError("is closed. Open it again.", source=self._where)
        return self.lease.check()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        self.close()


def _pieces(body: Mapping[str, Any]) -> set[str]:
    return texts.ids({"": body["population"], **{f"/{name}": note for name, note in body["notes"].items()}})
