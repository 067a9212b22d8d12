"""Bulk requests: cut into chunks by bytes and by count, refused items sent again, every item accounted for.

Operations on one document belong into different requests: what is sent again comes after its neighbours.
"""

from __future__ import annotations

from typing import Any, Callable, Iterable, Iterator, Mapping, NamedTuple

from ..splice import encode
from .answers import reason_of, refused
from .protocol import Document, Item
from .retries import TRY_LATER, Answered, Retries, Unreached

MOST_BYTES = 5_000_000  # of one request; managed clusters refuse from 10 MB
MOST_ITEMS = 1000
TOO_LARGE = 413
CONDITIONS = ("if_seq_no", "if_primary_term", "version")


class Line(NamedTuple):
    """One operation, encoded."""

    position: int  # among all
    text: bytes
    harmless: bool  # a second time does nothing that the first did not


def run(
    operations: Iterable[tuple[Document, Document | None]],
    send: Callable[[bytes], Answered],
    retries: Retries,
    *,
    most_bytes: int = MOST_BYTES,
    most_items: int = MOST_ITEMS,
) -> list[Item]:
    """What became of each operation, in their order. Raises ClusterError where the cluster takes nothing at all."""
    items: list[Item] = []
    for chunk in chunks(operations, most_bytes, most_items):
        done: dict[int, Item] = {}
        waiting = chunk
        for pause in (*retries.bulk_pauses, None):
            waiting = _once(waiting, send, done, last=pause is None)
            if not waiting or pause is None:
                break
            retries.sleep(pause)
        items += [done[position] for position in sorted(done)]
    return items


def chunks(
    operations: Iterable[tuple[Document, Document | None]], most_bytes: int, most_items: int
) -> Iterator[list[Line]]:
    chunk: list[Line] = []
    size = 0
    for position, (action, source) in enumerate(operations):
        text = encode(action) + b"\n" + (b"" if source is None else encode(source) + b"\n")
        if chunk and (size + len(text) > most_bytes or len(chunk) >= most_items):
            yield chunk
            chunk, size = [], 0
        chunk.append(Line(position, text, _harmless(action)))
        size += len(text)
    if chunk:
        yield chunk


def _harmless(action: Mapping[str, Any]) -> bool:
    """An operation with an id and without a condition; a `create` of ours that is there already answers 409."""
    ((_, about),) = action.items()
    return "_id" in about and not any(condition in about for condition in CONDITIONS)


def _once(chunk: list[Line], send: Callable[[bytes], Answered], done: dict[int, Item], *, last: bool) -> list[Line]:
    """Send it, write into `done` what became of each, and return what is worth another try."""
    try:
        status, body = send(b"".join(line.text for line in chunk))
    except Unreached as error:
        if last or not error.again or (error.sent and not all(line.harmless for line in chunk)):
            raise
        return chunk
    if status == TOO_LARGE:
        if len(chunk) == 1:
            done[chunk[0].position] = Item(status, "the document is larger than the cluster takes")
            return []
        half = len(chunk) // 2
        return _once(chunk[:half], send, done, last=last) + _once(chunk[half:], send, done, last=last)
    if status in TRY_LATER and not last:
        return chunk
    if status >= 400:
        raise refused(status, body, "POST", "/_bulk")
    again = []
    for line, answer in zip(chunk, body["items"], strict=True):
        ((_, about),) = answer.items()
        done[line.position] = Item(int(about["status"]), reason_of(about["error"]) if "error" in about else "")
        if about["status"] in TRY_LATER:
            again.append(line)
    return again
