"""One writer per store: a lock of the operating system on a file beside it, with the holder's name inside.

The system frees the lock when the holder ends, however it ends; the file stays. A process that the holder forks while
it has the lock keeps it, too: fork first, open the store then.
"""

from __future__ import annotations

import os
import sys

from ..errors import StoreError, shown

# Windows locks bytes for readers, too. This one lies far behind the holder's name, which must stay readable.
WINDOWS_BYTE = 1 << 30


class WriterLock:
    """Held from construction until `release`. Raises StoreError at once where another writer holds it."""

    def __init__(self, path: str, source: str) -> None:
        """`path` of the lock file; `source` names the store in the error."""
        try:
            # Never through a link: what it leads to would be emptied.
            self._file = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o600)
        except OSError as error:
            told = f"cannot be written: {error.strerror}. Check the path and its permissions, or open it read-only."
            raise StoreError(told, source=source) from error
        try:
            _lock(self._file)
        except OSError as error:
            holder = os.read(self._file, 300).decode("utf-8", "replace").strip()
            os.close(self._file)
            told = (
                f"is being written by {shown(holder)[1:-1] or 'another process'}. "
                "Wait until it ends, stop it, or open the store read-only."
            )
            raise StoreError(told, source=source) from error
        try:
            os.ftruncate(self._file, 0)
            os.write(self._file, f"process {os.getpid()} on {host_name()}\n".encode("utf-8", "replace"))
        except BaseException:
            os.close(self._file)
            raise

    def release(self) -> None:
        """Frees the lock; releasing twice does nothing."""
        if self._file >= 0:
            os.ftruncate(self._file, 0)
            os.close(self._file)  # frees it: there is one descriptor per lock
            self._file = -1


def host_name() -> str:
    """The name of this machine, without the start-up cost of `socket`."""
    return os.uname().nodename if hasattr(os, "uname") else os.environ.get("COMPUTERNAME", "this machine")


if sys.platform == "win32":

    def _lock(file: int) -> None:
        import msvcrt

        os.lseek(file, WINDOWS_BYTE, os.SEEK_SET)
        try:
            msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
        finally:
            os.lseek(file, 0, os.SEEK_SET)

else:

    def _lock(file: int) -> None:
        import fcntl

        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
