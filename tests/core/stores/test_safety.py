"""Crashes, second writers, damage, erasure: what may not happen to a store."""

from __future__ import annotations

import os
import random
import shutil
import signal
import sqlite3
import stat
import subprocess
import sys
import tempfile
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Callable, Iterator, List

import pytest
from busybody import stores
from busybody.errors import StoreError
from busybody.stores import Row, Store, sealed

WRITER = """
import sys
from busybody import stores
from busybody.stores import Row
store = stores.open(sys.argv[1])
start = int(store.meta().get("n", "0"))
for n in range(start + 1, start + 10_000):
    text = str(n) * 300
    store.commit({f"user{k}": Row(text, n) for k in range(7)}, {f"user{k}": text for k in range(7)}, text, {"n": str(n)})
    print(n, flush=True)
"""
HOLDER = """
import sys
from busybody import stores
store = stores.open(sys.argv[1])
print("open", flush=True)
sys.stdin.read()
"""
STRANGER = """
import os, sys
from busybody import stores
from busybody.errors import StoreError
from busybody.stores import files, sqlite
import sqlite3
if os.getuid() == 0:
    os.setuid(65534)
with stores.open(sys.argv[1], read_only=True) as store:
    assert store.profile("ana") == "p"
    assert store.verify() == []
try:
    stores.open(sys.argv[1])
except StoreError as error:
    print(error)
"""
posix = pytest.mark.skipif(os.name == "nt", reason="signals and modes of POSIX")


def state(store: Store) -> List[object]:
    users = list(store.users())
    return [store.profiles(users), [store.journal(u) for u in users], store.population(), store.meta()]


@posix
def test_kill_loses_nothing_acknowledged_and_halves_no_commit(path: str) -> None:
    chance = random.Random(20)
    for _ in range(4):
        with subprocess.Popen([sys.executable, "-c", WRITER, path], stdout=subprocess.PIPE, text=True) as writer:
            assert writer.stdout is not None
            for _ in range(chance.randrange(1, 12)):
                acknowledged = int(writer.stdout.readline())
            writer.send_signal(signal.SIGKILL)
            acknowledged = int(([str(acknowledged), *writer.stdout.read().split()])[-1])
        with stores.open(path, read_only=True) as reader:
            before = state(reader)
        with stores.open(path) as store:
            assert state(store) == before
            n = int(store.meta()["n"])
            assert acknowledged <= n <= acknowledged + 1
            text = str(n) * 300
            assert state(store)[:3] == [{f"user{k}": text for k in range(7)}, [text] * 7, text]
            assert store.verify() == []


class Killed(BaseException):
    """Stands for the end of the process."""


SYSTEM_CALLS = ((os, "fsync"), (os, "write"), (os, "open"), (Path, "replace"), (Path, "unlink"), (Path, "mkdir"))


@contextmanager
def killed_at(stop: int) -> Iterator[None]:
    """Raises Killed at the given system call within the block, and at every later one, as a dead process makes none."""
    count = 0

    def counted(real: Callable[..., object]) -> Callable[..., object]:
        def call(*args: object, **options: object) -> object:
            nonlocal count
            count += 1
            if count >= stop:
                raise Killed
            return real(*args, **options)

        return call

    with pytest.MonkeyPatch.context() as patch:
        for place, name in SYSTEM_CALLS:
            patch.setattr(place, name, counted(getattr(place, name)))
        yield


def test_commit_of_files_is_whole_wherever_it_stops(tmp_path: Path) -> None:
    new = [{"a": "new", "b": "old", "c": "new"}, [None, "new", None], "new", {"n": "new"}]
    for stop in range(1, 200):
        path = str(tmp_path / str(stop)) + "/"
        with stores.open(path) as store:
            store.commit({"a": Row("old", 1.0), "b": Row("old", 1.0), "gone": Row("old", 1.0)}, {}, "old", {"n": "old"})
            old = state(store)
        acknowledged = False
        with stores.open(path) as store, suppress(Killed), killed_at(stop):
            store.commit({"a": Row("new", 2.0), "c": Row("new", 2.0), "gone": None}, {"b": "new"}, "new", {"n": "new"})
            acknowledged = True
        with stores.open(path, read_only=True) as reader:
            seen = state(reader)
        with stores.open(path) as store:
            assert state(store) == seen, "a reader before the repair sees what is there after it"
            assert seen == new if acknowledged else seen in (old, new)
            assert store.verify() == []
        if acknowledged:
            return
    pytest.fail("the commit never came to its end")


def test_beginning_a_store_can_be_killed_anywhere_and_tried_again(path: str) -> None:
    for stop in range(1, 50):
        begun = False
        with suppress(Killed), killed_at(stop), stores.open(path):
            begun = True
        with stores.open(path) as store:
            store.commit({"a": Row("p", 1.0)}, {})
            assert store.verify() == []
        if begun:
            return
        shutil.rmtree(path) if Path(path).is_dir() else Path(path).unlink()
    pytest.fail("the store was never begun")


def test_commit_of_sqlite_that_fails_half_way_leaves_the_old(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    with stores.open(f"{tmp_path}/s.db") as store:
        store.commit({"a": Row("old", 1.0)}, {}, "old")
        monkeypatch.setattr("busybody.stores.sqlite.insert_texts", full)
        with pytest.raises(StoreError) as caught:
            store.commit({"a": Row("new", 2.0)}, {}, "new")
        monkeypatch.undo()
        told = "cannot be written: database or disk is full. Make room; what was committed before is safe."
        assert str(caught.value) == f"{tmp_path}/s.db: {told}"
        assert (store.profile("a"), store.population()) == ("old", "old")
        store.commit({"a": Row("new", 2.0)}, {}, "new")
        assert (store.profile("a"), store.population()) == ("new", "new")


def test_second_writer_is_refused_at_once_and_named(path: str) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        with pytest.raises(StoreError) as caught:
            stores.open(path)
        holder.kill()
    told = str(caught.value)
    assert told.startswith(f"{path.rstrip('/')}: is being written by process {holder.pid} on ")
    assert told.endswith(". Wait until it ends, stop it, or open the store read-only.")
    stores.open(path).close()


def test_second_writer_in_the_same_process_is_refused(path: str) -> None:
    with stores.open(path), pytest.raises(StoreError, match=rf"process {os.getpid()} on "):
        stores.open(path)
    stores.open(path).close()


def test_readers_see_whole_commits_while_the_writer_works(path: str) -> None:
    with stores.open(path) as writer:
        writer.commit({"a": Row("1", 1.0)}, {})
        with stores.open(path, read_only=True) as reader:
            assert reader.profile("a") == "1"
            writer.commit({"a": Row("2", 2.0), "b": Row("2", 2.0)}, {}, "2")
            assert (reader.profile("a"), reader.population(), reader.count()) == ("2", "2", 2)
            with pytest.raises(StoreError, match=r"is open read-only\. Open it for writing\."):
                reader.commit({"a": None}, {})
            for call in (reader.compact, lambda: reader.forget("a"), lambda: reader.prune(1, 1e12)):
                with pytest.raises(StoreError, match="read-only"):
                    call()


def test_reader_beside_a_busy_writer_never_sees_a_torn_value(path: str) -> None:
    with subprocess.Popen([sys.executable, "-c", WRITER, path], stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        writer.stdout.readline()
        with stores.open(path, read_only=True) as reader:
            last = 0
            for _ in range(60):
                n = int(reader.meta()["n"])
                profile, journal, population = reader.profile("user3"), reader.journal("user3"), reader.population()
                for text in (profile, journal, population):
                    assert text is not None
                    whole = text[: len(text) // 300]
                    assert text == whole * 300
                    assert int(whole) >= n, "each read is at least as new as the one before"
                assert n >= last
                last = n
        writer.kill()


def test_reading_what_is_not_there_makes_nothing(path: str) -> None:
    with pytest.raises(StoreError, match="does not exist"):
        stores.open(path, read_only=True)
    assert not Path(path).exists()
    assert list(Path(path).parent.iterdir()) == []


@posix
def test_nobody_else_may_read_the_files(path: str) -> None:
    before = os.umask(0)
    try:
        with stores.open(path) as store:
            store.commit({"ana": Row("p", 1.0)}, {}, "all", {"k": "v"})
            root = Path(path).parent if Path(path).is_file() else Path(path)
            modes = {(p.is_dir(), stat.S_IMODE(p.stat().st_mode)) for p in [Path(path), *root.rglob("*")]}
    finally:
        os.umask(before)
    assert modes <= {(True, 0o700), (False, 0o600)}


@posix
@pytest.mark.parametrize("name", ["s.db", "s/"])
def test_store_that_may_only_be_read_is_read(name: str) -> None:
    with tempfile.TemporaryDirectory() as folder:  # unlike tmp_path, others than its owner can be let in
        with stores.open(f"{folder}/{name}") as store:
            store.commit({"ana": Row("p", 1.0)}, {})
        everything = [Path(folder), *Path(folder).rglob("*")]
        for each in everything:
            each.chmod(0o555 if each.is_dir() else 0o444)
        answer = subprocess.run(
            [sys.executable, "-c", STRANGER, f"{folder}/{name}"], capture_output=True, text=True, check=False
        )
        for each in everything:
            each.chmod(0o755 if each.is_dir() else 0o644)
    assert answer.stderr == ""
    assert (
        "cannot be written: Permission denied. Check the path and its permissions, or open it read-only."
        in answer.stdout
    )


def stored_bytes(path: str) -> bytes:
    root = Path(path)
    return b"".join(
        p.read_bytes() for p in (root.rglob("*") if root.is_dir() else root.parent.iterdir()) if p.is_file()
    )


def test_forgotten_people_leave_no_byte(path: str) -> None:
    chance = random.Random(3)
    with stores.open(path) as store:
        for _ in range(3):  # values grow and shrink, so that they move within the file
            rows = {f"person-{n}": Row(f"secret-{n}-" * chance.randrange(1, 400), float(n)) for n in range(60)}
            store.commit(rows, {user: row.text.replace("secret", "diary") for user, row in rows.items()})
        gone = [f"person-{n}" for n in range(0, 60, 7)]
        for user in gone:
            assert store.forget(user)
        content = stored_bytes(path)
        for n in range(60):
            found = [token in content for token in (f"secret-{n}-".encode(), f"diary-{n}-".encode())]
            assert found == [n % 7 != 0] * 2, n
        assert store.prune(1, 86400.0 + 30) == 25
        content = stored_bytes(path)
        assert b"secret-8-" not in content
        assert b"secret-31-" in content
        assert store.verify() == []


def test_erasure_that_a_reader_holds_up_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("busybody.stores.sqlite_file.BUSY_SECONDS", 0.05)
    path = f"{tmp_path}/s.db"
    with stores.open(path) as store:
        store.commit({"ana": Row("p", 1.0)}, {})
        reader = sqlite3.connect(path)
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM profiles").fetchone()
        with pytest.raises(
            StoreError, match=r"erased, but a reader keeps an older copy in the log\. Close the readers"
        ):
            store.forget("ana")
        reader.close()
        assert store.profile("ana") is None
        store.compact()


# damage


@pytest.fixture
def filled(path: str) -> str:
    with stores.open(path) as store:
        rows = {f"user{n}": Row(f"profile {n} " * 200, float(n)) for n in range(40)}
        store.commit(rows, {"user1": "journal " * 100}, "population " * 100, {"note": "text " * 50})
    return path


def data_files(path: str) -> Iterator[Path]:
    root = Path(path)
    yield from sorted(p for p in root.rglob("*.json")) if root.is_dir() else [root]


def test_every_flipped_byte_is_found_or_harmless(filled: str, tmp_path: Path) -> None:
    """Never another answer than the true one: the truth, or a StoreError."""
    with stores.open(filled, read_only=True) as store:
        truth = state(store)
    chance = random.Random(7)
    files = list(data_files(filled))
    found = 0
    for turn in range(120):
        victim = files[turn % len(files)]
        whole = victim.read_bytes()
        at = chance.randrange(len(whole))
        victim.write_bytes(whole[:at] + bytes([whole[at] ^ (1 << chance.randrange(8))]) + whole[at + 1 :])
        try:
            with stores.open(filled, read_only=True) as store:
                problems = store.verify()
                if not problems:
                    assert state(store) == truth
                found += bool(problems)
        except StoreError as error:
            found += 1
            if not str(error).startswith(str(tmp_path)):
                raise
        victim.write_bytes(whole)
    assert found >= 30


def test_cut_files_are_found_and_left_alone(filled: str) -> None:
    for victim in list(data_files(filled))[:5]:
        whole = victim.read_bytes()
        for keep in (0, 1, 100, len(whole) // 2, len(whole) - 1):
            victim.write_bytes(whole[:keep])
            try:
                with stores.open(filled, read_only=True) as store:
                    assert store.verify()
                with stores.open(filled) as store:
                    assert store.verify()
            except StoreError:
                pass
            assert victim.read_bytes()[:keep] == whole[:keep]
        victim.write_bytes(whole)
    with stores.open(filled) as store:
        assert store.verify() == []


def test_damaged_profile_is_named_and_the_others_are_read(tmp_path: Path) -> None:
    path = f"{tmp_path}/s.db"
    with stores.open(path) as store:
        store.commit({"ana": Row("p", 1.0), "bob": Row("p", 1.0)}, {"ana": "j"}, "all", {"k": "v"})
    with sqlite3.connect(path) as raw:
        raw.execute("UPDATE profiles SET last_seen = 2 WHERE user = 'ana'")
        raw.execute("UPDATE journals SET text = 'J'")
        raw.execute("UPDATE singles SET text = 'none' WHERE name = 'population'")
        raw.execute("UPDATE meta SET text = x'00'")
    raw.close()
    told = "is damaged: its checksum does not fit. Restore a copy of the store; this one is left as it is."
    with stores.open(path) as store:
        for call, what in (
            (lambda: store.profile("ana"), "ana: the profile"),
            (lambda: store.profiles(["bob", "ana"]), "ana: the profile"),
            (lambda: store.journal("ana"), "ana: the journal"),
            (store.population, "population: the value"),
            (store.meta, "k: the note"),
        ):
            with pytest.raises(StoreError) as caught:
                call()
            assert str(caught.value) == f"{path}: {what} {told}"
        assert store.profile("bob") == "p"
        assert len(store.verify()) == 4


def test_exchanged_files_of_two_people_are_found(tmp_path: Path) -> None:
    path = f"{tmp_path}/s/"
    with stores.open(path) as store:
        store.commit({"ana": Row("p", 1.0), "bob": Row("p", 1.0)}, {})
        one, other = sorted(Path(path, "people").rglob("*.json"))
        shutil.copy(one, other)
        assert len(store.verify()) == 1
        with pytest.raises(StoreError, match="holds another person"):
            store.profiles(["ana", "bob"])


@pytest.mark.parametrize(
    "content", [b"", b"no database at all, but long enough to look like a file" * 20, b"SQLite format 3\0"]
)
@pytest.mark.parametrize("read_only", [False, True])
def test_what_is_no_sqlite_store_is_refused_and_kept(tmp_path: Path, content: bytes, read_only: bool) -> None:
    path = tmp_path / "s.db"
    path.write_bytes(content)
    with pytest.raises(StoreError, match=r"is no store|is empty, not a store|is damaged|another program"):
        stores.open(str(path), read_only=read_only)
    assert path.read_bytes() == content


def test_database_of_another_program_is_not_touched(tmp_path: Path) -> None:
    path = tmp_path / "other.db"
    with sqlite3.connect(path) as raw:
        raw.execute("CREATE TABLE songs (title TEXT)")
    raw.close()
    before = path.read_bytes()
    with pytest.raises(StoreError, match=r"is a SQLite file of another program\. Check the path\."):
        stores.open(str(path))
    assert path.read_bytes() == before


def test_directory_of_something_else_is_not_touched(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("dear Ana")
    for read_only in (False, True):
        with pytest.raises(StoreError, match=r"is no store: it has no store\.json"):
            stores.open(str(tmp_path), read_only=read_only)
    assert [p.name for p in tmp_path.iterdir()] == ["letter.txt"]


def test_store_that_lost_its_header_is_not_begun_anew(tmp_path: Path) -> None:
    path = f"{tmp_path}/s/"
    with stores.open(path) as store:
        store.commit({"ana": Row("p", 1.0)}, {})
    Path(path, "store.json").unlink()
    with pytest.raises(StoreError, match="no store"):
        stores.open(path)


def test_newer_store_is_refused_by_number(tmp_path: Path) -> None:
    stores.open(f"{tmp_path}/s.db").close()
    with sqlite3.connect(f"{tmp_path}/s.db") as raw:
        raw.execute("PRAGMA user_version = 9")
    raw.close()
    stores.open(f"{tmp_path}/d/").close()
    header = tmp_path / "d" / "store.json"
    sealed.write(header, {**(sealed.read(header, "") or {}), "schema": 9})
    for name in ("s.db", "d/"):
        with pytest.raises(StoreError, match=r"is of schema 9; this version reads up to 1\. Update busybody"):
            stores.open(f"{tmp_path}/{name}")


@pytest.mark.skipif(os.name == "nt", reason="links need a right there that few have")
def test_a_link_to_a_store_is_the_same_store(tmp_path: Path) -> None:
    with stores.open(str(tmp_path / "real.db")):
        (tmp_path / "link.db").symlink_to("real.db")
        with pytest.raises(StoreError, match="is being written by process"):
            stores.open(str(tmp_path / "link.db"))


@pytest.mark.skipif(os.name == "nt", reason="links need a right there that few have")
@pytest.mark.parametrize("lock", ["a.db.lock", "folder/.lock"])
def test_a_lock_is_never_taken_through_a_link(tmp_path: Path, lock: str) -> None:
    precious = tmp_path / "precious"
    precious.write_text("kept")
    link = tmp_path / lock
    link.parent.mkdir(exist_ok=True)
    link.symlink_to(precious)
    with pytest.raises(StoreError, match="cannot be written"):
        stores.open(str(tmp_path / ("a.db" if lock == "a.db.lock" else "folder")))
    assert precious.read_text() == "kept"
