"""Containers: a stream of bytes -> numbered records, whatever they are packed in.

JSON Lines, JSON arrays, the envelopes of APIs, hits of Elasticsearch and `_bulk` bodies, CSV with a header, syslog;
plain, gzip or zstd; UTF-8 or UTF-16 with a mark; from a file or a pipe, in memory that does not grow with it.
A broken record is a Record with an error, and the next one follows.
"""

from __future__ import annotations

import io
import os
import re
import stat
import time
from codecs import BOM_UTF8
from functools import partial
from typing import IO, Any, Iterator, List, Mapping, NamedTuple, Optional, Union

from ..errors import InputError, RecordError
from . import envelopes
from .compression import broken, opened
from .csv_rows import SEPARATORS, rows
from .json_stream import scan
from .json_text import TOO_DEEP, fastest
from .syslog_lines import SyslogReader, looks_like_syslog

FORMATS = ("jsonl", "json", "csv", "syslog")
LONGEST_LINE = 1 << 26  # bytes
SNIFFED = 1 << 20  # bytes of a line that the format is told from; a list may be one endless line
LOOKED_AT = 20  # lines from which the format is told
_AROUND = b" \t\r\n\0\x1e"  # may stand around a record
_CONTROLS = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c\x1d\x7f]")  # no text has these; a log may begin with a hole of zeros


class Record(NamedTuple):
    """One record, or what is wrong with it. `line` is the line it starts in; in arrays its number, from 1."""

    line: int
    value: Optional[Mapping[str, Any]]
    error: Optional[RecordError] = None


def records(
    stream: IO[bytes],
    name: str,
    format: Optional[str] = None,  # noqa: A002  the option is called so
    *,
    reference_time: Optional[float] = None,
) -> Iterator[Record]:
    """The records of a stream, as they come. `format` is one of FORMATS, None to find it out.

    `reference_time` (epoch seconds) dates syslog, which has no year; by default when the file was last written.
    Raises InputError where nothing can be read, MissingExtra where a package is needed.
    """
    if format is not None and format not in FORMATS:
        raise InputError(f"unknown format {format!r}. Known are {', '.join(FORMATS)}", source=name)
    reference = _last_written(stream) if reference_time is None else reference_time
    source = _Source(opened(stream, name), name)
    try:
        yield from _READERS[format or source.format()](source, name, reference)
    except broken() as error:
        if isinstance(error, InputError):
            raise
        message = f"the stream ends or breaks here: {error}. What was packed behind it is lost"
        yield Record(source.line + 1, None, RecordError(message, source=name, line=source.line + 1))


def _last_written(stream: IO[bytes]) -> float:
    try:
        status = os.fstat(stream.fileno())
    except (OSError, AttributeError, ValueError):
        return time.time()
    return status.st_mtime if stat.S_ISREG(status.st_mode) else time.time()


class _Source:
    """Lines of the stream; those that were looked at to find out the format come again."""

    def __init__(self, stream: io.BufferedReader, name: str) -> None:
        self._stream = stream
        self._name = name
        self._pushed: List[bytes] = []
        self.line = 0  # how many lines were given out

    def lines(self) -> Iterator[bytes]:
        pushed, self._pushed = self._pushed, []
        for line in pushed:
            self.line += 1
            yield line
        for line in iter(partial(self._stream.readline, LONGEST_LINE), b""):
            self.line += 1
            yield line

    def read(self, size: int) -> bytes:
        if self._pushed:
            pushed, self._pushed = b"".join(self._pushed), []
            return pushed
        return self._stream.read1(size)

    def format(self) -> str:
        """What the first lines look like. Raises InputError where they look like nothing known."""
        undecided = None
        for number in range(LOOKED_AT):
            line = self._stream.readline(SNIFFED)
            if not line:
                break
            found = _format_of(line.strip().lstrip(b"\0"), first=number == 0)
            if found == "json" and _holds_no_record(line):
                found, undecided = None, "json"  # a list as it is odd in a list of its own: the next lines tell
            if found in (None, "csv") and _CONTROLS.search(line.lstrip(b"\0")):
                raise InputError("looks binary and is no log. Name a text file, plain or packed", source=self._name)
            if found != "json" and len(line) == SNIFFED and not line.endswith(b"\n"):
                line += self._stream.readline(LONGEST_LINE)
            self._pushed.append(line)
            if found in ("json", "csv") and self._is_a_broken_line(line, found):
                return "jsonl"
            if found is not None:
                return found
        if not any(line.strip() for line in self._pushed):
            return "jsonl"  # an empty file has no records, of whatever format
        if undecided:
            return undecided
        raise InputError(
            f"the format is not recognised. Say which with --format {'|'.join(FORMATS)}", source=self._name
        )

    def _is_a_broken_line(self, line: bytes, form: str) -> bool:
        """Whether what looks like the start of something else is a broken record with whole ones in the next lines."""
        start = line.strip()
        goes_on = start in (b"[", b"{") or start[-1:] in (b",", b"}")  # so a list or an object may well go on
        if start[:1] == b"[" and goes_on:
            goes_on = _is_whole(start.rstrip(b",") + b"]")
        if not line.endswith(b"\n") or (form == "json" and goes_on) or _is_whole(line):
            return False
        followers = 0
        while followers < 2:
            line = self._stream.readline(LONGEST_LINE)
            if not line:
                break
            self._pushed.append(line)
            if line.strip():
                if not line.startswith(b"{") or not _is_whole(line):
                    return False
                followers += 1
        return followers > 0


def _is_whole(line: bytes) -> bool:
    """Whether the line is a JSON text by itself."""
    try:
        fastest()(line)
    except ValueError:
        return False
    return True


def _format_of(line: bytes, first: bool) -> Optional[str]:
    if not line:
        return None
    if line[:1] == b"[":
        return "json"
    if line[:1] == b"{":
        return _json_format(line)
    if line[:1] == b"\x1e":
        return "json"
    text = line.decode("utf-8", "replace")
    if looks_like_syslog(text):
        return "syslog"
    return "csv" if first and any(separator in text for separator in SEPARATORS) else None


def _holds_no_record(line: bytes) -> bool:
    """Whether a line that begins a list is a whole one without any object in it."""
    if not line.startswith(b"[") or not line.endswith(b"\n") or len(line) == 2:
        return False
    try:
        value = fastest()(line)
    except ValueError as error:
        return str(error) == TOO_DEEP  # whatever it is, no log begins so
    return not any(isinstance(element, (dict, list)) for element in value)


def _json_format(line: bytes) -> str:
    try:
        value = fastest()(line)
    except ValueError as error:
        is_whole = line.endswith(b"}") and len(line) > 2 and "ends too early" not in str(error)
        return "jsonl" if is_whole else "json"
    return "json" if envelopes.is_envelope(value) else "jsonl"


def _json_lines(source: _Source, name: str, _reference: float) -> Iterator[Record]:
    loads = fastest()
    number = 0
    too_long = False
    for line in source.lines():
        number += 1
        if len(line) >= LONGEST_LINE and not line.endswith(b"\n"):
            if not too_long:
                yield _broken(name, number, f"the line is longer than {LONGEST_LINE} bytes")
            too_long = True
            number -= 1
            continue
        if too_long:  # the end of that line
            too_long = False
            continue
        try:
            value = loads(line)
        except ValueError as error:
            yield from _pieces(line, str(error), name, number)
            continue
        if type(value) is dict and len(value) > 1 and envelopes.MARKS.isdisjoint(value):
            yield Record(number, value)  # the usual: in nothing
        else:
            yield from _of_line(value, name, number)


def _of_line(value: Any, name: str, number: int) -> Iterator[Record]:
    for inner in envelopes.records(value) if value != [] else ({},):  # an empty list is a record of nothing
        yield from _checked(inner, name, number)


def _pieces(line: bytes, error: str, name: str, number: int) -> Iterator[Record]:
    """The records of a line that is no JSON: between carriage returns, behind zeros or a mark; else its error."""
    pieces = [piece for piece in (part.strip(_AROUND).removeprefix(BOM_UTF8) for part in line.split(b"\r")) if piece]
    values: List[Union[ValueError, List[Any]]] = []
    for piece in pieces:
        try:
            values.append([fastest()(piece)])
        except ValueError as fault:
            values.append(fault)
    if all(isinstance(value, ValueError) for value in values):
        values = [ValueError(error)] if pieces else []
    for value in values:
        if isinstance(value, ValueError):
            yield _broken(name, number, str(value))
        else:
            yield from _of_line(value[0], name, number)


_CALLED = {int: "a number", float: "a number", str: "text", bool: "true or false", type(None): "null", list: "a list"}


def _checked(value: Any, name: str, number: int) -> Iterator[Record]:
    if not isinstance(value, dict):
        yield _broken(name, number, f"the record is {_CALLED[type(value)]}, not an object with fields")
        return
    record = envelopes.unwrapped(value)
    if record is not None:
        yield Record(number, record)


def _json(source: _Source, name: str, _reference: float) -> Iterator[Record]:
    number = 0
    for value in scan(source.read):
        if isinstance(value, ValueError):
            number += 1
            yield _broken(name, number, str(value))
            continue
        for inner in envelopes.records(value):
            for record in _checked(inner, name, number + 1):
                number += 1
                yield record


def _csv(source: _Source, name: str, _reference: float) -> Iterator[Record]:
    for line, row in rows(source.lines(), name):
        yield _broken(name, line, str(row)) if isinstance(row, ValueError) else Record(line, row)


def _syslog(source: _Source, name: str, reference: float) -> Iterator[Record]:
    reader = SyslogReader(reference)
    for number, line in enumerate(source.lines(), 1):
        try:
            text = line.decode("utf-8").strip("\r\n\0")
        except UnicodeDecodeError as error:
            yield _broken(name, number, f"byte {error.start + 1} is no valid UTF-8")
            continue
        if text.strip():
            yield Record(number, reader.read(text))


def _broken(name: str, line: int, message: str) -> Record:
    return Record(line, None, RecordError(f"{message}.", source=name, line=line))


_READERS = {"jsonl": _json_lines, "json": _json, "csv": _csv, "syslog": _syslog}
