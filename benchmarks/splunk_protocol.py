"""Events per CPU second through the search command protocol, beside splunk-sdk and the bare cost of reading.

    python benchmarks/splunk_protocol.py [--size 200000] [--chunk 50000] [--rounds 3] [--keep FILE]

200,000 sign-ins of 8 fields and their `__mv_` columns in chunks of 50,000 come from a file, as splunkd sends them; the
replies are thrown away. Each command runs in a process of its own, in turn; shown are the medians of its CPU seconds
(start-up included) and its largest peak of memory. Every command but the floors adds one column, or 20 where it says so.
"Filled" columns come empty with each row, as splunkd sends those that stand among the required fields.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import multiprocessing
import os
import platform
import random
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Callable, Dict, Iterator, List, Mapping, NamedTuple, Sequence, Tuple

ROOT = Path(__file__).resolve().parents[1]
LIB, CORE = ROOT / "addon" / "splunk_app" / "lib", ROOT / "core"
sys.path.insert(0, str(ROOT / "tests" / "splunk"))

from driver import body_of, getinfo  # noqa: E402

COLUMNS = ("_time", "user", "src", "user_agent", "app", "action", "dest", "signature")
AGENTS = [
    f"Mozilla/5.0 ({system}) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{number}.0.0.0 Safari/537.36"
    for system in ("Windows NT 10.0; Win64; x64", "Macintosh; Intel Mac OS X 10_15_7", "X11; Linux x86_64")
    for number in (143, 144, 145)
]
FRAMES = """
import collections, sys
from busybody_splunk.frames import read_frame, write_frame
read_frame(sys.stdin.buffer); write_frame(sys.stdout.buffer, b'{"type":"streaming"}')
while True:
    frame = read_frame(sys.stdin.buffer)
    if frame is None: break
    DO
    write_frame(sys.stdout.buffer, b'{"finished":true}' if frame.metadata["finished"] else b'{"finished":false}')
"""
OURS = """
import sys
from busybody_splunk.protocol import serve
class Command:
    kind, generating = "streaming", False
    def begin(self, search, messages): pass
    def take(self, chunk): return chunk.extended(NAMES, CELLS)
    def close(self): pass
sys.exit(serve(Command(), sys.stdin.buffer, sys.stdout.buffer, sys.stderr))
"""
SDK = """
import sys
from splunklib.searchcommands import Configuration, StreamingCommand, dispatch
@Configuration()
class Empty(StreamingCommand):
    def stream(self, records):
        for record in records:
            record["score"] = "12"
            yield record
dispatch(Empty, sys.argv, sys.stdin, sys.stdout, "__main__")
"""
ADDED = '[f"busy_{number}" for number in range(20)]'


def ours(names: str, cells: str) -> str:
    return OURS.replace("NAMES", names).replace("CELLS", cells)


PROGRAMS: Dict[str, str] = {
    "splunk-sdk, empty streaming command": SDK,
    "floor: frames alone": FRAMES.replace("DO", "collections.deque(frame.body, 0)"),
    "floor: frames and csv.reader": FRAMES.replace(
        "DO", "import csv; collections.deque(csv.reader(b''.join(frame.body).decode().split('\\n')), 0)"
    ),
    "pass-through, rows unread": ours('("score",)', '((("12",)) for number in range(len(chunk)))'),
    "pass-through": ours('("score",)', '((("12",)) for row in chunk.rows)'),
    "pass-through, column filled": ours('("score",)', '((("12",)) for row in chunk.rows)'),
    "20 columns filled": ours(ADDED, '((["12", "low", "0"] + [""] * 17 for row in chunk.rows))'),
    "20 columns filled, with sentence": ours(ADDED, '((["12", "low", "well, new"] + [""] * 17 for row in chunk.rows))'),
    "20 columns filled, of several values": ours(
        ADDED, '((["12", "low", "well, new", ["a", "b, c"]] + [""] * 16 for row in chunk.rows))'
    ),
}


class Cost(NamedTuple):
    """Of one run."""

    cpu_seconds: float
    peak_mib: float


def signins(size: int) -> Iterator[Dict[str, str]]:
    source = random.Random(7)
    for number in range(size):
        yield {
            "_time": f"{1700000000 + number * 0.5:.3f}",
            "user": f"person{source.randrange(1000)}@example.com",
            "src": f"198.51.{source.randrange(256)}.{source.randrange(256)}",
            "user_agent": source.choice(AGENTS),
            "app": source.choice(("okta", "office365")),
            "action": source.choice(("success", "success", "failure")),
            "dest": "sso.example.com",
            "signature": "user.session.start",
        }


def write_stream(path: Path, size: int, chunk: int, filled: Sequence[str] = ()) -> None:
    """Every request that splunkd would make; with columns to fill, and then an index of the rows, where it is asked."""
    events = list(signins(size))
    columns = [*COLUMNS, *filled, "_chunked_idx"] if filled else COLUMNS
    for number, event in enumerate(events):
        event["_chunked_idx"] = str(number % chunk)
    frames: List[Tuple[object, bytes]] = [(getinfo(), b"")]
    for start in range(0, size, chunk):
        frames.append(({"action": "execute", "finished": False}, body_of(columns, events[start : start + chunk])))
    frames.append(({"action": "execute", "finished": True}, body_of(columns, [])))
    with path.open("wb") as stream:
        for metadata, body in frames:
            told = json.dumps(metadata).encode()
            stream.write(b"chunked 1.0,%d,%d\n%s%s" % (len(told), len(body), told, body))


def cost(program: str, stream: Path) -> Cost:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join((str(LIB), str(CORE)))}
    with stream.open("rb") as requests, open(os.devnull, "wb") as nowhere:
        running = subprocess.Popen([sys.executable, "-c", program], stdin=requests, stdout=nowhere, env=environment)
        _, status, usage = os.wait4(running.pid, 0)
        running.returncode = os.waitstatus_to_exitcode(status)
    if running.returncode:
        sys.exit(f"a command ended with exit code {running.returncode}")
    return Cost(usage.ru_utime + usage.ru_stime, usage.ru_maxrss / (1024 if sys.platform != "darwin" else 1 << 20))


def measured(programs: Mapping[str, str], streams: Mapping[str, Path], rounds: int) -> Dict[str, Cost]:
    runs: Dict[str, List[Cost]] = {name: [] for name in programs}
    for _ in range(rounds):
        for name, program in programs.items():
            runs[name].append(
                cost(program, streams[next(kind for kind in ("20 columns", "column filled", "") if kind in name)])
            )
    return {
        name: Cost(statistics.median(run.cpu_seconds for run in some), max(run.peak_mib for run in some))
        for name, some in runs.items()
    }


def apart(function: Callable[..., None], *arguments: object) -> None:
    """In a process of its own: what this one ever held would count as the peak of those that it starts."""
    process = multiprocessing.get_context("spawn").Process(target=function, args=arguments)
    process.start()
    process.join()


def main(arguments: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=int, default=200_000)
    parser.add_argument("--chunk", type=int, default=50_000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args(arguments)
    programs = dict(PROGRAMS)
    if importlib.util.find_spec("splunklib") is None:
        print("splunk-sdk is not installed (requirements/develop.txt): no reference")
        del programs["splunk-sdk, empty streaming command"]
    with tempfile.TemporaryDirectory() as folder:
        added = [f"busy_{number}" for number in range(20)]
        streams: Dict[str, Path] = {}
        for kind, filled in (("", []), ("column filled", ["score"]), ("20 columns", added)):
            streams[kind] = Path(folder) / f"stream{len(streams)}"
            apart(write_stream, streams[kind], options.size, options.chunk, filled)
        size = streams[""].stat().st_size / 1e6
        print(f"{options.size:,} events, {size:.1f} MB, chunks of {options.chunk:,}; {platform.python_version()}\n")
        costs = measured(programs, streams, options.rounds)
    reference = (
        costs["splunk-sdk, empty streaming command"].cpu_seconds if importlib.util.find_spec("splunklib") else 0.0
    )
    print(f"{'':36} {'CPU s':>6} {'events/s':>10} {'ratio':>6} {'MiB':>5}")
    for name, one in costs.items():
        rate, ratio = options.size / one.cpu_seconds, reference / one.cpu_seconds
        print(f"{name:36} {one.cpu_seconds:6.2f} {rate:10,.0f} {ratio:6.1f} {one.peak_mib:5.0f}")


if __name__ == "__main__":
    main(sys.argv[1:])
