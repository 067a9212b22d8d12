"""A store in a directory, one file per person: for a few thousand people, and for whoever wants to see the files.

    store.json              format, schema version, time of creation
    people/3f/3f9a….json    one person: profile, time last seen, journal; named by a hash of the name
    population.json, meta.json
    pending.json            the commit that is being written, while it is

A commit of many files is one: it is first written whole to pending.json, which decides it, then to its files, then
pending.json goes. Whoever opens the store after a crash finishes it; a reader sees it through pending.json meanwhile.
"""

from __future__ import annotations

import hashlib
import time
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Callable, Dict, Iterable, Iterator, List, Mapping, Optional, Set, Type

from ..errors import StoreError
from . import sealed
from .lock import WriterLock
from .protocol import DAY, NOTHING, SCHEMA, Info, Row, check_commit, newer
from .sqlite_file import sync_directory

FORMAT = "busybody store"
OURS = {"people", ".lock", "store.json.new"}  # what the making of a store leaves when it is killed
Person = Dict[str, Any]  # user, profile, last_seen, journal


class FileStore:
    """One directory, which nobody else reads (mode 0700)."""

    def __init__(self, path: str, *, read_only: bool = False, clock: Callable[[], float] = time.time) -> None:
        self._path = Path(path)
        self._people = self._path / "people"
        self._read_only = read_only
        self._lock: Optional[WriterLock] = None
        self._open = True
        try:
            with self._named():
                self._created = self._begin(clock)
        except BaseException:
            self.close()
            raise

    def _begin(self, clock: Callable[[], float]) -> float:
        """Checks the directory, or makes it, and finishes the commit of a crashed writer; when the store was made."""
        if not self._read_only:
            self._path.mkdir(0o700, parents=True, exist_ok=True)
        elif not self._path.is_dir():
            raise self._error("does not exist. Check the path, or open it for writing to begin one.")
        if not (self._path / "store.json").exists() and (self._read_only or not self._unfinished()):
            raise self._error("is no store: it has no store.json. Check the path, or restore a copy.")
        if not self._read_only:
            self._lock = WriterLock(str(self._path / ".lock"), str(self._path))
            self._people.mkdir(0o700, exist_ok=True)
        header = sealed.read(self._path / "store.json", "the header")
        if header is None:
            header = {"format": FORMAT, "schema": SCHEMA, "created": clock()}
            self._write("store.json", header)
            sync_directory(self._path)
        if header["schema"] != SCHEMA:
            raise newer(header["schema"], str(self._path))
        if not self._read_only:
            self._finish()
        return float(header["created"])

    def _unfinished(self) -> bool:
        """Whether the directory holds no more than what the making of a store leaves when it is killed."""
        names = {entry.name for entry in self._path.iterdir()}
        return names <= OURS and not (self._people.exists() and any(self._people.iterdir()))

    # reading

    def profile(self, user: str) -> Optional[str]:
        with self._named():
            text = self._person(user).get("profile")
        return None if text is None else str(text)

    def profiles(self, users: Iterable[str]) -> Dict[str, str]:
        found = {user: self.profile(user) for user in users}
        return {user: text for user, text in found.items() if text is not None}

    def journal(self, user: str) -> Optional[str]:
        with self._named():
            text = self._person(user).get("journal")
        return None if text is None else str(text)

    def population(self) -> Optional[str]:
        with self._named():
            found = self._single("population")
        return None if found is None else str(found)

    def meta(self) -> Mapping[str, str]:
        with self._named():
            return dict(self._single("meta") or {})

    def _single(self, name: str) -> Optional[Any]:
        pending = self._pending()
        if name in pending:
            return pending[name]
        return sealed.read(self._path / (name + ".json"), f"the {name}")

    def _person(self, user: str) -> Person:
        people = self._pending().get("people", {})
        if user in people:
            return people[user] or {}
        person = sealed.read(self._file(user), "the profile") or {}
        if person and person["user"] != user:
            raise StoreError(f"holds another person. {sealed.RESTORE}", source=str(self._file(user)), key=user)
        return person

    def _pending(self) -> Dict[str, Any]:
        """The commit that is decided and not yet in its files; empty where there is none."""
        self._check_open()
        return sealed.read(self._path / "pending.json", "the unfinished commit") or {}

    def users(self) -> Iterator[str]:
        with self._named():
            names: Set[str] = set()
            for path in self._files():
                person = sealed.read(path, "the profile")
                if person and person["profile"] is not None:
                    names.add(person["user"])
            for user, person in self._pending().get("people", {}).items():
                names.discard(user)
                if person and person["profile"] is not None:
                    names.add(user)
        return iter(sorted(names))

    def count(self) -> int:
        return sum(1 for _ in self.users())

    def _files(self) -> Iterator[Path]:
        self._check_open()
        for folder in sorted(self._people.iterdir()):
            yield from sorted(path for path in folder.iterdir() if path.suffix == ".json")

    # writing

    def commit(
        self,
        profiles: Mapping[str, Optional[Row]],
        journals: Mapping[str, Optional[str]],
        population: Optional[str] = None,
        meta: Mapping[str, str] = NOTHING,
    ) -> None:
        check_commit(profiles, journals, population, meta, str(self._path))
        self._check_writable()
        with self._named():
            self._finish()  # one that a full disk interrupted
            pending: Dict[str, Any] = {"people": self._changed(profiles, journals)}
            if population is not None:
                pending["population"] = population
            if meta:
                pending["meta"] = {**self.meta(), **meta}
            self._write("pending.json", pending)
            sync_directory(self._path)
            self._finish()

    def _changed(
        self, profiles: Mapping[str, Optional[Row]], journals: Mapping[str, Optional[str]]
    ) -> Dict[str, Optional[Person]]:
        """Each person as they will be; None for one of whom nothing is left."""
        result: Dict[str, Optional[Person]] = {}
        for user in sorted({*profiles, *journals}):
            person: Person = {"user": user, "profile": None, "last_seen": 0.0, "journal": None}
            if user not in profiles or user not in journals:
                person.update(self._person(user))
            if user in profiles:
                row = profiles[user]
                person["profile"], person["last_seen"] = (
                    (None, 0.0) if row is None else (row.text, float(row.last_seen))
                )
            if user in journals:
                person["journal"] = journals[user]
            result[user] = None if person["profile"] is None and person["journal"] is None else person
        return result

    def _finish(self) -> None:
        """Puts the pending commit into its files. Doing it twice, or half and then again, comes to the same."""
        pending = self._pending()
        if not pending:
            return
        folders = {self._path}
        for user, person in pending["people"].items():
            path = self._file(user)
            folders.add(path.parent)
            if person is not None:
                self._make_folder(path.parent)
                sealed.write(path, person)
            else:
                path.unlink(missing_ok=True)
        for name in ("population", "meta"):
            if name in pending:
                self._write(name + ".json", pending[name])
        for folder in sorted(folders):
            if folder.is_dir():
                sync_directory(folder)
        (self._path / "pending.json").unlink()
        sync_directory(self._path)

    def _make_folder(self, path: Path) -> None:
        if not path.is_dir():
            path.mkdir(0o700)
            sync_directory(self._people)

    def _write(self, name: str, value: Any) -> None:
        sealed.write(self._path / name, value)

    def forget(self, user: str) -> bool:
        self._check_writable()
        with self._named():
            known = bool(self._person(user))
        self.commit({user: None}, {user: None})
        return known

    def prune(self, older_than_days: float, now: float) -> int:
        self._check_writable()
        limit = now - older_than_days * DAY
        with self._named():
            self._finish()
            people = [sealed.read(path, "the profile") or {} for path in self._files()]
        old = [p["user"] for p in people if p and p["profile"] is not None and p["last_seen"] < limit]
        self.commit(dict.fromkeys(old), dict.fromkeys(old))
        return len(old)

    def compact(self) -> None:
        self._check_writable()
        with self._named():
            self._finish()
            for folder in list(self._people.iterdir()):
                if not any(folder.iterdir()):
                    folder.rmdir()

    # looking after it

    def info(self) -> Info:
        with self._named():
            size = sum(path.stat().st_size for path in self._path.rglob("*") if path.is_file())
        return Info("files", SCHEMA, self.count(), size, self._created)

    def verify(self) -> List[StoreError]:
        self._check_open()
        singles = [self._path / f"{name}.json" for name in ("store", "population", "meta", "pending")]
        with self._named():
            checked = [self._damage(path) for path in (*singles, *self._files())]
        return [damage for damage in checked if damage is not None]

    def _damage(self, path: Path) -> Optional[StoreError]:
        try:
            with self._named():
                value = sealed.read(path, "the file")
                if value is not None and path.parent != self._path and self._file(value["user"]) != path:
                    raise StoreError(f"holds another person. {sealed.RESTORE}", source=str(path))
        except StoreError as error:
            return error
        return None

    def close(self) -> None:
        self._open = False
        if self._lock is not None:
            self._lock.release()
            self._lock = None

    def _file(self, user: str) -> Path:
        name = hashlib.sha256(user.encode("utf-8", "surrogatepass")).hexdigest()
        return self._people / name[:2] / f"{name}.json"

    def _error(self, message: str) -> StoreError:
        return StoreError(message, source=str(self._path))

    def _check_open(self) -> None:
        if not self._open:
            raise self._error("is closed. Open it again.")

    def _check_writable(self) -> None:
        self._check_open()
        if self._read_only:
            raise self._error("is open read-only. Open it for writing.")

    @contextmanager
    def _named(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            told = f"cannot be used: {error.strerror or error}. Check the disk, the path and its permissions."
            raise self._error(told) from error

    def __enter__(self) -> FileStore:  # noqa: PYI034  typing.Self came with 3.11
        return self

    def __exit__(self, kind: Optional[Type[BaseException]], error: Optional[BaseException], trace: object) -> None:
        self.close()
