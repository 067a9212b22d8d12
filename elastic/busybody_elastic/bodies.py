"""The body of a request, whole and unpacked, within its limits."""

from __future__ import annotations

import asyncio
import zlib
from typing import Any, Awaitable, Callable, MutableMapping

from .limits import Limits, Refused

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
GZIP = 16 + zlib.MAX_WBITS
PLAIN = ("", "identity")
GONE = 499  # what is counted where the caller hung up; nobody reads it


class Gone(Exception):
    """The caller hung up before the request was whole."""


async def whole(receive: Receive, length: str | None, limits: Limits) -> bytes:
    """All bytes of the body. Raises Refused for too many or too slow ones, Gone where the caller hung up."""
    if length is not None and length.isdecimal() and int(length) > limits.body:
        raise _too_large(limits.body)
    pieces, size = [], 0
    try:
        async with asyncio.timeout(limits.seconds):
            while True:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise Gone
                piece = message.get("body", b"")
                size += len(piece)
                if size > limits.body:
                    raise _too_large(limits.body)
                pieces.append(piece)
                if not message.get("more_body"):
                    return pieces[0] if len(pieces) == 1 else b"".join(pieces)
    except TimeoutError:
        raise Refused(408, f"the request was not complete after {limits.seconds:g} seconds.") from None


def unpacked(body: bytes, encoding: str, most: int) -> bytes:
    """The body without its Content-Encoding, never more than `most` bytes of it in memory. Raises Refused."""
    if encoding in PLAIN:
        return body
    if encoding not in ("gzip", "x-gzip"):
        raise Refused(415, "Content-Encoding may be gzip, or be left out.")
    pieces, left = [], most + 1
    while body:  # gzip files may be put one behind the other
        member = zlib.decompressobj(GZIP)
        try:
            piece = member.decompress(body, left)
        except zlib.error:
            raise Refused(400, "the body is no valid gzip.") from None
        left -= len(piece)
        if left <= 0:
            raise _too_large(most)
        if not member.eof:
            raise Refused(400, "the gzip body ends too early.")
        pieces.append(piece)
        body = member.unused_data
    return b"".join(pieces)


def _too_large(most: int) -> Refused:
    return Refused(413, f"the request is larger than {most:,} bytes. Send fewer documents at a time.")
