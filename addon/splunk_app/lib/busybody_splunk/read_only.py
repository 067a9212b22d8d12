"""The half of a Store that a read-only one refuses."""
# ruff: noqa: ARG002  the arguments are those of every store

from __future__ import annotations

from typing import Mapping, NoReturn, Optional

from busybody.errors import StoreError
from busybody.stores import Row
from busybody.stores.protocol import NOTHING


class ReadOnly:
    """Refuses to write. `name` is the store's, for the error."""

    name = ""

    def commit(
        self,
        profiles: Mapping[str, Optional[Row]],
        journals: Mapping[str, Optional[str]],
        population: Optional[str] = None,
        meta: Mapping[str, str] = NOTHING,
    ) -> None:
        """Raises StoreError."""
        self._refuse()

    def forget(self, user: str) -> bool:
        """Raises StoreError."""
        self._refuse()

    def prune(self, older_than_days: float, now: float) -> int:
        """Raises StoreError."""
        self._refuse()

    def compact(self) -> None:
        """Raises StoreError."""
        self._refuse()

    def _refuse(self) -> NoReturn:
        raise StoreError("is open read-only. Ask for a writer of a model in the KV store.", source=self.name)
