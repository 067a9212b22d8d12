"""Opening costs nothing until the first look-up, which is quick, also out of an archive."""

import subprocess
import sys
import zipfile
from pathlib import Path

import busybody

CORE = Path(busybody.__file__).parent

LAZY = """
import sys
from busybody.places import Locator
locator = Locator()
assert "mmap" not in sys.modules and "json" not in sys.modules, "the table was opened too early"
import time
start = time.perf_counter()
place = locator.locate("193.0.6.139")
took = time.perf_counter() - start
assert place.asn == 3333, place
assert took < 0.3, took
"""


def run(code, path):
    command = [sys.executable, "-I", "-W", "error", "-c", f"import sys; sys.path.insert(0, {str(path)!r})\n{code}"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_nothing_is_opened_before_the_first_look_up_which_takes_less_than_0_3_seconds():
    run(LAZY, CORE.parent)


def test_works_out_of_a_zip_archive(tmp_path):
    archive = tmp_path / "core.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_STORED) as target:
        for part in ("__init__.py", "distinct.py", "errors.py", "signin.py", "places"):
            for file in [CORE / part] if part.endswith(".py") else (CORE / part).rglob("*.*"):
                if "__pycache__" not in file.parts:
                    target.write(file, Path("busybody") / file.relative_to(CORE))
    run('from busybody.places import Locator\nassert Locator().locate("193.0.6.139").asn == 3333', archive)
