"""A store in one SQLite file: the one for an organisation.

Commits are durable when they return (write-ahead log, synchronous=FULL); readers work beside the one writer. Each value
carries a checksum over itself, its person and its time, since SQLite has none of its own.
"""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Callable, Dict, Iterable, Iterator, List, Mapping, Optional, Type

from ..errors import StoreError
from .lock import WriterLock
from .migrations import migrate, schema_of
from .protocol import DAY, NOTHING, SCHEMA, Info, Row, check_commit
from .sqlite_file import RESTORE, checksum, connect, create, insert_profiles, insert_texts, named, transaction

if TYPE_CHECKING:
    from sqlite3 import Connection

BATCH = 500  # people per query; older versions of SQLite take 999 values
WHAT = {"journals": "the journal", "singles": "the value", "meta": "the note"}


class SQLiteStore:
    """One file, with `-wal` and `-shm` beside it while it is open and `.lock` for the writer.

    Calls may come from any thread, one at a time.
    """

    def __init__(self, path: str, *, read_only: bool = False, clock: Callable[[], float] = time.time) -> None:
        self._path = path
        self._read_only = read_only
        self._lock: Optional[WriterLock] = None
        self._connection: Optional[Connection] = None
        try:
            with named(path):
                self._open(clock)
        except BaseException:
            self.close()
            raise

    def _open(self, clock: Callable[[], float]) -> None:
        if not self._read_only:
            Path(self._path).parent.mkdir(0o700, parents=True, exist_ok=True)
            self._lock = WriterLock(os.path.realpath(self._path) + ".lock", self._path)  # one lock, by whatever link
            if not Path(self._path).exists():
                create(self._path, clock())
        elif not Path(self._path).exists():
            raise StoreError("does not exist. Check the path, or open it for writing to begin one.", source=self._path)
        if Path(self._path).stat().st_size == 0:
            raise StoreError(f"is empty, not a store. {RESTORE} To begin anew, remove the file.", source=self._path)
        self._connection = connect(self._path, self._read_only)
        schema = schema_of(self._connection, self._path)  # first of all: the file of another program stays untouched
        if not self._read_only:
            self._connection.execute("PRAGMA secure_delete = ON").fetchall()
        migrate(self._connection, self._path, schema, self._read_only)
        if not self._read_only:
            self._connection.execute("PRAGMA journal_mode = WAL").fetchall()
            self._connection.execute("PRAGMA synchronous = FULL")

    @property
    def _readable(self) -> Connection:
        if self._connection is None:
            raise StoreError("is closed. Open it again.", source=self._path)
        return self._connection

    @property
    def _writable(self) -> Connection:
        if self._read_only:
            raise StoreError("is open read-only. Open it for writing.", source=self._path)
        return self._readable

    def profile(self, user: str) -> Optional[str]:
        return self.profiles((user,)).get(user)

    def profiles(self, users: Iterable[str]) -> Dict[str, str]:
        wanted = list(users)
        result: Dict[str, str] = {}
        with named(self._path):
            for start in range(0, len(wanted), BATCH):
                batch = wanted[start : start + BATCH]
                marks = ",".join("?" * len(batch))
                sql = f"SELECT user, text, last_seen, checksum FROM profiles WHERE user IN ({marks})"  # noqa: S608  only marks
                for user, text, last_seen, stored in self._readable.execute(sql, batch):
                    if checksum(user, last_seen, text) != stored:
                        raise self._damaged("the profile", user)
                    result[user] = text
        return result

    def journal(self, user: str) -> Optional[str]:
        return self._text("journals", "user", user)

    def population(self) -> Optional[str]:
        return self._text("singles", "name", "population")

    def _text(self, table: str, column: str, key: str) -> Optional[str]:
        sql = f"SELECT text, checksum FROM {table} WHERE {column} = ?"  # noqa: S608  names of our own
        with named(self._path):
            row = self._readable.execute(sql, (key,)).fetchone()
        if row is None:
            return None
        if checksum(key, row[0]) != row[1]:
            raise self._damaged(WHAT[table], key)
        return str(row[0])

    def meta(self) -> Mapping[str, str]:
        with named(self._path):
            rows = self._readable.execute("SELECT name, text, checksum FROM meta").fetchall()
        for name, text, stored in rows:
            if checksum(name, text) != stored:
                raise self._damaged(WHAT["meta"], name)
        return {name: text for name, text, _ in rows}

    def commit(
        self,
        profiles: Mapping[str, Optional[Row]],
        journals: Mapping[str, Optional[str]],
        population: Optional[str] = None,
        meta: Mapping[str, str] = NOTHING,
    ) -> None:
        check_commit(profiles, journals, population, meta, self._path)
        gone = [(user,) for user, row in profiles.items() if row is None]
        without_journal = [(user,) for user, text in journals.items() if text is None]
        with named(self._path), transaction(self._writable) as connection:
            connection.executemany("DELETE FROM profiles WHERE user = ?", gone)
            connection.executemany("DELETE FROM journals WHERE user = ?", without_journal)
            insert_profiles(connection, ((user, row) for user, row in profiles.items() if row is not None))
            insert_texts(connection, "journals", journals)
            insert_texts(connection, "singles", {"population": population})
            insert_texts(connection, "meta", meta)

    def users(self) -> Iterator[str]:
        last = ""
        while True:  # by pages, so that neither memory nor a lock grows with the store
            sql = "SELECT user FROM profiles WHERE user > ? ORDER BY user LIMIT 1000"
            with named(self._path):
                page = [user for (user,) in self._readable.execute(sql, (last,))]
            yield from page
            if not page:
                return
            last = page[-1]

    def count(self) -> int:
        with named(self._path):
            return int(self._readable.execute("SELECT count(*) FROM profiles").fetchone()[0])

    def forget(self, user: str) -> bool:
        with named(self._path), transaction(self._writable) as connection:
            found = connection.execute("DELETE FROM profiles WHERE user = ?", (user,)).rowcount
            found += connection.execute("DELETE FROM journals WHERE user = ?", (user,)).rowcount
        self._empty_log()
        return found > 0

    def prune(self, older_than_days: float, now: float) -> int:
        limit = (now - older_than_days * DAY,)
        with named(self._path), transaction(self._writable) as connection:
            old = "(SELECT user FROM profiles WHERE last_seen < ?)"
            connection.execute(f"DELETE FROM journals WHERE user IN {old}", limit)  # noqa: S608  text of our own
            pruned = connection.execute("DELETE FROM profiles WHERE last_seen < ?", limit).rowcount
        self._empty_log()
        return pruned

    def compact(self) -> None:
        with named(self._path):
            self._writable.execute("VACUUM")
        self._empty_log()

    def _empty_log(self) -> None:
        """Moves the log into the file and cuts it to nothing: what was erased must not survive in it."""
        with named(self._path):
            busy = self._writable.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
        if busy:
            told = "erased, but a reader keeps an older copy in the log. Close the readers, then compact the store."
            raise StoreError(told, source=self._path)

    def info(self) -> Info:
        created = float(self._text("singles", "name", "created") or 0.0)
        with named(self._path):
            files = (Path(self._path), Path(self._path + "-wal"))
            size = sum(file.stat().st_size for file in files if file.exists())
        return Info("sqlite", SCHEMA, self.count(), size, created)

    def verify(self) -> List[StoreError]:
        found: List[StoreError] = []
        try:
            with named(self._path):
                found.extend(self._damages())
        except StoreError as error:
            found.append(error)
        return found

    def _damages(self) -> Iterator[StoreError]:
        for (line,) in self._readable.execute("PRAGMA integrity_check"):
            if line != "ok":
                yield StoreError(f"is damaged: {line}. {RESTORE}", source=self._path)
        for user, text, last_seen, stored in self._readable.execute(
            "SELECT user, text, last_seen, checksum FROM profiles"
        ):
            if checksum(user, last_seen, text) != stored:
                yield self._damaged("the profile", user)
        for table, what in WHAT.items():
            for key, text, stored in self._readable.execute(f"SELECT * FROM {table}"):  # noqa: S608  names of our own
                if checksum(key, text) != stored:
                    yield self._damaged(what, key)

    def _damaged(self, what: str, key: object) -> StoreError:
        return StoreError(f"{what} is damaged: its checksum does not fit. {RESTORE}", source=self._path, key=str(key))

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        if self._lock is not None:
            self._lock.release()
            self._lock = None

    def __enter__(self) -> SQLiteStore:  # noqa: PYI034  typing.Self came with 3.11
        return self

    def __exit__(self, kind: Optional[Type[BaseException]], error: Optional[BaseException], trace: object) -> None:
        self.close()
