"""What people and programs read: aligned tables that a name cannot break, CSV that no spreadsheet runs, JSON.

Names come from logs, and whoever tries to sign in chooses them: control characters are shown, never obeyed.
"""

from __future__ import annotations

import json
import shutil
import sys
from itertools import chain
from typing import Any, Iterable, Iterator, List, Optional, Sequence

from ..report.words import plain, visible

WIDEST = 48  # characters of a column that is not the last
UNCUT = 1_000  # characters of the last column where nobody reads on a terminal


def say(text: str = "") -> None:
    """One line on standard output; what would command a terminal is shown, what cannot be encoded there escaped."""
    out, text = sys.stdout, visible(text)
    try:
        out.write(text + "\n")
    except UnicodeEncodeError:
        encoding = out.encoding or "ascii"
        out.write((text + "\n").encode(encoding, "backslashreplace").decode(encoding))


def note(text: str) -> None:
    """One line on standard error: what a person at the keyboard wants to know and a pipe does not."""
    sys.stderr.write(plain(text, 2_000) + "\n")


def say_json(value: Any, indent: Optional[int] = None) -> None:
    """A value as JSON; ASCII, so that every terminal and pipe carries it."""
    say(json.dumps(value, indent=indent, allow_nan=False))


def table(
    heading: Sequence[str],
    rows: Iterable[Sequence[Any]],
    *,
    right: Sequence[int] = (),
    widths: Sequence[int] = (),
    empty: str = "",
) -> None:
    """A table. Columns `right` are set right; on a terminal the last column is cut to its width.

    With `widths` rows are printed as they come, else the columns are as wide as what stands in them. `empty` is
    printed in place of a table without rows.
    """
    lines: Iterator[List[str]] = (
        [plain(value, WIDEST) for value in row[:-1]] + [plain(row[-1], UNCUT)] for row in rows
    )
    limit = shutil.get_terminal_size((120, 25)).columns if sys.stdout.isatty() else UNCUT
    first = next(lines, None)
    if first is None:
        say(empty)
        return
    if not widths:
        kept = [first, *lines]
        widths = [max(len(row[column]) for row in [list(heading), *kept]) for column in range(len(heading))]
        lines = iter(kept[1:])
    for row in chain([list(heading), first], lines):
        say(_line(row, widths, right, limit))


def _line(row: Sequence[str], widths: Sequence[int], right: Sequence[int], limit: int) -> str:
    parts = [
        f"{value:>{width}}" if column in right else f"{value:<{width}}"
        for column, (value, width) in enumerate(zip(row, widths))
    ]
    line = "  ".join(parts).rstrip()
    return line if len(line) <= limit else line[: limit - 1] + "…"


def csv_line(values: Iterable[Any]) -> str:
    """A row of CSV without its end. Text that a spreadsheet would run gets an apostrophe in front."""
    from ..stream.render import cell

    return ",".join(cell(value) for value in values)
