"""What the service needs of a cluster. Exactly two implementations: elasticsearch.py and opensearch.py.

All calls block and are safe from several threads. What the cluster refuses, and what cannot be reached after the
client's own retries, raises ClusterError with the HTTP status.
"""

from __future__ import annotations

from typing import Any, Iterable, Mapping, NamedTuple, Protocol, Sequence

Document = Mapping[str, Any]


class Doc(NamedTuple):
    """A stored document, and what a compare-and-set needs of it."""

    source: dict[str, Any]
    seq_no: int
    primary_term: int


class Item(NamedTuple):
    """What became of one operation of a bulk request."""

    status: int  # HTTP status: 201 created, 200 updated, 409 there already, 429 try later, ...
    error: str = ""  # type and reason, where there is one


class Hit(NamedTuple):
    index: str  # type: ignore[assignment]  # hides tuple.index, which nobody asks of a hit
    id: str
    source: dict[str, Any]
    sort: list[Any]  # where to go on after it


class Page(NamedTuple):
    hits: list[Hit]
    pit: str  # the point in time to ask for the next page; a cluster may rename it


class Cluster(Protocol):
    flavour: str  # elasticsearch or opensearch
    version: tuple[int, int, int]
    name: str  # cluster name, for people

    def get(self, index: str, id: str) -> Doc | None: ...

    def mget(self, index: str, ids: Sequence[str]) -> dict[str, Doc]:
        """Those of them that exist, as of now (no refresh needed)."""

    def put(
        self, index: str, id: str, source: Document, *, create: bool = False, if_doc: Doc | None = None,
        refresh: bool = False,
    ) -> Doc | None:  # fmt: skip
        """Write one document; None where it is there already (`create`) or is no longer `if_doc`."""

    def delete(self, index: str, id: str) -> bool: ...

    def bulk(self, operations: Iterable[tuple[Document, Document | None]], *, refresh: bool = False) -> list[Item]:
        """Action lines with their sources (None for a delete), in chunks; the items in that order.

        Items that answer 429 or 503 are sent again with growing pauses before they count as failed.
        """

    def search(self, index: str, body: Document) -> dict[str, Any]:
        """One search over what may not exist yet. Raises PartialResults for a part of the truth."""

    def open_pit(self, index: str, keep_alive: str = "2m") -> str: ...

    def page(self, pit: str, body: Document, keep_alive: str = "2m") -> Page:
        """The next page by `body["sort"]` and `body["search_after"]`, with the product's own unique tie-breaker added.

        Raises PartialResults for anything but a whole answer.
        """

    def close_pit(self, pit: str) -> None: ...

    def delete_by_query(self, index: str, query: Document) -> int:
        """How many documents went."""

    def refresh(self, index: str) -> None: ...

    def request(self, method: str, path: str, body: Any = None, *, params: Mapping[str, str] | None = None) -> Any:
        """Any other call, for installing and looking: the decoded answer. Raises ClusterError."""

    def close(self) -> None: ...
