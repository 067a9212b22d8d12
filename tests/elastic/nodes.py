#!/usr/bin/env python3
"""Genuine Elasticsearch and OpenSearch nodes for the tests, one of each for a whole test run.

    python tests/elastic/nodes.py --serve nodes.json [es9 es8 os2 os3]

starts them until SIGTERM and writes where they are; BUSYBODY_NODES=nodes.json in the environment lets tests use them.

Without it the first test that asks for a node starts it through a keeper, a process of its own. Whoever uses the node
holds a shared lock; the keeper waits for the exclusive one, which it gets when the last user is gone, be it by a
crash. It then stops the node.
"""

from __future__ import annotations

import argparse
import base64
import fcntl
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import IO, Any, Callable, Mapping

from node_downloads import KINDS, Unavailable, locked
from node_process import SUPERUSER, NodeProcess, user_line

SLOWEST_START = 300  # seconds; 8 on an idle machine
RELOAD = 0.5  # seconds until Elasticsearch looks at its files again


@dataclass(frozen=True)
class Node:
    """A running node, and how to speak to it."""

    name: str  # es9, es8, os2, os3
    flavour: str  # elasticsearch or opensearch
    version: str
    url: str
    user: str = ""  # a superuser; none for OpenSearch, which runs without security
    password: str = ""
    config: str = ""  # folder of Elasticsearch's roles and users
    pid: int = 0

    def add_role(self, name: str, definition: Mapping[str, Any]) -> None:
        """A role of roles.yml, as the role API would take it. Give it to somebody with `add_user`, which waits."""
        self._append("roles.yml", f"{name}: {json.dumps(definition)}\n")

    def add_user(self, name: str, password: str, *roles: str) -> None:
        """A user of the file realm. Returns when the node knows them and all roles that were added before."""
        self._append("users_roles", "".join(f"{role}:{name}\n" for role in roles))
        self._append("users", user_line(name, password))
        who = f"{self.url}/_security/_authenticate"
        wait(lambda: set((call(who, name, password) or {}).get("roles", ())) == set(roles), 30, f"no {name} in {who}")
        time.sleep(2 * RELOAD)  # the roles may be read a round later

    def _append(self, file: str, text: str) -> None:
        if not self.config:
            raise Unavailable(f"{self.name} runs without roles.yml and a file realm of ours.")
        with locked(Path(self.config) / "busybody.lock"), (Path(self.config) / file).open("a") as target:
            target.write(text)


def call(url: str, user: str = "", password: str = "") -> Any:
    """The JSON at a URL; None where there is no good answer yet."""
    secret = base64.b64encode(f"{user}:{password}".encode()).decode()
    request = urllib.request.Request(url, headers={"Authorization": f"Basic {secret}"} if user else {})
    try:
        with urllib.request.urlopen(request, timeout=5) as answer:
            return json.load(answer)
    except (OSError, ValueError):
        return None


def wait(done: Callable[[], bool], seconds: float, otherwise: str) -> None:
    """Until it is done. Raises Unavailable after so many seconds."""
    end = time.monotonic() + seconds
    while not done():
        if time.monotonic() > end:
            raise Unavailable(f"{otherwise} within {seconds} s.")
        time.sleep(0.1)


def ready(process: NodeProcess) -> Node:
    """The node once it answers. Raises Unavailable."""

    def up() -> bool:
        process.check()
        return call(f"{process.url}/_cluster/health", user, process.password) is not None

    kind = process.kind
    user = SUPERUSER if process.config else ""
    wait(up, SLOWEST_START, f"{kind.name} does not answer")
    return Node(
        name=kind.name,
        flavour=kind.flavour,
        version=kind.version,
        url=process.url,
        user=user,
        password=process.password,
        config=str(process.config or ""),
        pid=process.process.pid,
    )


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


# --- for a test run -----------------------------------------------------------------------------------------------


@cache
def shared(name: str) -> Node:
    """The node of this name, for the life of this process; started by whoever asks first. Raises Unavailable."""
    given = os.environ.get("BUSYBODY_NODES")
    if given:
        nodes = json.loads(Path(given).read_text())
        if name not in nodes:
            raise Unavailable(f"{given} (BUSYBODY_NODES) has no node {name}.")
        return Node(**nodes[name])
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID") or str(os.getpid())
    folder = Path(tempfile.gettempdir()) / f"busybody-nodes-{os.geteuid()}" / run
    with locked(folder / f"{name}.starting"):
        while True:
            if not (folder / f"{name}.json").exists():
                _keep(folder, name)
            use = (folder / f"{name}.users").open("a")
            fcntl.flock(use, fcntl.LOCK_SH)
            with suppress(FileNotFoundError):  # its keeper was faster: the last user had gone
                node = Node(**json.loads((folder / f"{name}.json").read_text()))
                _uses.append(use)
                return node
            use.close()


_uses: list[IO[str]] = []  # open files whose locks say that this process uses a node


def _keep(folder: Path, name: str) -> None:
    """Start a keeper and wait until its node is there. Raises Unavailable."""
    command = [sys.executable, __file__, "--keep", str(folder), name]
    keeper = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True)
    assert keeper.stdout
    with keeper.stdout as said:
        told = json.loads(said.readline() or '{"missing": "its keeper died"}')
    if "missing" in told:
        keeper.wait()
        raise Unavailable(told["missing"])
    _keepers.append(keeper)


_keepers: list[subprocess.Popen[str]] = []  # else they would be told of as still running


def keep(folder: Path, name: str) -> None:
    """Run a node until nobody uses it. Its first user waits for the line that is printed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    process = None
    try:
        process = NodeProcess(KINDS[name])
        node = ready(process)
        users = (folder / f"{name}.users").open("a")
        fcntl.flock(users, fcntl.LOCK_SH)  # until the first user has theirs
        (folder / f"{name}.json").write_text(json.dumps(asdict(node)))
        (folder / f"{name}.json").chmod(0o600)
        say(json.dumps({"up": name}))
        with locked(folder / f"{name}.starting"):  # the first user lets go of this when it has its lock
            pass
        fcntl.flock(users, fcntl.LOCK_EX)
        (folder / f"{name}.json").unlink()
    except Unavailable as missing:
        say(json.dumps({"missing": str(missing)}))
    finally:
        if process:
            process.stop()


# --- for a developer ----------------------------------------------------------------------------------------------


def serve(path: Path, names: list[str]) -> None:
    """Run nodes until SIGTERM or Ctrl-C; `path` lists those that are up."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: sys.exit(0))
    processes = []
    nodes: dict[str, Any] = {}
    try:
        for name in names:
            try:
                processes.append(NodeProcess(KINDS[name]))
                nodes[name] = asdict(ready(processes[-1]))
            except Unavailable as missing:
                say(f"{name}: {missing}")
                continue
            path.touch(mode=0o600)
            path.write_text(json.dumps(nodes, indent=1))
            say(f"{name}: {nodes[name]['url']}")
        while nodes:
            signal.pause()
    finally:
        path.unlink(missing_ok=True)
        for process in processes:
            process.stop()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    verb = parser.add_mutually_exclusive_group(required=True)
    verb.add_argument("--serve", type=Path, metavar="FILE")
    verb.add_argument("--keep", type=Path, metavar="FOLDER", help=argparse.SUPPRESS)
    parser.add_argument("names", nargs="*", metavar="NAME", help="of " + ", ".join(KINDS))
    arguments = parser.parse_args()
    unknown = set(arguments.names) - set(KINDS)
    if unknown:
        parser.error(f"no such node: {', '.join(sorted(unknown))}; there are {', '.join(KINDS)}")
    if arguments.serve:
        serve(arguments.serve, arguments.names or list(KINDS))
    else:
        keep(arguments.keep, arguments.names[0])
