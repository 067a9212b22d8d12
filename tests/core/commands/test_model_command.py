"""`busybody model` moves what was learned, whole or not at all."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any, Dict, List

import pytest

from .conftest import Busybody


@pytest.fixture
def exported(busybody: Busybody, month: Path, tmp_path: Path) -> Path:
    path = tmp_path / "model.jsonl"
    assert busybody("model", "export", "--store", month / "store.db", "--output", path).code == 0
    return path


def test_export_import_export_is_the_same_bytes(busybody: Busybody, exported: Path) -> None:
    for store in ("other.db", "folder/"):
        ran = busybody("model", "import", exported, "--store", store)
        assert ran.code == 0, ran.err
        assert busybody("model", "export", "--store", store).out == exported.read_text(encoding="utf-8")
        again = busybody("model", "import", "-", "--store", store, given=exported.read_bytes())
        assert " people taken in, 0 of them new or changed" in again.out


def test_an_imported_model_scores_like_the_first(
    busybody: Busybody, month: Path, exported: Path, tmp_path: Path
) -> None:
    busybody("simulate", "--people", 24, "--days", 20, "--seed", 5, "--scale", 8, "--output", "longer.jsonl")
    shutil.copy(month / "store.db", tmp_path / "first.db")
    assert busybody("model", "import", exported, "--store", "second.db").code == 0
    scores = [
        busybody("score", "longer.jsonl", "--store", store, "--output", "jsonl").out
        for store in ("first.db", "second.db")
    ]
    assert scores[0] == scores[1]
    assert len(scores[0].splitlines()) > 1000


def test_the_file_is_for_nobody_else_to_read(exported: Path) -> None:
    assert exported.stat().st_mode & 0o077 == 0
    assert [path.name for path in exported.parent.glob("*.part")] == []


def test_info_says_what_is_in_it(busybody: Busybody, exported: Path) -> None:
    known = json.loads(busybody("model", "info", exported, "--output", "json").out)
    assert (known["format"], known["version"], known["population"]) == ("busybody-model", 1, True)
    assert known["people"] == len(exported.read_text(encoding="utf-8").splitlines()) - 2
    text = busybody("model", "info", exported).out
    assert "whole; busybody-model, version 1" in text
    assert "tables of the organisation until 2026-03-1" in text


def test_some_people_can_be_cut_out_and_taken_in(
    busybody: Busybody, month: Path, tmp_path: Path, taken: Dict[str, Any]
) -> None:
    words = (
        "model",
        "export",
        "--store",
        month / "store.db",
        "--people",
        taken["user"].upper(),
        "--output",
        "one.jsonl",
    )
    assert busybody(*words).code == 0
    lines = (tmp_path / "one.jsonl").read_text(encoding="utf-8").splitlines()
    assert len(lines) == 3
    assert busybody("model", "import", "one.jsonl", "--store", "other.db").code == 0
    profiles = [busybody("profile", taken["user"], "--store", store).out for store in (month / "store.db", "other.db")]
    assert profiles[0] == profiles[1]
    assert busybody(*words, "--no-population").code == 0
    assert json.loads((tmp_path / "one.jsonl").read_text(encoding="utf-8").splitlines()[0])["population"] is None
    assert busybody("model", "import", "one.jsonl", "--store", "third.db").code == 0
    nobody = busybody("model", "export", "--store", month / "store.db", "--people", "nobody-here")
    assert (nobody.code, nobody.out) == (1, "")


def changed(lines: List[str], place: int, old: str, new: str) -> str:
    assert old in lines[place]
    return "\n".join([*lines[:place], lines[place].replace(old, new, 1), *lines[place + 1 :]]) + "\n"


def test_what_is_wrong_is_named_and_nothing_is_written(busybody: Busybody, exported: Path, tmp_path: Path) -> None:
    text = exported.read_text(encoding="utf-8")
    lines = text.splitlines()
    wrong = {
        ":1: version: the model is of version 2, this Busybody reads up to 1. Upgrade Busybody.": changed(
            lines, 0, '"version":1', '"version":2'
        ),
        ":1: is no exported model": changed(lines, 0, "busybody-model", "busybody-mood"),
        ":3: profile.hours: it has 25 entries": changed(lines, 2, '"hours":[', '"hours":[0,'),
        ":3: profile.habits[0][0]: 7 is not": changed(lines, 2, '"habits":[["', '"habits":[[7,"'),
        ":3: profile.era: '": changed(lines, 2, '"era":', '"era":"x","eras":'),
        ":3: profile.mood: is unknown to this version": changed(lines, 2, '"profile":{', '"profile":{"mood":1,'),
        ":3: is no line of a model: the key 'v' stands twice": changed(lines, 2, '"profile":{', '"profile":{"v":1,'),
        ":3: is no line of a model: NaN is no number": changed(lines, 2, '"settles":[', '"settles":[NaN,'),
        ":4: user: ": "\n".join([*lines[:3], lines[2], *lines[3:]]) + "\n",
        "is cut short": "\n".join(lines[:-1]) + "\n",
        f":{len(lines)}: sha256: the checksum does not fit": changed(lines, 2, '"count":', '"count":1'),
        f":{len(lines)}: people: says": changed(lines, len(lines) - 1, '"people":', '"people":1'),
        f":{len(lines) + 1}: something follows the end": text + lines[2] + "\n",
        "is empty, no model": "",
        ":1: is no line of a model": "\x00\x01",
        "of version 9": changed(lines, 2, '"profile":{"v":2', '"profile":{"v":9'),
    }
    for told, content in wrong.items():
        (tmp_path / "wrong.jsonl").write_text(content, encoding="utf-8")
        ran = busybody("model", "import", "wrong.jsonl", "--store", "other.db")
        assert (ran.code, ran.out) == (3, ""), told
        assert "wrong.jsonl" in ran.err
        assert told in ran.err, ran.err
        assert busybody("model", "info", "wrong.jsonl").code == 3
        assert not (tmp_path / "other.db").exists()


def test_a_person_known_otherwise_is_refused_unless_replaced(
    busybody: Busybody, exported: Path, store: Path, taken: Dict[str, Any]
) -> None:
    before = busybody("profile", taken["user"], "--store", store).out
    assert busybody("verdict", taken["user"], taken["incidents"][0]["id"], "malicious", "--store", store).code == 0
    kept = busybody("model", "export", "--store", store).out
    ran = busybody("model", "import", exported, "--store", store)
    assert ran.code == 3
    assert "--replace" in ran.err
    assert busybody("model", "export", "--store", store).out == kept
    assert busybody("model", "import", exported, "--store", store, "--replace").code == 0
    assert busybody("profile", taken["user"], "--store", store).out == before


def test_what_cannot_be_read_or_written_is_named(busybody: Busybody, month: Path, tmp_path: Path) -> None:
    assert "nothing: cannot be read" in busybody("model", "import", "nothing", "--store", "other.db").err
    assert "there is no store" in busybody("model", "export", "--store", "nothing.db").err
    ran = busybody("model", "export", "--store", month / "store.db", "--output", "no/such/folder/model.jsonl")
    assert ran.code == 3
    assert "cannot be written" in ran.err
    assert list(tmp_path.iterdir()) == []
