"""What a model is in the KV store: a chain of commits, of which readers see the last one whole or not at all.

Whoever wants to write draws a number. What is written under it, each document of its own, shows only once the number
is in the chain: at most the head's, and no gap (the number of a writer that gave up, or died). See lease.py for who
may add to the chain.
"""

from __future__ import annotations

import hashlib
import json
from base64 import urlsafe_b64encode
from bisect import bisect_right
from typing import Any, Dict, Mapping, NamedTuple, Optional, Sequence, Tuple

from busybody.errors import StoreError
from busybody.stores.protocol import NOTHING

from .kvstore import Collection, Document

SCHEMA = 1  # of the documents that this version writes
MODELS, PROFILES, JOURNALS, POPULATION = (
    "busybody_models",
    "busybody_profiles",
    "busybody_journals",
    "busybody_population",
)
LEASE, END, ORDER = "lease", "end", "order"  # kinds of documents in MODELS
COMMITTED, GIVEN_UP = "committed", "given_up"

Ranges = Tuple[Tuple[int, int], ...]  # first and last number of each, in order


class Head(NamedTuple):
    """The newest commit. Number 0: there is none yet."""

    number: int = 0
    series: str = ""  # of which chain: who empties a collection begins another, and what is left over fits no more
    gaps: Ranges = ()
    people: int = 0
    population: int = 0  # the number under which the population was written; 0: none
    pieces: int = 0  # of the population
    checksum: str = ""
    meta: Mapping[str, str] = NOTHING
    time: float = 0.0  # of the commit, UTC epoch seconds
    created: float = 0.0  # of the first one
    schema: int = SCHEMA

    def __contains__(self, number: object) -> bool:
        """Whether what was written under that number counts; a KV store may show 7 as 7.0."""
        if not isinstance(number, (int, float)) or number % 1 or not 0 < number <= self.number:
            return False
        place = bisect_right(self.gaps, (number, self.number + 1)) - 1
        return place < 0 or number > self.gaps[place][1]


def head_of(models: Collection, model: str) -> Head:
    """The head of a model. Raises StoreError for one that this version cannot read."""
    query = {"$and": [{"model": model}, {"kind": END}, {"state": COMMITTED}]}
    found = next(models.find(query, sort="number:-1", limit=1), None)
    return Head() if found is None else _head(found, model)


def _head(row: Document, model: str) -> Head:
    try:
        schema = int(row["schema"])
        if schema > SCHEMA:
            raise StoreError(
                f"the model is of schema {schema}; this version reads up to {SCHEMA}. Update the app Busybody.",
                source=model,
            )
        known = json.loads(row["head"])
        gaps = tuple((int(first), int(last)) for first, last in known.pop("gaps"))
        return Head(number=int(row["number"]), schema=schema, time=float(row["time"]), gaps=gaps, **known)
    except (KeyError, TypeError, ValueError) as error:
        told = f"the model's newest commit is damaged ({error!r}). Train it again with | busytrain."
        raise StoreError(told, source=model) from error


def end_document(model: str, head: Head, token: str) -> Document:
    """The document that puts a number into the chain, once it is inserted."""
    kept = head._asdict()
    for name in ("number", "schema", "time"):
        del kept[name]
    kept["meta"] = dict(head.meta)
    return {
        "_key": end_key(model, head.number), "model": model, "kind": END, "number": head.number, "state": COMMITTED,
        "schema": head.schema, "time": head.time, "token": token, "people": head.people,
        "head": json.dumps(kept, ensure_ascii=False, separators=(",", ":")),
    }  # fmt: skip


def given_up(model: str, number: int, time: float) -> Document:
    """The document that keeps a number out of the chain for good, once it is inserted."""
    return {
        "_key": end_key(model, number), "model": model, "kind": END, "number": number, "state": GIVEN_UP, "time": time,
    }  # fmt: skip


def lease_key(model: str, number: int) -> str:
    return f"{model}:{number}"


def end_key(model: str, number: int) -> str:
    return f"{model}:{number}:end"


def with_gap(gaps: Ranges, first: int, last: int) -> Ranges:
    """The gaps and one more behind them; neighbours become one."""
    if first > last:
        return gaps
    if gaps and gaps[-1][1] + 1 == first:
        return (*gaps[:-1], (gaps[-1][0], last))
    return (*gaps, (first, last))


# Documents of people ------------------------------------------------------------------------------------------


Newest = Dict[str, Document]  # person -> document


class Version(NamedTuple):
    """What one commit says of a person. `text` None: they were erased."""

    number: int
    previous: int  # number of the version before; 0: there was none
    text: Optional[str]


def person_of(series: str, user: str) -> str:
    """The short name of a person within a chain, as documents are found by it; 20 characters."""
    digest = hashlib.blake2b(f"{series}|{user}".encode("utf-8", "surrogatepass"), digest_size=15).digest()
    return urlsafe_b64encode(digest).decode("ascii")


def document(model: str, series: str, user: str, version: Version, extra: Mapping[str, Any]) -> Document:
    """A version as it is stored: nobody but its writer ever writes this `_key`."""
    person = person_of(series, user)
    row: Document = {
        "_key": f"{person}|{version.number}", "model": model, "series": series, "person": person, "user": user,
        "number": version.number, "previous": version.previous, **extra,
    }  # fmt: skip
    if version.text is None:
        row["gone"] = True
    else:
        row["text"] = version.text
    return row


def version_of(row: Document, what: str, model: str) -> Version:
    """The inverse. Raises StoreError for a document that somebody spoiled."""
    try:
        text = None if row.get("gone") else row["text"]
        if text is None or isinstance(text, str):
            return Version(int(row["number"]), int(row["previous"]), text)
        raise TypeError("the text is none")
    except (KeyError, TypeError, ValueError) as error:
        told = f"{what} is damaged ({error!r}). Train the model again with | busytrain."
        raise StoreError(told, source=model, key=str(row.get("user"))) from error


def checksum(pieces: Sequence[str]) -> str:
    """Of the population's pieces, put together."""
    return hashlib.sha256("".join(pieces).encode("utf-8", "surrogatepass")).hexdigest()[:16]
