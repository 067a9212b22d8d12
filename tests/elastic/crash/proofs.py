"""The proofs themselves, for the service as it is and for one with a safeguard taken out.

Each returns what is wrong in words; an empty list is what the service has to give.
"""

from __future__ import annotations

import random
import secrets
import signal
import socket
import time
from collections.abc import Mapping
from typing import Any

from busybody_elastic.cluster.protocol import Cluster
from busybody_elastic.cursor import NOTE, Cursor
from busybody_elastic.documents import Names
from busybody_elastic.state import heads, texts

from .crew import Crew, begin, different, expected, head, standing, stored, until
from .signins import iso, make, signin, write
from .world import CLEAN, audit, every, prepare

POLICY = {"alerts": {"threshold": 30}}
PAGE = 40
LEASE = 6.0  # seconds


class Place:
    """A source with sign-ins, and namespaces in which instances score them."""

    def __init__(
        self, cluster: Cluster, settings: Mapping[str, Any], env: Mapping[str, str], signins: int = 120
    ) -> None:
        """`settings` and `env`: how instances reach the cluster."""
        self.cluster, self.settings = cluster, settings
        self.crew = Crew({**env, "INTERNAL": secrets.token_hex(16)})
        self.name = "t" + secrets.token_hex(5)
        self.source = f"{self.name}-source"
        now, days = time.time(), 15 * 86400.0  # a page of them lasts longer than the overlap, which would heal much
        self.start = now - 700
        self.documents = [
            signin(n, now - days + n * days / signins, ingested=now - 600 + 2 * n, people=4) for n in range(signins)
        ]
        make(cluster, self.source, {"event.ingested": "date", "@timestamp": "date"})
        prepare(cluster, self.name)
        self._namespaces = 0

    def close(self) -> None:
        """End all instances."""
        self.crew.close()
        self.cluster.close()

    def add(self, first: int = 0, last: int | None = None) -> None:
        """Put these of the sign-ins into the source."""
        last = len(self.documents) if last is None else last
        write(self.cluster, self.source, ((str(n), self.documents[n]) for n in range(first, last)))

    def namespace(self, partitions: int = 1) -> Namespace:
        """A new one, in which the service has just started."""
        self._namespaces += 1
        name = f"{self.name}n{self._namespaces}"
        begin(self.cluster, name, self.start, partitions)
        return Namespace(self, name, partitions)


class Namespace:
    """What instances of one namespace do, and what is wrong afterwards."""

    def __init__(self, place: Place, name: str, partitions: int) -> None:
        self.cluster, self.name, self._place, self._partitions = place.cluster, name, place, partitions
        self.signal, self.wait = place.crew.signal, place.crew.wait

    def start(self, verb: str, instance: str = "one", port: int | None = None, **order: Any) -> int:
        """Start an instance; its process id. With `port` others reach it there."""
        state: dict[str, Any] = {"instance": instance, "lease_seconds": LEASE, "partitions": self._partitions}
        if port is not None:
            state |= {"address": f"http://127.0.0.1:{port}", "internal_key": {"env": "INTERNAL"}}
        reader = {"indices": [self._place.source], "page": PAGE, "learn_days": 0, "reconcile_minutes": 0}
        config = {
            "cluster": self._place.settings, "namespace": self.name, "policy": POLICY, "state": state,
            "reader": {**reader, "interval_seconds": 0.1}, "server": {"port": port or 0},
        }  # fmt: skip
        return self._place.crew.start(config, verb, commit=PAGE, **order)

    def once(self, instance: str = "one", **order: Any) -> int:
        """Let an instance read to the head; its exit code."""
        return self.wait(self.start("once", instance, **order))

    def scored(self) -> int:
        """How many sign-ins have a result."""
        return len({str(hit.source["event"]["id"]) for hit in every(self.cluster, Names(self.name).score)})

    def is_done(self) -> bool:
        """Whether the committed cursor has reached the last sign-in."""
        index = Names(self.name).state
        found = heads(self.cluster, index, 1)[0]
        cursor = Cursor.of({NOTE: texts.read(self.cluster, index, found.body["notes"][NOTE], index)})
        last = self._place.documents[-1]["event"]["ingested"]
        return cursor is not None and iso(cursor.position("ingested") / 1000) == last

    def wrong(self) -> list[str]:
        """What the audit finds, and of whom the state knows something else than one run of the core."""
        found = audit(self.cluster, self.name, self._place.source)
        problems = [f"{what}: {', '.join(names[:5])}" for what, names in found.items() if names != CLEAN[what]]
        try:
            state = stored(self.cluster, self.name, self._partitions)
        except Exception as error:  # noqa: BLE001  whatever it is, the state cannot be read
            return [*problems, f"state: {type(error).__name__}: {error}"]
        others = different(state, expected(self._place.documents, POLICY))
        return problems + ([f"profiles: {', '.join(others)}"] if others else [])


def killed_before_write(place: Place, number: int, defect: str = "") -> list[str] | None:
    """kill -9 before the `number`th write, then a second start. None where it never wrote as often."""
    namespace = place.namespace()
    code = namespace.once(end="kill", write=number, defect=defect)
    if code == 0:
        return None
    if code != -signal.SIGKILL or namespace.once(defect=defect) != 0:
        return [f"exit code {code}"]
    return namespace.wrong()


def killed_at_random(place: Place, rounds: int, seed: int) -> list[str]:
    """kill -9 at any moment, again and again, while sign-ins arrive."""
    rng, namespace = random.Random(seed), place.namespace()
    step = len(place.documents) // rounds
    for number in range(rounds):
        pid = namespace.start("follow")
        place.add(number * step, (number + 1) * step if number < rounds - 1 else None)
        time.sleep(rng.uniform(0.1, 1.5))  # the moment of the kill is the point
        namespace.signal(pid, signal.SIGKILL)
        namespace.wait(pid)
    return namespace.wrong() if namespace.once() == 0 else ["the last run failed"]


def stopped_before_write(place: Place, number: int, defect: str = "", *, held: bool = True) -> list[str] | None:
    """SIGSTOP before the `number`th write, beyond the lease; another does the work; then the first goes on.

    With `held` the other one keeps the people; else it has released them, and the first may have them again.
    None where it never wrote as often.
    """
    namespace = place.namespace()
    stale = namespace.start("once", "stale", end="stop", write=number, defect=defect)
    until(lambda: standing(stale) in "TZ", "standing still")
    if standing(stale) == "Z":
        namespace.wait(stale)
        return None
    fresh = namespace.start("follow" if held else "once", "fresh")
    if held:
        until(namespace.is_done, "the work of the second instance")
    elif namespace.wait(fresh) != 0:
        return ["the second instance failed"]
    before = head(place.cluster, namespace.name)
    namespace.signal(stale, signal.SIGCONT)
    if namespace.wait(stale) == -signal.SIGABRT:
        return ["the stale owner did not end"]
    after = head(place.cluster, namespace.name)
    written = [name for name in ("owner", "fence") if held and before[name] != after[name]]
    if held:
        namespace.signal(fresh, signal.SIGTERM)
        namespace.wait(fresh)
    return namespace.wrong() + ([f"the stale owner wrote {', '.join(written)} of the head"] if written else [])


def one_of_three_dies(place: Place, partitions: int = 3) -> list[str]:
    """Three instances with the doors open; the one that reads is killed half-way."""
    half, namespace = len(place.documents) // 2, place.namespace(partitions)
    running = {
        name: namespace.start("serve", name, port)
        for name, port in zip(("one", "two", "three"), _ports(3), strict=True)
    }
    place.add(0, half)
    until(lambda: namespace.scored() >= half // 3, "scoring of the first sign-ins")
    leader = str(head(place.cluster, namespace.name)["owner"])
    namespace.signal(running[leader], signal.SIGKILL)
    namespace.wait(running.pop(leader))
    place.add(half)
    until(lambda: namespace.scored() == len(place.documents), "scoring of the last sign-ins")
    codes = []
    for pid in running.values():
        namespace.signal(pid, signal.SIGTERM)
        codes.append(namespace.wait(pid))
    return namespace.wrong() + ([f"exit codes {codes}"] if any(codes) else [])


def _ports(number: int) -> list[int]:
    """So many free ones."""
    sockets = [socket.socket() for _ in range(number)]
    try:
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]
    finally:
        for one in sockets:
            one.close()
