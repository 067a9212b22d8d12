"""Everything that both products are asked in the same words; the two clients send it."""

from __future__ import annotations

from typing import Any, Iterable, Iterator, Mapping, NamedTuple, Sequence
from urllib.parse import quote, urlencode

from ..errors import ClusterError, PartialResults
from . import bulk
from .answers import is_partial, refused, whole
from .protocol import Doc, Document, Hit, Item, Page
from .retries import Answered, Retries, Unreadable, repeated

ABSENT = {"ignore_unavailable": "true", "allow_no_indices": "true"}  # what is not there yet has no documents
SEARCH = {**ABSENT, "allow_partial_search_results": "false"}
MOST_IDS = 2000  # of one mget
DELETED_AT_ONCE = 1000
NOTHING = ""  # the point in time of no index at all
READING = ("GET", "HEAD")
SHOWING = ("/_search", "/_mget")  # paths whose answers show documents
# A document is shown as it was written, and a comment behind it swallows the rest of the answer. Where some field is
# left out, of whatever name, the cluster writes the documents anew.
WRITTEN_ANEW = {"_source_excludes": "busybody_nothing"}


class About(NamedTuple):
    """Which cluster it is."""

    flavour: str  # elasticsearch or opensearch
    version: tuple[int, int, int]
    name: str


class Calls:
    """The Cluster protocol over `_send`."""

    def __init__(self, about: About, retries: Retries) -> None:
        self.flavour, self.version, self.name = about
        self._retries = retries

    def _send(self, method: str, target: str, body: Any, content: str) -> Answered:
        """One request; any answer is an answer. `body` is encoded already where it is bytes. Raises Unreached."""
        raise NotImplementedError

    def close(self) -> None:
        raise NotImplementedError

    def _ask(
        self, method: str, path: str, body: Any = None, params: Mapping[str, str] | None = None, *,
        harmless: bool = False,
    ) -> Answered:  # fmt: skip
        """One request with its repetitions; the answer may be an error."""
        asked = dict(params or {})

        def send() -> Answered:
            target = f"{path}?{urlencode(asked)}" if asked else path
            try:
                return self._send(method, target, body, "application/json")
            except Unreadable:
                if path.endswith(SHOWING) or (method == "GET" and "/_doc/" in path):
                    asked.update(WRITTEN_ANEW)
                raise

        return repeated(send, self._retries, harmless=harmless or method in READING)

    def request(self, method: str, path: str, body: Any = None, *, params: Mapping[str, str] | None = None) -> Any:
        """Any other call. A HEAD tells whether it is there."""
        status, answer = self._ask(method, path, body, params)
        if method == "HEAD" and status in (200, 404):
            return status == 200
        if status >= 400:
            raise refused(status, answer, method, path)
        return answer

    # --- single documents -----------------------------------------------------------------------------------------

    def get(self, index: str, id: str) -> Doc | None:
        path = _document(index, id)
        status, body = self._ask("GET", path)
        if status == 404:
            return None
        if status >= 400:
            raise refused(status, body, "GET", path)
        return _doc(body)

    def mget(self, index: str, ids: Sequence[str]) -> dict[str, Doc]:
        found: dict[str, Doc] = {}
        path = f"/{quote(index, safe='')}/_mget"
        for start in range(0, len(ids), MOST_IDS):
            status, body = self._ask("POST", path, {"ids": list(ids[start : start + MOST_IDS])}, harmless=True)
            if status == 404:
                return found
            if status >= 400:
                raise refused(status, body, "POST", path)
            for one in body["docs"]:
                if one.get("found"):
                    found[one["_id"]] = _doc(one)
                elif "error" in one and one["error"].get("type") != "index_not_found_exception":
                    raise refused(503, one, "POST", path)
        return found

    def put(
        self, index: str, id: str, source: Document, *, create: bool = False, if_doc: Doc | None = None,
        refresh: bool = False,
    ) -> Doc | None:  # fmt: skip
        """Write one document. Where no answer came (ClusterError without status), it may or may not be there."""
        path = _document(index, id)
        params = {"refresh": "true"} if refresh else {}
        if create:
            params["op_type"] = "create"
        if if_doc is not None:
            params |= {"if_seq_no": str(if_doc.seq_no), "if_primary_term": str(if_doc.primary_term)}
        status, body = self._ask("PUT", path, source, params, harmless=not create and if_doc is None)
        if (status == 409 and (create or if_doc)) or (status == 404 and if_doc):
            return None
        if status >= 400:
            raise refused(status, body, "PUT", path)
        return Doc(dict(source), body["_seq_no"], body["_primary_term"])

    def delete(self, index: str, id: str) -> bool:
        path = _document(index, id)
        status, body = self._ask("DELETE", path)
        if status >= 400 and status != 404:
            raise refused(status, body, "DELETE", path)
        return status != 404

    # --- many documents -------------------------------------------------------------------------------------------

    def bulk(self, operations: Iterable[tuple[Document, Document | None]], *, refresh: bool = False) -> list[Item]:
        target = "/_bulk?refresh=true" if refresh else "/_bulk"
        return bulk.run(
            operations, lambda text: self._send("POST", target, text, "application/x-ndjson"), self._retries
        )

    def search(self, index: str, body: Document) -> dict[str, Any]:
        return self._searched(f"/{quote(index, safe=',*')}/_search", body, SEARCH)

    def _searched(self, path: str, body: Document, params: Mapping[str, str]) -> dict[str, Any]:
        status, answer = self._ask("POST", path, body, params, harmless=True)
        if is_partial(status, answer):
            raise PartialResults(refused(status, answer, "POST", path).message, status=status)
        if status >= 400:
            raise refused(status, answer, "POST", path)
        whole(answer, "The search")
        return dict(answer)

    def refresh(self, index: str) -> None:
        path = f"/{quote(index, safe=',*')}/_refresh"
        status, body = self._ask("POST", path, None, ABSENT, harmless=True)
        if status >= 400:
            raise refused(status, body, "POST", path)

    def delete_by_query(self, index: str, query: Document) -> int:
        """By paging and deleting in bulk, which leaves out no shard and needs nothing that a node may lack."""
        self.refresh(index)
        total = 0
        while True:
            gone = 0
            for hits in self._pages(index, {"query": query, "_source": False, "size": DELETED_AT_ONCE}):
                items = self.bulk([({"delete": {"_index": hit.index, "_id": hit.id}}, None) for hit in hits])
                failed = [item for item in items if item.status >= 400 and item.status != 404]
                if failed:
                    raise ClusterError(f"A document was not deleted: {failed[0].error}.", status=failed[0].status)
                gone += sum(item.status < 300 for item in items)
            if gone == 0:
                return total
            total += gone
            self.refresh(index)  # and look again: somebody may have written meanwhile

    # --- points in time -------------------------------------------------------------------------------------------

    def _pages(self, index: str, body: Document) -> Iterator[list[Hit]]:
        pit = self.open_pit(index)
        try:
            after: dict[str, Any] = {}
            while True:
                hits, pit = self.page(pit, {**body, **after})
                if not hits:
                    return
                yield hits
                after = {"search_after": hits[-1].sort}
        finally:
            self.close_pit(pit)

    def open_pit(self, index: str, keep_alive: str = "2m") -> str:
        """Raises PartialResults where a shard is missing from the start."""
        path, params = self._opening(quote(index, safe=",*"))
        status, answer = self._ask("POST", path, None, {**ABSENT, **params, "keep_alive": keep_alive}, harmless=True)
        if self._is_nothing(status, answer):
            return NOTHING
        if is_partial(status, answer) or status == 503:
            raise PartialResults(refused(status, answer, "POST", path).message, status=status)
        if status >= 400:
            raise refused(status, answer, "POST", path)
        whole(answer, "The point in time")
        return str(answer.get("id") or answer["pit_id"])

    def page(self, pit: str, body: Document, keep_alive: str = "2m") -> Page:
        if pit == NOTHING:
            return Page([], NOTHING)
        sort = body.get("sort") or []
        asked = {
            "track_total_hits": False,
            **body,
            "sort": [*(sort if isinstance(sort, list) else [sort]), *self._tie_breakers()],
            "pit": {"id": pit, "keep_alive": keep_alive},
        }
        answer = self._searched("/_search", asked, {"allow_partial_search_results": "false"})
        hits = [Hit(hit["_index"], hit["_id"], hit.get("_source", {}), hit["sort"]) for hit in answer["hits"]["hits"]]
        return Page(hits, answer.get("pit_id", pit))

    def close_pit(self, pit: str) -> None:
        if pit != NOTHING:
            path, body = self._closing(pit)
            status, answer = self._ask("DELETE", path, body, harmless=True)
            if status >= 400 and status != 404:
                raise refused(status, answer, "DELETE", path)

    def _opening(self, index: str) -> tuple[str, dict[str, str]]:
        raise NotImplementedError

    def _closing(self, pit: str) -> tuple[str, Document]:
        raise NotImplementedError

    def _is_nothing(self, status: int, answer: Any) -> bool:  # noqa: ARG002 - not every product can tell
        """Whether the point in time was refused because there is no index at all."""
        return False

    def _tie_breakers(self) -> list[Document]:
        """What no two documents of a point in time share."""
        raise NotImplementedError


def _document(index: str, id: str) -> str:
    return f"/{quote(index, safe='')}/_doc/{quote(id, safe='')}"


def _doc(body: Mapping[str, Any]) -> Doc:
    return Doc(body["_source"], body["_seq_no"], body["_primary_term"])
