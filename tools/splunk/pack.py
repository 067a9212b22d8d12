"""The Splunk app as one file, dist/busybody-<version>.spl; the same bytes from the same tree at every hour.

Usage: python3 tools/splunk/pack.py [--output FILE]

Entries are sorted and belong to nobody, times are SOURCE_DATE_EPOCH (default: 1980-01-01), and the archive says nothing of who
packed it: who packs this tree with the same zlib gets the same checksum.
"""

from __future__ import annotations

import argparse
import gzip
import io
import os
import sys
import tarfile
from pathlib import Path
from typing import Iterable, List, Set

from contents import APP, EXECUTABLE, ROOT, ContentError, Entry, entries, version

EARLIEST = 315532800  # 1980-01-01, the earliest time that every archive format can hold


def packed(files: Iterable[Entry], *, time: int = EARLIEST) -> bytes:
    """A gzipped tar of the app's folder."""
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        folders: Set[str] = set()
        for entry in files:
            name = f"{APP}/{entry.name}"
            for folder in _above(name):
                if folder not in folders:
                    folders.add(folder)
                    archive.addfile(_header(folder, EXECUTABLE, time, kind=tarfile.DIRTYPE))
            archive.addfile(_header(name, entry.mode, time, size=len(entry.data)), io.BytesIO(entry.data))
    zipped = io.BytesIO()
    with gzip.GzipFile(filename="", mode="wb", compresslevel=9, fileobj=zipped, mtime=0) as stream:
        stream.write(plain.getbuffer())
    return zipped.getvalue()


def _above(name: str) -> List[str]:
    """The folders that a file lies in, outermost first."""
    parts = name.split("/")[:-1]
    return ["/".join(parts[:count]) for count in range(1, len(parts) + 1)]


def _header(name: str, mode: int, time: int, *, size: int = 0, kind: bytes = tarfile.REGTYPE) -> tarfile.TarInfo:
    header = tarfile.TarInfo(name)
    header.mode, header.mtime, header.size, header.type = mode, time, size, kind
    return header


def main() -> int:
    parser = argparse.ArgumentParser(description="Write the Splunk app.")
    parser.add_argument("--output", type=Path, help="where to (default: dist/busybody-<version>.spl)")
    options = parser.parse_args()
    try:
        target = options.output or ROOT / "dist" / f"{APP}-{version()}.spl"
        content = packed(entries(), time=int(os.environ.get("SOURCE_DATE_EPOCH") or EARLIEST))
    except ContentError as error:
        print(f"pack: {error}", file=sys.stderr)
        return 1
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(content)
    print(target)
    return 0


if __name__ == "__main__":
    sys.exit(main())
