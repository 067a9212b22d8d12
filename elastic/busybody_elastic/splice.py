"""Putting `busybody` into a JSON text without touching another byte of it.

What is read and written again changes: integers beyond 64 bits, 1.0 against 1, the order of keys, duplicate ones,
escapes, space. So the object goes into the source text, in front of its last brace.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import orjson

KEY = "busybody"
MARK = b'"busybody'  # in every text that may carry the key already, dotted or not
OPENS = ord("{")


def encode(value: Any) -> bytes:
    """JSON in UTF-8, of mappings and sequences of any kind."""
    try:
        return orjson.dumps(value, default=_plain)
    except TypeError:  # nested deeply, an integer of more than 64 bits, half of a surrogate pair
        return json.dumps(value, separators=(",", ":"), default=_plain).encode("ascii")


def splice(source: bytes, addition: bytes) -> bytes:
    """`source`, the text of one JSON object that has no key `busybody`, with `addition` (JSON) under that key."""
    end = source.rindex(b"}")
    before = end - 1
    while source[before] in b" \t\r\n":
        before -= 1
    comma = b"" if source[before] == OPENS else b","  # only an empty object opens right before it closes
    return b"".join((source[:end], comma, b'"busybody":', addition, source[end:]))


def is_own(key: str) -> bool:
    """Whether a document's key is ours, or a dotted one below it."""
    return key == KEY or key.startswith("busybody.")


def carries(document: Mapping[str, Any]) -> bool:
    """Whether the document has something under our key already."""
    return any(map(is_own, document))


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, (set, frozenset)):
        return sorted(value)
    raise TypeError(f"{type(value).__name__} is no JSON value")
