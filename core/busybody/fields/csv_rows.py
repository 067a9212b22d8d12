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
_MULTIVALUE = re.compile(r"\$((?:[^$]|\$\$)*)\$(?:;|\Z)")


def rows(lines: Iterator[bytes], name: str) -> Iterator[Row]:
    """The records of CSV lines. Raises InputError where the header is none."""
    import csv

    csv.field_size_limit(LONGEST_CELL)
    text = (line.decode("utf-8", "surrogateescape").replace("\0", "\ufffd") for line in lines)
    first = next((line for line in text if line.strip()), "")
    separator = max(SEPARATORS, key=first.count)

    def all_lines() -> Iterator[str]:
        yield first
        yield from text

    reader = csv.reader(all_lines(), delimiter=separator)
    try:
        header = [column.strip() for column in next(reader, [])]
    except csv.Error as error:
        raise InputError(f"the header is no CSV: {error}", source=name, line=1) from error
    doubled = sorted({column for column in header if column and header.count(column) > 1})
    if doubled:
        raise InputError(f"the column {shown(doubled[0])} stands twice in the header. Rename one", source=name, line=1)
    line = reader.line_num + 1
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield line, ValueError(f"no CSV: {error}")
        else:
            if cells:
                yield line, _row(header, cells)
        line = reader.line_num + 1


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
