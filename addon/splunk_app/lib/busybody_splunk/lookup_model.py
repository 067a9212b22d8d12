"""A model in a CSV lookup, for `model=<name>.csv`: read-only, without the KV store.

splunkd is asked for the file, since it alone knows who may read it and where it is: a lookup may lie in the app that the
search runs in, in ours, or with one person alone.

Columns kind, key, text: kind is model (key "schema"), profile or journal (key is the person), population, meta. Texts
longer than a piece go on in the next rows of the same kind and key.
"""

from __future__ import annotations

import csv
from pathlib import Path
from typing import TYPE_CHECKING, Dict, Iterable, Iterator, List, Mapping, Optional, Tuple, Type
from urllib.parse import quote

from busybody.errors import StoreError, shown
from busybody.stores import Info, Store

from .read_only import ReadOnly
from .rest import SplunkdError

if TYPE_CHECKING:
    from .rest import Splunkd

OURS = "busybody"
COLUMNS = ("kind", "key", "text")
SCHEMA = 1
PIECE = 500_000  # characters of one cell: outputlookup and csv readers have limits
LONGEST_CELL = 10 << 20
KINDS = ("model", "profile", "journal", "population", "meta")
Row = Tuple[str, str, str]


class LookupModel(ReadOnly):
    """All of it in memory, from the first call on. Every method raises StoreError."""

    def __init__(self, path: str, name: str = "") -> None:
        """`path` of the file; `name` is shown in errors."""
        self.name = name or Path(path).name
        self._path = Path(path)
        self._texts: Optional[Dict[str, Dict[str, str]]] = None

    @classmethod
    def named(cls, name: str, splunkd: Splunkd, user: str = "nobody", app: str = OURS) -> LookupModel:
        """The lookup file `name` as that user finds it in that app, or else in ours.

        Raises StoreError for what is no file's name, and for a file that is not there or not for this user.
        """
        if not name.endswith(".csv") or Path(name).name != name or name.startswith("."):
            raise StoreError(f"{shown(name)} is no lookup file. Give its name alone, such as model.csv.")
        for place in dict.fromkeys((app or OURS, OURS)):
            path = _path_of(splunkd, user or "nobody", place, name)
            if path:
                return cls(path, name)
        places = " or ".join(dict.fromkeys((app or OURS, OURS)))
        told = f"does not exist. Upload the lookup or export a model into it, in the app {places}"
        raise StoreError(f"{told}; if it is there, it is not shared with you.", source=name)

    def _of(self, kind: str) -> Dict[str, str]:
        if self._texts is None:
            self._texts = self._read()
        return self._texts[kind]

    def _read(self) -> Dict[str, Dict[str, str]]:
        pieces: Dict[str, Dict[str, List[str]]] = {kind: {} for kind in KINDS}
        csv.field_size_limit(LONGEST_CELL)
        try:
            with self._path.open(encoding="utf-8-sig", newline="") as file:
                reader = csv.reader(file, strict=True)
                columns = next(reader, [])
                if tuple(columns[:3]) != COLUMNS:
                    raise self._error(
                        f"has the columns {shown(columns)}; a model has kind, key, text. Export it again."
                    )
                for row in reader:
                    if len(row) < 3 or row[0] not in KINDS:
                        raise self._error(
                            f"line {reader.line_num}: {shown(row)} is no row of a model. Export it again."
                        )
                    pieces[row[0]].setdefault(row[1], []).append(row[2])
        except FileNotFoundError as error:
            raise self._error("does not exist. Upload the lookup, or export a model into it.") from error
        except (OSError, csv.Error, UnicodeDecodeError) as error:
            raise self._error(f"cannot be read: {error}. Export the model again.") from error
        texts = {kind: {key: "".join(parts) for key, parts in found.items()} for kind, found in pieces.items()}
        self._check(texts["model"].get("schema"))
        return texts

    def _check(self, schema: Optional[str]) -> None:
        if schema is None or not schema.isdigit() or int(schema) < 1:
            raise self._error("does not say its schema. Export the model again.")
        if int(schema) > SCHEMA:
            raise self._error(f"is of schema {schema}; this version reads up to {SCHEMA}. Update the app Busybody.")

    def _error(self, message: str) -> StoreError:
        return StoreError(message, source=self.name)

    def profile(self, user: str) -> Optional[str]:
        return self._of("profile").get(user)

    def profiles(self, users: Iterable[str]) -> Dict[str, str]:
        known = self._of("profile")
        return {user: known[user] for user in users if user in known}

    def prefetch(self, users: Iterable[str], *, journals: bool = False) -> None:
        """Everything is at hand already."""

    def journal(self, user: str) -> Optional[str]:
        return self._of("journal").get(user)

    def population(self) -> Optional[str]:
        return self._of("population").get("population")

    def meta(self) -> Mapping[str, str]:
        return dict(self._of("meta"))

    def users(self) -> Iterator[str]:
        return iter(sorted(self._of("profile")))

    def count(self) -> int:
        return len(self._of("profile"))

    def info(self) -> Info:
        size = sum(len(text.encode("utf-8", "surrogatepass")) for text in self._of("profile").values())
        return Info("lookup", SCHEMA, self.count(), size, 0.0)

    def verify(self) -> List[StoreError]:
        self._of("profile")
        return []

    def close(self) -> None:
        """Nothing is open."""

    def __enter__(self) -> LookupModel:  # noqa: PYI034  typing.Self came with 3.11
        return self

    def __exit__(self, kind: Optional[Type[BaseException]], error: Optional[BaseException], trace: object) -> None:
        self.close()


def _path_of(splunkd: Splunkd, user: str, app: str, name: str) -> Optional[str]:
    """Where the file is; None where this user has none of that name there. Raises SplunkdError."""
    place = "/".join(quote(part, safe="") for part in (user, app))
    try:
        reply = splunkd.get(f"/servicesNS/{place}/data/lookup-table-files/{quote(name, safe='')}")
    except SplunkdError as error:
        if error.status in (403, 404):
            return None
        raise
    try:
        return str(reply["entry"][0]["content"]["eai:data"])
    except (KeyError, IndexError, TypeError) as error:
        raise SplunkdError(f"does not say where the lookup {shown(name)} is. Check splunkd.log.") from error


def rows_of(store: Store) -> Iterator[Row]:
    """A store as the rows of such a lookup, without the header."""
    yield "model", "schema", str(SCHEMA)
    for name, text in sorted(store.meta().items()):
        yield from _pieces("meta", name, text)
    yield from _pieces("population", "population", store.population())
    batch: List[str] = []
    for user in store.users():
        batch.append(user)
        if len(batch) >= 1_000:
            yield from _people(store, batch)
            batch = []
    yield from _people(store, batch)


def _people(store: Store, users: List[str]) -> Iterator[Row]:
    prefetch = getattr(store, "prefetch", None)
    if prefetch is not None:
        prefetch(users, journals=True)
    for user in users:
        yield from _pieces("profile", user, store.profile(user))
        yield from _pieces("journal", user, store.journal(user))


def _pieces(kind: str, key: str, text: Optional[str]) -> Iterator[Row]:
    if text is not None:
        for start in range(0, max(len(text), 1), PIECE):
            yield kind, key, text[start : start + PIECE]
