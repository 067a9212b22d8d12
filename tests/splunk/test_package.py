"""The packed app: the same bytes each time, nothing missing, nothing that Splunk would refuse."""

from __future__ import annotations

import io
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import List

import pytest
from packaged import ROOT, spl, tool, unpacked

contents, pack = tool("contents"), tool("pack")


def members() -> List[tarfile.TarInfo]:
    with tarfile.open(spl()) as archive:
        return archive.getmembers()


def test_the_same_files_give_the_same_bytes() -> None:
    files = contents.entries()[:40]
    assert pack.packed(files) == pack.packed(list(files))


def test_nothing_in_the_archive_says_who_packed_it_or_when() -> None:
    said = {(one.uid, one.gid, one.uname, one.gname, one.mtime) for one in members()}
    assert said == {(0, 0, "", "", pack.EARLIEST)}
    head = spl().read_bytes()[:10]
    assert head[3:9] == b"\0\0\0\0\0\2", "a gzip header without name, time or comment"


def test_source_date_epoch_is_the_time_of_every_entry() -> None:
    content = pack.packed(contents.entries()[:3], time=1_600_000_000)
    with tarfile.open(fileobj=io.BytesIO(content)) as archive:
        assert {one.mtime for one in archive.getmembers()} == {1_600_000_000}


def test_entries_are_sorted_below_one_folder_with_plain_modes() -> None:
    found = members()
    files = [one.name for one in found if one.isfile()]
    assert files == sorted(files)
    assert {name.split("/")[0] for name in files} == {"busybody"}
    assert {one.mode for one in found if one.isdir()} == {0o755}
    assert {one.mode for one in found if one.isfile()} == {0o644}
    assert all(one.isdir() or one.isfile() for one in found), "no links"


def test_no_dust_goes_along() -> None:
    names = [entry.name for entry in contents.entries()]
    assert [name for name in names if "__pycache__" in name or name.endswith((".pyc", ".so", ".dll", "~"))] == []
    assert [name for name in names if any(part.startswith(".") for part in name.split("/"))] == []
    assert [name for name in names if name.startswith("local/") or name.endswith("local.meta")] == []


def test_what_an_app_must_have_is_there() -> None:
    names = {entry.name for entry in contents.entries()}
    wanted = {
        "app.manifest", "LICENSE.txt", "NOTICE", "README.md", "bin/busyscore.py", "default/app.conf", "metadata/default.meta",
        "README/busybody.conf.spec", "README/alert_actions.conf.spec", "README/savedsearches.conf.spec", "static/appIcon.png",
        "lookups/busybody_detectors.csv", "lib/busybody/__init__.py", "lib/busybody_splunk/launch.py",
        "lib/busybody/places/data/geography.bin", "lib/busybody/fusion/trees.json", "lib/busybody/policy/schema.json",
    }  # fmt: skip
    assert wanted - names == set()


def test_every_file_of_the_core_is_in_or_left_out_by_name() -> None:
    core = ROOT / "core" / "busybody"
    names = {entry.name for entry in contents.entries()}
    for path in core.rglob("*"):
        inner = path.relative_to(core).as_posix()
        dust = any(part.startswith((".", "__pycache__")) for part in path.relative_to(core).parts)
        if path.is_file() and not dust:
            assert (f"lib/busybody/{inner}" in names) is not contents.is_left_out(inner), inner


def test_the_command_line_stays_out() -> None:
    """What the app shares with it are modules of the core."""
    names = [entry.name for entry in contents.entries()]
    assert [name for name in names if name.startswith(("lib/busybody/commands", "lib/busybody/cli"))] == []


def test_what_is_left_out_exists() -> None:
    core = ROOT / "core" / "busybody"
    assert [part for part in contents.LEFT_OUT if not (core / part).exists()] == []


@pytest.mark.parametrize("changed", sorted({place.split(" ")[0] for place in contents.VERSIONS}))
def test_versions_that_differ_are_refused(changed: str, tmp_path: Path) -> None:
    for place in contents.VERSIONS:
        name = place.split(" ")[0]
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / name, tmp_path / name)
    version = contents.version(tmp_path)
    assert version == contents.version()
    path = tmp_path / changed
    path.write_text(path.read_text(encoding="utf-8").replace(version, "9.9.9"), encoding="utf-8")
    with pytest.raises(contents.ContentError, match=f"versions differ.*{changed} says 9.9.9"):
        contents.version(tmp_path)


def test_a_name_from_two_places_is_refused(tmp_path: Path) -> None:
    for source in contents.RENAMED:
        (tmp_path / source).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / source).write_text(source, encoding="utf-8")
    for name in ("bin/a.py", "addon/splunk_app/bin/a.py", "addon/splunk_app/README.md"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("", encoding="utf-8")
    with pytest.raises(contents.ContentError, match="bin/a.py comes from two places"):
        contents.entries(tmp_path)


IMPORT_ALL = """
import importlib, os, sys, warnings
warnings.simplefilter("error")
lib = sys.argv[1]
sys.path.insert(0, lib)
count = 0
for folder, _, files in os.walk(lib):
    for file in files:
        if file.endswith(".py"):
            inner = os.path.relpath(os.path.join(folder, file), lib)[:-3].replace(os.sep, ".")
            importlib.import_module(inner[: -len(".__init__")] if inner.endswith(".__init__") else inner)
            count += 1
print(count)
"""


def test_every_module_imports_from_the_app_alone() -> None:
    """In an interpreter without site-packages, as Splunk's has none of ours."""
    lib = unpacked() / "lib"
    command = [sys.executable, "-I", "-S", "-B", "-c", IMPORT_ALL, str(lib)]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stderr
    assert int(answer.stdout) == len(list(lib.rglob("*.py")))
