"""SQLite stores of older versions, made into the current one: one step per schema version, in one transaction.

Schema 0 was one plain table, profiles(user, json), without checksums, times or marks in the header.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Callable, Iterator, Mapping, Tuple

from ..errors import StoreError, shown
from .protocol import SCHEMA, Row, newer
from .sqlite_file import APPLICATION, insert_profiles, insert_texts, make_tables, transaction

if TYPE_CHECKING:
    from sqlite3 import Connection


def schema_of(connection: Connection, path: str) -> int:
    """The schema version of the file. Raises StoreError for the file of another program, or of a newer version."""
    application = connection.execute("PRAGMA application_id").fetchone()[0]
    schema = int(connection.execute("PRAGMA user_version").fetchone()[0])
    columns = [row[1] for row in connection.execute("PRAGMA table_info(profiles)")]
    if application == 0 and schema == 0 and columns == ["user", "json"]:
        return 0
    if application != APPLICATION:
        raise StoreError("is a SQLite file of another program. Check the path.", source=path)
    if schema > SCHEMA:
        raise newer(schema, path)
    return schema


def migrate(connection: Connection, path: str, schema: int, read_only: bool) -> None:
    """Brings the file up to the current schema, or leaves it as it was. Raises StoreError."""
    if schema < SCHEMA and read_only:
        told = f"is of the older schema {schema}. Open it for writing once, which brings it up to {SCHEMA}."
        raise StoreError(told, source=path)
    if schema < SCHEMA:
        with transaction(connection):
            for step in range(schema, SCHEMA):
                STEPS[step](connection, path)


def _from_0(connection: Connection, path: str) -> None:
    # When people were last seen was not kept; nobody was later than the last write.
    written = Path(path).stat().st_mtime
    connection.execute("ALTER TABLE profiles RENAME TO profiles_0")
    make_tables(connection)
    insert_profiles(connection, _rows_of_0(connection, path, written))
    insert_texts(connection, "singles", {"created": repr(written)})
    connection.execute("DROP TABLE profiles_0")


def _rows_of_0(connection: Connection, path: str, written: float) -> Iterator[Tuple[str, Row]]:
    for user, text in connection.execute("SELECT user, json FROM profiles_0"):
        if not isinstance(user, str) or not isinstance(text, str) or not user:
            told = f"the profile is {shown(text)}, which is no text. Remove its row; nothing was changed."
            raise StoreError(told, source=path, key=str(user))
        yield user, Row(text, written)


STEPS: Mapping[int, Callable[[Connection, str], None]] = {0: _from_0}
