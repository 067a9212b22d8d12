"""Bytes of a log: unpacked (gzip, zstd, by their magic bytes) and in UTF-8 (from UTF-16 where a mark says so)."""

from __future__ import annotations

import codecs
import io
from typing import IO, Any, List, Optional, Tuple, Type

from ..errors import InputError, MissingExtra

GZIP, ZSTD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"
BUFFER = 1 << 18  # bytes
PIECE = 1 << 14  # bytes that are unpacked at once: what a damaged stream may lose before the damage
_ENCODINGS = ((codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))


def opened(stream: IO[bytes], name: str) -> io.BufferedReader:
    """The stream as buffered UTF-8 without byte order mark. It need not be seekable.

    Raises InputError where it cannot be read, MissingExtra for zstd without its package.
    """
    plain = _buffered(stream)
    for _ in range(3):  # packed twice happens, more often does not
        start = _peek(plain, name)
        if start.startswith(GZIP):
            import gzip

            plain = io.BufferedReader(_Borrowed(gzip.GzipFile(fileobj=plain)), BUFFER)
        elif start.startswith(ZSTD):
            plain = io.BufferedReader(_Borrowed(_unzstd(plain)), BUFFER)
        else:
            break
    start = _peek(plain, name)
    if start.startswith(codecs.BOM_UTF8):
        plain.read(len(codecs.BOM_UTF8))
    for mark, encoding in _ENCODINGS:
        if start.startswith(mark):
            plain.read(len(mark))
            return io.BufferedReader(_Transcoded(plain, encoding), BUFFER)
    unmarked = _unmarked(start)
    return plain if unmarked is None else io.BufferedReader(_Transcoded(plain, unmarked), BUFFER)


def _unmarked(start: bytes) -> Optional[str]:
    """The encoding of UTF-16 that has no mark, and begins with ASCII as every log does."""
    start = start[: len(start) // 2 * 2][:64]
    for encoding, letters, zeros in (("utf-16-le", start[0::2], start[1::2]), ("utf-16-be", start[1::2], start[0::2])):
        if len(start) >= 4 and not any(zeros) and min(letters) >= 9 and letters.isascii():
            return encoding
    return None


def broken() -> Tuple[Type[BaseException], ...]:
    """What reading an unpacked stream can raise where its packing is damaged or cut off."""
    import zlib

    found: List[Type[BaseException]] = [EOFError, OSError, zlib.error]
    for module in ("compression.zstd", "zstandard"):
        try:
            found.append(__import__(module, fromlist=["ZstdError"]).ZstdError)
        except ImportError:
            continue
    return tuple(found)


def _buffered(stream: IO[bytes]) -> io.BufferedReader:
    if isinstance(stream, io.BufferedReader):
        return stream
    return io.BufferedReader(_Borrowed(stream), BUFFER)


def _peek(stream: io.BufferedReader, name: str) -> bytes:
    try:
        return stream.peek(4)
    except broken() as error:
        raise InputError(f"cannot be read: {error}", source=name) from error


def _unzstd(stream: io.BufferedReader) -> Any:
    try:
        from compression import zstd  # type: ignore[import-not-found,unused-ignore]

        return zstd.ZstdFile(stream)
    except ImportError:
        pass
    try:
        import zstandard
    except ImportError:
        raise MissingExtra("zstandard", "zstd", "Reading zstd") from None
    return zstandard.ZstdDecompressor().stream_reader(stream, read_across_frames=True, closefd=False)


class _Borrowed(io.RawIOBase):
    """A stream that is read here and closed elsewhere; as much as it has at once, so that an error loses nothing."""

    def __init__(self, stream: Any) -> None:
        self._read = getattr(stream, "read1", None) or stream.read

    def readable(self) -> bool:
        return True

    def readinto(self, into: Any) -> int:
        content = self._read(min(len(into), PIECE))
        into[: len(content)] = content
        return len(content)


class _Transcoded(io.RawIOBase):
    """UTF-16 read as UTF-8; halves of pairs that stand alone become the replacement character."""

    def __init__(self, stream: io.BufferedReader, encoding: str) -> None:
        self._stream = stream
        self._decoder = codecs.getincrementaldecoder(encoding)("replace")
        self._ready = b""
        self._ended = False

    def readable(self) -> bool:
        return True

    def readinto(self, into: Any) -> int:
        while not self._ready and not self._ended:
            content = self._stream.read1(BUFFER)
            self._ended = not content
            self._ready = self._decoder.decode(content, final=self._ended).encode("utf-8", "replace")
        part, self._ready = self._ready[: len(into)], self._ready[len(into) :]
        into[: len(part)] = part
        return len(part)
