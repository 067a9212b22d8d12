"""Files with a seal: the first line is a checksum of the rest, so that a cut or a flipped bit is found on reading."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any, Optional

from ..errors import StoreError

RESTORE = "Restore a copy of the store; this one is left as it is."


def seal(value: Any) -> bytes:
    """The value as the bytes of a sealed file."""
    body = json.dumps(value, separators=(",", ":")).encode("ascii")
    return _checksum(body) + b"\n" + body + b"\n"


def _checksum(body: bytes) -> bytes:
    return hashlib.sha256(body).hexdigest()[:16].encode("ascii")


def read(path: Path, what: str) -> Optional[Any]:
    """What the file holds; None where there is none. Raises StoreError for a damaged one; `what` names it."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return None
    checksum, _, rest = content.partition(b"\n")
    if not rest.endswith(b"\n") or _checksum(rest[:-1]) != checksum:
        raise StoreError(f"{what} is damaged: its checksum does not fit. {RESTORE}", source=str(path))
    return json.loads(rest)


def write(path: Path, value: Any) -> None:
    """The file whole or not at all, and on the disk. The rename lasts once its directory is synchronised, too."""
    beside = path.with_name(path.name + ".new")
    file = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_BINARY", 0), 0o600)
    try:
        content = memoryview(seal(value))
        while content:
            content = content[os.write(file, content) :]
        os.fsync(file)
    finally:
        os.close(file)
    beside.replace(path)
