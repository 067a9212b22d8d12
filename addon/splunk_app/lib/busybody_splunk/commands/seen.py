"""Which rows an earlier run had already: the windows of two runs overlap, and each row is to be written once.

With its commit a run keeps what it read of the last hour of index time, as short digests in one document:

    {"_key": "default:read", "kind": "read", "series": …, "since": 1772409600, "digests": '{"29540160": "<base64>"}'}

under the minute of their index time. What was indexed before `since` nobody remembers: it is taken for known. A row is
told by its sign-in's id, or by its cells where it is no sign-in. 11 bytes a row, and never more than MOST rows.
"""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from hashlib import blake2b
from math import isfinite
from typing import TYPE_CHECKING, Callable, Collection, Dict, List, Mapping, Optional, Sequence, Set, Tuple

from busybody.signin import SignIn

from ..columns import KNOWN, NEW

if TYPE_CHECKING:
    from busybody.stream.entries import Payload

    from ..chunks import Chunk
    from ..kvstore import Document

    Marks = Callable[[Sequence[Payload]], List[str]]  # for the next rows of a chunk: new, or known

KIND = "read"  # of the document
INDEXED = "_indextime"
PLACES = "_chunked_idx"  # which splunkd adds: another one in each run
WINDOW = 3_600.0  # seconds of index time that are remembered; busycursor goes back 900
MOST = 500_000  # rows; the document stays below 6 MB
SIZE = 8  # bytes of a digest: two of a million rows are alike once in ten million hours
MINUTE = 60.0
Digests = Dict[int, Set[bytes]]  # by minute of index time


def key_of(model: str) -> str:
    """Of the document in busybody_models."""
    return f"{model}:{KIND}"


def all_new(payloads: Sequence[Payload]) -> List[str]:
    """The marks where nobody keeps a cursor."""
    return [NEW] * len(payloads)


class Seen:
    """What was read up to `cursor`, the latest index time in epoch seconds; 0 where nothing was."""

    def __init__(self, cursor: float, since: Optional[float] = None, digests: Optional[Digests] = None) -> None:
        """Without `since` all is known that was indexed up to the cursor, as a run without a memory left it."""
        self.cursor = cursor
        self.fresh = 0  # rows that are new
        self._since = since if since is not None else cursor + 1.0 if cursor else 0.0
        self._digests = digests or {}
        self._known = frozenset().union(*self._digests.values())

    @classmethod
    def of(cls, document: Optional[Mapping[str, object]], series: str, cursor: float) -> Seen:
        """As it was kept, for the chain `series` of the model; a document that is none is as good as missing."""
        if not cursor or document is None or document.get("series") != series:
            return cls(cursor)
        try:
            kept = json.loads(str(document["digests"]))
            digests = {int(minute): _apart(b64decode(text, validate=True)) for minute, text in kept.items()}
            return cls(cursor, float(str(document["since"])), digests)
        except (AttributeError, KeyError, TypeError, ValueError):
            return cls(cursor)

    def marks(self, chunk: Chunk, ours: Collection[str]) -> Marks:
        """For the rows of a chunk, in their order; `ours` are the columns that busyscore adds."""
        place = chunk.index.get(INDEXED)
        if place is None:
            return all_new
        own = {PLACES, *ours}
        named = [(name, chunk.index[name]) for name in sorted(chunk.columns) if name not in own]
        rows = chunk.rows

        def of(payloads: Sequence[Payload]) -> List[str]:
            return [self._mark(payload, row, row[place], named) for payload, row in zip(payloads, rows)]

        return of

    def _mark(self, payload: Payload, row: Sequence[str], text: str, named: Sequence[Tuple[str, int]]) -> str:
        indexed = moment(text)
        if indexed is None:
            return NEW
        self.cursor = max(self.cursor, indexed)
        if indexed < self._since:
            return KNOWN
        if type(payload) is SignIn:
            digest = _digest(f"{payload.source}\n{payload.id}")
        else:
            digest = _digest("\n".join([f"{name}={row[at]}" for name, at in named if row[at]]))
        if digest in self._known:
            return KNOWN
        self.fresh += 1
        if indexed > self.cursor - WINDOW:  # else the next run will not ask
            self._minute(int(indexed // MINUTE)).add(digest)
        return NEW

    def _minute(self, minute: int) -> Set[bytes]:
        """The digests of a minute; with each that begins, those go that nobody will ask for."""
        found = self._digests.get(minute)
        if found is None:
            found = self._digests[minute] = set()
            past = [each for each in self._digests if (each + 1) * MINUTE <= self.cursor - WINDOW]
            for each in past:
                del self._digests[each]
        return found

    def document(self, model: str, series: str) -> Document:
        """What the next run is to know."""
        since, left = max(self._since, self.cursor - WINDOW), MOST
        kept: Dict[str, str] = {}
        for minute, digests in sorted(self._digests.items(), reverse=True):
            if (minute + 1) * MINUTE <= since:
                break
            left -= len(digests)
            if left < 0:  # so many rows that less than an hour is remembered
                since = min((minute + 1) * MINUTE, self.cursor + 1.0)
                break
            kept[str(minute)] = b64encode(b"".join(sorted(digests))).decode("ascii")
        return {
            "_key": key_of(model), "model": model, "kind": KIND, "series": series, "since": since,
            "digests": json.dumps(kept, separators=(",", ":")),
        }  # fmt: skip


def moment(text: str) -> Optional[float]:
    """An index time, epoch seconds; None for what is none."""
    try:
        found = float(text)
    except ValueError:
        return None
    return found if isfinite(found) and found > 0.0 else None


def _digest(text: str) -> bytes:
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=SIZE).digest()


def _apart(joined: bytes) -> Set[bytes]:
    return {joined[at : at + SIZE] for at in range(0, len(joined), SIZE)}
