"""A store that ends with the process: for tests, for --no-learn, and as the plainest statement of what a store does."""

from __future__ import annotations

from typing import Dict, Iterable, Iterator, List, Mapping, Optional, Type

from ..errors import StoreError
from .protocol import DAY, NOTHING, SCHEMA, Info, Row, check_commit

SOURCE = ":memory:"


class MemoryStore:
    """Everything in dictionaries."""

    def __init__(self, *, created: float = 0.0) -> None:
        self._profiles: Dict[str, Row] = {}
        self._journals: Dict[str, str] = {}
        self._population: Optional[str] = None
        self._meta: Dict[str, str] = {}
        self._created = created
        self._open = True

    def profile(self, user: str) -> Optional[str]:
        self._check_open()
        row = self._profiles.get(user)
        return None if row is None else row.text

    def profiles(self, users: Iterable[str]) -> Dict[str, str]:
        self._check_open()
        return {user: self._profiles[user].text for user in users if user in self._profiles}

    def journal(self, user: str) -> Optional[str]:
        self._check_open()
        return self._journals.get(user)

    def population(self) -> Optional[str]:
        self._check_open()
        return self._population

    def meta(self) -> Mapping[str, str]:
        self._check_open()
        return dict(self._meta)

    def commit(
        self,
        profiles: Mapping[str, Optional[Row]],
        journals: Mapping[str, Optional[str]],
        population: Optional[str] = None,
        meta: Mapping[str, str] = NOTHING,
    ) -> None:
        self._check_open()
        check_commit(profiles, journals, population, meta, SOURCE)
        for user, row in profiles.items():
            if row is None:
                self._profiles.pop(user, None)
            else:
                self._profiles[user] = row
        for user, text in journals.items():
            if text is None:
                self._journals.pop(user, None)
            else:
                self._journals[user] = text
        if population is not None:
            self._population = population
        self._meta.update(meta)

    def users(self) -> Iterator[str]:
        self._check_open()
        return iter(sorted(self._profiles))

    def count(self) -> int:
        self._check_open()
        return len(self._profiles)

    def forget(self, user: str) -> bool:
        known = user in self._profiles or user in self._journals
        self.commit({user: None}, {user: None})
        return known

    def prune(self, older_than_days: float, now: float) -> int:
        self._check_open()
        limit = now - older_than_days * DAY
        old = [user for user, row in self._profiles.items() if row.last_seen < limit]
        self.commit(dict.fromkeys(old), dict.fromkeys(old))
        return len(old)

    def compact(self) -> None:
        self._check_open()

    def info(self) -> Info:
        self._check_open()
        texts = [row.text for row in self._profiles.values()] + list(self._journals.values())
        size = sum(len(text.encode("utf-8")) for text in [*texts, self._population or ""])
        return Info("memory", SCHEMA, len(self._profiles), size, self._created)

    def verify(self) -> List[StoreError]:
        self._check_open()
        return []

    def close(self) -> None:
        self._open = False

    def _check_open(self) -> None:
        if not self._open:
            raise StoreError("is closed. Open it again.", source=SOURCE)

    def __enter__(self) -> MemoryStore:  # noqa: PYI034  typing.Self came with 3.11
        return self

    def __exit__(self, kind: Optional[Type[BaseException]], error: Optional[BaseException], trace: object) -> None:
        self.close()
