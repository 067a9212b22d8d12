"""What is to be done once a commit is in the chain: written down with the commit, so that a crash loses none of it.

An order either saves or erases documents in a collection outside of the chain (incidents, verdicts), at once, or deletes
documents that the commit replaced, when no reader can want them any more. Doing it twice is doing it once.
The writer does what is due after its commit; the next writers do the rest before anything else, in order of number.
"""

from __future__ import annotations

import json
from typing import Any, Callable, Dict, Iterable, List

from .chain import JOURNALS, MODELS, ORDER, POPULATION, PROFILES, Head
from .kvstore import Collection, Document, Query

BATCH = 1_000  # documents or keys in one order
Opener = Callable[[str], Collection]


class Orders:
    """What one writer asks for."""

    def __init__(self) -> None:
        self._saves: Dict[str, Dict[str, Document]] = {}
        self._keys: Dict[str, Dict[str, None]] = {}
        self._last: Dict[str, Dict[str, None]] = {}
        self._erased: Dict[str, Dict[str, None]] = {}
        self._queries: List[Dict[str, Any]] = []

    def save(self, collection: str, documents: Iterable[Document]) -> None:
        """Save documents, each with its `_key`; the last one of a key wins."""
        self._saves.setdefault(collection, {}).update((row["_key"], row) for row in documents)

    def delete(self, collection: str, query: Query) -> None:
        """Delete what fits, when it is no longer read."""
        self._queries.append({"collection": collection, "delete": query})

    def delete_key(self, collection: str, key: str, *, last: bool = False) -> None:
        """Delete one document. `last`: after those of all other keys, for what says that a person is gone."""
        (self._last if last else self._keys).setdefault(collection, {})[key] = None

    def erase(self, collection: str, keys: Iterable[str]) -> None:
        """Delete documents at once: those outside of the chain, which no reader holds on to."""
        self._erased.setdefault(collection, {}).update(dict.fromkeys(keys))

    def documents(self, model: str, number: int, now: float, keep: float) -> Iterable[Document]:
        """The orders as they are stored. Deleting what a commit replaced waits for `keep` seconds."""
        for piece, (due, what) in enumerate(self._all(now, now + keep)):
            yield {
                "_key": f"{model}:{number}:order:{piece:06}", "model": model, "kind": ORDER, "number": number,
                "piece": piece, "due": due, "order": json.dumps(what, ensure_ascii=False, separators=(",", ":")),
            }  # fmt: skip

    def _all(self, now: float, later: float) -> Iterable[Any]:
        for collection, rows in self._saves.items():
            for batch in _batches(list(rows.values())):
                yield now, {"collection": collection, "save": batch}
        for due, keys in ((now, self._erased), (later, self._keys), (later, self._last)):
            for collection, named in keys.items():
                for batch in _batches(list(named)):
                    yield due, {"collection": collection, "keys": batch}
        for query in self._queries:
            yield later, query


def carry_out(opened: Opener, model: str, head: Head, now: float) -> int:
    """Does what is due of the commits up to `head`, and forgets orders of numbers that never were; how many were due."""
    models = opened(MODELS)
    query = {"$and": [{"model": model}, {"kind": ORDER}, {"number": {"$lte": head.number}}, {"due": {"$lte": now}}]}
    due = sorted(models.find(query), key=lambda row: (row["number"], row["piece"]))
    for row in due:
        if row["number"] in head:
            _carry_out(opened, json.loads(row["order"]))
    models.delete_among("_key", (row["_key"] for row in due))
    return len(due)


def _carry_out(opened: Opener, order: Dict[str, Any]) -> None:
    collection = opened(order["collection"])
    if "save" in order:
        collection.save(order["save"])
    elif "keys" in order:
        collection.delete_among("_key", order["keys"])
    else:
        collection.delete(order["delete"])


def discard(opened: Opener, model: str, first: int, last: int) -> None:
    """Deletes what was written under numbers that are no part of the chain."""
    theirs = [{"model": model}, {"number": {"$gte": first}}, {"number": {"$lte": last}}]
    for kind in (PROFILES, JOURNALS, POPULATION):
        opened(kind).delete({"$and": theirs})
    opened(MODELS).delete({"$and": [*theirs, {"kind": ORDER}]})


def _batches(items: List[Any]) -> Iterable[List[Any]]:
    for start in range(0, len(items), BATCH):
        yield items[start : start + BATCH]
