"""Memory does not grow with the file."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Tuple

import pytest

from .logs import environment, signin

PEAK = """
import sys
from busybody.cli import main
code = main(sys.argv[1:])
status = open("/proc/self/status").read()  # not ru_maxrss: that begins with the size of the parent
sys.stderr.write(status.split("VmHWM:")[1].split()[0])
"""
USERS = 50


def log(path: Path, records: int) -> Path:
    with path.open("w", encoding="ascii") as file:
        for number in range(records):
            row = signin(
                number, 1.7e9 + number * 15.0, f"user{number % USERS}", **{"user_agent.original": f"curl/{number}"}
            )
            file.write(json.dumps(row) + "\n")
    return path


def peak(folder: Path, path: Path, *words: str) -> float:
    """Megabytes at the most."""
    command = [sys.executable, "-c", PEAK, "score", str(path), "--output", "jsonl", "--store", ":memory:", *words]
    done = subprocess.run(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, cwd=folder, env=environment(folder), check=True
    )
    return float(done.stderr.split()[-1]) / 1024.0


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="memory is read as Linux shows it")
@pytest.mark.parametrize("words", [(), ("--sort",), ("--jobs", "2")])
def test_two_hundred_thousand_records_need_no_more_than_twenty_thousand(tmp_path: Path, words: Tuple[str, ...]) -> None:
    few, many = log(tmp_path / "few", 20_000), log(tmp_path / "many", 200_000)
    assert peak(tmp_path, many, *words) < peak(tmp_path, few, *words) + 25.0
