"""A log with every kind of trouble, and a way to run the command as a user does."""

from __future__ import annotations

import io
import sys
from pathlib import Path
from typing import Optional

import pytest
from busybody.cli import main

from .logs import Busybody, Ran, write_troubled


@pytest.fixture
def busybody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]) -> Busybody:
    """Runs `busybody WORDS` in an empty folder, in this process: starting another takes longer than most tests."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "home"))

    def run(*words: object, given: Optional[bytes] = None) -> Ran:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(given or b"")))
        capfdbinary.readouterr()
        try:
            code = main([str(word) for word in words])
        except SystemExit as error:
            code = int(error.code or 0)
        sys.stdout.flush()
        output, errors = capfdbinary.readouterr()
        return Ran(code, output, errors.decode())

    return run


@pytest.fixture(scope="session")
def troubled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve days of thirty people: with a spray, out of order, late, repeated, broken, and with other records."""
    return write_troubled(tmp_path_factory.mktemp("logs") / "troubled.jsonl")
