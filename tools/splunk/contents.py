"""What goes into the Splunk app, and what of the core stays out.

The repository's root is the app's root: `app.manifest`, `bin/` and `default/` are taken as they stand, `addon/splunk_app/` is
merged over it, and the core becomes `lib/busybody/`. Nothing of the working tree's dust (caches, dotfiles) goes along.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Dict, Iterator, List, NamedTuple, Tuple

ROOT = Path(__file__).resolve().parents[2]
APP = "busybody"
ADDON = Path("addon/splunk_app")
CORE = Path("core/busybody")
# The command line and what only it uses: it prints, forks and trains with packages that Splunk's Python lacks.
LEFT_OUT = (
    "__main__.py", "cli.py", "commands", "evaluate", "simulate", "train",
    "stream/crew.py", "stream/run.py", "stream/shards.py", "stream/worker.py",
    "fields/README.md",
)  # fmt: skip
FROM_ROOT = ("bin", "default")
RENAMED = {
    "LICENSE": "LICENSE.txt",
    "NOTICE": "NOTICE",
    "app.manifest": "app.manifest",
    "tools/splunk/dashboards/busybody_land.csv": "lookups/busybody_land.csv",  # coasts for the map, beside what makes them
}
README = "README.md"
PLAIN, EXECUTABLE = 0o644, 0o755
VERSIONS = {
    "app.manifest": r'"id":\s*\{[^}]*"version":\s*"([^"]+)"',
    "default/app.conf": r"^\[launcher\][^\[]*?^version\s*=\s*(\S+)",
    "default/app.conf [id]": r"^\[id\][^\[]*?^version\s*=\s*(\S+)",
    "core/busybody/__init__.py": r'^__version__ = "([^"]+)"',
}


class ContentError(Exception):
    """The app cannot be built from this tree; the message says why and what to change."""


class Entry(NamedTuple):
    """One file of the app."""

    name: str  # below the app's folder, with forward slashes
    data: bytes
    mode: int


def version(root: Path = ROOT) -> str:
    """The app's version; refuses a tree whose files do not agree on it."""
    found = {place: _version_in(root / place.split(" ")[0], pattern) for place, pattern in VERSIONS.items()}
    if len(set(found.values())) != 1:
        told = "; ".join(f"{place} says {value}" for place, value in found.items())
        raise ContentError(f"the versions differ: {told}. Write the same into each.")
    return next(iter(found.values()))


def _version_in(path: Path, pattern: str) -> str:
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise ContentError(f"{path.name} is not in this tree. Take a complete checkout.") from error
    found = re.search(pattern, text, re.MULTILINE | re.DOTALL)
    return found.group(1) if found else "no version"


def entries(root: Path = ROOT) -> List[Entry]:
    """Every file of the app, sorted by name; refuses a name that two places give."""
    found: Dict[str, Entry] = {}
    for name, path in _named(root):
        if name in found:
            raise ContentError(f"{name} comes from two places, one of them {path.relative_to(root)}. Remove one.")
        found[name] = Entry(name, path.read_bytes(), PLAIN)
    return [found[name] for name in sorted(found)]


def _named(root: Path) -> Iterator[Tuple[str, Path]]:
    for source, name in RENAMED.items():
        yield name, root / source
    yield README, root / ADDON / README
    for folder in FROM_ROOT:
        for path in _files(root / folder):
            yield path.relative_to(root).as_posix(), path
    for path in _files(root / ADDON):
        if path != root / ADDON / README:
            yield path.relative_to(root / ADDON).as_posix(), path
    for path in _files(root / CORE):
        inner = path.relative_to(root / CORE)
        if not is_left_out(inner.as_posix()):
            yield f"lib/{APP}/{inner.as_posix()}", path


def is_left_out(name: str) -> bool:
    """Whether a file of the core, named from its package on, stays out of the app."""
    return any(name == part or name.startswith(part + "/") for part in LEFT_OUT)


def _files(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        parts = path.relative_to(folder).parts
        dust = path.suffix == ".pyc" or any(part == "__pycache__" or part.startswith(".") for part in parts)
        if path.is_file() and not dust:
            yield path
