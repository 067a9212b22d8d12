"""Stores of older versions become the current one, or stay as they were."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

import pytest
from busybody import stores
from busybody.errors import StoreError


@pytest.fixture
def version_0(tmp_path: Path) -> Path:
    """A store of schema 0: one plain table."""
    path = tmp_path / "old.db"
    with sqlite3.connect(path) as raw:
        raw.execute("CREATE TABLE profiles (user TEXT PRIMARY KEY, json TEXT)")
        raw.executemany("INSERT INTO profiles VALUES (?, ?)", [("ana", '{"a": 1}'), ("bob", "{}")])
    raw.close()
    os.utime(path, (5000.0, 5000.0))
    return path


def test_schema_0_is_migrated_on_opening(version_0: Path) -> None:
    for _ in range(2):
        with stores.open(str(version_0)) as store:
            assert store.profiles(["ana", "bob"]) == {"ana": '{"a": 1}', "bob": "{}"}
            assert store.info().schema == 1
            assert store.info().created == 5000.0
            assert store.verify() == []
    with stores.open(str(version_0)) as store:
        assert store.prune(1, 5000.0 + 86400.0) == 0
        assert store.prune(1, 5001.0 + 86400.0) == 2


def test_schema_0_is_not_migrated_by_a_reader(version_0: Path) -> None:
    before = version_0.read_bytes()
    with pytest.raises(
        StoreError, match=r"is of the older schema 0\. Open it for writing once, which brings it up to 1\."
    ):
        stores.open(str(version_0), read_only=True)
    assert version_0.read_bytes() == before


def test_failed_migration_changes_nothing(version_0: Path) -> None:
    with sqlite3.connect(version_0) as raw:
        raw.execute("INSERT INTO profiles VALUES ('eve', NULL)")
    raw.close()
    for _ in range(2):
        with pytest.raises(
            StoreError, match=r"eve: the profile is None, which is no text\. Remove its row; nothing was changed\."
        ):
            stores.open(str(version_0))
    with sqlite3.connect(version_0) as raw:
        assert raw.execute("SELECT user FROM profiles ORDER BY user").fetchall() == [("ana",), ("bob",), ("eve",)]
    raw.close()
