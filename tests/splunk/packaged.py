"""The built app for tests: packed once for each state of the tree, unpacked beside it."""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
import tarfile
import tempfile
import time
from functools import lru_cache
from pathlib import Path
from types import ModuleType

ROOT = Path(__file__).resolve().parents[2]
CACHE = ROOT / "build" / "splunk" / "tests"
HOUR = 3600.0
TOOLS = ROOT / "tools" / "splunk"


def tool(name: str) -> ModuleType:
    """One of tools/splunk/, imported as it runs: with its own folder on the path."""
    from importlib import import_module

    if str(TOOLS) not in sys.path:
        sys.path.insert(0, str(TOOLS))
    return import_module(name)


@lru_cache(maxsize=1)
def spl() -> Path:
    """The packed app of this tree."""
    files = tool("contents").entries()
    digest = hashlib.sha256()
    for entry in files:
        digest.update(f"{entry.name}\0{entry.mode}\0{len(entry.data)}\0".encode() + entry.data)
    target = CACHE / digest.hexdigest()[:16] / "busybody.spl"
    if not target.exists():
        _forget_old()
        _put(target, tool("pack").packed(files))
    os.utime(target.parent)
    return target


@lru_cache(maxsize=1)
def unpacked() -> Path:
    """The app's folder as Splunk would unpack it. Read only: tests share it."""
    source = spl()
    target = source.parent / "apps" / "busybody"
    if not target.exists():
        with tempfile.TemporaryDirectory(dir=source.parent) as folder, tarfile.open(source) as archive:
            _extract(archive, folder)
            target.parent.mkdir(exist_ok=True)
            try:
                (Path(folder) / "busybody").rename(target)
            except OSError:
                if not target.exists():  # else another worker was faster
                    raise
    return target


def _forget_old() -> None:
    """Trees that nobody has tested for an hour."""
    for folder in CACHE.glob("*"):
        if folder.stat().st_mtime < time.time() - HOUR:
            shutil.rmtree(folder, ignore_errors=True)


def _extract(archive: tarfile.TarFile, folder: str) -> None:
    """Modes and all; Python 3.14 would leave out the modes unless told that we trust what we packed."""
    if hasattr(tarfile, "fully_trusted_filter"):
        archive.extractall(folder, filter="fully_trusted")
    else:
        archive.extractall(folder)


def _put(target: Path, content: bytes) -> None:
    """Write so that nobody sees half a file."""
    target.parent.mkdir(parents=True, exist_ok=True)
    half = target.with_name(f"{target.name}.{os.getpid()}")
    half.write_bytes(content)
    half.replace(target)
