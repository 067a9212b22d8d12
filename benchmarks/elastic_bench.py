"""What the benchmarks of the Elastic service share: a genuine node, sign-ins to send, the service beside it, clocks.

Everything runs on this machine, client included: the figures say how two ways compare, not how fast a cluster is.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import platform
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from base64 import b64encode
from contextlib import closing, contextmanager
from itertools import islice
from pathlib import Path
from typing import Any, Callable, Iterator, List, Mapping, NamedTuple, Sequence, Tuple

ROOT = Path(__file__).resolve().parents[1]
for folder in (ROOT / "core", ROOT / "elastic", ROOT / "tests" / "elastic"):
    sys.path.insert(0, str(folder))

import orjson  # noqa: E402
from busybody.simulate import Organisation, generate  # noqa: E402
from busybody.simulate.writers import FORMATS  # noqa: E402
from busybody_elastic import assets  # noqa: E402
from busybody_elastic.cluster import Cluster, connect  # noqa: E402
from busybody_elastic.config import Config  # noqa: E402
from node_downloads import KINDS  # noqa: E402
from node_process import NodeProcess, free_ports  # noqa: E402
from nodes import Node, ready  # noqa: E402

NAMESPACE = "bench"
CONNECTIONS = 4
ROUNDS = 5  # that count; one before them warms
BATCH = 500  # documents of a bulk request
SLOWEST = 300.0  # seconds until the service answers
PER_DAY = 2.0  # sign-ins of a simulated person, at least
LEAVERS = "/leaver-.*/"  # people whose every success is an alert by itself
Document = Mapping[str, Any]


def arguments(doc: str | None, people: int = 1000, **more: Tuple[int, str]) -> argparse.Namespace:
    """The node, and whole numbers of the script's own with their defaults."""
    parser = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--node", choices=KINDS, default="es9", help="which server; default: %(default)s")
    parser.add_argument(
        "--people", type=int, default=people, help="of the simulated organisation; default: %(default)s"
    )
    for name, (default, words) in more.items():
        parser.add_argument(f"--{name}", type=int, default=default, help=f"{words}; default: %(default)s")
    return parser.parse_args()


# --- the node and the service -------------------------------------------------------------------------------------


@contextmanager
def prepared(name: str) -> Iterator[Tuple[Node, Cluster]]:
    """A node of this run's own with our templates, stopped after it; says what is measured on."""
    process = NodeProcess(KINDS[name])
    try:
        node = ready(process)
        _say(node)
        with closing(connect(loaded(node).cluster)) as cluster:
            for template in assets.read("templates/index"):
                body = assets.for_namespace(template, NAMESPACE)
                cluster.request("PUT", f"/_index_template/{template}-{NAMESPACE}", body)
            yield node, cluster
    finally:
        process.stop()


def configuration(node: Node, **sections: Any) -> dict[str, Any]:
    """As YAML would have it; the password comes by the environment."""
    cluster: dict[str, Any] = {"url": node.url}
    if node.user:
        cluster |= {"username": node.user, "password": {"env": "NODE_PASSWORD"}}
    return {"cluster": cluster, "namespace": NAMESPACE, "policy": {"people": {"leavers": [LEAVERS]}}, **sections}


def loaded(node: Node, **sections: Any) -> Config:
    return Config.from_mapping(configuration(node, **sections), env={"NODE_PASSWORD": node.password})


def plain_index(cluster: Cluster, name: str) -> None:
    """One for sign-ins, typed as ECS has them."""
    words = {"words": {"match_mapping_type": "string", "mapping": {"type": "keyword", "ignore_above": 1024}}}
    mappings = {
        "dynamic_templates": [words],
        "properties": {
            "@timestamp": {"type": "date"},
            "event": {"properties": {"ingested": {"type": "date"}}},
            "source": {
                "properties": {"ip": {"type": "ip"}, "geo": {"properties": {"location": {"type": "geo_point"}}}}
            },
        },
    }
    settings = {"number_of_shards": 1, "number_of_replicas": 0}
    cluster.request("PUT", f"/{name}", {"settings": settings, "mappings": mappings})


class Service(NamedTuple):
    """A running `busybody-elastic`."""

    url: str
    pid: int

    def status(self) -> Mapping[str, Any]:
        """What /readyz says."""
        with urllib.request.urlopen(f"{self.url}/readyz", timeout=30) as answer:
            return dict(json.load(answer))

    @property
    def memory_mb(self) -> float:
        """Resident at its highest; 0 where the system does not tell."""
        try:
            status = Path(f"/proc/{self.pid}/status").read_text()
        except OSError:
            return 0.0
        return int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1]) / 1024


@contextmanager
def service(node: Node, verb: str = "serve", **sections: Any) -> Iterator[Service]:
    """The service in a process of its own, until the block ends; ready when it begins."""
    (port,) = free_ports(1)
    sections["server"] = {"port": port, **sections.get("server", {})}
    sections.setdefault("log", {"level": "warning", "format": "text"})
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "elastic.json"
        file.write_text(json.dumps(configuration(node, **sections)))  # JSON is YAML, too
        environment = {
            **os.environ,
            "PYTHONPATH": f"{ROOT / 'core'}:{ROOT / 'elastic'}",
            "NODE_PASSWORD": node.password,
        }
        command = [sys.executable, "-m", "busybody_elastic", verb, "-c", str(file)]
        process = subprocess.Popen(command, env=environment)
        try:
            if verb == "serve":
                wait(lambda: _is_ready(port, process), "the service does not become ready")
            yield Service(f"http://127.0.0.1:{port}", process.pid)
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(60)


def _is_ready(port: int, process: subprocess.Popen[bytes]) -> bool:
    if process.poll() is not None:
        raise SystemExit(f"the service ended with exit code {process.returncode}")
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


def wait(done: Callable[[], bool], otherwise: str, pause: float = 0.1) -> None:
    end = time.monotonic() + SLOWEST
    while not done():
        if time.monotonic() > end:
            raise SystemExit(f"{otherwise} within {SLOWEST:g} s")
        time.sleep(pause)


# --- what is sent -------------------------------------------------------------------------------------------------


def signins(people: int, count: int, *, until: float | None = None) -> List[Document]:
    """ECS documents of a simulated organisation without attacks, in order; the last happened at `until` (now)."""
    days = 4 + int(count / (people * PER_DAY))
    organisation = Organisation(people=people, days=days, seed=7, attacks={})
    found = [event.signin for event in islice(generate(organisation), count)]
    if len(found) < count:
        raise SystemExit(f"only {len(found)} sign-ins were simulated: ask for more people")
    shift = (time.time() if until is None else until) - found[-1].time
    written = (FORMATS["ecs"].write(signin._replace(time=signin.time + shift)) for signin in found)
    return [document for document in written if isinstance(document, Mapping)]


def other(number: int) -> Document:
    """What is no sign-in, and as large."""
    return {
        "@timestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "event": {"id": f"p{number}", "category": ["process"], "type": ["start"], "dataset": "system.process",
                  "module": "system", "kind": "event", "action": "process-started"},
        "process": {"name": "sshd", "pid": number, "executable": "/usr/sbin/sshd", "args": ["sshd", "-D", str(number)],
                    "hash": {"sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"}},
        "host": {"name": f"host-{number % 100}", "os": {"family": "debian", "version": "13", "kernel": "6.12.0-1-amd64"}},
        "user": {"name": "root", "id": "0"}, "related": {"user": ["root"]}, "ecs": {"version": "8.17.0"},
        "message": "Process sshd (PID: 1) by user root STARTED",
    }  # fmt: skip


def bulk_bodies(documents: Sequence[Document], index: str) -> List[bytes]:
    """Bulk requests that create them, BATCH in each."""
    action = orjson.dumps({"create": {"_index": index}}) + b"\n"
    lines = [action + orjson.dumps(document) + b"\n" for document in documents]
    return [b"".join(lines[start : start + BATCH]) for start in range(0, len(lines), BATCH)]


# --- sending and counting -----------------------------------------------------------------------------------------


def send(
    url: str, path: str, bodies: Sequence[bytes], node: Node | None, content: str = "application/x-ndjson"
) -> List[float]:
    """All of them by CONNECTIONS threads with a connection each; the seconds that each took."""
    host, _, port = url.partition("//")[2].partition(":")
    headers = {"content-type": content}
    if node is not None and node.user:
        headers["authorization"] = "Basic " + b64encode(f"{node.user}:{node.password}".encode()).decode()
    taken: List[float] = []
    wrong: List[str] = []
    waiting = iter(bodies)
    turn = threading.Lock()

    def work() -> None:
        connection = http.client.HTTPConnection(host, int(port), timeout=120)
        while not wrong:
            with turn:
                body = next(waiting, None)
            if body is None:
                break
            begun = time.perf_counter()
            connection.request("POST" if body else "GET", path, body or None, headers)
            answer = connection.getresponse()
            text = answer.read()
            taken.append(time.perf_counter() - begun)
            if answer.status != 200 or b'"errors":true' in text:
                wrong.append(f"{path} answered {answer.status}: {text[:300].decode(errors='replace')}")
        connection.close()

    threads = [threading.Thread(target=work) for _ in range(CONNECTIONS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if wrong:
        raise SystemExit(wrong[0])
    return taken


def rate(count: int, work: Callable[[], Any]) -> float:
    """How many of something a second."""
    begun = time.perf_counter()
    work()
    return count / (time.perf_counter() - begun)


def quantile(values: Sequence[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


def show(name: str, rates: Sequence[float], unit: str, reference: Sequence[float] | None = None, bar: str = "") -> None:
    """Median, range, and the ratio to the reference of the same round."""
    line = f"{name:36} {statistics.median(rates):9,.0f} {unit}  ({min(rates):,.0f} to {max(rates):,.0f})"
    if reference is not None:
        ratios = [one / other for one, other in zip(rates, reference, strict=True)]
        line += f"  ratio {statistics.median(ratios):.2f}  ({min(ratios):.2f} to {max(ratios):.2f}){bar and f'  {bar}'}"
    print(line, flush=True)


def _say(node: Node) -> None:
    product = {"elasticsearch": "Elasticsearch", "opensearch": "OpenSearch"}[node.flavour]
    print(
        f"{product} {node.version}, Python {platform.python_version()}, {os.cpu_count()} cores shared by node, service and "
        f"client; {CONNECTIONS} connections, {BATCH} documents a request, median of {ROUNDS} interleaved rounds",
        flush=True,
    )
