"""The bundle: everything in its place, every page's links lead somewhere in it, and the same bytes each time."""

from __future__ import annotations

import re
import subprocess
import sys
import zipfile
from pathlib import Path, PurePosixPath

import pytest

ROOT = Path(__file__).resolve().parents[2]
LINK = re.compile(r"\]\((?!https?:|mailto:|#)([^)\s]+)\)")


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    wheels = tmp_path / "wheels"
    wheels.mkdir()
    for name in ("busybody-1-py3-none-any.whl", "busybody_elastic-1-py3-none-any.whl"):
        (wheels / name).write_bytes(b"a wheel")
    return packed(wheels, tmp_path)


def packed(wheels: Path, folder: Path) -> Path:
    command = [sys.executable, ROOT / "tools/elastic/pack.py", "--wheels", wheels, "--folder", folder]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return Path(done.stdout.strip())


def test_every_link_of_every_page_leads_somewhere_in_the_bundle(bundle: Path) -> None:
    with zipfile.ZipFile(bundle) as archive:
        files = {PurePosixPath(*PurePosixPath(name).parts[1:]) for name in archive.namelist()}
        there = files | {folder for file in files for folder in file.parents}
        pages = {file: archive.read(f"{bundle.stem}/{file}").decode() for file in files if file.suffix == ".md"}
    assert PurePosixPath("README.md") in pages
    broken = [
        (str(page), link)
        for page, text in pages.items()
        for link in LINK.findall(text)
        if PurePosixPath(*_normal((page.parent / link.partition("#")[0]).parts)) not in there
    ]
    assert broken == []
    readme = pages[PurePosixPath("README.md")]
    assert "](watcher/README.md)" in readme
    assert "](deploy)" in readme
    assert "concepts (`docs/concepts.md` in the repository)" in readme


def _normal(parts: tuple[str, ...]) -> list[str]:
    found: list[str] = []
    for part in parts:
        if part == ".." and found and found[-1] != "..":
            found.pop()
        else:
            found.append(part)
    return found


def test_the_same_tree_gives_the_same_bytes(bundle: Path, tmp_path: Path) -> None:
    again = tmp_path / "again"
    again.mkdir()
    assert packed(tmp_path / "wheels", again).read_bytes() == bundle.read_bytes()


def test_without_the_wheels_there_is_no_bundle(tmp_path: Path) -> None:
    with pytest.raises(subprocess.CalledProcessError) as failed:
        packed(tmp_path, tmp_path)
    assert "does not hold the two wheels" in failed.value.stderr
