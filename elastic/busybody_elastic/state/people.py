"""Profiles and journals: a document each, and in memory what changed since those documents were written.

A document's id is a hash with the partition's own salt. Who was erased leaves a tombstone without a name, so that a late
write of an earlier owner finds a newer version there.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from busybody.errors import StoreError
from busybody.stores import Row

from ..cluster.protocol import Cluster, Hit, Item
from ..errors import ClusterError
from .log import Cell, Changed
from .sealed import seal, unseal

PROFILE, JOURNAL, GONE = "profile", "journal", "gone"
KEPT = 20_000  # texts that were read ahead
CHUNK = 500  # documents written or read at once
PAGE = 2_000  # documents of one page
WHAT = {PROFILE: "a profile", JOURNAL: "a journal"}


class People:
    """The documents of one partition's people."""

    def __init__(self, cluster: Cluster, index: str, partition: int, salt: str, where: str) -> None:
        self._cluster, self._index, self._partition = cluster, index, partition
        self._salt, self._where = salt, where
        self._read: dict[Cell, str | None] = {}  # what the documents say, read ahead
        self._lock = threading.Lock()  # never held during a request
        self._generation = 0  # commits
        self.changed: Changed = {}  # what the log says and the documents do not say yet

    def id(self, cell: Cell) -> str:
        """The document of a profile or journal."""
        digest = hashlib.sha256(f"{self._salt}\0{cell[1]}".encode()).hexdigest()
        return f"{cell[0]}-{self._partition}-{digest[:40]}"

    # Read ---------------------------------------------------------------------------------------------------

    def texts(self, cells: Iterable[Cell]) -> dict[Cell, str | None]:
        """What these hold; it is kept at hand. Raises StoreError for one that is damaged."""
        wanted = list(dict.fromkeys(cells))
        while True:
            with self._lock:
                generation = self._generation
                missing = [cell for cell in wanted if cell not in self.changed and cell not in self._read]
            found = self._documents(missing)
            with self._lock:
                if generation != self._generation:
                    continue  # a commit came in between: what was found may be older
                if len(self._read) + len(found) > KEPT:
                    self._read = {cell: self._read[cell] for cell in wanted if cell in self._read}
                self._read.update(found)
                return {cell: self._text(cell) for cell in wanted}

    def _documents(self, cells: Sequence[Cell]) -> dict[Cell, str | None]:
        """What their documents say."""
        texts: dict[Cell, str | None] = {}
        for start in range(0, len(cells), CHUNK):
            some = {self.id(cell): cell for cell in cells[start : start + CHUNK]}
            found = self._cluster.mget(self._index, list(some))
            for name, cell in some.items():
                source = found[name].source if name in found else {"kind": GONE}
                gone = source["kind"] == GONE
                texts[cell] = None if gone else unseal(source, _about(cell, source), self._where, WHAT[cell[0]])
        return texts

    def _text(self, cell: Cell) -> str | None:
        if cell in self.changed:
            row = self.changed[cell][1]
            return None if row is None else row.text
        return self._read[cell]

    def everybody(self, kind: str) -> dict[str, tuple[float, int]]:
        """When everybody was last seen who has one, and its length in characters."""
        found: dict[str, tuple[float, int]] = {}
        for hit in self._hits(["user", "last_seen", "size"], kind):
            found[hit.source["user"]] = hit.source["last_seen"], hit.source["size"]
        for (what, user), (_, row) in list(self.changed.items()):
            if what == kind:
                found.pop(user, None)
                if row is not None:
                    found[user] = row.last_seen, len(row.text)
        return found

    def damages(self) -> list[StoreError]:
        """Reads every document."""
        found = []
        for hit in self._hits(True, PROFILE, JOURNAL):
            cell = str(hit.source.get("kind")), str(hit.source.get("user"))
            try:
                unseal(hit.source, _about(cell, hit.source), self._where, WHAT[cell[0]])
            except StoreError as error:
                found.append(error)
        return found

    def find(self, *kinds: str) -> list[str]:
        """The documents of these kinds."""
        return [hit.id for hit in self._hits(False, *kinds)]

    def _hits(self, source: list[str] | bool, *kinds: str) -> Iterator[Hit]:
        self._cluster.refresh(self._index)
        mine = [{"terms": {"kind": list(kinds)}}, {"term": {"partition": self._partition}}]
        body: dict[str, Any] = {
            "query": {"bool": {"filter": mine}}, "_source": source, "size": PAGE, "sort": [{"commit": "asc"}],
        }  # fmt: skip
        pit = self._cluster.open_pit(self._index)
        try:
            while True:
                page = self._cluster.page(pit, body)
                yield from page.hits
                pit = page.pit
                if len(page.hits) < PAGE:
                    return
                body["search_after"] = page.hits[-1].sort
        finally:
            self._cluster.close_pit(pit)

    # Write --------------------------------------------------------------------------------------------------

    def take(self, number: int, changed: Mapping[Cell, Row | None]) -> None:
        """A commit came true."""
        with self._lock:
            self._generation += 1
            for cell, row in changed.items():
                self.changed[cell] = number, row
                self._read.pop(cell, None)

    def write(self, check: Callable[[], object], now: float) -> None:
        """Write the documents of what changed; a newer version that is there stays. `check` before each request."""
        cells = list(self.changed)
        for start in range(0, len(cells), CHUNK):
            check()
            actions = []
            for cell in cells[start : start + CHUNK]:
                number, row = self.changed[cell]
                action = {"_index": self._index, "_id": self.id(cell), "version": number, "version_type": "external"}
                actions.append(({"index": action}, self._source(cell, number, row, now)))
            raise_for(self._cluster.bulk(actions), self._where)

    def _source(self, cell: Cell, number: int, row: Row | None, now: float) -> dict[str, Any]:
        source: dict[str, Any] = {"kind": cell[0] if row else GONE, "partition": self._partition, "commit": number}
        if row is None:
            return {**source, "at": _date(now)}
        source.update(user=cell[1], last_seen=row.last_seen, size=len(row.text))
        return {**source, **seal(row.text, _about(cell, source))}

    def written(self) -> None:
        """The documents say it all."""
        with self._lock:
            self._generation += 1
            self.changed = {}

    def bury(self, before: float) -> None:
        """Let go of tombstones from before that time: no write of an earlier owner can still be under way."""
        old = self.find(GONE)
        for start in range(0, len(old), CHUNK):
            found = self._cluster.mget(self._index, old[start : start + CHUNK])
            actions = [
                ({"delete": {"_index": self._index, "_id": name, "if_seq_no": doc.seq_no, "if_primary_term": doc.primary_term}}, None)
                for name, doc in found.items()
                if doc.source["kind"] == GONE and doc.source["at"] < _date(before)
            ]  # fmt: skip
            if actions:
                self._cluster.bulk(actions)


def raise_for(items: Iterable[Item], where: str) -> None:
    """Raises ClusterError for the first operation that failed; 409 is none: it is there already, or newer."""
    for item in items:
        if item.status >= 300 and item.status != 409:
            raise ClusterError(f"the state could not be written: {item.error}.", status=item.status, source=where)


def _about(cell: Cell, source: Mapping[str, Any]) -> str:
    return f"{cell[0]}\0{cell[1]}\0{source['last_seen']!r}"


def _date(time: float) -> str:
    return datetime.fromtimestamp(time, UTC).isoformat(timespec="milliseconds")
