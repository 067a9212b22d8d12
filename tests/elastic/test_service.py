"""One instance as a whole, in this process: what it reads it scores, and says of itself; it stops without losing."""

from __future__ import annotations

import io
import json
import logging
import threading
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest
from busybody_elastic import log
from busybody_elastic.cluster.protocol import Cluster
from busybody_elastic.documents import Names
from busybody_elastic.service import Service
from crash.signins import make, signin, write
from crash.world import CLEAN, audit, every, prepare
from having import config_of

if TYPE_CHECKING:
    from nodes import Node

pytestmark = pytest.mark.node
DATES = {"event.ingested": "date", "@timestamp": "date"}


@pytest.fixture
def logged() -> Iterator[io.StringIO]:
    """What the service logs, everything of it, as JSON lines."""
    stream = io.StringIO()
    log.start("json", "debug", stream)
    yield stream
    for name in (log.ROOT, ""):
        logging.getLogger(name).handlers.clear()


def open_service(node: Node, namespace: str, stop: threading.Event | None = None, **reader: Any) -> Service:
    reader = {"indices": [f"{namespace}-source"], "learn_days": 0, "interval_seconds": 0.05, **reader}
    config = config_of(node, namespace, reader=reader, state={"instance": "one", "lease_seconds": 15})
    return Service(config, ("reader",), stop=stop)


def wait_for(done: Any) -> None:
    end = time.monotonic() + 120
    while not done():
        assert time.monotonic() < end
        threading.Event().wait(0.05)


def test_sign_ins_are_scored_as_they_arrive_and_nobody_is_named_in_the_log(
    node: Node, cluster: Cluster, namespace: str, logged: io.StringIO
) -> None:
    prepare(cluster, namespace)
    make(cluster, f"{namespace}-source", DATES)
    stop = threading.Event()
    with open_service(node, namespace, stop) as service:
        service.start()
        service.follow_aside()
        wait_for(lambda: not service.loop.waiting)
        now = time.time() + 1
        arriving = [(str(n), signin(n, now - 600 + n, ingested=now + n / 1000)) for n in range(100)]
        arriving.append(("broken", signin(500, now + 3 * 86400, ingested=now)))  # whose clock is wrong
        write(cluster, f"{namespace}-source", arriving)
        wait_for(lambda: service.reader.stats.read == 101)
        wait_for(lambda: service.status()["ready"])
        service.beat()
        assert service.failure is None
    found = audit(cluster, namespace, f"{namespace}-source")
    assert found == {**CLEAN, "lost": ["event-500"]}
    beats = [hit.source["busybody"]["heartbeat"] for hit in every(cluster, Names(namespace).heartbeat)]
    told = next(beat for beat in beats if beat["state"] == "ok")
    assert (told["broken"], told["partitions"], told["entrances"]) == (1, [0], ["reader"])
    text = logged.getvalue()
    assert all(json.loads(line)["message"] for line in text.splitlines())
    for private in ("person-", "198.51.", "event-", "Mozilla", "Berlin"):
        assert private not in text


def test_a_stop_in_the_midst_loses_nothing(any_node: Node, any_cluster: Cluster, namespace: str) -> None:
    prepare(any_cluster, namespace)
    make(any_cluster, f"{namespace}-source", DATES)
    with open_service(any_node, namespace) as service:
        service.start()
        service.lead()
        service.reader.cycle()
    now = time.time() + 1
    arriving = [(str(n), signin(n, now - 3000 + n, ingested=now + n / 1000)) for n in range(2000)]
    write(any_cluster, f"{namespace}-source", arriving)
    with open_service(any_node, namespace, page=100) as service:
        service.start()
        service.follow_aside()
        wait_for(lambda: service.reader.stats.read >= 300)
    assert 300 <= service.reader.stats.read < 2000
    before = sum(1 for _ in every(any_cluster, Names(namespace).score))
    assert before == service.reader.stats.read
    with open_service(any_node, namespace) as service:
        service.start()
        service.lead()
        while service.reader.cycle():
            pass
        assert service.reader.stats.scored == 2000 - before
    assert audit(any_cluster, namespace, f"{namespace}-source") == CLEAN


def test_what_nobody_foresaw_in_a_thread_ends_the_service(any_node: Node, any_cluster: Cluster, namespace: str) -> None:
    prepare(any_cluster, namespace)
    make(any_cluster, f"{namespace}-source", DATES)
    with open_service(any_node, namespace) as service:
        service.reader.cycle = lambda: 1 / 0  # type: ignore[method-assign]
        service.start()
        service.lead()
        service.follow_aside()
        assert service.stop.wait(30)
    assert isinstance(service.failure, ZeroDivisionError)
