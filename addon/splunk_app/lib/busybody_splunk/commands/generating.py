"""A command that makes its rows out of what is stored, in pages: no more of them is held than splunkd asks for."""

from __future__ import annotations

from itertools import chain, islice
from typing import TYPE_CHECKING, Any, Callable, Dict, Iterator, Optional, Sequence

from ..chunks import Body, Chunk, table
from ..options import Option, parse
from .opening import Opened, prepare

if TYPE_CHECKING:
    from ..cells import Cell
    from ..protocol import Messages, Search

    Row = Sequence[Cell]

PAGE = 1_000  # rows in one reply
Options = Dict[str, Any]


class Generating:
    """`make` gives the rows; errors that it raises end the search with their words."""

    kind = "reporting"
    generating = True

    def __init__(
        self,
        name: str,
        options: Sequence[Option],
        columns: Sequence[str],
        make: Callable[[Opened, Options, Messages], Iterator[Row]],
    ) -> None:
        self._name, self._declared, self._columns, self._make = name, options, columns, make
        self._opened: Optional[Opened] = None
        self._rows: Optional[Iterator[Row]] = None

    def begin(self, search: Search, messages: Messages) -> Optional[Sequence[str]]:
        self._options = parse(self._declared, search.args, self._name)
        self._search, self._messages = search, messages
        return None

    def take(self, chunk: Chunk) -> Body:  # noqa: ARG002  it holds a header at most
        if self._rows is None:
            prepare()
            self._opened = Opened(self._search)
            self._rows = self._make(self._opened, self._options, self._messages)
        page = list(islice(self._rows, PAGE))
        following = next(self._rows, None) if len(page) == PAGE else None
        if following is not None:
            self._rows = chain((following,), self._rows)
        return table(self._columns, page, more=following is not None)

    def close(self) -> None:
        if self._opened is not None:
            self._opened.close()
