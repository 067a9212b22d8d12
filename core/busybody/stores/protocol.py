"""What every store does. A store keeps three kinds of text and understands none of them:

- a profile per person, with the time the person was last seen, and beside it a journal,
- one population,
- meta: short notes of whoever writes, such as the cursor of a source.

A person is the key that the store is given; where the policy asks for pseudonyms, that is one already.
"""

from __future__ import annotations

from typing import Dict, Iterable, Iterator, List, Mapping, NamedTuple, Optional, Protocol, Type

from ..errors import StoreError, shown

SCHEMA = 1  # of what this version writes
NOTHING: Mapping[str, str] = {}
DAY = 86400.0


class Row(NamedTuple):
    """A profile on its way into the store. `last_seen`: UTC epoch seconds; `prune` goes by it."""

    text: str
    last_seen: float


class Info(NamedTuple):
    """What `busybody store info` shows. `created`: UTC epoch seconds."""

    kind: str  # memory, files or sqlite
    schema: int
    people: int
    bytes: int
    created: float


class Store(Protocol):
    """Profiles at rest. Every method raises StoreError for a store that is damaged, closed or cannot be written."""

    def profile(self, user: str) -> Optional[str]:
        """The person's profile; None for someone who has none."""

    def profiles(self, users: Iterable[str]) -> Dict[str, str]:
        """The profiles of those of them who have one, read together."""

    def journal(self, user: str) -> Optional[str]:
        """The person's journal; None for someone who has none."""

    def population(self) -> Optional[str]:
        """What is known of everybody; None in a store that has not learned yet."""

    def meta(self) -> Mapping[str, str]:
        """All notes."""

    def commit(
        self,
        profiles: Mapping[str, Optional[Row]],
        journals: Mapping[str, Optional[str]],
        population: Optional[str] = None,
        meta: Mapping[str, str] = NOTHING,
    ) -> None:
        """Writes all of it or nothing; what was written survives a power cut once this returns.

        None erases a person's profile or journal. What is not mentioned stays. Notes are added to the ones there.
        """

    def users(self) -> Iterator[str]:
        """Everybody with a profile, in code-point order. A commit meanwhile may or may not be seen."""

    def count(self) -> int:
        """How many people have a profile."""

    def forget(self, user: str) -> bool:
        """Erases the person for an erasure request, so that no byte is left in the store's files.

        False where the store knew nobody of that name.
        """

    def prune(self, older_than_days: float, now: float) -> int:
        """Erases everybody who was last seen longer ago than that before `now`; says how many they were."""

    def compact(self) -> None:
        """Gives unused space back to the disk."""

    def info(self) -> Info:
        """Kind, schema version, people, bytes on disk, time of creation."""

    def verify(self) -> List[StoreError]:
        """Reads everything and says what is damaged; empty where nothing is."""

    def close(self) -> None:
        """Lets go of the store; closing twice does nothing."""

    def __enter__(self) -> Store: ...  # noqa: PYI034  typing.Self came with 3.11

    def __exit__(self, kind: Optional[Type[BaseException]], error: Optional[BaseException], trace: object) -> None: ...


def check_commit(
    profiles: Mapping[str, Optional[Row]],
    journals: Mapping[str, Optional[str]],
    population: Optional[str],
    meta: Mapping[str, str],
    source: str,
) -> None:
    """Refuses, before anything is written, what one of the stores could not hold. Raises StoreError."""
    for user in (*profiles, *journals):
        if not user:
            raise StoreError(
                "a person without a name cannot be stored. Leave out sign-ins without a user.", source=source
            )
        _encodable(user, user, source)
    for user, row in profiles.items():
        if row is not None:
            _encodable(row.text, user, source)
            if not isinstance(row.last_seen, (int, float)) or row.last_seen - row.last_seen != 0:
                told = f"{shown(row.last_seen)} is no time to have been last seen. Give epoch seconds."
                raise StoreError(told, source=source, key=user)
    for name, text in (*journals.items(), *meta.items(), *[(key, key) for key in meta], ("population", population)):
        if text is not None:
            _encodable(text, name, source)


def _encodable(text: str, key: str, source: str) -> None:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        told = f"{shown(text[error.start : error.end])} is no valid Unicode. Write it escaped."
        raise StoreError(told, source=source, key=shown(key)) from error


def newer(schema: int, source: str) -> StoreError:
    """The error for a store that a later version wrote."""
    return StoreError(
        f"the store is of schema {schema}; this version reads up to {SCHEMA}. Update busybody, or use another store.",
        source=source,
    )
