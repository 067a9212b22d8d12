"""Cells and rows as Splunk's CSV has them: fields of several values, quotes, and what csv.reader would not take.

A field X with several values stands twice: joined by newlines in column X, and as `$a$;$b$` (a `$` doubled) in column
`__mv_X`, which is empty for single values.
"""

from __future__ import annotations

import csv
import re
from typing import Iterable, Iterator, List, Match, Sequence, Union

Cell = Union[str, List[str]]
MULTI = "__mv_"
LONGEST_CELL = 64 << 20  # characters; splunkd's own fields end at 10 MB, and stand twice as long in a `__mv_` cell
csv.field_size_limit(max(csv.field_size_limit(), LONGEST_CELL))

VALUE = re.compile(r"\$([^$]*(?:\$\$[^$]*)*)\$(?:;|\Z)")  # within a value, `$` is always followed by another
# csv.reader takes a carriage return outside quotes for a line end, and refuses NUL before Python 3.11: both are written
# as two characters for it, the first one of those that Unicode keeps for a program's own use.
ESCAPES = {"\r": "\ufdd0r", "\0": "\ufdd0n", "\ufdd0": "\ufdd0x"}
ESCAPED = str.maketrans(ESCAPES)
ORIGINALS = {escape: original for original, escape in ESCAPES.items()}
ESCAPE = re.compile("\ufdd0.")
ODD = re.compile("[\r\0]")
STRAY = re.compile("[\ud800-\udc7f\udd00-\udfff]")


def decoded(text: str) -> List[str]:
    """The values of a `__mv_` cell; one that is not written as such is a single value."""
    if len(text) < 2 or text[0] != "$" or text[-1] != "$":
        return [text]
    if "$$" not in text:
        return text[1:-1].split("$;$")
    return [value.replace("$$", "$") for value in VALUE.findall(text)] or [text]


def encoded(values: Sequence[str]) -> str:
    """The `__mv_` cell of these values."""
    return ";".join(["$" + value.replace("$", "$$") + "$" for value in values])


def parsed(records: Iterable[str], odd: bool = False) -> Iterator[List[str]]:
    """The cells of each record; `odd` where one may hold a carriage return or a NUL."""
    return _parsed_odd(records) if odd else csv.reader(records)


def _parsed_odd(records: Iterable[str]) -> Iterator[List[str]]:
    for record in records:
        if not ODD.search(record):
            yield next(csv.reader([record]), [])
            continue
        cells = next(csv.reader([record.translate(ESCAPED)]), [])
        yield [ESCAPE.sub(_original, cell) for cell in cells]


def _original(escape: Match[str]) -> str:
    return ORIGINALS[escape[0]]


def _quoted(cell: str) -> str:
    if "," in cell or '"' in cell or "\n" in cell or "\r" in cell:
        return '"' + cell.replace('"', '""') + '"'
    return cell


def row_text(cells: Iterable[str]) -> str:
    """One row as CSV, without line end."""
    return ",".join(map(_quoted, cells))


def row_texts(width: int, rows: Iterable[Sequence[Cell]]) -> Iterator[str]:
    """Each row of so many cells as CSV, without line end: its plain cells, then as many `__mv_` cells."""
    commas, blanks = width - 1, "," * width
    for row in rows:
        if len(row) != width:
            raise ValueError(f"{len(row)} cells for {width} columns")
        try:
            text = ",".join(row)  # type: ignore[arg-type]
        except TypeError:  # a field of several values, or of none
            yield _with_care(row, blanks)
            continue
        if text.count(",") != commas or '"' in text or "\n" in text or "\r" in text:
            yield _with_care(row, blanks)
        else:
            yield text + blanks


def _with_care(row: Sequence[Cell], blanks: str) -> str:
    """A row that has fields of several values, or cells that want quotes."""
    plain, multi = [""] * len(row), [""] * (len(row) + 1)
    several = False
    for place, cell in enumerate(row):
        if not cell:
            continue
        if cell.__class__ is not str:
            if len(cell) > 1:
                multi[place + 1], several = _quoted(encoded(cell)), True
            cell = "\n".join(cell)  # noqa: PLW2901
        if "," in cell or '"' in cell or "\n" in cell or "\r" in cell:  # _quoted, without a call for each cell
            cell = '"' + cell.replace('"', '""') + '"'  # type: ignore[union-attr]  # noqa: PLW2901
        plain[place] = cell  # type: ignore[assignment]
    return ",".join(plain) + (",".join(multi) if several else blanks)


def as_bytes(text: str) -> bytes:
    """UTF-8; bytes that were none when they came are again what they were."""
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:  # half of a surrogate pair, which JSON can hold
        return STRAY.sub("\ufffd", text).encode("utf-8", "surrogateescape")


def with_multi(names: Sequence[str]) -> List[str]:
    """The names of these columns and of their `__mv_` columns."""
    return [*names, *[MULTI + name for name in names]]
