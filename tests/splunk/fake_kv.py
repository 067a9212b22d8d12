"""A KV store as splunkd offers it, in memory: queries, limits, errors in splunkd's words. No HTTP here."""

from __future__ import annotations

import json
import threading
import uuid
from typing import Any, Callable, Dict, Iterable, Iterator, List, Mapping, NamedTuple, Optional, Tuple

Document = Dict[str, Any]

EXISTS = "A document with the same key and user already exists."
MISSING = "Could not find object."


class Limits(NamedTuple):
    """limits.conf [kvstore]; as in the oldest release where that is the stricter one."""

    documents_per_batch_save: int = 1_000  # 50,000 today
    bytes_per_batch_save: int = 50 << 20
    rows_per_query: int = 50_000
    bytes_per_result: int = 50 << 20
    bytes_per_document: int = 16 << 20


class Refused(Exception):
    """An HTTP error. `status` and splunkd's message."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status
        self.text = text


class FakeKV:
    """Collections of one app, owner nobody. Each call is atomic, as each request is."""

    def __init__(self, limits: Limits = Limits()) -> None:  # noqa: B008  a tuple
        self.limits = limits
        self.collections: Dict[str, Dict[str, Document]] = {}
        self.down: Optional[str] = None  # the words of a KV store that is not there
        self.lock = threading.RLock()

    def _collection(self, name: str) -> Dict[str, Document]:
        if self.down is not None:
            raise Refused(503, self.down)
        return self.collections.setdefault(name, {})

    def find(
        self,
        name: str,
        query: Any = None,
        fields: str = "",
        sort: str = "",
        skip: int = 0,
        limit: int = 0,
    ) -> List[Document]:
        with self.lock:
            fits = matcher(query or {})
            rows = [row for row in self._collection(name).values() if fits(row)]
        for field, direction in reversed(_orders(sort)):
            rows.sort(key=lambda row: _order(row.get(field)), reverse=direction < 0)
        most = self.limits.rows_per_query
        rows = rows[skip : skip + min(limit or most, most)]
        return list(self._cut(_shown(row, fields) for row in rows))

    def _cut(self, rows: Iterable[Document]) -> Iterator[Document]:
        """Without a word, results end where they grow too long."""
        size = 0
        for row in rows:
            size += _size(row)
            if size > self.limits.bytes_per_result:
                return
            yield row

    def get(self, name: str, key: str) -> Document:
        with self.lock:
            try:
                return dict(self._collection(name)[key])
            except KeyError:
                raise Refused(404, MISSING) from None

    def insert(self, name: str, document: Any) -> Dict[str, str]:
        with self.lock:
            row = self._checked(document)
            there = self._collection(name)
            if row["_key"] in there:
                raise Refused(409, EXISTS)
            there[row["_key"]] = row
            return {"_key": row["_key"]}

    def update(self, name: str, key: str, document: Any) -> Dict[str, str]:
        with self.lock:
            row = self._checked({**document, "_key": key})
            there = self._collection(name)
            if key not in there:
                raise Refused(404, MISSING)
            there[key] = row
            return {"_key": key}

    def save(self, name: str, documents: Any) -> List[str]:
        if not isinstance(documents, list):
            raise Refused(400, "Must supply an array of documents.")
        if len(documents) > self.limits.documents_per_batch_save:
            raise Refused(
                400, f"The number of documents exceeds the limit of {self.limits.documents_per_batch_save} per batch."
            )
        if sum(_size(document) for document in documents) > self.limits.bytes_per_batch_save:
            raise Refused(413, "Content-Length is too large.")
        with self.lock:
            rows = [self._checked(document) for document in documents]
            self._collection(name).update((row["_key"], row) for row in rows)
            return [row["_key"] for row in rows]

    def delete(self, name: str, query: Any = None) -> None:
        with self.lock:
            fits = matcher(query or {})
            there = self._collection(name)
            for key in [key for key, row in there.items() if fits(row)]:
                del there[key]

    def delete_one(self, name: str, key: str) -> None:
        with self.lock:
            if self._collection(name).pop(key, None) is None:
                raise Refused(404, MISSING)

    def _checked(self, document: Any) -> Document:
        if not isinstance(document, dict):
            raise Refused(400, "JSON in the request is invalid. ( JSON must be an object )")
        if _size(document) > self.limits.bytes_per_document:
            raise Refused(413, "Document size exceeds the limit.")
        row = json.loads(json.dumps(document))
        row.setdefault("_key", uuid.uuid4().hex[:24])
        if not isinstance(row["_key"], str) or not row["_key"]:
            raise Refused(400, "_key must be a non-empty string.")
        row["_user"] = "nobody"
        for field in row:
            if "$" in field or "." in field:
                raise Refused(400, f"Field name {field!r} is not allowed.")
        return dict(row)


def _size(value: Any) -> int:
    return len(json.dumps(value, ensure_ascii=False).encode("utf-8", "surrogatepass"))


def _shown(row: Document, fields: str) -> Document:
    """Projection: names to send, or `name:0` to leave out. `_key` and `_user` follow."""
    if not fields:
        return dict(row)
    parts = [part.strip().partition(":") for part in fields.split(",")]
    without = {name for name, _, flag in parts if flag == "0"}
    if without:
        return {name: value for name, value in row.items() if name not in without}
    wanted = {name for name, _, _ in parts}
    return {name: value for name, value in row.items() if name in wanted}


def _orders(sort: str) -> List[Tuple[str, int]]:
    parts = [part.strip().partition(":") for part in sort.split(",") if part.strip()]
    return [(field, -1 if direction == "-1" else 1) for field, _, direction in parts]


def _kind(value: Any) -> int:
    """MongoDB's order of types; it compares values within one type alone."""
    if value is None:
        return 0
    return {bool: 3, int: 1, float: 1, str: 2}.get(type(value), 4)


def _order(value: Any) -> Tuple[int, Any]:
    kind = _kind(value)
    return kind, 0 if kind == 0 else value.encode("utf-8") if kind == 2 else json.dumps(value) if kind == 4 else value


COMPARISONS: Mapping[str, Callable[[Any, Any], bool]] = {
    "$gt": lambda there, asked: _kind(there) == _kind(asked) and _order(there) > _order(asked),
    "$gte": lambda there, asked: _kind(there) == _kind(asked) and _order(there) >= _order(asked),
    "$lt": lambda there, asked: _kind(there) == _kind(asked) and _order(there) < _order(asked),
    "$lte": lambda there, asked: _kind(there) == _kind(asked) and _order(there) <= _order(asked),
    "$ne": lambda there, asked: _order(there) != _order(asked),
    "$in": lambda there, asked: any(_order(there) == _order(one) for one in asked),
    "$exists": lambda there, asked: (there is not None) == bool(asked),
}
Test = Callable[[Document], bool]


def matcher(query: Any) -> Test:
    """A test for documents. Raises Refused (400) for what is no query."""
    if not isinstance(query, dict):
        raise Refused(400, "Invalid query.")
    return _all([_clause(field, asked) for field, asked in query.items()])


def _clause(field: str, asked: Any) -> Test:
    if field in ("$and", "$or", "$not"):
        if field == "$not":
            inner = matcher(asked)
            return lambda row: not inner(row)
        if not isinstance(asked, list) or not asked:
            raise Refused(400, f"{field} needs a nonempty array.")
        if field == "$or":
            keys = _one_field(asked)
            if keys is not None:  # the same answer as below, in one look-up
                name, values = keys
                return lambda row: row.get(name) in values
        tests = [matcher(one) for one in asked]
        return _all(tests) if field == "$and" else lambda row: any(test(row) for test in tests)
    if field.startswith("$"):
        raise Refused(400, f"unknown top level operator: {field}")
    if isinstance(asked, dict):
        return _all([_comparison(field, operator, value) for operator, value in asked.items()])
    return lambda row: _order(row.get(field)) == _order(asked)


def _one_field(clauses: List[Any]) -> Optional[Tuple[str, Any]]:
    fields = {name for clause in clauses if isinstance(clause, dict) for name in clause}
    if len(fields) != 1 or not all(isinstance(value, str) for clause in clauses for value in clause.values()):
        return None
    name = next(iter(fields))
    return name, frozenset(clause[name] for clause in clauses)


def _comparison(field: str, operator: str, asked: Any) -> Test:
    if operator not in COMPARISONS:
        raise Refused(400, f"unknown operator: {operator}")
    compare = COMPARISONS[operator]
    return lambda row: compare(row.get(field), asked)


def _all(tests: List[Test]) -> Test:
    if len(tests) == 1:
        return tests[0]
    return lambda row: all(test(row) for test in tests)
