"""One collection of the KV store, within the limits that splunkd sets.

Pages are cut by `_key`, not by `skip`: what others insert or delete meanwhile then moves nothing past the reader.
"""

from __future__ import annotations

import json
from typing import Any, Dict, Iterable, Iterator, List, Mapping, Optional, Sequence, Tuple
from urllib.parse import quote

from .rest import DATA, Splunkd, SplunkdError

Document = Dict[str, Any]
Query = Mapping[str, Any]

PAGE = 1_000  # documents per reply; splunkd gives at most 50,000, or 50 MB
FEW = 100  # a page shorter than asked for may have been cut at 50 MB, without a word: not with so few documents
BATCH_DOCUMENTS, BATCH_BYTES = 1_000, 1_000_000  # per batch_save; old releases take 1,000 documents, all take 50 MB
LONGEST_DOCUMENT = 15_000_000  # bytes; MongoDB holds 16 MB
LONGEST_QUERY = 6_000  # bytes in the URL, escaped: proxies and servers begin to refuse at 8,000


class Collection:
    """A collection of the app, shared by all users. Every method raises SplunkdError."""

    def __init__(self, splunkd: Splunkd, name: str) -> None:
        self._splunkd = splunkd
        self.name = name
        self._path = f"/servicesNS/nobody/busybody{DATA}{name}"

    def find(
        self,
        query: Optional[Query] = None,
        *,
        fields: Optional[Sequence[str]] = None,
        sort: Optional[str] = None,
        limit: Optional[int] = None,
    ) -> Iterator[Document]:
        """The documents that fit, page by page; by `_key`, or as `sort` ("time:-1") says.

        `fields` to send (`_key` always is); `limit`: at most so many. With `sort` the pages are cut by position, and
        a document that moves meanwhile may be seen twice or not at all.
        """
        last, seen = None, 0
        while limit is None or seen < limit:
            size = PAGE if limit is None else min(PAGE, limit - seen)
            asked: Dict[str, Any] = {"limit": size, "sort": sort or "_key"}
            asked["query"] = _compact(query or {} if last is None else _after(query, last))
            if sort is not None:
                asked.update(skip=seen, query=_compact(query or {}))
            if fields is not None:
                asked["fields"] = ",".join(("_key", *fields))
            page = self._splunkd.get(self._path, **asked)
            if sort is None and last is not None and any(row["_key"] == last for row in page):
                told = f"{self.name}: a page begins before the end of the one before, so that reading would never end."
                raise SplunkdError(f"{told} Report this with the version of Splunk.")
            yield from page
            if len(page) < min(size, FEW):
                return
            seen += len(page)
            last = page[-1]["_key"]

    def among(self, field: str, values: Iterable[str], *, fields: Optional[Sequence[str]] = None) -> Iterator[Document]:
        """The documents whose `field` is one of the values, asked for in as few queries as their URLs allow."""
        for query in _either(field, values):
            yield from self.find(query, fields=fields)

    def one(self, key: str) -> Optional[Document]:
        """The document of that key; None where there is none."""
        return next(self.find({"_key": key}, limit=1), None)

    def insert(self, document: Document) -> bool:
        """Adds a document with its `_key`. False where that key is there already: exactly one of many succeeds.

        After a cut connection it is sent again, so that False may also mean that the first try got through.
        """
        try:
            self._splunkd.post(self._path, json=document, again=True)
        except SplunkdError as error:
            if error.status != 409:
                raise
            return False
        return True

    def update(self, key: str, document: Document) -> None:
        """Replaces the document of that key."""
        self._splunkd.post(f"{self._path}/{quote(key, safe='')}", json=document, again=True)

    def save(self, documents: Iterable[Document]) -> int:
        """Inserts, or replaces by `_key`, in batches; how many requests it took.

        A batch is written whole or in part, if the connection breaks: writing it again is safe.
        """
        sent = 0
        for batch in _batches(documents):
            self._splunkd.post(f"{self._path}/batch_save", json=batch, again=True)
            sent += 1
        return sent

    def delete(self, query: Query) -> None:
        """Deletes the documents that fit; an empty query is refused, since it would empty the collection."""
        if not query:
            raise ValueError("an empty query deletes everything")
        self._splunkd.delete(self._path, query=_compact(query))

    def delete_among(self, field: str, values: Iterable[str]) -> None:
        """Deletes the documents whose `field` is one of the values."""
        for query in _either(field, values):
            self.delete(query)


def _compact(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _after(query: Optional[Query], key: str) -> Query:
    beyond = {"_key": {"$gt": key}}
    return {"$and": [query, beyond]} if query else beyond


def _either(field: str, values: Iterable[str]) -> Iterator[Query]:
    """Queries for any of the values, each short enough for a URL; $or is the one that Splunk documents."""
    clauses: List[Query] = []
    size = 0
    for value in values:
        clause = {field: value}
        length = len(quote(_compact(clause))) + 3
        if clauses and size + length > LONGEST_QUERY:
            yield {"$or": clauses}
            clauses, size = [], 0
        clauses.append(clause)
        size += length
    if clauses:
        yield {"$or": clauses}


def _batches(documents: Iterable[Document]) -> Iterator[List[Document]]:
    batch: List[Document] = []
    size = 0
    for document in documents:
        length = _length(document)
        if batch and (len(batch) >= BATCH_DOCUMENTS or size + length > BATCH_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(document)
        size += length
    if batch:
        yield batch


def _length(document: Document) -> int:
    """Bytes of the document in a request. Raises SplunkdError for one that no collection holds."""
    length = len(_compact(document).encode("utf-8"))
    if length > LONGEST_DOCUMENT:
        told = f"a document of {length:,} bytes does not fit; 16 MB is the most. Split it, or prune the model."
        raise SplunkdError(f"{document.get('_key')}: {told}", 413)
    return length


def pieces(text: str, longest: int = BATCH_BYTES // 2) -> Tuple[str, ...]:
    """The text in pieces of at most so many characters; at least one."""
    return tuple(text[start : start + longest] for start in range(0, max(len(text), 1), longest))
