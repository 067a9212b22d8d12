"""The chunked search command protocol 1.0, as splunkd speaks it: `serve` runs a `Command` on a pair of streams.

    frame = `chunked 1.0,<metadata bytes>,<body bytes>\\n` metadata (JSON) body (CSV)

Strictly lock-step: one reply for each request. First comes getinfo (options and context), answered with the kind of the
command and the columns that it wants; then chunks of rows, answered with the same rows, extended, or with a table.
splunkd starts several processes for one search, some of which never see more than getinfo: nothing may happen there.
"""

from __future__ import annotations

import json
import os
import sys
from collections import deque
from contextlib import suppress
from typing import Any, BinaryIO, Dict, List, Mapping, NamedTuple, Optional, Protocol, Sequence, TextIO, Tuple

from .chunks import EMPTY, Body, Chunk
from .frames import Cancelled, Fatal, read_frame, write_frame

__all__ = ["EMPTY", "Body", "Chunk", "Command", "Fatal", "Messages", "Search", "serve"]

DONE, FAILED = 0, 1


class Search(NamedTuple):
    """What getinfo tells about the search; empty text where it says nothing."""

    args: Tuple[str, ...] = ()  # the options, unquoted: ("update=true",)
    sid: str = ""
    app: str = ""
    owner: str = ""  # of the search; its knowledge objects apply
    username: str = ""  # who runs it
    session_key: str = ""  # for splunkd's REST; a secret
    splunkd_uri: str = ""  # https://127.0.0.1:8089
    dispatch_dir: str = ""
    earliest: str = ""  # epoch seconds as text; "0" for all time
    latest: str = ""
    command: str = ""  # "busyscore"
    search: str = ""  # the whole search, URL-encoded
    splunk_version: str = ""
    preview: bool = False

    @classmethod
    def of(cls, metadata: Mapping[str, Any]) -> Search:
        """From the metadata of a getinfo request; Fatal when it is none."""
        info = metadata.get("searchinfo")
        if metadata.get("action") != "getinfo" or not isinstance(info, dict):
            raise Fatal(
                "splunkd's first request is no getinfo. Busybody's commands need `chunked = true` in commands.conf."
            )
        args = info.get("args")
        words = tuple(map(str, args)) if isinstance(args, list) else ()
        renamed = {"earliest": "earliest_time", "latest": "latest_time"}
        texts = {name: _text(info.get(renamed.get(name, name))) for name in cls._fields[1:-1]}
        return cls(args=words, preview=bool(metadata.get("preview")), **texts)


def _text(value: object) -> str:
    return "" if value is None else str(value)


class Messages:
    """What the job inspector shows: sent with the next reply, in this order."""

    def __init__(self) -> None:
        self._texts: List[Tuple[str, str]] = []
        self._metrics: Dict[str, Any] = {}

    def info(self, text: str) -> None:
        self._texts.append(("INFO", text))

    def warn(self, text: str) -> None:
        self._texts.append(("WARN", text))

    def error(self, text: str) -> None:
        """Shown in red above the results, too; the search goes on."""
        self._texts.append(("ERROR", text))

    def metric(self, name: str, value: object) -> None:
        """A number (or list of numbers) for the inspector; a later value replaces an earlier one."""
        self._metrics[name] = value

    def taken(self) -> Dict[str, Any]:
        """All that was said since the last time, as the protocol's `inspector`."""
        said: Dict[str, Any] = {f"metric.{name}": value for name, value in self._metrics.items()}
        if self._texts:
            said["messages"] = self._texts
        self._texts, self._metrics = [], {}
        return said


class Command(Protocol):
    """One search command. Raise Fatal (or any BusybodyError) from begin or take to end the search with its words."""

    @property
    def kind(self) -> str:
        """streaming, stateful, events or reporting. A generating command is stateful, events or reporting."""

    @property
    def generating(self) -> bool:
        """Whether the command stands first in a search and makes its rows out of nothing."""

    def begin(self, search: Search, messages: Messages) -> Optional[Sequence[str]]:
        """Read the options; returns the columns wanted, None for all. No side effects, no I/O, no costly import."""

    def take(self, chunk: Chunk) -> Body:
        """Answer one chunk; `chunk.finished` on the last, and only there may something be stored for good."""

    def close(self) -> None:
        """Always called at the end, also after an error or when the search was cancelled before the last chunk."""


def serve(command: Command, stdin: BinaryIO, stdout: BinaryIO, stderr: TextIO) -> int:
    """Speak the protocol until the last chunk or the end of the input; returns the exit code of the process."""
    messages = Messages()
    try:
        try:
            _converse(command, messages, stdin, stdout)
            return DONE
        except Cancelled:
            raise
        except Exception as error:  # noqa: BLE001 - the one place that must answer whatever happens
            _say_fatal(_words(error, stderr), messages, stdout)
            return FAILED
    except Cancelled:
        _let_go(stdout)
        return DONE
    finally:
        command.close()


def _converse(command: Command, messages: Messages, stdin: BinaryIO, stdout: BinaryIO) -> None:
    first = read_frame(stdin)
    if first is None:
        return
    search = Search.of(first.metadata)
    deque(first.body, 0)  # there is none, but what there is must be read
    fields = command.begin(search, messages)
    _reply(stdout, _configuration(command, fields), messages)
    while not _answered(command, search, messages, stdin, stdout):
        pass
    # splunkd closes the pipe when it has read the last reply; to end before could look to it like a crash.
    for frame in iter(lambda: read_frame(stdin), None):
        deque(frame.body, 0)
        _reply(stdout, {"finished": True}, messages)


def _answered(command: Command, search: Search, messages: Messages, stdin: BinaryIO, stdout: BinaryIO) -> bool:
    """Answer one chunk; True when it was the last, or when there is none: only getinfo was wanted, or all is cancelled.

    Nothing of the chunk outlives the call: the next one needs the memory.
    """
    chunk = _chunk(stdin, search)
    if chunk is None:
        return True
    body = command.take(chunk)
    finished = not body.more if command.generating else chunk.finished
    _reply(stdout, {"finished": finished}, messages, body)
    return finished


def _configuration(command: Command, fields: Optional[Sequence[str]]) -> Dict[str, Any]:
    told: Dict[str, Any] = {"type": command.kind}
    if command.generating:
        told["generating"] = True
    if fields is not None:
        told["required_fields"] = list(dict.fromkeys(fields))
    return told


def _chunk(stdin: BinaryIO, search: Search) -> Optional[Chunk]:
    frame = read_frame(stdin)
    if frame is None:
        return None
    if frame.metadata.get("action") != "execute":
        raise Fatal(f"splunkd asks for the unknown action {str(frame.metadata.get('action'))[:40]!r}.")
    finished = bool(frame.metadata.get("finished"))
    return Chunk(frame.body, finished=finished, preview=bool(frame.metadata.get("preview", search.preview)))


def _reply(stdout: BinaryIO, metadata: Mapping[str, Any], messages: Messages, body: Body = EMPTY) -> None:
    said = messages.taken()
    whole = {"inspector": said, **metadata} if said else metadata
    text = json.dumps(whole, separators=(",", ":"), ensure_ascii=False)
    told = text.encode("utf-8", "replace")  # half a surrogate pair would be no JSON to splunkd
    write_frame(stdout, told, body.pieces)


def _say_fatal(text: str, messages: Messages, stdout: BinaryIO) -> None:
    messages.error(text)
    _reply(stdout, {"finished": True, "error": text}, messages)


def _let_go(stdout: BinaryIO) -> None:
    """What was not read any more shall not be flushed once again at the end of the process, which would complain."""
    with suppress(OSError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stdout.fileno())
        os.close(nowhere)


def _words(error: Exception, stderr: TextIO) -> str:
    """What to say of an error; of one that nobody foresaw the way to it goes into search.log."""
    known = sys.modules.get("busybody.errors")  # loaded, if one of its errors was raised
    if isinstance(error, Fatal) or (known is not None and isinstance(error, known.BusybodyError)):
        return str(error)
    import traceback

    for line in traceback.format_exception(type(error), error, error.__traceback__):
        stderr.writelines(f"ERROR {part}\n" for part in line.rstrip().splitlines())
    return f"unexpected {type(error).__name__}: {str(error)[:200]}. Its traceback is in search.log; please report it."
