"""The bytes of a chunk cut into records, the text of one row each, without parsing them."""

from __future__ import annotations

from typing import Iterator, List, Tuple

from .frames import Fatal

SLAB = 1 << 20  # bytes decoded at once: one rare character would make the whole chunk four times as large


def records_of(body: bytes) -> Tuple[List[str], bool]:
    """The records, header first, and whether one may hold a carriage return or a NUL. Fatal when quotes do not end."""
    odd = b"\r" in body or b"\0" in body
    lines: List[str] = []
    for slab in _slabs(body):
        lines += slab.decode("utf-8", "surrogateescape").split("\n")
    if any(line.count('"') & 1 for line in lines):
        lines = list(_closed(lines))
    if lines and lines[0].endswith("\r"):  # written on Windows
        lines = [line.removesuffix("\r") for line in lines]
    return lines, odd


def _slabs(body: bytes) -> Iterator[bytes]:
    """The body in parts that end where a line ends, without that line end."""
    start, end = 0, len(body) - body.endswith(b"\n")
    while body:
        cut = body.find(b"\n", start + SLAB, end)
        if cut < 0:
            yield body[start:end]
            return
        yield body[start:cut]
        start = cut + 1


def _closed(lines: List[str]) -> Iterator[str]:
    """Lines joined where a line end stands within quotes: until the number of quotes is even."""
    waiting: List[str] = []
    for line in lines:
        if line.count('"') & 1:
            waiting.append(line)
            if len(waiting) > 1:
                yield "\n".join(waiting)
                waiting = []
        elif waiting:
            waiting.append(line)
        else:
            yield line
    if waiting:
        raise Fatal("splunkd's chunk is no valid CSV: its last cell in quotes does not end.")
