"""A passage: many at once go through, or one alone."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager


class Passage:
    """Who wants to be alone goes first: those who come later wait."""

    def __init__(self) -> None:
        self._turn = threading.Condition()
        self._inside = 0
        self._alone: int | None = None  # thread
        self._wanted = 0

    @contextmanager
    def shared(self, deadline: float | None = None) -> Iterator[bool]:
        """Go through with others; False where it stays closed for `deadline` seconds. Not within itself."""
        with self._turn:
            entered = self._turn.wait_for(lambda: not self._wanted and self._alone is None, deadline)
            self._inside += entered
        try:
            yield entered
        finally:
            if entered:
                with self._turn:
                    self._inside -= 1
                    self._turn.notify_all()

    @contextmanager
    def alone(self, deadline: float | None = None) -> Iterator[bool]:
        """Go through alone; False where others stay inside for `deadline` seconds."""
        with self._turn:
            self._wanted += 1
            try:
                entered = self._turn.wait_for(lambda: not self._inside and self._alone is None, deadline)
                if entered:
                    self._alone = threading.get_ident()
            finally:
                self._wanted -= 1
                self._turn.notify_all()
        try:
            yield entered
        finally:
            if entered:
                with self._turn:
                    self._alone = None
                    self._turn.notify_all()


class Deadline:
    """Seconds from now on; None for ever."""

    def __init__(self, seconds: float | None) -> None:
        self._end = None if seconds is None else time.monotonic() + seconds

    @property
    def left(self) -> float | None:
        """Seconds, never below 0."""
        return None if self._end is None else max(0.0, self._end - time.monotonic())

    @property
    def is_over(self) -> bool:
        return self._end is not None and time.monotonic() >= self._end
