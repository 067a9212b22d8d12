"""A log with every kind of trouble, and a way to run the command as a user does."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Mapping, Optional

import pytest

from .logs import Busybody, Ran, environment, write_troubled


@pytest.fixture
def busybody(tmp_path: Path) -> Busybody:
    """Runs `busybody WORDS` in a process of its own, in an empty folder."""

    def run(*words: object, given: Optional[bytes] = None, more: Optional[Mapping[str, str]] = None) -> Ran:
        command = [sys.executable, "-m", "busybody", *map(str, words)]
        done = subprocess.run(
            command, input=given, capture_output=True, cwd=tmp_path, timeout=120,
            env={**environment(tmp_path / "home"), **(more or {})}, check=False,
        )  # fmt: skip
        return Ran(done.returncode, done.stdout, done.stderr.decode())

    return run


@pytest.fixture(scope="session")
def troubled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve days of thirty people: with a spray, out of order, late, repeated, broken, and with other records."""
    return write_troubled(tmp_path_factory.mktemp("logs") / "troubled.jsonl")
