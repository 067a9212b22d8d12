"""The bytes of a chunk cut into records, the text of one row each, without parsing them."""

from __future__ import annotations

from typing import Iterable, Iterator, List, Tuple

from .frames import Fatal


def records_of(pieces: Iterable[bytes]) -> Tuple[List[str], bool]:
    """The records, header first, and whether one may hold a carriage return or a NUL. Fatal when quotes do not end.

    Each piece is decoded for itself: one rare character would make the text of a whole chunk four times as large.
    """
    lines: List[str] = []
    odd, rest = False, b""
    for piece in pieces:
        odd = odd or b"\r" in piece or b"\0" in piece
        whole, end, rest = (rest + piece).rpartition(b"\n")
        if end:
            lines += _text(whole).split("\n")
    if rest:
        lines.append(_text(rest))
    if any(line.count('"') & 1 for line in lines):
        lines = list(_closed(lines))
    if lines and lines[0].endswith("\r"):  # written on Windows
        lines = [line.removesuffix("\r") for line in lines]
    return lines, odd


def _text(data: bytes) -> str:
    """Bytes that are no UTF-8 as lone surrogates, which become the same bytes again."""
    return data.decode("utf-8", "surrogateescape")


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
