"""What is handed out: the source archive holds the whole project, and its wheel is the tree's, byte for byte."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import List, NamedTuple, Set

import pytest

ROOT = Path(__file__).resolve().parent.parent
BUILD = "import sys; from hatchling import build; print(getattr(build, 'build_' + sys.argv[1])(sys.argv[2]))"

pytestmark = pytest.mark.slow


class Made(NamedTuple):
    unpacked: Path  # the source archive
    files: Set[str]  # in it


def tracked() -> List[str]:
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if listed.returncode:
        pytest.skip("no Git here, so nobody knows what belongs to the project")
    return [path for path in listed.stdout.split("\0") if path and (ROOT / path).exists()]


def made(kind: str, tree: Path, folder: Path) -> Path:
    """The wheel or sdist of a tree, as an installer has it made."""
    ran = subprocess.run(
        [sys.executable, "-c", BUILD, kind, str(folder)], cwd=tree, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr
    return folder / ran.stdout.split()[-1]


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of what is tracked: nothing that only lies about in the working tree may count."""
    pytest.importorskip("hatchling.build", reason="hatchling makes the archives; requirements/develop.txt has it")
    copy = tmp_path_factory.mktemp("tree")
    for path in tracked():
        (copy / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / path, copy / path)
    return copy


@pytest.fixture(scope="module")
def sdist(tree: Path, tmp_path_factory: pytest.TempPathFactory) -> Made:
    folder = tmp_path_factory.mktemp("sdist")
    with tarfile.open(made("sdist", tree, folder)) as archive:
        names = {member.name.partition("/")[2] for member in archive.getmembers() if member.isfile()}
        archive.extraction_filter = getattr(tarfile, "data_filter", None)  # what later Pythons do by themselves
        archive.extractall(folder)
    return Made(next(path for path in folder.iterdir() if path.is_dir()), names)


def test_the_source_archive_holds_all_that_is_tracked(sdist: Made) -> None:
    assert sdist.files == {*tracked(), "PKG-INFO"}


def test_the_wheel_of_the_source_archive_is_the_wheel_of_the_tree(sdist: Made, tree: Path, tmp_path: Path) -> None:
    (tmp_path / "tree").mkdir()
    (tmp_path / "sdist").mkdir()
    ours, theirs = made("wheel", tree, tmp_path / "tree"), made("wheel", sdist.unpacked, tmp_path / "sdist")
    assert ours.name == theirs.name
    assert ours.read_bytes() == theirs.read_bytes()
