"""The door: old Pythons get one sentence through the protocol, and a start costs little."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import List

import pytest
from busybody_splunk import launch
from driver import BIN, CORE, LIB, Process, Script, search

OLD = ("2.7", "3.6", "3.7", "3.8")
SCRIPTS = sorted(BIN.glob("busy[a-z]*.py"))
COSTLY = ("ssl", "http", "sqlite3", "zoneinfo", "urllib.request", "difflib", "traceback", "argparse", "logging")
GETINFO_SECONDS = 0.08  # CPU time from the start of the process to the end of its first reply


def old_pythons() -> List[Path]:
    root = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    found = [sorted(root.glob(f"versions/{version}.*/bin/python"))[:1] for version in OLD]
    return [path for paths in found for path in paths]


@pytest.mark.parametrize("python", old_pythons(), ids=lambda path: path.parts[-3])
@pytest.mark.parametrize("name", launch.COMMANDS)
def test_an_older_python_says_in_one_sentence_what_is_needed(python: Path, name: str) -> None:
    outcome = search(Script(BIN / f"{name}.py", str(python), ("-B",)), [{"user": "ana"}], starts=0)
    version = python.parts[-3].rpartition(".")[0]
    assert outcome.error is not None
    assert outcome.error.startswith(
        f"Busybody needs Python 3.9 or newer, and this Splunk starts it with Python {version}: "
    )
    assert outcome.said("ERROR") == [outcome.error]
    assert (outcome.exit_code, outcome.log) == (1, "")


@pytest.mark.parametrize("python", old_pythons(), ids=lambda path: path.parts[-3])
def test_the_door_compiles_on_an_older_python(python: Path) -> None:
    code = "import sys\nfor path in sys.argv[1:]: compile(open(path, 'rb').read(), path, 'exec')"
    doors = [LIB / "busybody_splunk" / "__init__.py", LIB / "busybody_splunk" / "launch.py", *SCRIPTS]
    subprocess.run([str(python), "-B", "-c", code, *map(str, doors)], check=True)


def test_there_is_a_script_for_each_command() -> None:
    named = {script.stem for script in SCRIPTS if "launch.run" in script.read_text(encoding="utf-8")}
    assert named == set(launch.COMMANDS)
    for script in SCRIPTS:
        if script.stem in launch.COMMANDS:
            assert f'launch.run("{script.stem}")' in script.read_text(encoding="utf-8")


def test_an_app_that_is_not_whole_says_so(tmp_path: Path) -> None:
    package = tmp_path / "lib" / "busybody_splunk"
    package.mkdir(parents=True)
    for name in ("__init__.py", "launch.py"):
        (package / name).write_bytes((LIB / "busybody_splunk" / name).read_bytes())
    (tmp_path / "bin").mkdir()
    script = tmp_path / "bin" / "busyscore.py"
    script.write_bytes((BIN / "busyscore.py").read_bytes())
    outcome = search(Script(script, flags=("-I", "-B"), path=()), [{"user": "ana"}], starts=0)
    assert outcome.error == (
        "busyscore cannot start: No module named 'busybody_splunk.protocol'. Install the app Busybody again, whole."
    )
    assert outcome.exit_code == 1


@pytest.mark.parametrize(
    "name",
    [
        name
        for name in launch.COMMANDS
        if (LIB / "busybody_splunk" / "commands" / f"{launch.COMMANDS[name]}.py").exists()
    ],
)
def test_getinfo_is_answered_before_anything_costly_is_imported(name: str) -> None:
    code = (
        "import runpy, sys\n"
        "try: runpy.run_path(sys.argv[1], run_name='__main__')\n"
        "finally: sys.stderr.write(' '.join(sys.modules))"
    )
    wrapper = Script(BIN / f"{name}.py", flags=("-W", "error", "-c", code))
    with Process(wrapper) as process:
        assert process.getinfo() is not None
        process.close()
        loaded = process.log.split()
    assert [module for module in loaded if module in COSTLY or module.startswith("busybody.detectors")] == []


@pytest.mark.skipif(sys.platform == "win32", reason="no CPU time of a child")
def test_a_start_is_answered_at_once() -> None:
    import resource

    taken: List[float] = []
    for _ in range(5):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        with Process(Script(BIN / "busyscore.py", flags=(), path=(LIB, CORE))) as process:
            process.getinfo()
            process.close()
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        taken.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    assert min(taken) < GETINFO_SECONDS
