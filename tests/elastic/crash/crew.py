"""Instances of the service as processes of their own, and what their work has to come to."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from busybody.fields.intake import Intake
from busybody.places import Locator
from busybody.policy import Policy
from busybody.scorer import Scorer
from busybody.signin import SignIn
from busybody.stores.memory import MemoryStore
from busybody_elastic.cluster.protocol import Cluster
from busybody_elastic.cursor import Cursor
from busybody_elastic.documents import Names
from busybody_elastic.state import IndexStore, Lease

PATIENCE = 180.0  # seconds in which anything has to happen
FOLLOWER = Path(__file__).with_name("follower.py")


class Crew:
    """Starts instances. Ends them all when it is left."""

    def __init__(self, env: Mapping[str, str]) -> None:
        """`env`: where configurations find secrets."""
        self._env = dict(env)
        self._parent = subprocess.Popen(
            [sys.executable, str(FOLLOWER)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self._running: set[int] = set()

    def close(self) -> None:
        """End all of them."""
        for pid in list(self._running):
            self.signal(pid, signal.SIGKILL)
            self.wait(pid)
        assert self._parent.stdin is not None
        self._parent.stdin.close()
        self._parent.wait()
        assert self._parent.stdout is not None
        self._parent.stdout.close()

    def start(self, config: Mapping[str, Any], verb: str, **order: Any) -> int:
        """The process id. `config` as YAML would have it; `order` as `follower.py` says."""
        pid = int(self._ask({"config": config, "env": self._env, "verb": verb, **order}))
        self._running.add(pid)
        return pid

    def wait(self, pid: int) -> int:
        """Its exit code; below 0 the signal that it ended by."""
        code = int(self._ask({"wait": pid}))
        self._running.discard(pid)
        return code

    def signal(self, pid: int, number: int) -> None:
        with suppress(ProcessLookupError):
            os.kill(pid, number)

    def _ask(self, order: Mapping[str, Any]) -> str:
        assert self._parent.stdin is not None
        assert self._parent.stdout is not None
        self._parent.stdin.write(json.dumps(order) + "\n")
        self._parent.stdin.flush()
        return self._parent.stdout.readline()


def standing(pid: int) -> str:
    """How the process stands, as the kernel says: T stopped, Z ended, another letter while it works."""
    text = Path(f"/proc/{pid}/stat").read_text()
    return text.rpartition(")")[2].split()[0]


def until(done: Callable[[], bool], what: str) -> None:
    """Wait for it; fails by name after a while."""
    end = time.monotonic() + PATIENCE
    while not done():
        assert time.monotonic() < end, f"{what} did not happen within {PATIENCE:g} s"
        time.sleep(0.05)  # other processes work meanwhile, there is nothing to be notified by


def head(cluster: Cluster, namespace: str, partition: int = 0) -> dict[str, Any]:
    """The head document of a partition, without its signs of life."""
    doc = cluster.get(Names(namespace).state, f"head-{partition}")
    assert doc is not None
    return {name: value for name, value in doc.source.items() if name not in ("renewed", "change")}


def begin(cluster: Cluster, namespace: str, moment: float, partitions: int = 1) -> None:
    """As if the service had started at that moment, and stopped at once."""
    lease = Lease(cluster, Names(namespace).state, 0, partitions=partitions, owner="one", seconds=PATIENCE)
    assert lease.take()
    with IndexStore(lease) as store:
        store.commit({}, {}, meta=Cursor(int(moment * 1000), int(moment * 1000)).notes())


Profiles = dict[str, tuple[str | None, str | None]]  # person -> profile, journal


def stored(cluster: Cluster, namespace: str, partitions: int = 1) -> Profiles:
    """What the state holds of everybody, as the next owner would find it."""
    found: Profiles = {}
    for number in range(partitions):
        index = Names(namespace).state
        lease = Lease(cluster, index, number, partitions=partitions, owner="one", seconds=PATIENCE)
        until(lease.take, "taking over the state")
        with IndexStore(lease) as store:
            assert store.verify() == []
            found.update({user: (store.profile(user), store.journal(user)) for user in store.users()})
    return found


def expected(documents: Iterable[Mapping[str, Any]], policy: Mapping[str, Any]) -> Profiles:
    """The same of one uninterrupted run of the core."""
    rules, store = Policy.from_mapping(policy), MemoryStore()
    intake, scorer = Intake(rules, Locator(rules)), Scorer(rules, store)
    for document in documents:
        signin = intake.read(document)
        assert isinstance(signin, SignIn)
        scorer.process(signin)
    scorer.save()
    return {user: (store.profile(user), store.journal(user)) for user in store.users()}


def different(found: Profiles, wanted: Profiles) -> list[str]:
    """People of whom something else is known."""
    return sorted(user for user in found.keys() | wanted.keys() if found.get(user) != wanted.get(user))
