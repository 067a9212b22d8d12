"""Frames of the chunked protocol: `chunked 1.0,<metadata bytes>,<body bytes>\\n`, then so many bytes of each."""

from __future__ import annotations

import json
import re
from typing import Any, BinaryIO, Dict, NamedTuple, Optional, Sequence

HEADER = re.compile(rb"chunked 1\.0,(\d{1,9}),(\d{1,10})\n")
LONGEST_HEADER = 40  # bytes; the numbers above leave it at 34
LARGEST_METADATA = 16 << 20  # bytes; beyond it the stream is no protocol
LARGEST_BODY = 2 << 30


class Fatal(Exception):
    """The search ends here, with these words for the person who ran it."""


class Frame(NamedTuple):
    """One request or reply."""

    metadata: Dict[str, Any]
    body: bytes


def read_frame(stream: BinaryIO) -> Optional[Frame]:
    """The next frame, None at the end of the stream; Fatal when it is cut short or no frame."""
    header = stream.readline(LONGEST_HEADER)
    if not header:
        return None
    match = HEADER.fullmatch(header)
    if match is None:
        raise Fatal(f"splunkd's stream is not chunked 1.0: a frame starts with {header[:LONGEST_HEADER]!r}.")
    lengths = int(match[1]), int(match[2])
    if lengths[0] > LARGEST_METADATA or lengths[1] > LARGEST_BODY:
        raise Fatal(f"splunkd announces a frame of {lengths[0]} + {lengths[1]} bytes, which is beyond all bounds.")
    metadata = _exactly(stream, lengths[0], "metadata")
    return Frame(_object(metadata), _exactly(stream, lengths[1], "body"))


def _exactly(stream: BinaryIO, size: int, what: str) -> bytes:
    data = stream.read(size) if size else b""
    if len(data) != size:
        raise Fatal(f"splunkd's stream ends within the {what} of a frame: {len(data)} of {size} bytes.")
    return data


def _object(data: bytes) -> Dict[str, Any]:
    try:
        value = json.loads(data.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise Fatal(f"the metadata of splunkd's frame is no JSON: {error}.") from error
    if not isinstance(value, dict):
        raise Fatal("the metadata of splunkd's frame is no JSON object.")
    return value


def write_frame(stream: BinaryIO, metadata: bytes, pieces: Sequence[bytes] = ()) -> None:
    """Write one frame and flush it, so that splunkd can go on."""
    stream.write(b"chunked 1.0,%d,%d\n%s" % (len(metadata), sum(map(len, pieces)), metadata))
    stream.writelines(pieces)
    stream.flush()
