"""Profiles at rest: in memory, in a directory, in a SQLite file.

with stores.open("profiles.db") as store:
    store.commit({"ana": Row(text, last_seen)}, {"ana": journal}, population)
"""

from __future__ import annotations

import os
import time
from typing import Callable

from .protocol import Info, Row, Store


def open(path: str, *, read_only: bool = False, clock: Callable[[], float] = time.time) -> Store:  # noqa: A001  stores.open reads well
    """The store at `path`: ":memory:", a directory (one that is there, or a name that ends in a slash), else SQLite.

    A store that does not exist is begun, unless `read_only`; `clock` says when. Raises StoreError at once where another
    process writes to it, and for one that is damaged or of a newer version.
    """
    if path == ":memory:":
        from .memory import MemoryStore

        return MemoryStore(created=clock())
    from pathlib import Path  # whoever opens a store pays for it; whoever imports this does not

    if path.endswith(("/", os.sep)) or Path(path).is_dir():
        from .files import FileStore

        return FileStore(path.rstrip("/" + os.sep) or path, read_only=read_only, clock=clock)
    from .sqlite import SQLiteStore

    return SQLiteStore(path, read_only=read_only, clock=clock)


__all__ = ["Info", "Row", "Store", "open"]
