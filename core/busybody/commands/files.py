"""Files of a command: read by name or from standard input; written whole or not at all, never over a device or a pipe."""

from __future__ import annotations

import os
import stat
import sys
from contextlib import ExitStack
from typing import BinaryIO, Iterable

from ..errors import InputError


def open_input(path: str, stack: ExitStack) -> BinaryIO:
    """The file, or standard input for `-`; closed with `stack`. Raises InputError."""
    if path == "-":
        return sys.stdin.buffer
    try:
        return stack.enter_context(open(path, "rb"))
    except OSError as error:
        raise InputError(
            f"cannot be read: {error.strerror}. Check the name and the permissions.", source=path
        ) from error


def write_whole(path: str, pieces: Iterable[bytes], *, private: bool = False) -> None:
    """Writes beside the file and renames; a link is followed, and what is no regular file (a pipe, /dev/stdout) is
    written into as it stands. `private` files are for their owner alone. Raises InputError."""
    target = os.path.realpath(path)
    try:
        if _is_special(path):
            with open(path, "wb") as file:
                file.writelines(pieces)
            return
        beside = f"{target}.{os.getpid()}.part"
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
        descriptor = os.open(beside, flags, 0o600 if private else 0o666)
        try:
            with open(descriptor, "wb") as file:
                file.writelines(pieces)
            os.replace(beside, target)  # noqa: PTH105
        except BaseException:
            os.unlink(beside)  # noqa: PTH108
            raise
    except OSError as error:
        raise InputError(f"cannot be written: {error.strerror}. Choose another path.", source=path) from error


def _is_special(path: str) -> bool:
    try:
        return not stat.S_ISREG(os.stat(path).st_mode)  # noqa: PTH116
    except OSError:
        return False
