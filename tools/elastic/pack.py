"""The bundle for Elasticsearch and OpenSearch, dist/busybody-elastic-<version>.zip: wheels, assets, documentation.

Usage: python3 tools/elastic/pack.py --wheels FOLDER [--folder FOLDER]

The same bytes from the same tree and wheels at every hour: entries are sorted, times are SOURCE_DATE_EPOCH (default:
1980-01-01), and nothing says who packed it. Links between pages are those of the bundle.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
import time
import zipfile
from pathlib import Path
from typing import Dict, Iterator, List, Match, Tuple

ROOT = Path(__file__).resolve().parents[2]
EARLIEST = 315532800  # 1980-01-01, the earliest time that a zip file can hold
ASSETS = (
    "templates",
    "pipelines",
    "lifecycle",
    "roles",
    "watcher",
    "monitors",
    "alerting",
    "rules",
    "kibana",
    "deploy",
)
BESIDE = {  # in the tree -> in the bundle
    "LICENSE": "LICENSE", "NOTICE": "NOTICE", "CHANGELOG.md": "CHANGELOG.md", "docs/elastic.md": "README.md",
}  # fmt: skip
LINK = re.compile(r"\[([^\]\n]+)\]\((?!https?:|mailto:|#|/)([^)#\s]+)(#[^)\s]*)?\)")
JUNK = {"__pycache__", ".DS_Store", ".pytest_cache"}

Entry = Tuple[str, Path]


def version() -> str:
    found = re.search(r'__version__ = "(.+)"', (ROOT / "core/busybody/__init__.py").read_text(encoding="utf-8"))
    assert found is not None
    return found.group(1)


def entries(wheels: Path) -> Iterator[Entry]:
    """Everything that goes in, under its name in the bundle."""
    for path in sorted(wheels.glob("*.whl")):
        yield f"wheels/{path.name}", path
    for folder in ASSETS:
        for path in sorted((ROOT / "elastic" / folder).rglob("*")):
            if path.is_file() and not JUNK.intersection(path.parts):
                yield path.relative_to(ROOT / "elastic").as_posix(), path
    for name, target in BESIDE.items():
        yield target, ROOT / name


def relinked(text: str, source: Path, name: str, names: Dict[Path, str]) -> str:
    """A page for its place in the bundle: links lead to what is there, and else are words that name the page."""

    def link(found: Match[str]) -> str:
        words, target, part = found[1], found[2], found[3] or ""
        path = (source.parent / target).resolve()
        if path in names:
            return f"[{words}]({os.path.relpath(names[path], Path(name).parent)}{part})"
        return f"{words} (`{path.relative_to(ROOT).as_posix()}` in the repository)"

    return LINK.sub(link, text)


def placed(found: List[Entry]) -> Dict[Path, str]:
    """Where files of the tree, and their folders, lie in the bundle."""
    names: Dict[Path, str] = {}
    for name, path in found:
        names[path.resolve()] = name
        if path.resolve().is_relative_to(ROOT / "elastic"):
            for above, folder in zip(path.resolve().parents, Path(name).parents):
                if folder != Path():
                    names[above] = folder.as_posix()
    return names


def pack(target: Path, wheels: Path) -> None:
    moment = time.gmtime(int(os.environ.get("SOURCE_DATE_EPOCH") or EARLIEST))[:6]
    top = f"busybody-elastic-{version()}"
    found: List[Entry] = sorted(entries(wheels))
    names = placed(found)
    with zipfile.ZipFile(target, "w") as archive:
        for name, path in found:
            info = zipfile.ZipInfo(f"{top}/{name}", moment)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.create_system = 3
            info.external_attr = 0o100644 << 16
            content = path.read_bytes()
            if path.suffix == ".md":
                content = relinked(content.decode("utf-8"), path, name, names).encode("utf-8")
            archive.writestr(info, content, compresslevel=9)


def main() -> int:
    parser = argparse.ArgumentParser(description="Write the bundle for Elasticsearch and OpenSearch.")
    parser.add_argument("--wheels", type=Path, required=True, help="the folder with the two wheels")
    parser.add_argument("--folder", type=Path, default=ROOT / "dist", help="where to (default: dist/)")
    options = parser.parse_args()
    if len(list(options.wheels.glob("*.whl"))) != 2:
        print(f"pack: {options.wheels} does not hold the two wheels, busybody and busybody_elastic", file=sys.stderr)
        return 1
    target: Path = options.folder / f"busybody-elastic-{version()}.zip"
    target.parent.mkdir(parents=True, exist_ok=True)
    pack(target, options.wheels)
    print(target)
    return 0


if __name__ == "__main__":
    sys.exit(main())
