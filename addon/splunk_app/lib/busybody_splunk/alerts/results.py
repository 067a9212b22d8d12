"""The rows of an alert: every one of the results file, with multivalue fields as lists.

The file is gzip-compressed CSV; a column `__mv_X` holds the values of X as `$a$;$b$`, a dollar in them doubled.
Damage costs as little as it can: bytes that are no UTF-8 become U+FFFD, a file cut off in the middle gives its rows
up to there.
"""

from __future__ import annotations

import csv
import gzip
import os
import re
import zlib
from pathlib import Path
from typing import Any, Dict, Iterator, List, Mapping, NamedTuple, Sequence, TextIO, Tuple, Union

from .payload import Alert

Value = Union[str, List[str]]
Row = Mapping[str, Value]
MOST_ROWS = 50_000  # what a search returns at most
LARGEST_FIELD = 10 << 20  # bytes; what splunkd itself allows in a field
_VALUE = re.compile(r"\$((?:[^$]|\$\$)*)\$")


class Results(NamedTuple):
    """The rows and what went wrong on the way to them, in words for the log."""

    rows: Sequence[Row]
    warnings: Sequence[str]


def read_results(alert: Alert) -> Results:
    """All rows, numbered in the field `rid`; the payload's first row where the file is missing or unreadable."""
    first = [_numbered(_plain(alert.first_row), 0)] if alert.first_row else []
    if not alert.results_file:
        return Results(first, ["The payload names no results file; only its first row is there."])
    if not _is_own(alert.results_file, alert.sid):
        return Results(first, ["The results file is not in the dispatch folder of this search; it is not read."])
    rows: List[Row] = []
    try:
        with gzip.open(alert.results_file, "rt", encoding="utf-8", errors="replace", newline="") as lines:
            for row in _rows(lines):
                if len(rows) == MOST_ROWS:
                    return Results(rows, [f"More than {MOST_ROWS} rows; the rest is left out."])
                rows.append(_numbered(row, len(rows)))
    except (OSError, EOFError, zlib.error, csv.Error) as error:
        kept = f"The {len(rows)} rows before it are used." if rows else "The first row is used, from the payload."
        return Results(rows or first, [f"The results file cannot be read ({type(error).__name__}). {kept}"])
    return Results(rows or first, [])


def text(row: Row, *names: str) -> str:
    """The first of these fields that holds something, several values joined by commas; empty where none does."""
    for name in names:
        value = row.get(name, "")
        found = ", ".join(value) if isinstance(value, list) else value
        if found.strip():
            return found.strip()
    return ""


def values(row: Row, name: str) -> List[str]:
    """All values of a field: none, one or several."""
    value = row.get(name, "")
    found = value if isinstance(value, list) else value.split("\n")
    return [part.strip() for part in found if part.strip()]


def _is_own(path: str, sid: str) -> bool:
    """Whether the file is one of this very search: `…/dispatch/<sid>/…`.

    `sendalert results_path=` takes any path, and the script reads as the user that runs splunkd: without this, whoever
    may use sendalert could post other people's results, or any file that looks like it, into a channel.
    """
    named = Path(os.path.normpath(path)).parts[:-1]
    real = Path(os.path.realpath(path)).parts[:-1]  # the dispatch folder itself may be a link to a faster disk
    return bool(sid) and ("dispatch", sid) in zip(named, named[1:]) and sid in real


def _rows(lines: TextIO) -> Iterator[Row]:
    csv.field_size_limit(LARGEST_FIELD)
    reader = csv.reader(line.replace("\0", "") for line in lines)  # 3.9 and 3.10 refuse the whole file for one NUL
    header = next(reader, [])
    for cells in reader:
        if cells:
            yield _row(zip(header, cells))


def _row(cells: Iterator[Tuple[str, str]]) -> Row:
    row: Dict[str, Value] = {}
    several: Dict[str, List[str]] = {}
    for name, cell in cells:
        if name.startswith("__mv_"):
            if cell:
                several[name[5:]] = [value.replace("$$", "$") for value in _VALUE.findall(cell)]
        elif name not in row:  # of two columns of one name the first counts, as in splunkd's own reader
            row[name] = cell
    row.update({name: found for name, found in several.items() if found})
    return row


def _numbered(row: Row, number: int) -> Row:
    """The row with the id that Enterprise Security knows it by: its own, or its place in the file."""
    return {**row, "rid": text(row, "rid") or str(number)}


def _plain(row: Mapping[str, Any]) -> Row:
    """A row of the payload's JSON: what is neither text nor a list of it is written out."""
    return {
        name: [str(part) for part in value] if isinstance(value, list) else "" if value is None else str(value)
        for name, value in row.items()
        if not name.startswith("__mv_")
    }
