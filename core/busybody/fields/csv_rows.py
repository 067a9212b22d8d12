"""Rows of CSV -> records: a header, then one record per row. Exports of Splunk included.

A cell with several lines is a multivalue field and becomes a list, except `_raw`; a column `__mv_X` (`$a$;$b$`) says
the values of X exactly. Empty cells are missing. The separator is the one that the header has most of.
"""

from __future__ import annotations

import re
from typing import Any, Dict, Iterator, List, Optional, Tuple, Union

from ..errors import InputError, shown

Row = Tuple[int, Union[Dict[str, Any], ValueError]]  # line where the row starts, the record or what is wrong
LONGEST_CELL = 1 << 26  # characters
SEPARATORS = ",\t;|"
_ENDED = re.compile(r"[^\r]*\r\n?|[^\r]+")
_MULTIVALUE = re.compile(r"\$((?:[^$]|\$\$)*)\$(?:;|\Z)")


def rows(lines: Iterator[bytes], name: str) -> Iterator[Row]:
    """The records of CSV lines. Raises InputError where the header is none.

    A quote that is opened and not closed would swallow the rows behind it: it is one broken row, and reading goes on
    with the next line.
    """
    import csv

    csv.field_size_limit(LONGEST_CELL)
    text = _Lines(lines)
    first = next((line for line in text if line.strip()), "")
    separator = max(SEPARATORS, key=first.count)
    text.again([first])
    reader = csv.reader(text, delimiter=separator, strict=True)
    try:
        header = [column.strip() for column in next(reader, [])]
    except csv.Error as error:
        raise InputError(f"the header is no CSV: {error}", source=name, line=1) from error
    doubled = sorted({column for column in header if column and header.count(column) > 1})
    if doubled:
        raise InputError(f"the column {shown(doubled[0])} stands twice in the header. Rename one", source=name, line=1)

    def alone(line: str) -> List[str]:
        try:
            return next(csv.reader([line], delimiter=separator), [])
        except csv.Error:
            return []

    while True:
        text.given = []
        line = text.line + 1
        wrong = ""
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            cells, wrong = alone(text.given[0]), str(error)
        more = text.given[1:]
        if more and (wrong or (len(cells) != len(header) and any(len(alone(one)) == len(header) for one in more))):
            text.again(more)
            yield line, ValueError("a quote is opened and not closed")
        elif cells:
            yield line, _row(header, cells)
        elif wrong:
            yield line, ValueError(f"no CSV: {wrong}")


class _Lines:
    """Lines of text; what was given can be had again."""

    def __init__(self, lines: Iterator[bytes]) -> None:
        self._lines = lines
        self._again: List[str] = []  # the next one last
        self.given: List[str] = []
        self.line = 0  # how many were given

    def again(self, lines: List[str]) -> None:
        self._again += reversed(lines)
        self.line -= len(lines)

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        if not self._again:
            line = next(self._lines).decode("utf-8", "surrogateescape").replace("\0", "\ufffd")
            # A lone carriage return ends a line, too, where it cannot belong to a cell.
            self._again = [line] if '"' in line or "\r" not in line else _ENDED.findall(line)[::-1]
        found = self._again.pop()
        self.line += 1
        self.given.append(found)
        return found


def _row(header: List[str], cells: List[str]) -> Union[Dict[str, Any], ValueError]:
    if len(cells) != len(header):
        return ValueError(f"the row has {len(cells)} cells, the header {len(header)}")
    joined = "".join(cells)
    if not joined.isascii():
        try:
            joined.encode("utf-8")
        except UnicodeEncodeError:
            return ValueError("the row is no valid UTF-8")
    record: Dict[str, Any] = {}
    exact: Dict[str, List[str]] = {}
    for column, cell in zip(header, cells):
        if not cell or not column:
            continue
        if column.startswith("__mv_"):
            values = multivalue(cell)
            if values is not None:
                exact[column[5:]] = values
        elif "\n" in cell and column != "_raw":
            record[column] = [part for part in cell.splitlines() if part]
        else:
            record[column] = cell
    record.update(exact)
    return record


def multivalue(cell: str) -> Optional[List[str]]:
    """The values of Splunk's `$a$;$b$`, in which `$$` is a dollar sign; None where the cell is something else."""
    found = _MULTIVALUE.findall(cell)
    return [value.replace("$$", "$") for value in found] or None
