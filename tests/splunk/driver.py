"""Speaks the search command protocol as splunkd does, to a script in a process of its own.

    outcome = search(Script(BIN / "busyscore.py"), events, args=["model=default"])
    outcome.rows, outcome.messages, outcome.metrics, outcome.error

`search` is one search from start to end: starts that end after getinfo, then chunks in lock-step, with only the columns
that the command asked for, joined back to the events by `_chunked_idx`. `Process` is one process, step by step.
"""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
import tempfile
import threading
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Dict, Iterator, List, Mapping, NamedTuple, Optional, Sequence, Tuple, Type, Union

ROOT = Path(__file__).resolve().parents[2]
BIN, LIB, CORE = ROOT / "bin", ROOT / "addon" / "splunk_app" / "lib", ROOT / "core"
LONGEST_RUN = 120.0  # seconds; then the process is ended, and its last reply is missing
REJOINED = ("streaming", "stateful")  # kinds that get only the required columns, and an index to join the answer by
Value = Union[str, List[str]]
Event = Mapping[str, Value]


class Script(NamedTuple):
    """What splunkd starts. Out of an unpacked app: `Script(app / "bin" / "busyscore.py", flags=("-I",), path=())`."""

    file: Path
    python: str = sys.executable
    flags: Tuple[str, ...] = ("-W", "error")
    path: Tuple[Path, ...] = (LIB, CORE)  # of the repository, where the app's lib/ is not merged yet
    environment: Mapping[str, str] = {}


class Reply(NamedTuple):
    """One frame from the command."""

    metadata: Dict[str, Any]
    body: bytes

    @property
    def messages(self) -> List[Tuple[str, str]]:
        said = self.metadata.get("inspector", {}).get("messages", [])
        return [(level, text) for level, text in said]

    @property
    def metrics(self) -> Dict[str, Any]:
        inspector = self.metadata.get("inspector", {})
        return {name[len("metric.") :]: value for name, value in inspector.items() if name.startswith("metric.")}

    def rows(self) -> List[Dict[str, Value]]:
        """The rows as splunkd would keep them: multivalue cells decoded, empty ones left out."""
        return list(rows_of(self.body.decode("utf-8")))


class Outcome(NamedTuple):
    """All that came of a search."""

    configuration: Dict[str, Any]  # the getinfo reply
    rows: List[Dict[str, Value]]
    messages: List[Tuple[str, str]]
    metrics: Dict[str, Any]
    error: Optional[str]  # of a fatal reply
    exit_code: int
    log: str  # standard error, which goes into search.log
    replies: List[Reply]

    def said(self, level: str) -> List[str]:
        return [text for one, text in self.messages if one == level]


class Process:
    """One start of the script. A context manager: the process is gone at its end."""

    def __init__(self, script: Script) -> None:
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "SPLUNK"))}
        environment.update(script.environment)
        if script.path:
            environment["PYTHONPATH"] = os.pathsep.join(map(str, script.path))
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the process
        self._running = subprocess.Popen(
            [script.python, *script.flags, str(script.file)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            env=environment,
            cwd=tempfile.gettempdir(),
        )
        self._timer = threading.Timer(LONGEST_RUN, self._running.kill)
        self._timer.daemon = True
        self._timer.start()

    def __enter__(self) -> Process:  # noqa: PYI034 - Self is of 3.11
        return self

    def __exit__(
        self, kind: Optional[Type[BaseException]], value: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        self.kill()
        self.close()
        self._log.close()

    @property
    def pid(self) -> int:
        return self._running.pid

    @property
    def log(self) -> str:
        """What the process wrote to standard error so far."""
        self._log.seek(0)
        return self._log.read().decode("utf-8", "replace")

    def ask(self, metadata: object, body: bytes = b"") -> Optional[Reply]:
        """One request, one reply; None when the process ended instead."""
        told = metadata if isinstance(metadata, bytes) else json.dumps(metadata).encode()
        return self.send(b"chunked 1.0,%d,%d\n%s%s" % (len(told), len(body), told, body))

    def send(self, data: bytes) -> Optional[Reply]:
        """Raw bytes in place of a request."""
        assert self._running.stdin is not None
        assert self._running.stdout is not None
        with suppress(BrokenPipeError):  # it has ended; what it said before stands in the pipe
            self._running.stdin.write(data)
            self._running.stdin.flush()
        return read_reply(self._running.stdout)

    def send_last(self, data: bytes) -> Optional[Reply]:
        """Raw bytes, and the end of the input behind them."""
        assert self._running.stdin is not None
        assert self._running.stdout is not None
        with suppress(BrokenPipeError):
            self._running.stdin.write(data)
            self._running.stdin.close()
        return read_reply(self._running.stdout)

    def getinfo(self, *, args: Sequence[str] = (), **searchinfo: Any) -> Optional[Reply]:
        """The first request; more keywords replace or add keys of `searchinfo`, `preview` that of the request."""
        preview = bool(searchinfo.pop("preview", False))
        return self.ask(getinfo(args, preview=preview, **searchinfo))

    def execute(self, body: bytes, *, finished: bool, preview: Optional[bool] = None) -> Optional[Reply]:
        metadata: Dict[str, Any] = {"action": "execute", "finished": finished}
        if preview is not None:
            metadata["preview"] = preview
        return self.ask(metadata, body)

    def close(self) -> int:
        """End of the input; waits for the process and returns its exit code."""
        assert self._running.stdin is not None
        assert self._running.stdout is not None
        with suppress(BrokenPipeError):
            self._running.stdin.close()
        code = self._running.wait()
        self._running.stdout.close()
        self._timer.cancel()
        return code

    def kill(self) -> None:
        """As splunkd ends a cancelled search."""
        self._running.kill()


def getinfo(args: Sequence[str] = (), *, preview: bool = False, **searchinfo: Any) -> Dict[str, Any]:
    """The metadata of a getinfo request."""
    told = {
        "args": list(args),
        "raw_args": list(args),
        "dispatch_dir": "/opt/splunk/var/run/splunk/dispatch/1700000000.1",
        "sid": "1700000000.1",
        "app": "busybody",
        "owner": "admin",
        "username": "admin",
        "session_key": "not-a-real-session-key",
        "splunkd_uri": "https://127.0.0.1:8089",
        "splunk_version": "10.2.0",
        "search": "search%20index%3Dauth",
        "command": "busyscore",
        "maxresultrows": 50000,
        "earliest_time": "0",
        "latest_time": "0",
    }
    return {
        "action": "getinfo",
        "preview": preview,
        "streaming_command_will_restart": False,
        "searchinfo": {**told, **searchinfo},
    }


def read_reply(stream: IO[bytes]) -> Optional[Reply]:
    """The next frame; None when there is none. A frame that is not exactly as announced is an AssertionError."""
    header = stream.readline()
    if not header:
        return None
    version, metadata_size, body_size = header.split(b",")
    assert version == b"chunked 1.0", header
    metadata, body = stream.read(int(metadata_size)), stream.read(int(body_size))
    assert (len(metadata), len(body)) == (int(metadata_size), int(body_size)), "the reply is cut short"
    return Reply(json.loads(metadata.decode("utf-8")), body)


# --- rows ---------------------------------------------------------------------------------------------------------


def cell(text: str) -> str:
    """A cell as splunkd writes it: in quotes as soon as anything but ASCII letters and digits is in it."""
    if not text or (text.isalnum() and text.isascii()):
        return text
    return '"' + text.replace('"', '""') + '"'


def multivalue(value: Value) -> str:
    """The `__mv_` cell of a value."""
    if isinstance(value, str) or len(value) < 2:
        return ""
    return ";".join("$" + one.replace("$", "$$") + "$" for one in value)


def joined(value: Value) -> str:
    return value if isinstance(value, str) else "\n".join(value)


def body_of(columns: Sequence[str], events: Sequence[Event]) -> bytes:
    """The CSV of a chunk: all plain columns, then all `__mv_` columns."""
    lines = [",".join(cell(name) for name in [*columns, *("__mv_" + name for name in columns)])]
    for event in events:
        values = [event.get(name, "") for name in columns]
        lines.append(
            ",".join([*(cell(joined(value)) for value in values), *(cell(multivalue(value)) for value in values)])
        )
    return ("\n".join(lines) + "\n").encode("utf-8")


def rows_of(text: str) -> Iterator[Dict[str, Value]]:
    """The rows of a reply; the columns must be as many as named, each once."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    header = next(reader, [])
    assert len(set(header)) == len(header), f"a column is named twice: {header}"
    for row in reader:
        assert len(row) == len(header), f"{len(row)} cells under {len(header)} names: {row}"
        cells = dict(zip(header, row))
        yield {
            name: _values(cells.get("__mv_" + name, "")) or value
            for name, value in cells.items()
            if value and not name.startswith("__mv_")
        }


def _values(text: str) -> List[str]:
    """The values of a `__mv_` cell, character by character: the slow and obvious way."""
    values, place = [], 0
    while place < len(text):
        assert text[place] == "$", f"no value starts at {place} of {text!r}"
        value, place = "", place + 1
        while text[place : place + 1] != "$" or text[place : place + 2] == "$$":
            step = 2 if text[place] == "$" else 1
            value, place = value + text[place], place + step
        values.append(value)
        place += 1
        assert text[place : place + 1] in ("", ";"), f"no value ends at {place} of {text!r}"
        place += 1
    return values


# --- a search -----------------------------------------------------------------------------------------------------


def search(
    script: Script,
    events: Sequence[Event] = (),
    *,
    args: Sequence[str] = (),
    size: int = 50_000,
    starts: int = 1,
    preview: bool = False,
    **searchinfo: Any,
) -> Outcome:
    """One search: `starts` starts that see only getinfo, then one that answers chunks of at most `size` events.

    For streaming and stateful commands the last chunk has a header alone; events and reporting commands get
    `finished` with the last events. `preview` marks every chunk as one.
    """
    for _ in range(starts):
        with Process(script) as process:
            process.getinfo(args=args, preview=preview, **searchinfo)
            process.close()
    with Process(script) as process:
        first = process.getinfo(args=args, preview=preview, **searchinfo)
        replies = [] if first is None else [first]
        rows: List[Dict[str, Value]] = []
        if first is not None and "error" not in first.metadata:
            for reply, returned in _conversation(process, first.metadata, events, size, preview):
                replies.append(reply)
                rows += returned
        code = process.close()
        metrics = {name: value for reply in replies for name, value in reply.metrics.items()}
        messages = [message for reply in replies for message in reply.messages]
        error = next((reply.metadata["error"] for reply in replies if "error" in reply.metadata), None)
        configuration = first.metadata if first is not None else {}
        return Outcome(configuration, rows, messages, metrics, error, code, process.log, replies)


def _conversation(
    process: Process, told: Mapping[str, Any], events: Sequence[Event], size: int, preview: bool
) -> Iterator[Tuple[Reply, List[Dict[str, Value]]]]:
    kind, required = told.get("type", "streaming"), told.get("required_fields")
    columns = _columns(events, kind, required)
    indexed = kind in REJOINED and required is not None
    if indexed:
        columns = [*columns, "_chunked_idx"]
    generating = bool(told.get("generating"))
    parts = [] if generating else [events[start : start + size] for start in range(0, len(events), size)]
    if kind in REJOINED or not parts:
        parts.append(())
    for number, part in enumerate(parts, 1):
        finished = number == len(parts)
        sent = [{**event, "_chunked_idx": str(place)} for place, event in enumerate(part)] if indexed else part
        reply = process.execute(body_of(columns, sent), finished=finished, preview=preview or None)
        if reply is None:
            return
        yield reply, _rejoined(part, reply.rows()) if indexed and not generating else reply.rows()
        if "error" in reply.metadata:
            return
        assert reply.metadata["finished"] is finished, "a reply must be finished when its request is"


def _columns(events: Sequence[Event], kind: str, required: Optional[Sequence[str]]) -> List[str]:
    """What splunkd sends: the required columns, in their order and also those that no event has; else all."""
    if required is not None and kind != "events" and "*" not in required:
        return list(required)
    return list(dict.fromkeys(name for event in events for name in event))


def _rejoined(events: Sequence[Event], rows: Sequence[Mapping[str, Value]]) -> List[Dict[str, Value]]:
    """The rows of the answer over the events that they answer, found by the index that was echoed."""
    whole = []
    for row in rows:
        changed = dict(row)
        event = events[int(str(changed.pop("_chunked_idx")))]
        whole.append({**event, **changed})
    return whole
