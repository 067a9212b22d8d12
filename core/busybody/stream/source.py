"""Where records come from: files, globs, standard input; packed or plain; each a stream of entries.

JSON Lines, the usual case, are cut into blocks of whole lines, so that reading them can be shared out; everything else
is read in order by the one who asks.
"""

from __future__ import annotations

import io
import os
import stat
import sys
from glob import glob
from itertools import islice
from typing import IO, Any, Callable, Iterator, List, NamedTuple, Optional, Sequence, Union

from ..errors import InputError
from ..fields import envelopes
from ..fields.compression import broken, opened
from ..fields.containers import records
from ..fields.json_text import loads
from .entries import Broken, Entry, Parser

BLOCK = 1 << 16  # bytes of lines that are read at once
LONGEST_LINE = 1 << 26  # bytes
PART = 256  # records read at once from what does not come in lines
PATIENCE = 0.25  # seconds without input after which what is done is written

Idle = Callable[[], None]


class Block(NamedTuple):
    """Whole lines of JSON, not read yet."""

    first: int  # number of the first line
    lines: bytes


Part = Union[Block, List[Entry]]


def expand(words: Sequence[str]) -> List[str]:
    """The files that are meant: patterns become what they match, in order of name. Raises InputError."""
    files: List[str] = []
    for word in words:
        if word == "-" or not any(letter in word for letter in "*?[") or os.path.lexists(word):
            files.append(word)
            continue
        found = sorted(name for name in glob(word, recursive=True) if not _is_folder(name))  # noqa: PTH207  also of absolute paths
        if not found:
            raise InputError("no file matches the pattern. Check the folder and the ending.", source=word)
        files += found
    if files.count("-") > 1:
        raise InputError("standard input can be read only once. Name it once.", source="-")
    return files


class File:
    """One input, open from the start, so that a name that cannot be read is known before anything is scored."""

    def __init__(self, path: str, container: Optional[str], now: Optional[float] = None) -> None:
        """`now` (epoch seconds) dates syslog, which has no year. Raises InputError."""
        self.name = "<stdin>" if path == "-" else path
        self._format = container
        self._raw = _open(path)
        self._now = now
        self.idle: Optional[Idle] = None  # is called while a pipe gives nothing
        status = os.fstat(self._raw.fileno()) if _has_descriptor(self._raw) else None
        self.regular = status is not None and stat.S_ISREG(status.st_mode)
        self.size = status.st_size if status is not None and self.regular else 0
        self.live = status is not None and not self.regular
        self.bare = True  # no record so far, only empty lines or an empty list
        self.empty = False

    def position(self) -> int:
        """Bytes read so far, packed as they are."""
        try:
            return self._raw.tell() if self.regular else 0
        except (OSError, ValueError):
            return 0

    def ready(self) -> bool:
        """Whether reading on will not wait."""
        if not self.live:
            return True
        from select import select

        return os.name != "nt" and bool(select([self._raw.fileno()], [], [], 0.0)[0])

    def close(self) -> None:
        if self._raw is not getattr(sys.stdin, "buffer", None):
            self._raw.close()

    def parts(self, parser: Parser, block: int = BLOCK) -> Iterator[Part]:
        """Blocks of lines, or entries where the format knows no lines. `block` is in bytes. Raises InputError, MissingExtra."""
        stream = opened(self._stream(), self.name)
        try:
            start = stream.peek(1)
        except broken() as error:
            raise InputError(f"cannot be read: {error}.", source=self.name) from error
        self.empty = not start
        if self._format == "jsonl" or (self._format is None and _in_lines(start)):
            yield from self._blocks(stream, block)
            return
        found = records(stream, self.name, self._format, reference_time=self._now)
        size = 1 if self.live else PART  # nobody waits in front of a pipe for the next record
        while True:
            entries = parser.entries(self.name, islice(found, size))
            if not entries:
                return
            self.bare = False
            yield entries

    def _stream(self) -> IO[bytes]:
        if self.live and self.idle is not None and os.name != "nt":
            return io.BufferedReader(_Waiting(self._raw.fileno(), self.idle), BLOCK)
        raw: IO[bytes] = self._raw
        return raw

    def _blocks(self, stream: io.BufferedReader, size: int) -> Iterator[Part]:
        first, skipping, held = 1, False, 0
        rest: List[bytes] = []  # of a line that has no end yet
        while True:
            try:
                piece = stream.read1(size)
            except broken() as error:
                told = f"the stream ends or breaks here: {error}. What was packed behind it is lost."
                yield [(self.name, first, Broken(None, told))]
                return
            if not piece:
                break
            cut = piece.rfind(b"\n") + 1
            if cut:
                start = piece.index(b"\n") + 1 if skipping else 0  # behind the end of the line that was too long
                first += skipping
                lines = b"".join(rest) + piece[start:cut]
                if lines:
                    self.bare = self.bare and lines.isspace()
                    yield Block(first, lines)
                    first += lines.count(b"\n")
                rest, skipping = [piece[cut:]], False
                held = len(piece) - cut
            elif not skipping:
                rest.append(piece)
                held += len(piece)
                if held >= LONGEST_LINE:
                    yield [(self.name, first, Broken(None, f"the line is longer than {LONGEST_LINE} bytes."))]
                    rest, skipping = [], True
        if any(rest):
            self.bare = False
            yield Block(first, b"".join(rest))


class _Waiting(io.RawIOBase):
    """A pipe that says when it has nothing to give."""

    def __init__(self, descriptor: int, idle: Idle) -> None:
        self._descriptor = descriptor
        self._idle = idle

    def readable(self) -> bool:
        return True

    def fileno(self) -> int:
        return self._descriptor

    def readinto(self, into: Any) -> int:
        from select import select

        if not select([self._descriptor], [], [], PATIENCE)[0]:
            self._idle()
        content = os.read(self._descriptor, len(into))
        into[: len(content)] = content
        return len(content)


def _open(path: str) -> Any:
    if path == "-":
        return sys.stdin.buffer
    if _is_folder(path):
        raise InputError(f"is a directory. Name its files: {os.path.join(path, '*')}", source=path)
    try:
        return open(path, "rb")
    except OSError as error:
        raise InputError(
            f"cannot be read: {error.strerror}. Check the name and the permissions.", source=path
        ) from error


def _is_folder(path: str) -> bool:
    return os.path.isdir(path)  # noqa: PTH112  pathlib costs a tenth of the start-up budget


def _has_descriptor(stream: Any) -> bool:
    try:
        stream.fileno()
    except (OSError, AttributeError, ValueError):
        return False
    return True


def _in_lines(start: bytes) -> bool:
    """Whether a stream that begins so is JSON Lines: one whole object on its first line, and no envelope."""
    line, end, _ = start.lstrip(b" \t\r\n").partition(b"\n")
    if not line.startswith(b"{") or not end:
        return False
    try:
        return not envelopes.is_envelope(loads(line))
    except ValueError:
        return False
