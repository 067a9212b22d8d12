"""A writer as the Store of a scorer that saves in pieces: a long history does not fit into memory."""

from __future__ import annotations

from typing import Dict, Iterable, Mapping, Optional

from busybody.stores import Row
from busybody.stores.protocol import NOTHING

from .chain import Head, Version
from .model import KVModel
from .writer import Writer


class Staging(KVModel):
    """A writer's people as a Store that stages where others commit."""

    def __init__(self, writer: Writer) -> None:
        super().__init__(writer.splunkd, writer.name)
        self._writer = writer

    @property
    def head(self) -> Head:
        return self._writer.head

    def profile(self, user: str) -> Optional[str]:
        return self._writer.profile(user)

    def journal(self, user: str) -> Optional[str]:
        return self._writer.journal(user)

    def prefetch(self, users: Iterable[str], *, journals: bool = True) -> None:
        self._writer.prefetch(users, journals=journals)

    def _read(self, kind: str, users: Iterable[str]) -> Dict[str, Version]:
        return self._writer._read(kind, users)  # noqa: SLF001  of the same family

    def _make_sure(self) -> None:
        self._writer._make_sure()  # noqa: SLF001

    def commit(
        self,
        profiles: Mapping[str, Optional[Row]],
        journals: Mapping[str, Optional[str]],
        population: Optional[str] = None,
        meta: Mapping[str, str] = NOTHING,
    ) -> None:
        self._writer.stage(profiles, journals, population, meta)
