"""The rows of one chunk, and the rows that answer it: CSV with Splunk's `__mv_` columns for multivalue fields.

A field X with several values stands twice: joined by newlines in column X, and as `$a$;$b$` (a `$` doubled) in column
`__mv_X`, which is empty for single values. All plain columns come first.
"""

from __future__ import annotations

import csv
from typing import Dict, Iterable, Iterator, List, NamedTuple, Sequence, Tuple, Union

from .frames import Fatal

Cell = Union[str, List[str]]
MULTI = "__mv_"
csv.field_size_limit(max(csv.field_size_limit(), 64 << 20))  # splunkd's own fields end at 10 MB; twice over in __mv_
PIECE = 4096  # rows encoded at once


class Body(NamedTuple):
    """The rows of a reply, as CSV in pieces."""

    pieces: Tuple[bytes, ...] = ()
    more: bool = False  # of a generating command: more rows follow, ask again


EMPTY = Body()


class Chunk:
    """The rows of one request. `rows` may be iterated any number of times; each time the text is parsed again."""

    def __init__(self, body: bytes, *, finished: bool = True, preview: bool = False) -> None:
        self.finished = finished
        self.preview = preview
        records = _records(body.decode("utf-8", "surrogateescape"))
        self._header = _parsed(records[0]) if records else []
        self._line = records.pop(0) if records else ""
        self._records = records
        self.columns = tuple(name for name in self._header if not name.startswith(MULTI))
        self.index: Dict[str, int] = {}  # of a column in each row; the first of two with one name
        for place, name in enumerate(self._header):
            self.index.setdefault(name, place)

    def __len__(self) -> int:
        return len(self._records)

    @property
    def rows(self) -> Iterator[List[str]]:
        """One list of cells for each row; find a cell by `index`, a multivalue one by `values`."""
        width = len(self._header)
        number = 0
        for number, row in enumerate(csv.reader(self._records), 1):
            if len(row) != width:
                raise Fatal(f"row {number} of splunkd's chunk has {len(row)} cells, its header names {width}.")
            yield row
        if number != len(self._records):
            raise Fatal("splunkd's chunk is no valid CSV: a quoted cell does not end.")

    def values(self, row: Sequence[str], column: str) -> List[str]:
        """All values of a field in this row; none when it is empty or there is no such column."""
        place = self.index.get(MULTI + column)
        if place is not None and row[place]:
            return decoded(row[place])
        place = self.index.get(column)
        return [row[place]] if place is not None and row[place] else []

    def extended(self, names: Sequence[str], cells: Iterable[Sequence[Cell]]) -> Body:
        """The same rows with these columns added, or replaced where they are there already; one `cells` for each row."""
        if not self._records:
            return EMPTY
        replaced = {name for name in names if name in self.index} | {MULTI + name for name in names}
        kept = [place for place, name in enumerate(self._header) if name not in replaced]
        if len(kept) == len(self._header):
            return table_of(_appended(self._line, self._records, _flat_names(names), cells))
        header = [self._header[place] for place in kept]
        rows = ([row[place] for place in kept] for row in self.rows)
        joined = (left + right for left, right in _paired(rows, _flat(cells)))
        return table_of(_written([header + _flat_names(names)], joined))


def _records(text: str) -> List[str]:
    """The text cut into rows: at line ends, but not at those within quotes."""
    text = text.removesuffix("\n")
    lines = text.split("\n") if text else []
    if not any(line.count('"') & 1 for line in lines):
        return lines
    records, open_lines = [], [""][:0]
    for line in lines:
        if open_lines:
            open_lines.append(line)
            if line.count('"') & 1:
                records.append("\n".join(open_lines))
                open_lines = []
        elif line.count('"') & 1:
            open_lines = [line]
        else:
            records.append(line)
    if open_lines:
        raise Fatal("splunkd's chunk is no valid CSV: its last quoted cell does not end.")
    return records


def _parsed(line: str) -> List[str]:
    return next(csv.reader([line]), [])


def decoded(text: str) -> List[str]:
    """The values of a `__mv_` cell: `$a$;$b$` with each `$` in a value doubled."""
    if not (text.startswith("$") and text.endswith("$") and len(text) >= 2):
        return [text]
    return [value.replace("\0", "$") for value in text.replace("$$", "\0")[1:-1].split("$;$")]


def encoded(values: Sequence[str]) -> str:
    """The `__mv_` cell of these values."""
    return ";".join("$" + value.replace("$", "$$") + "$" for value in values)


def _flat_names(names: Sequence[str]) -> List[str]:
    return [*names, *(MULTI + name for name in names)]


def _flat(cells: Iterable[Sequence[Cell]]) -> Iterator[List[str]]:
    """Each row as plain cells followed by the `__mv_` cells."""
    for row in cells:
        if set(map(type, row)) == {str}:
            yield [*row, *[""] * len(row)]  # type: ignore[list-item]
            continue
        plain = ["\n".join(cell) if isinstance(cell, list) else str(cell) for cell in row]
        multi = [encoded(cell) if isinstance(cell, list) and len(cell) > 1 else "" for cell in row]
        yield plain + multi


def _paired(left: Iterable[List[str]], right: Iterable[List[str]]) -> Iterator[Tuple[List[str], List[str]]]:
    yield from zip(left, right)


def _appended(
    header: str, records: Sequence[str], names: Sequence[str], cells: Iterable[Sequence[Cell]]
) -> Iterator[str]:
    suffixes = _written([names], _flat(cells))
    yield f"{header},{next(suffixes)}"
    for record, suffix in zip(records, suffixes):
        yield f"{record},{suffix}"


def _written(header: Iterable[Sequence[str]], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    written: List[str] = []

    class Sink:
        write = staticmethod(written.append)

    writer = csv.writer(Sink, lineterminator="\n")
    for source in (header, rows):
        for row in source:
            writer.writerow(row)
            yield written.pop()


def table_of(lines: Iterable[str]) -> Body:
    return Body(("".join(lines).encode("utf-8", "surrogateescape"),))


def table(names: Sequence[str], rows: Iterable[Sequence[Cell]], *, more: bool = False) -> Body:
    """New rows of their own."""
    return table_of(_written([_flat_names(names)], _flat(rows)))._replace(more=more)
