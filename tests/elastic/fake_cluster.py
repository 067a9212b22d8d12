"""A cluster in memory, with the promises and the traps of a real one, that fails wherever a test says.

Reads by id are of now; searches see what was refreshed. Several clients may share one `Data`. A client asks `fault`
before and after every single write (each line of a bulk request is one) and every other request; what it raises is what
the client's caller sees: a ClusterError (before: it never arrived; after: the answer was lost) or Killed, after which
this client does nothing any more.
"""

# ruff: noqa: A001, A002 - a document's `id` is called so by every cluster

from __future__ import annotations

import json
import threading
import zlib
from base64 import b64decode
from collections.abc import Callable, Iterable, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any

from busybody_elastic.cluster.protocol import Doc, Document, Hit, Item, Page
from busybody_elastic.errors import ClusterError

BEFORE, AFTER = "before", "after"
WRITES = ("put", "delete", "bulk")
Fault = Callable[[str, str, str], None]  # when, request, document's id


class Killed(BaseException):
    """The process ended here."""


class Data:
    """What several clients share: index -> id -> [text, seq_no, version]."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.indices: dict[str, dict[str, tuple[str, int, int]]] = {}
        self.visible: dict[str, dict[str, tuple[str, int, int]]] = {}
        self.versions: dict[tuple[str, str], int] = {}  # of what was deleted, too
        self.sequence = 0

    def live(self) -> str:
        """Every live document as text, those that a search still finds among them, with what is compressed in it."""
        rows = [row for index in (*self.indices.values(), *self.visible.values()) for row in index.items()]
        bodies = [json.loads(text).get("body", "") for _, (text, *_) in rows]
        return json.dumps(rows) + "".join(zlib.decompress(b64decode(body)).decode() for body in bodies if body)


class FakeCluster:
    """One client."""

    def __init__(self, data: Data | None = None, fault: Fault | None = None) -> None:
        self.flavour, self.version, self.name = "elasticsearch", (9, 2, 0), "fake"
        self.data = data or Data()
        self.fault = fault
        self.dead = False
        self.requests: list[tuple[str, str]] = []
        self._pits: dict[str, tuple[str, dict[str, Any]]] = {}

    def client(self) -> FakeCluster:
        """Another client of the same cluster."""
        return FakeCluster(self.data)

    def _ask(self, when: str, request: str, id: str) -> None:
        if self.dead:
            raise Killed
        if when == BEFORE:
            self.requests.append((request, id))
        if self.fault is not None:
            try:
                self.fault(when, request, id)
            except Killed:
                self.dead = True
                raise

    def _do(self, request: str, id: str, effect: Callable[[], Any]) -> Any:
        self._ask(BEFORE, request, id)
        with self.data.lock:
            result = effect()
        self._ask(AFTER, request, id)
        return result

    # One document -------------------------------------------------------------------------------------------

    def get(self, index: str, id: str) -> Doc | None:
        return self._do("get", id, lambda: self._doc(index, id))

    def mget(self, index: str, ids: Sequence[str]) -> dict[str, Doc]:
        if not ids:
            return {}
        found = self._do("mget", "", lambda: {id: self._doc(index, id) for id in ids})
        return {id: doc for id, doc in found.items() if doc is not None}

    def _doc(self, index: str, id: str) -> Doc | None:
        row = self.data.indices.get(index, {}).get(id)
        return None if row is None else Doc(json.loads(row[0]), row[1], 1)

    def put(
        self, index: str, id: str, source: Document, *, create: bool = False, if_doc: Doc | None = None,
        refresh: bool = False,
    ) -> Doc | None:  # fmt: skip
        text = json.dumps(source)
        action: dict[str, Any] = {"_index": index, "_id": id}
        if if_doc is not None:
            action.update(if_seq_no=if_doc.seq_no, if_primary_term=if_doc.primary_term)
        item = self._do("put", id, lambda: self._write("create" if create else "index", action, text))
        if refresh:
            self.refresh(index)
        return Doc(json.loads(text), item[1], 1) if item[0] < 300 else None

    def delete(self, index: str, id: str) -> bool:
        return self._do("delete", id, lambda: self._write("delete", {"_index": index, "_id": id}, None))[0] < 300

    def _write(self, kind: str, action: Mapping[str, Any], text: str | None) -> tuple[int, int]:
        """Status and sequence number of one operation."""
        data, name, id = self.data, action["_index"], action["_id"]
        index = data.indices.setdefault(name, {})
        old = index.get(id)
        version = data.versions.get((name, id), 0)
        if kind == "create" and old is not None:
            return 409, 0
        if "if_seq_no" in action and (old is None or old[1] != action["if_seq_no"]):
            return 409, 0
        if action.get("version_type") == "external":
            if action["version"] <= version:
                return 409, 0
            version = action["version"]
        else:
            version += 1
        if kind == "delete" and old is None:
            return 404, 0
        data.sequence += 1
        data.versions[name, id] = version
        if text is None:
            del index[id]
        else:
            index[id] = text, data.sequence, version
        return 201 if old is None else 200, data.sequence

    def bulk(self, operations: Iterable[tuple[Document, Document | None]], *, refresh: bool = False) -> list[Item]:
        items, touched = [], set()
        for line, source in operations:
            ((kind, action),) = line.items()
            action = {"_id": f"of-its-own-{len(self.data.versions)}", **action}
            text = None if source is None else json.dumps(source)
            status, _ = self._do("bulk", action["_id"], lambda k=kind, a=action, t=text: self._write(k, a, t))
            items.append(Item(status, "" if status < 300 else f"status {status}"))
            touched.add(action["_index"])
        if refresh:
            for index in touched:
                self.refresh(index)
        return items

    # Search -------------------------------------------------------------------------------------------------

    def refresh(self, index: str) -> None:
        def effect() -> None:
            for name in [name for name in self.data.indices if _named(index, name)]:
                self.data.visible[name] = dict(self.data.indices[name])

        self._do("refresh", "", effect)

    def _found(self, index: str, body: Mapping[str, Any]) -> list[Hit]:
        query = body.get("query", {"match_all": {}})
        order = [(field, how) for entry in body.get("sort", ()) for field, how in _pairs(entry)]
        hits = []
        for name, documents in sorted(self.data.visible.items()):
            for id, (text, number, _) in documents.items() if _named(index, name) else ():
                source = json.loads(text)
                if matches(query, source, id):
                    sort = [_value(source, field) for field, _ in order] + [number]
                    hits.append(Hit(name, id, _filtered(source, body.get("_source", True)), sort))
        for place in range(len(order), -1, -1):
            falling = place < len(order) and order[place][1] == "desc"
            hits.sort(key=lambda hit, at=place: (hit.sort[at] is None, hit.sort[at] or 0), reverse=falling)
        return hits

    def search(self, index: str, body: Document) -> dict[str, Any]:
        hits = self._do("search", "", lambda: self._found(index, body))
        after = body.get("search_after")
        rows = [hit for hit in hits if after is None or _key(hit.sort) > _key(after)][: body.get("size", 10)]
        return {
            "hits": {
                "total": {"value": len(hits), "relation": "eq"},
                "hits": [{"_index": h.index, "_id": h.id, "_source": h.source, "sort": h.sort} for h in rows],
            }
        }

    def open_pit(self, index: str, keep_alive: str = "2m") -> str:
        def effect() -> str:
            name = f"pit{len(self._pits)}"
            self._pits[name] = index, {name: dict(rows) for name, rows in self.data.visible.items()}
            return name

        return str(self._do("open_pit", "", effect))

    def page(self, pit: str, body: Document, keep_alive: str = "2m") -> Page:
        index, frozen = self._pits[pit]

        def effect() -> list[Hit]:
            now, self.data.visible = self.data.visible, frozen
            try:
                return self._found(index, body)
            finally:
                self.data.visible = now

        hits = self._do("page", "", effect)
        after = body.get("search_after")
        if after is not None:
            hits = [hit for hit in hits if _key(hit.sort) > _key(after)]
        return Page(hits[: body.get("size", 10)], pit)

    def close_pit(self, pit: str) -> None:
        self._pits.pop(pit, None)

    def delete_by_query(self, index: str, query: Document) -> int:
        def effect() -> int:
            hits = self._found(index, {"query": query})
            return sum(self._write("delete", {"_index": hit.index, "_id": hit.id}, None)[0] < 300 for hit in hits)

        return int(self._do("delete_by_query", "", effect))

    def request(self, method: str, path: str, body: Any = None, *, params: Mapping[str, str] | None = None) -> Any:
        raise ClusterError(f"{method} {path} is not in this cluster.", status=400)

    def close(self) -> None:
        self.dead = True


def matches(query: Mapping[str, Any], source: Mapping[str, Any], id: str) -> bool:
    """The few queries that are asked."""
    ((kind, body),) = query.items()
    if kind == "match_all":
        return True
    if kind == "ids":
        return id in body["values"]
    if kind == "bool":
        needed = [*_list(body.get("filter", ())), *_list(body.get("must", ()))]
        some, none = _list(body.get("should", ())), _list(body.get("must_not", ()))
        return (
            all(matches(each, source, id) for each in needed)
            and (not some or any(matches(each, source, id) for each in some))
            and not any(matches(each, source, id) for each in none)
        )
    if kind == "exists":
        return _value(source, body["field"]) is not None
    ((field, wanted),) = ((field, wanted) for field, wanted in body.items() if field != "boost")
    found = _value(source, field)
    values = found if isinstance(found, list) else [found]
    if kind == "term":
        return (wanted["value"] if isinstance(wanted, Mapping) else wanted) in values
    if kind == "terms":
        return any(value in wanted for value in values)
    if kind == "range":
        tests = {
            "gte": lambda a, b: a >= b,
            "gt": lambda a, b: a > b,
            "lte": lambda a, b: a <= b,
            "lt": lambda a, b: a < b,
        }
        return found is not None and all(test(found, wanted[name]) for name, test in tests.items() if name in wanted)
    raise AssertionError(f"this cluster does not know the query {kind}")


def _list(found: Any) -> list[Any]:
    return [found] if isinstance(found, Mapping) else list(found)


def _pairs(entry: Any) -> list[tuple[str, str]]:
    if isinstance(entry, str):
        return [(entry, "asc")]
    return [(field, how if isinstance(how, str) else how.get("order", "asc")) for field, how in entry.items()]


def _key(sort: Sequence[Any]) -> list[tuple[bool, Any]]:
    return [(value is None, value or 0) for value in sort]


def _value(source: Any, path: str) -> Any:
    """What stands at a path, nested or dotted; of objects in a list, all that they have there."""
    if not path:
        return source
    if isinstance(source, list):
        found = [value for value in (_value(one, path) for one in source) if value is not None]
        return [one for value in found for one in (value if isinstance(value, list) else [value])] or None
    if not isinstance(source, Mapping):
        return None
    for name, inner in source.items():
        if path == name or path.startswith(f"{name}."):
            value = _value(inner, path[len(name) + 1 :])
            if value is not None:
                return value
    return None


def _filtered(source: dict[str, Any], wanted: Any) -> dict[str, Any]:
    if wanted is True:
        return source
    return {name: value for name, value in source.items() if wanted and name in _list(wanted)}


def _named(pattern: str, name: str) -> bool:
    return any(fnmatchcase(name, each) for each in pattern.split(","))
