"""Columns taken out of the text of rows, mostly without parsing it."""

from __future__ import annotations

from typing import Callable, List, Sequence, Set

from .cells import row_text


class Cut:
    """Takes the columns at these places out of rows: `plain` columns, with `multi` of the `__mv_` kind behind them.

    Columns that a command will fill come empty and side by side, with little behind them: that much is cut out of the
    text. A row that is otherwise is parsed and written again.
    """

    def __init__(self, plain: int, multi: int, places: Set[int], parse: Callable[[str], List[str]]) -> None:
        hit = sorted(place for place in places if place < plain)
        self._parse = parse
        self._kept = [place for place in range(plain + multi) if place not in places]
        self._gap = "," * len(hit)
        self._after = plain - hit[-1] - 1 if hit else 0  # plain columns behind the gap
        self._blanks = "," * multi
        self._fewer = "," * (multi - len(places) + len(hit))
        self._possible = bool(hit) and hit[0] > 0 and hit[-1] - hit[0] + 1 == len(hit)

    def __call__(self, records: Sequence[str]) -> List[str]:
        gap, blanks, fewer, after = self._gap, self._blanks, self._fewer, range(self._after)
        if not self._possible:
            return [self._rewritten(record) for record in records]
        texts: List[str] = []
        for record in records:
            end = place = len(record) - len(blanks)
            for _ in after:
                place = record.rfind(",", 0, place)
            # Without quotes from the gap on, its commas stand between cells, and not in one.
            if record.endswith(blanks) and record.endswith(gap, 0, place) and record.find('"', place) < 0 < place:
                texts.append(record[: place - len(gap)] + record[place:end] + fewer)
            else:
                texts.append(self._rewritten(record))
        return texts

    def _rewritten(self, record: str) -> str:
        row = self._parse(record)
        return row_text([row[place] for place in self._kept])
