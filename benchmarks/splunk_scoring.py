"""busyscore and busytrain as splunkd runs them, in events per CPU second, beside an empty splunk-sdk command.

    python benchmarks/splunk_scoring.py [--events 200000] [--people 4000] [--chunk 50000] [--rounds 2]

A simulated organisation, attacks included, in the columns of Splunk's Authentication data model: two weeks are learned
with busytrain, and the events after them are scored out of a file that holds splunkd's requests, with the columns that
busyscore asks for. The KV store is the tests' fake, over HTTPS, in a process of its own. The empty command of splunk-sdk
reads the same events twice: the eight fields that an analyst would search for, and all that busyscore gets. Shown are
medians of CPU seconds (start-up included), the ratio to the first of these, and the peak of memory.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import multiprocessing
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any, Dict, Iterator, List, NamedTuple, Sequence, Tuple

ROOT = Path(__file__).resolve().parents[1]
LIB, CORE, TESTS = ROOT / "addon" / "splunk_app" / "lib", ROOT / "core", ROOT / "tests" / "splunk"
for folder in (LIB, CORE, TESTS):
    sys.path.insert(0, str(folder))

from driver import Process, Script, body_of, getinfo  # noqa: E402

DAY = 86400.0
LEARNED_DAYS = 14
A_PERSON_A_DAY = 2.6  # sign-ins of the simulated organisation
EIGHT = ("_time", "user", "src", "user_agent", "app", "action", "sourcetype", "event_hash")
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


class Cost(NamedTuple):
    """Of one run."""

    events: int
    cpu_seconds: float
    peak_mib: float
    said: str = ""  # messages of the command


class Head(NamedTuple):
    """What a search needs to know of the search head."""

    told: Dict[str, Any]  # searchinfo
    home: str  # SPLUNK_HOME


def write_requests(path: Path, events: Sequence[Dict[str, str]], columns: Sequence[str], chunk: int, kind: str) -> None:
    """The execute requests of a search; `indexed` ones have the index by which splunkd joins, a `single` one ends at once."""
    with path.open("wb") as stream:
        if kind == "indexed":
            columns = [*columns, "_chunked_idx"]
        starts = range(0, len(events), chunk)
        for start in starts:
            part = events[start : start + chunk]
            if kind == "indexed":
                part = [{**event, "_chunked_idx": str(place)} for place, event in enumerate(part)]
            stream.write(request({"action": "execute", "finished": False}, body_of(columns, part)))
        stream.write(request({"action": "execute", "finished": True}, body_of(columns, [])))


def request(metadata: object, body: bytes = b"") -> bytes:
    told = json.dumps(metadata).encode()
    return b"chunked 1.0,%d,%d\n%s%s" % (len(told), len(body), told, body)


def prepare(folder: Path, size: int, people: int, chunk: int, asked: Dict[str, Sequence[str]]) -> Tuple[int, int]:
    """Simulate, and write the requests; returns how many events are learned and scored."""
    from busybody.simulate import Organisation, generate
    from busybody.simulate.writers.splunk import cim

    days = LEARNED_DAYS + int(size / people / A_PERSON_A_DAY) + 2
    learned: List[Dict[str, str]] = []
    scored: List[Dict[str, str]] = []
    start = 0.0
    for one in generate(Organisation(people=people, days=days, seed=7)):
        start = start or one.signin.time
        target = learned if one.signin.time < start + LEARNED_DAYS * DAY else scored
        if len(scored) < size:
            target.append({name: str(value) for name, value in cim(one.signin).items() if value is not None})
    write_requests(folder / "busytrain", learned, asked["busytrain"], chunk, "reporting")
    write_requests(folder / "busyscore", scored, asked["busyscore"], chunk, "indexed")
    write_requests(folder / "eight", scored, EIGHT, chunk, "plain")
    inputs = [name for name in asked["busyscore"] if any(name in event for event in scored[:1000])]
    write_requests(folder / "same", scored, inputs, chunk, "plain")
    return len(learned), len(scored)


def asked_for(command: str, head: Head, *args: str) -> Sequence[str]:
    """The columns that a command asks for."""
    with Process(Script(ROOT / "bin" / f"{command}.py")) as process:
        reply = process.getinfo(args=args, **head.told)
        assert reply is not None
        required: Sequence[str] = reply.metadata["required_fields"]
        return required


def starts(head: Head, number: int = 15) -> List[float]:
    """Milliseconds from the start of busyscore to its reply to getinfo, on the wall clock, the quickest first."""
    taken = []
    for _ in range(number):
        begun = time.perf_counter()
        with Process(Script(ROOT / "bin" / "busyscore.py", flags=())) as process:
            process.getinfo(**head.told)
            taken.append((time.perf_counter() - begun) * 1e3)
            process.close()
    return sorted(taken)


def cost(program: Sequence[str], args: Sequence[str], requests: Path, events: int, head: Head) -> Cost:
    """Run a command on the requests in a file."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join((str(LIB), str(CORE))), "SPLUNK_HOME": head.home}
    replies = requests.with_suffix(".replies")
    with replies.open("wb") as out:
        running = subprocess.Popen(
            [sys.executable, *program], stdin=subprocess.PIPE, stdout=out, stderr=subprocess.DEVNULL, env=environment
        )
        assert running.stdin is not None
        running.stdin.write(request(getinfo(args, **head.told)))
        with requests.open("rb") as stream:
            for block in iter(lambda: stream.read(1 << 20), b""):
                running.stdin.write(block)
        running.stdin.close()
        _, status, usage = os.wait4(running.pid, 0)
        running.returncode = os.waitstatus_to_exitcode(status)
    said = "; ".join(messages(replies))
    if running.returncode:
        sys.exit(f"{program[0]} ended with exit code {running.returncode}: {said}")
    peak = usage.ru_maxrss / (1024 if sys.platform != "darwin" else 1 << 20)
    return Cost(events, usage.ru_utime + usage.ru_stime, peak, said)


def messages(replies: Path) -> Iterator[str]:
    """What a command said, and a check that it answered all."""
    with replies.open("rb") as stream:
        for header in iter(stream.readline, b""):
            _, told, body = header.split(b",")
            metadata = json.loads(stream.read(int(told)))
            stream.seek(int(body), 1)
            for _, text in (metadata.get("inspector") or {}).get("messages", ()):
                yield text


def main(arguments: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=200_000)
    parser.add_argument("--people", type=int, default=4_000)
    parser.add_argument("--chunk", type=int, default=50_000)
    parser.add_argument("--rounds", type=int, default=2)
    options = parser.parse_args(arguments)
    server = subprocess.Popen(
        [sys.executable, TESTS / "fake_splunkd.py"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    try:
        with tempfile.TemporaryDirectory() as name:
            measure(options, head_at(Path(name), server), Path(name))
    finally:
        server.kill()


def head_at(folder: Path, server: subprocess.Popen[bytes]) -> Head:
    """A search head whose splunkd is the fake."""
    assert server.stdout is not None
    fake = json.loads(server.stdout.readline())
    auth = folder / "home" / "etc" / "auth"
    auth.mkdir(parents=True)
    (auth / "cacert.pem").write_bytes(Path(fake["ca_file"]).read_bytes())
    (folder / "home" / "var" / "log" / "splunk").mkdir(parents=True)
    told = {"splunkd_uri": fake["uri"], "session_key": fake["session_key"], "dispatch_dir": str(folder)}
    return Head(told, str(folder / "home"))


def measure(options: argparse.Namespace, head: Head, folder: Path) -> None:
    asked = {"busytrain": asked_for("busytrain", head), "busyscore": asked_for("busyscore", head)}
    # One process makes the events, another starts the commands: what the first held would count as their peak.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context) as maker:
        learned, scored = maker.submit(prepare, folder, options.events, options.people, options.chunk, asked).result()
    print(f"{options.people:,} people; {learned:,} sign-ins learned, {scored:,} scored in chunks of {options.chunk:,}")
    print(f"{platform.python_version()}; {platform.machine()}\n", flush=True)
    score, train = [str(ROOT / "bin" / "busyscore.py")], [str(ROOT / "bin" / "busytrain.py")]
    runs: Dict[str, List[Cost]] = {}
    with ProcessPoolExecutor(1, mp_context=context) as runner:

        def run(name: str, program: Sequence[str], requests: str, events: int, *args: str) -> None:
            one = runner.submit(cost, program, args, folder / requests, events, head).result()
            runs.setdefault(name, []).append(one)
            if len(runs[name]) == 1 and one.said:
                print(f"{name}: {one.said}", flush=True)

        for number in range(options.rounds):
            model = f"model=m{number}"
            if importlib.util.find_spec("splunklib") is not None:
                run("splunk-sdk, empty, eight fields", ["-c", SDK], "eight", scored)
                run("splunk-sdk, empty, the same fields", ["-c", SDK], "same", scored)
            run("busytrain", train, "busytrain", learned, model)
            run("busyscore", score, "busyscore", scored, model)
            run("busyscore update=true", score, "busyscore", scored, model, "update=true")
    show(runs)
    taken = starts(head)
    print(f"\nstart of busyscore to its reply to getinfo: {taken[len(taken) // 2]:.0f} ms, at best {taken[0]:.0f} ms")


def show(runs: Dict[str, List[Cost]]) -> None:
    reference = 0.0
    print(f"\n{'':36} {'CPU s':>6} {'events/s':>10} {'ratio':>6} {'MiB':>5}")
    for name, some in runs.items():
        seconds = statistics.median(one.cpu_seconds for one in some)
        rate = some[0].events / seconds
        reference = reference or rate
        print(
            f"{name:36} {seconds:6.2f} {rate:10,.0f} {rate / reference:6.2f} {max(one.peak_mib for one in some):5.0f}"
        )


if __name__ == "__main__":
    main(sys.argv[1:])
