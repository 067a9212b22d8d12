"""Frames of the chunked protocol: `chunked 1.0,<metadata bytes>,<body bytes>\\n`, then so many bytes of each."""

from __future__ import annotations

import json
from typing import Any, BinaryIO, Dict, Iterator, List, NamedTuple, Optional, Sequence

MAGIC = b"chunked 1.0"
LONGEST_HEADER = 40  # bytes; two lengths of ten digits leave it at 34
LARGEST_METADATA = 16 << 20  # bytes; beyond it the stream is no protocol
LARGEST_BODY = 2 << 30
PIECE = 1 << 20  # bytes read at once


class Fatal(Exception):
    """The search ends here, with these words for the person who ran it."""


class Cancelled(Exception):
    """splunkd does not listen any more."""


class Frame(NamedTuple):
    """One request. Its body has to be read before the next one: in pieces, so that it is never in memory as a whole."""

    metadata: Dict[str, Any]
    body: Iterator[bytes]


def read_frame(stream: BinaryIO) -> Optional[Frame]:
    """The next frame, None at the end of the stream; Fatal when it is cut short or no frame."""
    header = stream.readline(LONGEST_HEADER)
    if not header:
        return None
    sizes = _sizes(header)
    if sizes[0] > LARGEST_METADATA or sizes[1] > LARGEST_BODY:
        raise Fatal(f"splunkd announces a frame of {sizes[0]} + {sizes[1]} bytes, which is beyond all bounds.")
    metadata = b"".join(_pieces(stream, sizes[0], "metadata"))
    return Frame(_object(metadata), _pieces(stream, sizes[1], "body"))


def _sizes(header: bytes) -> List[int]:
    """Of metadata and body, in bytes."""
    magic, *sizes = header.rstrip(b"\n").split(b",")
    if magic != MAGIC or len(sizes) != 2 or not all(size.isdigit() for size in sizes) or header[-1:] != b"\n":
        raise Fatal(f"splunkd's stream is not chunked 1.0: a frame starts with {header!r}.")
    return [int(size) for size in sizes]


def _pieces(stream: BinaryIO, size: int, what: str) -> Iterator[bytes]:
    """So many bytes, in pieces; Fatal when there are fewer."""
    missing = size
    while missing:
        piece = stream.read(min(missing, PIECE))
        if not piece:
            raise Fatal(f"splunkd's stream ends within the {what} of a frame: {size - missing} of {size} bytes.")
        missing -= len(piece)
        yield piece


def _object(data: bytes) -> Dict[str, Any]:
    try:
        value = json.loads(data.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise Fatal(f"the metadata of splunkd's frame is no JSON: {error}.") from error
    if not isinstance(value, dict):
        raise Fatal("the metadata of splunkd's frame is no JSON object.")
    return value


def write_frame(stream: BinaryIO, metadata: bytes, pieces: Sequence[bytes] = ()) -> None:
    """Write one frame and flush it, so that splunkd can go on; Cancelled when it has gone."""
    try:
        stream.write(b"%s,%d,%d\n%s" % (MAGIC, len(metadata), sum(map(len, pieces)), metadata))
        stream.writelines(pieces)
        stream.flush()
    except OSError as error:  # a broken pipe; on Windows an invalid argument
        raise Cancelled(str(error)) from error
