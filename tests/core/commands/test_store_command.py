"""`busybody store` looks after the store, and erases a person so that nothing is left."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Dict

from busybody import model
from busybody.population.people import person as short_name
from busybody.stores import open as open_store

from .conftest import Busybody


def test_info_says_what_is_there(busybody: Busybody, store: Path) -> None:
    ran = busybody("store", "info", "--store", store)
    assert ran.code == 0
    assert "profiles.db: sqlite, schema 1" in ran.out
    known = json.loads(busybody("store", "info", "--store", store, "--output", "json").out)
    assert known["people"] in (23, 24)
    assert known["kind"] == "sqlite"
    assert known["bytes"] > 10_000


def test_verify_finds_a_flipped_byte(busybody: Busybody, store: Path) -> None:
    ran = busybody("store", "verify", "--store", store)
    assert ran.code == 0, ran.err
    assert ": whole; 2" in ran.out
    content = bytearray(store.read_bytes())
    place = content.index(b'"habits"')
    content[place + 1] ^= 1
    store.write_bytes(content)
    broken = busybody("store", "verify", "--store", store)
    assert broken.code == 3
    assert "is damaged: its checksum does not fit" in broken.err
    assert "1 damage" in broken.err


def test_forget_leaves_no_byte_of_the_person(busybody: Busybody, store: Path, taken: Dict[str, Any]) -> None:
    user = taken["user"]
    assert user.encode() in store.read_bytes()
    ran = busybody("store", "forget", user, "--yes", "--store", store)
    assert ran.code == 0, ran.err
    assert f"erased of {user}: the profile (" in ran.out
    assert "the journal" in ran.out
    assert "Logs, scores, reports, exported models and backups are elsewhere" in ran.out
    for file in store.parent.glob("profiles.db*"):
        assert user.encode() not in file.read_bytes()
        assert short_name(user).encode() not in file.read_bytes()
    assert busybody("profile", user, "--store", store).code == 1
    assert busybody("store", "verify", "--store", store).code == 0
    again = busybody("store", "forget", user, "--yes", "--store", store)
    assert again.code == 1


def test_forget_touches_nobody_else(busybody: Busybody, store: Path, taken: Dict[str, Any]) -> None:
    with open_store(str(store), read_only=True) as opened:
        before = {state.user: state for state in model.states(opened)}
    busybody("store", "forget", taken["user"], "--yes", "--store", store)
    with open_store(str(store), read_only=True) as opened:
        after = {state.user: state for state in model.states(opened)}
    del before[taken["user"]]
    assert after == before


def test_forget_asks_first(busybody: Busybody, store: Path, taken: Dict[str, Any]) -> None:
    words = ("store", "forget", taken["user"], "--store", store)
    piped = busybody(*words)
    assert (piped.code, piped.out) == (1, "")
    assert "nothing was erased. Say --yes where nobody can be asked." in piped.err
    no = busybody(*words, typed="n\n")
    assert no.code == 1
    assert f"erase all that was learned of {taken['user']}? It cannot be undone. [y/N]" in no.err
    assert busybody("profile", taken["user"], "--store", store).code == 0
    assert busybody(*words, typed="y\n").code == 0
    assert busybody("profile", taken["user"], "--store", store).code == 1


def test_forget_finds_a_pseudonym(busybody: Busybody, month: Path, tmp_path: Path, taken: Dict[str, Any]) -> None:
    (tmp_path / "key").write_text("0123456789abcdef0123456789abcdef", encoding="utf-8")
    policy = tmp_path / "policy.json"
    policy.write_text(json.dumps({"identity": {"pseudonym_key_file": str(tmp_path / "key")}}), encoding="utf-8")
    assert busybody("learn", month / "month.jsonl", "--store", "private.db", "--policy", policy).code == 0
    key = json.loads(
        busybody("profile", taken["user"], "--store", "private.db", "--policy", policy, "--output", "json").out
    )["key"]
    ran = busybody("store", "forget", taken["user"], "--yes", "--store", "private.db", "--policy", policy)
    assert ran.code == 0, ran.err
    assert f"(kept as {key})" in ran.out
    content = (tmp_path / "private.db").read_bytes()
    for trace in (key, taken["user"], short_name(key), short_name(taken["user"])):
        assert trace.encode() not in content


def test_forget_works_in_a_directory_too(
    busybody: Busybody, month: Path, tmp_path: Path, taken: Dict[str, Any]
) -> None:
    copy = busybody("model", "export", "--store", month / "store.db").out
    assert busybody("model", "import", "-", "--store", "folder/", given=copy.encode()).code == 0
    ran = busybody("store", "forget", taken["user"], "--yes", "--store", "folder/")
    assert ran.code == 0, ran.err
    for file in (path for path in (tmp_path / "folder").rglob("*") if path.is_file()):
        assert taken["user"].encode() not in file.read_bytes()
    assert busybody("store", "verify", "--store", "folder/").code == 0
    assert busybody("store", "compact", "--store", "folder/").code == 0


def test_two_writers_are_refused_and_readers_are_not(busybody: Busybody, store: Path, taken: Dict[str, Any]) -> None:
    with open_store(str(store)):
        for words in (
            ("store", "forget", taken["user"], "--yes"),
            ("verdict", taken["user"], taken["incidents"][0]["id"], "closed"),
        ):
            ran = busybody(*words, "--store", store)
            assert ran.code == 3
            assert "is being written by process" in ran.err
        for words in (("risk",), ("profile", taken["user"]), ("store", "info"), ("model", "export")):
            assert busybody(*words, "--store", store).code == 0


def test_prune_erases_who_was_not_seen(busybody: Busybody, store: Path) -> None:
    at = ("--at", "2026-03-18T00:00:00Z", "--store", store)
    assert "0 people erased" in busybody("store", "prune", "--older-than", 365, "--yes", *at).out
    before = len(busybody("risk", "--store", store, "--all", "--min", 0, "--output", "json").rows)
    unasked = busybody("store", "prune", "--older-than", 2, *at)
    assert unasked.code == 1
    ran = busybody("store", "prune", "--older-than", 2, "--yes", *at)
    assert "people erased who were last seen before 2026-03-16 00:00 UTC" in ran.out
    left = busybody("risk", "--store", store, "--all", "--min", 0, "--output", "json").rows
    assert 0 < len(left) < before
    assert all(row["last_seen"] >= 1773619200.0 for row in left)
    assert "0 days would erase everybody" in busybody("store", "prune", "--older-than", 0, "--store", store).err


def test_compact_gives_space_back(busybody: Busybody, store: Path) -> None:
    busybody("store", "prune", "--older-than", 1, "--at", "2026-05-01", "--yes", "--store", store)
    ran = busybody("store", "compact", "--store", store)
    before, now = (int(word.replace(",", "")) for word in ran.out.split() if word.replace(",", "").isdigit())
    assert ran.code == 0
    assert now < before


def test_a_store_that_is_not_there_is_not_begun(busybody: Busybody, tmp_path: Path) -> None:
    for words in (("info",), ("verify",), ("compact",), ("prune", "--older-than", 3), ("forget", "ana")):
        ran = busybody("store", *words, "--store", "nothing.db")
        assert ran.code == 3
        assert "nothing.db: there is no store" in ran.err
    assert list(tmp_path.iterdir()) == []
