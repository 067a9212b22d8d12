"""Texts as documents hold them: compressed, in base64, with a checksum over the text and what it belongs to."""

from __future__ import annotations

import hashlib
import zlib
from base64 import b64decode, b64encode
from collections.abc import Mapping
from typing import Any

from busybody.errors import StoreError

RESTORE = "Restore the index from a snapshot."


def seal(text: str, about: str = "") -> dict[str, str]:
    """The fields `body` and `checksum`; `about` is what the text may not be mixed up with, such as its person."""
    data = text.encode("utf-8")
    return {"body": b64encode(zlib.compress(data, 1)).decode("ascii"), "checksum": checksum(text, about)}


def unseal(source: Mapping[str, Any], about: str, where: str, what: str) -> str:
    """The text again. Raises StoreError, which says `what` is damaged `where`."""
    try:
        text = zlib.decompress(b64decode(source["body"], validate=True)).decode("utf-8")
        fits = checksum(text, about) == source["checksum"]
    except (KeyError, TypeError, ValueError, zlib.error) as error:
        raise StoreError(f"{what} is damaged. {RESTORE}", source=where) from error
    if not fits:
        raise StoreError(f"{what} is damaged: its checksum does not fit. {RESTORE}", source=where)
    return text


def checksum(text: str, about: str = "") -> str:
    """128 bits of SHA-256, in hexadecimal digits."""
    return hashlib.sha256(f"{about}\0{text}".encode()).hexdigest()[:32]
