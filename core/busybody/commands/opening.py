"""Opening a store that has to be there: only `score`, `learn` and `model import` begin one."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from ..errors import StoreError

if TYPE_CHECKING:
    from ..stores import Store


def existing(path: str, *, writable: bool = False) -> Store:
    """The store at `path`, for reading unless `writable`. Raises StoreError, also where there is none."""
    from ..stores import open as open_store

    if path != ":memory:" and not os.path.exists(path):  # noqa: PTH110  pathlib costs a tenth of the start-up budget
        raise StoreError("there is no store. `busybody score FILE` begins one; --store names another.", source=path)
    return open_store(path, read_only=not writable)
