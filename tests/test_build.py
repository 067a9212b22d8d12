"""build.py: what it promises before it needs a network."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture
def build() -> ModuleType:
    spec = importlib.util.spec_from_file_location("busybody_build", ROOT / "build.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_without_a_verb_it_explains_every_verb() -> None:
    answer = subprocess.run(
        [sys.executable, "-I", "-S", str(ROOT / "build.py")], capture_output=True, text=True, check=True
    )
    for verb in ("demo", "test", "lint", "wheel", "splunk", "geo", "docs", "evaluate", "clean"):
        assert f"\n  {verb} " in answer.stdout


def test_an_unknown_verb_is_refused() -> None:
    answer = subprocess.run(
        [sys.executable, str(ROOT / "build.py"), "splank"], capture_output=True, text=True, check=False
    )
    assert answer.returncode == 2
    assert "splank" in answer.stderr


def test_the_running_python_is_among_those_found(build: Any) -> None:
    found = build.interpreters()
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    assert found[version].version == version


def test_interpreters_of_pyenv_are_found_by_its_root(
    build: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    python = tmp_path / "versions" / "3.9.99" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.symlink_to(sys.executable)
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path))
    assert python in list(build.candidates())


def test_a_python_that_does_not_start_is_passed_over(build: Any, tmp_path: Path) -> None:
    broken = tmp_path / "python3.9"
    broken.write_text("#!/bin/sh\nexit 127\n")
    broken.chmod(0o755)
    assert build.version_of(broken) is None
    assert build.version_of(tmp_path / "absent") is None


def test_ci_without_the_oldest_python_fails_before_anything_runs(build: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(build, "CI", True)
    monkeypatch.setattr(build, "interpreters", lambda: {"3.13": build.Interpreter("3.13", Path(sys.executable))})
    monkeypatch.setattr(build, "develop", lambda: pytest.fail("nothing may run"))
    with pytest.raises(build.Failed, match=r"3\.9"):
        build.do_test(build.parser().parse_args(["test"]))


def test_every_step_runs_and_the_failed_ones_are_named(build: Any, capsys: pytest.CaptureFixture[str]) -> None:
    def broken() -> str:
        raise build.Failed("two builds differ")

    with pytest.raises(build.Failed, match="1 of 3 steps failed: wheel"):
        build.finish([("lint", lambda: "fine"), ("wheel", broken), ("tests", lambda: "7 passed")])
    said = capsys.readouterr().out
    assert "wheel: two builds differ" in said
    assert "tests: 7 passed" in said


def test_the_stamp_follows_included_requirements(build: Any, tmp_path: Path) -> None:
    (tmp_path / "test.txt").write_text("pytest==1\n")
    (tmp_path / "develop.txt").write_text("-r test.txt\nmypy==2\n")
    assert "pytest==1" in build.pinned(tmp_path / "develop.txt")


def test_a_hiccup_is_told_from_a_wrong_pin(build: Any) -> None:
    assert build.looks_like_network("Retrying after connection broken by 'NewConnectionError'")
    assert not build.looks_like_network("ERROR: package requires a different Python: 3.9.18 not in '>=3.10'")


def test_the_demo_closes_with_the_riskiest_people(build: Any, tmp_path: Path) -> None:
    scores = tmp_path / "scores.jsonl"
    lines = [
        {"time": 1.0, "user": f"user{n}", "risk": 30 + n, "event_id": str(n), "sentence": f"odd {n}"} for n in range(9)
    ]
    scores.write_text("".join(json.dumps(line) + "\n" for line in lines))
    table = build.riskiest(scores).splitlines()
    assert table[0].split() == ["risk", "person", "why"]
    assert [row.split()[1] for row in table[1:]] == ["user8", "user7", "user6", "user5", "user4"]
    assert table[1].endswith("odd 8")


def test_a_command_that_fails_is_named_by_its_last_words(build: Any) -> None:
    with pytest.raises(build.Failed, match="no such store"):
        build.run([sys.executable, "-c", "print('no such store'); raise SystemExit(3)"])
