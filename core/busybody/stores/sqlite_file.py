"""The SQLite file behind a store: its making, its opening, its checksums, and what its errors mean."""

from __future__ import annotations

import os
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Iterable, Iterator, Mapping, Optional, Tuple
from zlib import crc32

from ..errors import StoreError, shown
from .protocol import SCHEMA, Row

if TYPE_CHECKING:
    from sqlite3 import Connection

APPLICATION = 0x42757379  # "Busy", in the header of the file
TABLES = (
    "CREATE TABLE profiles (user TEXT PRIMARY KEY, text TEXT NOT NULL, last_seen REAL NOT NULL, checksum INTEGER NOT NULL)",
    "CREATE INDEX profiles_last_seen ON profiles (last_seen)",
    "CREATE TABLE journals (user TEXT PRIMARY KEY, text TEXT NOT NULL, checksum INTEGER NOT NULL)",
    "CREATE TABLE singles (name TEXT PRIMARY KEY, text TEXT NOT NULL, checksum INTEGER NOT NULL)",
    "CREATE TABLE meta (name TEXT PRIMARY KEY, text TEXT NOT NULL, checksum INTEGER NOT NULL)",
)
PAGE_BYTES = 16384  # six profiles of 2.5 kB to a page; of SQLite's own 4096 each would waste a third
BUSY_SECONDS = 10.0  # readers and checkpoints wait so long for each other
RESTORE = "Restore a copy of the store; this one is left as it is."


def checksum(*parts: object) -> int:
    """CRC-32 of the parts; which part is which counts, too."""
    return crc32("\0".join(map(str, parts)).encode("utf-8", "surrogatepass"))


def create(path: str, created: float) -> None:
    """A new, empty store. It is made beside its place and moved there whole: an unfinished one never has the name."""
    beside = Path(path + ".new")
    beside.unlink(missing_ok=True)
    os.close(os.open(beside, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))  # SQLite itself would ask the umask
    connection = connect(str(beside), read_only=False)
    try:
        connection.execute(f"PRAGMA page_size = {PAGE_BYTES}")
        connection.execute("PRAGMA journal_mode = WAL").fetchall()
        with transaction(connection):
            make_tables(connection)
            insert_texts(connection, "singles", {"created": repr(created)})
    finally:
        connection.close()
    beside.replace(path)
    sync_directory(Path(path).parent)


def make_tables(connection: Connection) -> None:
    """The tables of the current schema, and its marks in the header. Within the caller's transaction."""
    for statement in TABLES:
        connection.execute(statement)
    connection.execute(f"PRAGMA application_id = {APPLICATION}")
    connection.execute(f"PRAGMA user_version = {SCHEMA}")


def connect(path: str, read_only: bool) -> Connection:
    """A connection that never creates the file."""
    mode = "ro" if read_only else "rw"
    connection = _connect(path, f"mode={mode}")
    if not read_only:
        return connection
    import sqlite3

    try:
        connection.execute("PRAGMA schema_version").fetchone()
    except sqlite3.OperationalError as error:
        connection.close()
        # Without a log nobody is at work; in a directory that it may not write, SQLite must be told so.
        if "locked" in str(error) or Path(path + "-wal").exists():
            raise
        connection = _connect(path, "mode=ro&immutable=1")
    except sqlite3.DatabaseError:
        connection.close()
        raise
    return connection


def _connect(path: str, options: str) -> Connection:
    import sqlite3

    name = Path(path).absolute().as_posix()
    name = name.replace("%", "%25").replace("?", "%3f").replace("#", "%23")
    uri = f"file:{name if name.startswith('/') else '/' + name}?{options}"
    return sqlite3.connect(uri, uri=True, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)


@contextmanager
def transaction(connection: Connection) -> Iterator[Connection]:
    """All of the block or nothing."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield connection
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:  # SQLite ends it itself where the disk is full
            connection.execute("ROLLBACK")
        raise


@contextmanager
def named(path: str) -> Iterator[None]:
    """What SQLite and the system complain of becomes a StoreError that names the file."""
    import sqlite3

    try:
        yield
    except sqlite3.Error as error:
        raise _explained(str(error), path) from error
    except OSError as error:
        told = f"cannot be used: {error.strerror or error}. Check the path and its permissions."
        raise StoreError(told, source=path) from error


def _explained(reason: str, path: str) -> StoreError:
    if "not a database" in reason:
        return StoreError(f"is no store: {reason}. Check the path. {RESTORE}", source=path)
    if "closed" in reason:
        return StoreError("is closed. Open it again.", source=path)
    if "locked" in reason or "busy" in reason:
        return StoreError(f"is in use by another program: {reason}. Close it and try again.", source=path)
    if "full" in reason:
        return StoreError(f"cannot be written: {reason}. Make room; what was committed before is safe.", source=path)
    if "unable to open" in reason or "readonly" in reason or "read-only" in reason:
        return StoreError(f"cannot be opened: {reason}. Check the path and its permissions.", source=path)
    return StoreError(f"is damaged: {shown(reason)[1:-1]}. {RESTORE}", source=path)


def insert_profiles(connection: Connection, rows: Iterable[Tuple[str, Row]]) -> None:
    seen = ((user, row.text, float(row.last_seen) + 0.0) for user, row in rows)  # SQLite keeps -0.0 as 0.0
    values = ((user, text, last_seen, checksum(user, last_seen, text)) for user, text, last_seen in seen)
    connection.executemany("INSERT OR REPLACE INTO profiles VALUES (?, ?, ?, ?)", values)


def insert_texts(connection: Connection, table: str, texts: Mapping[str, Optional[str]]) -> None:
    """Into journals, singles or meta; None is left out."""
    values = ((key, text, checksum(key, text)) for key, text in texts.items() if text is not None)
    connection.executemany(f"INSERT OR REPLACE INTO {table} VALUES (?, ?, ?)", values)  # noqa: S608  a name of our own


def sync_directory(path: Path) -> None:
    """Makes a rename in the directory survive a power cut. Windows has no such call and needs none."""
    if os.name == "nt":
        return
    directory = os.open(path, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)
