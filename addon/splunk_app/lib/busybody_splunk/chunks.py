"""The rows of one request, and the rows of a reply, as CSV.

A chunk is kept as text, one string for each row. Rows are parsed when they are asked for, and a reply is mostly the
text that came: only the cells that a command adds are written anew.
"""

from __future__ import annotations

from itertools import chain, islice
from typing import Dict, Iterable, Iterator, List, NamedTuple, Sequence, Tuple, Union

from .cells import MULTI, Cell, as_bytes, decoded, parsed, row_text, row_texts, with_multi
from .cut import Cut
from .frames import Fatal
from .records import records_of

PIECE = 4096  # rows encoded at once


class Body(NamedTuple):
    """The rows of a reply, as CSV in pieces."""

    pieces: Tuple[bytes, ...] = ()
    more: bool = False  # of a generating command: more rows follow, ask again


EMPTY = Body()


class Chunk:
    """The rows of one request. `rows` may be iterated any number of times; each time the text is parsed again.

    `columns` are the names without `__mv_`; `index` says where each stands in a row. Of two columns with one name the
    first counts. Bytes that are no UTF-8 stand in a row as lone surrogates, as Python's surrogateescape has them.
    `finished` marks the last chunk of the search, `preview` rows that will come again.
    """

    def __init__(self, body: Union[bytes, Iterable[bytes]], *, finished: bool = True, preview: bool = False) -> None:
        self.finished = finished
        self.preview = preview
        self._records, self._odd = records_of([body] if isinstance(body, bytes) else body)
        header = next(parsed(self._records[:1], self._odd), [])
        del self._records[:1]
        self._header = header
        plain = [name for name in dict.fromkeys(header) if not name.startswith(MULTI)]
        order = plain + [name for name in dict.fromkeys(header) if name.startswith(MULTI)]
        if order != header:
            places = [header.index(name) for name in order]
            self._records = [row_text([row[place] for place in places]) for row in self._whole_rows()]
            self._header = order
        self.columns = tuple(plain)
        self.index: Dict[str, int] = {name: place for place, name in enumerate(self._header)}

    def __len__(self) -> int:
        return len(self._records)

    @property
    def rows(self) -> Iterator[List[str]]:
        """The cells of each row, in the order of `columns`; fields of several values are read by `values`."""
        multi = len(self._header) - len(self.columns)
        if not multi or len(self.columns) == 1:  # of one column, nothing but an empty line would be left
            return self._whole_rows()
        blanks = "," * multi  # mostly no field has several values, and half of a row need not be parsed
        short = (record[:-multi] if record.endswith(blanks) else record for record in self._records)
        return self._checked(short, len(self._records), len(self.columns))

    def _whole_rows(self) -> Iterator[List[str]]:
        return self._checked(self._records, len(self._records))

    def _checked(self, records: Iterable[str], size: int, width: int = -1) -> Iterator[List[str]]:
        """The cells of so many records: all of them, or only the first `width`."""
        seen, whole = 0, len(self._header)
        for row in parsed(records, self._odd):
            seen += 1
            if len(row) != whole and len(row) != width:
                if row or whole > 1:
                    raise Fatal(f"a row of splunkd's chunk has {len(row)} cells, its header names {whole}.")
                row.append("")  # an empty line where there is but one column
            yield row
        if seen != size:
            raise Fatal("splunkd's chunk is no valid CSV: a cell in quotes does not end.")

    def values(self, row: Sequence[str], column: str) -> List[str]:
        """All values of a field in this row; none when it is empty or there is no such column."""
        place = self.index.get(MULTI + column, len(row))
        if place < len(row) and row[place]:
            return decoded(row[place])
        place = self.index.get(column, len(row))
        return [row[place]] if place < len(row) and row[place] else []

    def extended(self, names: Sequence[str], cells: Iterable[Sequence[Cell]]) -> Body:
        """The same rows with these columns added, or replaced where they are there already; `cells` for each row.

        The last that is asked of a chunk: its rows go as the answer grows, and are needed twice in memory at no time.
        """
        if not self._records:
            return EMPTY
        replaced = {place for name, place in self.index.items() if name in with_multi(names)}
        header = [name for place, name in enumerate(self._header) if place not in replaced]
        added = row_texts(len(names), cells)
        if not header:
            return _body(with_multi(names), added)
        plain = len(self.columns)
        cut = Cut(plain, len(self._header) - plain, replaced, self._cells) if replaced else None
        pieces = [as_bytes(row_text(header + with_multi(names)) + "\n")]
        for start in range(0, len(self._records), PIECE):
            part = self._records[start : start + PIECE]
            lines = [f"{left},{right}\n" for left, right in zip(cut(part) if cut else part, added)]
            if len(lines) != len(part):
                raise ValueError("a command answered fewer rows than it was given")
            pieces.append(as_bytes("".join(lines)))
            self._records[start : start + PIECE] = [""] * len(part)
        if next(added, None) is not None:
            raise ValueError("a command answered more rows than it was given")
        self._records = []
        return Body(tuple(pieces))

    def _cells(self, record: str) -> List[str]:
        return next(self._checked([record], 1))


def _body(header: Sequence[str], records: Iterator[str], more: bool = False) -> Body:
    lines = chain([row_text(header)], records)
    pieces: List[bytes] = []
    while True:
        some = list(islice(lines, PIECE))
        if not some:
            return Body(tuple(pieces), more)
        some.append("")
        pieces.append(as_bytes("\n".join(some)))


def table(names: Sequence[str], rows: Iterable[Sequence[Cell]], *, more: bool = False) -> Body:
    """New rows of their own; `more` where a generating command has further rows to give."""
    return _body(with_multi(names), row_texts(len(names), rows), more)
