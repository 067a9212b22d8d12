"""Long texts in pieces: of one that changes a little with each commit, only the pieces that changed are written.

A piece ends where the text itself says so, so that what is inserted moves no border but those around it. Its document
is written once and never changed: its id belongs to the one session that wrote it, so an owner who was stopped and
wakes up late can delete nothing that the next one relies on.
"""

from __future__ import annotations

import secrets
import zlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from busybody.errors import StoreError

from ..cluster.protocol import Cluster, Document
from .sealed import RESTORE, checksum, seal, unseal

LEAST, MOST = 16_384, 131_072  # characters of a piece
LOOKED_AT = 24  # characters that decide whether a piece ends behind them
ONE_IN = 32  # ... of the places where it may
SHORT = 2_048  # characters of a text that stands in the head itself
Entry = dict[str, Any]  # {"text": ...} or {"pieces": [[id, checksum], ...]}
Operation = tuple[Document, Document | None]


def split(text: str) -> Iterator[str]:
    """The text in pieces, which end behind the end of a list where its last characters have a rare checksum."""
    start = 0
    while start < len(text):
        end, stop = start + LEAST, min(start + MOST, len(text))
        while end < stop:
            found = text.find("],", end, stop)
            end = found + 2 if found >= 0 else stop
            if zlib.crc32(text[end - LOOKED_AT : end].encode()) % ONE_IN == 0:
                break
        yield text[start:end]
        start = end


def entry(text: str, known: Entry | None, partition: int) -> tuple[Entry, list[tuple[str, dict[str, Any]]]]:
    """What the head says of the text, and the documents (id, source) of those pieces that are not `known` already."""
    if len(text) <= SHORT:
        return {"text": text}, []
    old = {sum_: name for name, sum_ in (known or {}).get("pieces", ())}
    pieces, documents = [], []
    for piece in split(text):
        sum_ = checksum(piece)
        if sum_ not in old:
            old[sum_] = f"piece-{partition}-{secrets.token_hex(10)}"
            documents.append((old[sum_], {"kind": "piece", "partition": partition, **seal(piece)}))
        pieces.append([old[sum_], sum_])
    return {"pieces": pieces}, documents


def read(cluster: Cluster, index: str, found: Entry, where: str) -> str:
    """The text of an entry. Raises StoreError for one that is damaged."""
    if "text" in found:
        return str(found["text"])
    pieces: Sequence[Sequence[str]] = found["pieces"]
    documents = cluster.mget(index, [name for name, _ in pieces])
    parts = []
    for name, sum_ in pieces:
        if name not in documents or documents[name].source.get("checksum") != sum_:
            raise StoreError(f"a piece of the population is missing or damaged. {RESTORE}", source=where)
        parts.append(unseal(documents[name].source, "", where, "a piece of the population"))
    return "".join(parts)


def ids(entries: Mapping[str, Entry | None]) -> set[str]:
    """The documents of all pieces."""
    return {name for found in entries.values() if found for name, _ in found.get("pieces", ())}
