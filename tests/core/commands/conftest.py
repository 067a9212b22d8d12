"""A month of a small made-up organisation, scored once; and a way to run a command as a user does."""

from __future__ import annotations

import io
import json
import os
import shutil
import sys
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any, Callable, Dict, List, NamedTuple

import pytest
from busybody.cli import main

Busybody = Callable[..., "Ran"]


class Ran(NamedTuple):
    code: int
    out: str
    err: str

    @property
    def rows(self) -> List[Dict[str, Any]]:
        """Standard output as JSON Lines."""
        return [json.loads(line) for line in self.out.splitlines()]


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def ran(*words: object, given: bytes = b"", typed: str = "") -> Ran:
    """One command in this process. `given` is standard input; `typed` is what somebody types at a terminal."""
    out, err = io.BytesIO(), io.StringIO()
    standard = _Terminal(typed) if typed else io.TextIOWrapper(io.BufferedReader(io.BytesIO(given)), encoding="utf-8")
    before, sys.stdin = sys.stdin, standard  # type: ignore[assignment]
    output = io.TextIOWrapper(out, encoding="utf-8", write_through=True)
    try:
        with redirect_stdout(output), redirect_stderr(err):
            try:
                code = main([str(word) for word in words])
            except SystemExit as error:
                code = int(error.code or 0)
        output.flush()
    finally:
        sys.stdin = before
    return Ran(code, out.getvalue().decode(), err.getvalue())


@pytest.fixture
def busybody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Busybody:
    """Runs `busybody WORDS` in an empty folder, with a data directory of its own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path / "home"))
    return ran


@pytest.fixture(scope="session")
def month(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with month.jsonl, truth.csv, scores.jsonl and the store that came of it."""
    folder = tmp_path_factory.mktemp("month")
    log, store = folder / "month.jsonl", folder / "store.db"
    made = ran(
        "simulate",
        "--people",
        24,
        "--days",
        16,
        "--seed",
        5,
        "--scale",
        8,
        "--output",
        log,
        "--labels",
        folder / "truth.csv",
    )
    assert made.code == 0, made.err
    scored = ran("score", log, "--store", store, "--output", "jsonl")
    assert scored.code == 0, scored.err
    (folder / "scores.jsonl").write_text(scored.out, encoding="utf-8")
    return folder


@pytest.fixture
def store(month: Path, tmp_path: Path) -> Path:
    """A copy of the store, to change."""
    copy = tmp_path / "profiles.db"
    for file in month.glob("store.db*"):
        if not file.name.endswith(".lock"):
            shutil.copy(file, str(copy) + file.name[len("store.db") :])
    return copy


@pytest.fixture(scope="session")
def taken(month: Path) -> Dict[str, Any]:
    """The person with the worst open incident, as `busybody risk` shows them."""
    rows = ran("risk", "--store", month / "store.db", "--output", "json", "--top", 100).rows
    return max(rows, key=lambda row: row["incidents"][0]["risk"] if row["incidents"] else 0.0)


@pytest.fixture
def evil(busybody: Busybody, tmp_path: Path) -> Path:
    """A store with a person whose name is an attack on terminals, spreadsheets and pages."""
    name = "=cmd|'/c calc'!A1\x1b[2J\x9b31m\u202eevil\n<script>@example.com"
    rows = [
        {
            "@timestamp": f"2026-03-{day:02d}T{9 + day % 3:02d}:00:00Z", "event": {"category": ["authentication"], "outcome": "success", "id": f"e{day}"},
            "user": {"name": name}, "source": {"ip": "93.184.216.34" if day < 20 else "185.220.101.4"},
        }
        for day in range(1, 21)
    ]  # fmt: skip
    log = tmp_path / "evil.jsonl"
    log.write_text("".join(json.dumps(row) + os.linesep for row in rows), encoding="utf-8")
    path = tmp_path / "evil.db"
    assert busybody("learn", log, "--store", path).code == 0
    return path
