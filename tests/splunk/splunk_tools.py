"""Splunk's own tools for tests: there, or a loud word that nothing was tested."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import List

import pytest
from packaged import ROOT

IN_CI = os.environ.get("CI", "").lower() in ("1", "true", "yes")


def tool(venv: str, name: str) -> Path:
    """An executable of one of the virtual environments that build.py makes. Absent, it skips aloud, and fails in CI."""
    path = ROOT / venv / ("Scripts" if os.name == "nt" else "bin") / name
    if not path.exists():
        absent = f"{venv}/ has no {name}: make it with `python3 build.py splunk --inspect`; the app is NOT inspected"
        if IN_CI:
            pytest.fail(absent)
        pytest.skip(absent)
    return path


def run(command: List[str], cwd: Path) -> subprocess.CompletedProcess[str]:
    """The tool's answer, whatever its exit code; it finds its own virtual environment, and none of ours."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    return subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=False, timeout=900)
