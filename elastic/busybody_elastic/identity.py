"""Identity: what makes two deliveries of one document the same, at whatever entrance they come.

    sha256(data set | event.id)      else sha256(index family | _id)      else sha256 of the content

A shipper sends again what it holds for lost, and the reader meets what the gateway saw before. The gateway stamps its
identity on the document (`busybody.identity`), since an ingest pipeline may give it another event.id after that.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

import orjson

Document = Mapping[str, Any]
_BACKING = re.compile(
    r"^(?:.*-)?\.(?:ds|fs)-(.+?)-(?:\d{4}\.\d{2}\.\d{2}-)?\d{6,}$"
)  # also partial-, restored-, shrink-
_GENERATION = re.compile(r"(?:-\d{4}\.\d{2}\.\d{2})?(?:-\d{6})?$")
_IDENTITY = re.compile(r"[0-9a-f]{64}")
_LATER = ("busybody", "_id", "_index")  # what is put on a document after it was made


def identity_of(document: Document, index: str = "", id: str | None = None) -> str:
    """64 hex digits. `index` and `id` say where the document lies, as far as that is known."""
    event = document.get("event")
    if type(event) is dict and type(own := event.get("id")) is str and own:  # nearly all: nested, plain text
        stream = document.get("data_stream")
        dataset = (stream.get("dataset") if type(stream) is dict else None) or event.get("dataset")
        if type(dataset) is str and "data_stream.dataset" not in document:
            return sha256(f"{dataset}|{own}".encode("utf-8", "surrogatepass")).hexdigest()
    found = field(document, "event", "id")
    if found is not None:
        dataset = field(document, "data_stream", "dataset") or field(document, "event", "dataset") or family(index)
        return sha256(f"{dataset}|{found}".encode("utf-8", "surrogatepass")).hexdigest()
    if id:
        return sha256(f"{family(index)}|{id}".encode("utf-8", "surrogatepass")).hexdigest()
    return sha256(canonical(document)).hexdigest()


def stamped(document: Document) -> str | None:
    """The identity that the gateway stamped. Only who reads what the gateway wrote may trust it."""
    found = field(document, "busybody", "identity")
    return found if found is not None and _IDENTITY.fullmatch(found) else None


def field(document: Document, first: str, second: str) -> str | None:
    """A field of two parts as text, nested or dotted; of a list its first value; None where nothing is there."""
    parent = document.get(first)
    value = parent.get(second) if isinstance(parent, Mapping) else None
    if value is None:
        value = document.get(f"{first}.{second}")
    if isinstance(value, (list, tuple)):
        value = next((item for item in value if item is not None), None)
    return None if value is None or value == "" or isinstance(value, Mapping) else str(value)


def family(index: str) -> str:
    """The data stream or alias that an index is a generation of: the same before and after a rollover."""
    backing = _BACKING.match(index)
    return backing.group(1) if backing else _GENERATION.sub("", index)


def canonical(document: Document) -> bytes:
    """The content in one spelling, whatever the order of its keys; without what is put on later."""
    content = {name: value for name, value in document.items() if name not in _LATER}
    try:
        return orjson.dumps(content, option=orjson.OPT_SORT_KEYS)
    except TypeError:  # an integer of more than 64 bits, half of a surrogate pair
        import json

        return json.dumps(content, sort_keys=True, separators=(",", ":"), default=str).encode("ascii")
