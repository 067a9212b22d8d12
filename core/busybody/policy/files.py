"""Lists in CSV files: `csv:vip.csv` is the first column of that file, `csv:vip.csv#user` the column of that name.

Lists of people are kept by others than those who keep the policy, and a spreadsheet is what they keep them in. A file
is read when the policy is loaded; a relative path starts at the working directory, as with field maps.
"""

from __future__ import annotations

from typing import Iterable, List, NamedTuple, Tuple

from ..errors import shown

MARK = "csv:"
LONGEST = 1 << 24  # characters of a file


class Line(NamedTuple):
    """One entry, and the line that it stands on."""

    number: int
    text: str


def is_file(entry: str) -> bool:
    """Whether an entry of a list stands for a file."""
    return entry.startswith(MARK)


def expanded(entries: Iterable[str]) -> Tuple[str, ...]:
    """The entries, with what the files hold in place of the files. Raises ValueError."""
    result: List[str] = []
    for entry in entries:
        result += [line.text for line in lines_of(entry)] if is_file(entry) else [entry]
    return tuple(result)


def lines_of(entry: str) -> List[Line]:
    """What stands in a file, empty rows and rows that start with # left out. Raises ValueError, saying what is wrong."""
    import csv

    path, mark, column = entry[len(MARK) :].partition("#")
    try:
        with open(path, encoding="utf-8-sig", newline="") as file:
            rows = csv.reader(file.read(LONGEST).splitlines())
            return [Line(number, text) for number, text in _column(rows, column if mark else "") if text]
    except OSError as error:
        raise ValueError(f"cannot be read: {error.strerror}. Check the path, or write the names here") from None
    except (UnicodeDecodeError, csv.Error, ValueError) as error:
        raise ValueError(f"{error}. Mend the file, or write the names here") from None


def _column(rows: Iterable[List[str]], column: str) -> Iterable[Tuple[int, str]]:
    """Line number and text of one column; by name, or without one the first, which then has no heading."""
    place = 0 if not column else -1
    for number, row in enumerate(rows, 1):
        if place < 0:
            names = [name.strip().casefold() for name in row]
            if column.casefold() not in names:
                raise ValueError(f"the first line has no column {shown(column)}")
            place = names.index(column.casefold())
        elif row and not row[0].startswith("#") and place < len(row):
            yield number, row[place].strip()
