"""Sign-ins on disk, and again in the order of time: memory stays flat, however many there are.

The files stand where Splunk keeps the results of the search, so that they go with it even if this process is killed.
"""

from __future__ import annotations

import os
import tempfile
from contextlib import contextmanager
from typing import TYPE_CHECKING, Iterator, Optional

from busybody.signin import SignIn
from busybody.stream.order import sorted_by_time
from busybody.stream.shorthand import Shorthand

if TYPE_CHECKING:
    from busybody.stream.entries import Entry


class Spool:
    """Add them in any order, then read them in that of time. Holds a file until it is closed."""

    def __init__(self, folder: str) -> None:
        """In a system's own folder for temporary files where `folder` cannot be written."""
        self._folder: Optional[str] = folder if folder and os.access(folder, os.W_OK) else None
        self._file = tempfile.TemporaryFile("w+", encoding="ascii", dir=self._folder)  # noqa: SIM115  closed by close()
        self._shorthand = Shorthand()
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def add(self, signin: SignIn) -> None:
        self._file.write(self._shorthand.text(signin))
        self._file.write("\n")
        self._count += 1

    def in_time(self) -> Iterator[SignIn]:
        """All of them; equal times in the order in which they were added."""
        with _temporary_files(self._folder):
            for _, _, payload in sorted_by_time(self._entries()):
                assert isinstance(payload, SignIn)  # no other kind was added
                yield payload

    def _entries(self) -> Iterator[Entry]:
        self._file.flush()
        self._file.seek(0)
        for line in self._file:
            yield "", 0, self._shorthand.signin(line[:-1])

    def close(self) -> None:
        self._file.close()


@contextmanager
def _temporary_files(folder: Optional[str]) -> Iterator[None]:
    """Temporary files go there meanwhile."""
    before = tempfile.tempdir
    tempfile.tempdir = folder or before
    try:
        yield
    finally:
        tempfile.tempdir = before
