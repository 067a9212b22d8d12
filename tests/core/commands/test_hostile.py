"""Whatever stands in a file, a command ends with words and an exit code, never with a traceback."""

from __future__ import annotations

import gzip
import json
import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from .conftest import Busybody

READERS = (
    ("fields", "-", "--limit", 0),
    ("fields", "-", "--limit", 0, "--output", "json"),
    ("report", "-"),
    ("model", "info", "-"),
    ("geo", "lookup", "-"),
)
SAMPLES = [
    b'{"@timestamp":"2026-03-02T08:00:00Z","event":{"category":["authentication"],"outcome":"success"},"user":{"name":"ana"},"source":{"ip":"8.8.8.8","geo":{"location":{"lat":1.5,"lon":2}}}}\n',
    b'{"event_id":"e","time":1772410301.7,"user":"ana","risk":42.5,"level":"medium","log_odds":-5.4,"base":-6.0,"findings":[],"sentence":"","learned":"trusted","signin":{}}\n',
    b'{"skipped":"no map knows this format","line":1}\n',
    b"_time,user,src,action\n2026-03-02T08:00:00Z,ana,8.8.8.8,success\n",
    b"Mar  2 08:00:00 host sshd[1]: Accepted password for ana from 8.8.8.8 port 22 ssh2\n",
    b'[{"a":NaN},{"b":[1e999,{"c":"\\ud800"}]},' + b"[" * 3000,
    b'{"format":"busybody-model","version":1,"population":null}\n',
    gzip.compress(b'{"a":1}\n' * 50, mtime=0)[:-9],
    b"\xff\xfe{\x00}\x00",
    "8.8.8.8\n٨.٨.٨.٨\n\u202e\n".encode(),
]


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_damaged_input_ends_in_words(busybody: Busybody, data: st.DataObject) -> None:
    text = bytearray(
        b"".join(data.draw(st.lists(st.sampled_from(SAMPLES), max_size=3))) + data.draw(st.binary(max_size=12))
    )
    for _ in range(data.draw(st.integers(0, 4))):
        if text:
            text[data.draw(st.integers(0, len(text) - 1))] = data.draw(st.integers(0, 255))
    words = data.draw(st.sampled_from(READERS))
    ran = busybody(*words, given=bytes(text))
    assert ran.code in (0, 1, 2, 3)
    assert ran.out or ran.err or not text.strip()
    assert not set("\x1b\x9b") & set(ran.err)


@pytest.mark.parametrize("words", READERS, ids=[" ".join(map(str, words)) for words in READERS])
@pytest.mark.parametrize("sample", SAMPLES, ids=range(len(SAMPLES)))
def test_every_sample_alone(busybody: Busybody, words: tuple[object, ...], sample: bytes) -> None:
    assert busybody(*words, given=sample).code in (0, 1, 2, 3)


def test_a_policy_file_can_be_anything(busybody: Busybody, tmp_path: object) -> None:
    for name, content in (
        ("a.json", b"\xff\x00"),
        ("b.json", b"[" * 5000),
        ("c.conf", b"[policy:x\n=\n"),
        ("d.json", json.dumps([1]).encode()),
    ):
        with open(name, "wb") as file:
            file.write(content)
        ran = busybody("policy", "check", name)
        assert ran.code == 2
        assert name in ran.err


HOSTILE = (
    "e\x1b[31mvil",
    "b\udcffd",
    "\u202egpj.exe",
    "=cmd|' /C calc'!A0",
    "--help",
    "../../up",
    "{0.__class__}",
    "n" * 5_000,
)
UNSEEN = set("\x1b\x9b\u202e")


@pytest.mark.parametrize("name", HOSTILE, ids=range(len(HOSTILE)))
def test_a_person_of_any_name_is_found_shown_and_erased(busybody: Busybody, name: str) -> None:
    rows = [
        {"@timestamp": f"2026-03-{day:02d}T09:00:00Z", "event": {"category": ["authentication"], "outcome": "success"}, "user": {"name": name},
         "source": {"ip": "93.184.216.34"}, "user_agent": {"original": f"{name}/1.0"}} for day in range(1, 9)
    ]  # fmt: skip
    log = "".join(json.dumps(row) + "\n" for row in rows).encode()
    assert busybody("learn", "-", "--store", "a.db", given=log).code == (1 if len(name) > 1024 else 0)
    found = 1 if len(name) > 1024 else 0  # such a name is refused with its record
    for words in (
        ("profile", "--store", "a.db", "--", name),
        ("risk", "--store", "a.db", "--min", 0),
        ("store", "forget", "--yes", "--store", "a.db", "--", name),
    ):
        ran = busybody(*words)
        assert ran.code == (0 if words[0] == "risk" else found), ran.err
        assert not UNSEEN & set(ran.out + ran.err)
    assert busybody("profile", "--store", "a.db", "--", name).code == 1


@pytest.mark.parametrize("name", HOSTILE[:4], ids=range(4))
def test_a_store_of_any_name_is_opened_and_named(busybody: Busybody, name: str, tmp_path: Path) -> None:
    store = tmp_path / f"{name}.db"
    assert busybody("learn", "-", "--store", store, given=SAMPLES[0]).code == 0
    for words in (("info",), ("verify",), ("compact",), ("prune", "--older-than", 1, "--at", "2026-03-03", "--yes")):
        ran = busybody("store", *words, "--store", store)
        assert ran.code == 0, ran.err
        assert ".db: " in ran.out
        assert not UNSEEN & set(ran.out + ran.err)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such modes")
@pytest.mark.parametrize("kind", ["a.db", "new/a.db", "folder/"])
def test_a_store_is_for_its_owner_alone(busybody: Busybody, kind: str, tmp_path: Path) -> None:
    store = tmp_path / kind
    before = os.umask(0)
    try:
        assert busybody("learn", "-", "--store", f"{tmp_path}/{kind}", given=SAMPLES[0] * 3).code == 0
    finally:
        os.umask(before)
    assert store.exists()
    modes = {path: path.stat().st_mode & 0o777 for path in tmp_path.rglob("*")}
    assert {path: mode for path, mode in modes.items() if mode != (0o700 if path.is_dir() else 0o600)} == {}


def test_names_of_people_never_become_paths_of_a_store(busybody: Busybody, tmp_path: Path) -> None:
    rows = [
        {"@timestamp": "2026-03-02T08:00:00Z", "event": {"category": ["authentication"], "outcome": "success"}, "user": {"name": name}}
        for name in ("../../up", "/etc/passwd", "..", "a/b", "CON", "x" * 300)
    ]  # fmt: skip
    log = "".join(json.dumps(row) + "\n" for row in rows).encode()
    assert busybody("learn", "-", "--store", f"{tmp_path}/in/store/", given=log).code == 0
    assert {path.name for path in tmp_path.iterdir()} == {"in"}
    assert {path.name for path in (tmp_path / "in").iterdir()} == {"store"}
    assert len(busybody("risk", "--all", "--min", 0, "--store", f"{tmp_path}/in/store/", "--output", "json").rows) == 6
