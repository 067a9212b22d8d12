"""How an instance begins and ends: what it waits for, what it says at last, and a back-fill that goes on."""

from __future__ import annotations

import gc
import io
import json
import logging
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from busybody_elastic import log, service
from busybody_elastic.backfill import backfill
from busybody_elastic.cluster.protocol import Cluster
from busybody_elastic.doctor import examine
from busybody_elastic.documents import Names
from busybody_elastic.errors import Lost
from busybody_elastic.reader.feed import Stopped
from busybody_elastic.records import UNSCORED, Answer, Batch
from busybody_elastic.service import Service
from crash.crew import different, expected, stored
from crash.signins import make, signin, write
from crash.world import CLEAN, audit, every, prepare
from doors import running
from having import config_of
from scored import Clock

if TYPE_CHECKING:
    from nodes import Node

pytestmark = pytest.mark.node
DATES = {"event.ingested": "date", "@timestamp": "date"}


@pytest.fixture
def logged() -> Iterator[io.StringIO]:
    """What the service logs, as JSON lines."""
    stream = io.StringIO()
    log.start("json", "info", stream)
    yield stream
    for name in (log.ROOT, ""):
        logging.getLogger(name).handlers.clear()


def config(node: Node, namespace: str, **state: Any) -> Any:
    reader = {"indices": [f"{namespace}-source"], "learn_days": 0, "interval_seconds": 0.05, "page": 100}
    return config_of(node, namespace, reader=reader, state={"instance": "one", "lease_seconds": 15, **state})


def beats(cluster: Cluster, namespace: str) -> list[dict[str, Any]]:
    found = [hit.source for hit in every(cluster, Names(namespace).heartbeat)]
    return [one["busybody"]["heartbeat"] for one in sorted(found, key=lambda one: one["@timestamp"])]


def said(logged: io.StringIO) -> list[str]:
    return [json.loads(line)["message"] for line in logged.getvalue().splitlines()]


def test_an_instance_begins_and_stands_by_without_being_idle(
    any_node: Node, any_cluster: Cluster, namespace: str
) -> None:
    prepare(any_cluster, namespace)
    make(any_cluster, f"{namespace}-source", DATES)
    clock = Clock(time.time())

    def states(service: Service) -> Iterator[str]:
        begun = clock.now
        for seconds in (0.0, 61.0, 890.0, 901.0):
            clock.now = begun + seconds
            service.beat()
            yield beats(any_cluster, namespace)[-1]["state"]

    settings = config(any_node, namespace)
    with Service(settings, ("api",), now=clock) as owner:
        owner.router.start()
        owner.lead()
        assert [*states(owner)] == ["starting", "ok", "ok", "idle"]
        other = config(any_node, namespace, instance="two")
        with Service(other, ("reader",), now=clock) as standby:
            assert [*states(standby)] == ["starting", "standby", "standby", "standby"]


def test_who_is_stopped_says_so_and_doctor_understands(
    any_node: Node, any_cluster: Cluster, namespace: str, logged: io.StringIO
) -> None:
    prepare(any_cluster, namespace)
    make(any_cluster, f"{namespace}-source", DATES)
    settings = config(any_node, namespace)
    with Service(settings, ("reader",)) as running:
        running.start()
        running.lead()
    assert beats(any_cluster, namespace)[-1]["state"] == "stopped"
    assert said(logged)[-1] == "stopped, with everything committed"
    later = time.time() + 3600
    (check,) = examine(settings, now=lambda: later).of("service")
    assert (check.status, "one " in check.found) == ("warning", True)
    assert "was stopped on purpose at" in check.found
    with Service(config(any_node, namespace, instance="two"), ("api",)) as other:
        other.start()
        other.lead()
        other.beat()
        any_cluster.refresh(Names(namespace).heartbeat)
        found = {check.found.partition(" ")[0]: check for check in examine(settings).of("service")}
    assert {name: check.status for name, check in found.items()} == {"one": "ok", "two": "ok"}
    assert "was stopped on purpose at" in found["one"].found


def test_who_dies_does_not_say_that_it_was_stopped(any_node: Node, any_cluster: Cluster, namespace: str) -> None:
    prepare(any_cluster, namespace)
    make(any_cluster, f"{namespace}-source", DATES)
    with suppress(ZeroDivisionError), Service(config(any_node, namespace), ("reader",)) as running:
        running.start()
        running.beat()
        raise ZeroDivisionError
    assert "stopped" not in {beat["state"] for beat in beats(any_cluster, namespace)}


def test_a_heartbeat_counts_what_the_gateway_let_through(
    any_node: Node, any_cluster: Cluster, namespace: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepare(any_cluster, namespace)
    moment = time.time()
    gateway = {"enabled": True, "deadline_ms": 0, "per_signin_ms": 0}

    def send(app: Any, *_: Any) -> None:
        """In the place of the door that listens until a stop."""
        lines = [{"create": {}}, signin(1, moment), {"create": {}}, signin(2, moment)]
        body = "".join(json.dumps(line) + "\n" for line in lines)
        headers = {"Content-Type": "application/x-ndjson"}
        with running(app) as url:
            answer = httpx.post(f"{url}/{namespace}-sent/_bulk", content=body, headers=headers,
                                auth=(any_node.user, any_node.password))  # fmt: skip
        assert not answer.raise_for_status().json()["errors"]

    monkeypatch.setattr("busybody_elastic.app.serve", send)
    settings = config_of(any_node, namespace, reader={"enabled": False}, gateway=gateway, state={"instance": "one"})
    service.run(settings, doors=True)
    assert [one["unscored"] for one in beats(any_cluster, namespace)][-1] == 2


def test_a_heartbeat_does_not_count_what_the_reader_asks_for_again(
    any_node: Node, any_cluster: Cluster, namespace: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepare(any_cluster, namespace)
    make(any_cluster, f"{namespace}-source", DATES)
    moment = time.time()
    write(any_cluster, f"{namespace}-source", [("1", signin(1, moment, ingested=moment))])
    with Service(config(any_node, namespace), ("reader",)) as following:
        following.router.start()
        following.lead()
        score, deaf = following.router.score, [True]

        def after_a_takeover(incoming: Any, **more: Any) -> Batch:
            if deaf and deaf.pop():
                return Batch([Answer(one.identity, UNSCORED, "nobody owns them yet") for one in incoming])
            return score(incoming, **more)

        monkeypatch.setattr(following.router, "score", after_a_takeover)
        assert following.reader.cycle() == 1
        assert not deaf
        following.beat()
    (last,) = beats(any_cluster, namespace)
    assert (last["scored"], last["unscored"]) == (1, 0)


def test_without_templates_it_says_what_to_run_once_and_goes_on_when_they_are_there(
    any_node: Node, any_cluster: Cluster, namespace: str, logged: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "LOOK", 0.01)
    prepare(any_cluster, namespace)
    make(any_cluster, f"{namespace}-source", DATES)
    reasons: list[str] = []
    with Service(config(any_node, namespace), ("reader",)) as running:
        request = running.cluster.request

        def as_before(method: str, path: str, *given: Any, **named: Any) -> Any:
            if path.startswith("/_index_template/") and len(reasons) < 3:
                reasons.append(running.status()["reason"])
                return {"index_templates": []}
            return request(method, path, *given, **named)

        monkeypatch.setattr(running.cluster, "request", as_before)
        running.start()
        running.lead()
        assert running.status()["ready"]
    assert all("busybody-elastic install" in reason for reason in reasons[1:])
    assert sum("Run busybody-elastic install first." in words for words in said(logged)) == 1


@pytest.mark.slow
def test_beside_an_instance_that_owns_the_people_it_says_what_to_do(
    any_node: Node, any_cluster: Cluster, namespace: str, logged: io.StringIO
) -> None:
    prepare(any_cluster, namespace)
    make(any_cluster, f"{namespace}-source", DATES)
    with Service(config(any_node, namespace), ("reader",)) as running:
        running.start()
        running.lead()
        with pytest.raises(Lost, match=r"another instance, one, owns the people\. Stop it, run this again"):
            service.run(config(any_node, namespace, lease_seconds=2), doors=False, span=(0.0, 1.0))
        assert running.router.leads
        running.beat()
    assert "waits for the people of another instance" in said(logged)
    assert "partition 0 is lost" not in logged.getvalue()


def test_the_garbage_collector_looks_seldom_in_every_command(
    any_node: Node, any_cluster: Cluster, namespace: str
) -> None:
    prepare(any_cluster, namespace)
    make(any_cluster, f"{namespace}-source", DATES)
    before = gc.get_threshold()
    try:
        service.run(config(any_node, namespace), doors=False, once=True)
        assert gc.get_threshold() == service.COLLECT
    finally:
        gc.unfreeze()
        gc.set_threshold(*before)


def test_a_back_fill_that_was_stopped_goes_on_and_counts_nothing_twice(
    any_node: Node, any_cluster: Cluster, namespace: str
) -> None:
    prepare(any_cluster, namespace)
    source = f"{namespace}-source"
    make(any_cluster, source, DATES)
    begin = time.time() - 20 * 86_400
    past = [signin(n, begin + n * 60, ingested=begin + n * 60) for n in range(1000)]
    write(any_cluster, source, [(str(n), document) for n, document in enumerate(past)])
    settings, span = config(any_node, namespace), (begin - 60, begin + 1000 * 60)
    with Service(settings, ("reader",)) as ran:  # as the service does before anybody asks for the past
        ran.start()
        ran.lead()
        ran.reader.cycle()
    with Service(settings, ("reader",)) as halted:
        halted.start()
        halted.lead()
        fed = halted.reader.feeder.feed

        def feed(*given: Any, **named: Any) -> Any:
            answers = fed(*given, **named)
            if halted.reader.stats.read >= 300:
                halted.stop.set()
            return answers

        halted.reader.feeder.feed = feed  # type: ignore[method-assign]
        with pytest.raises(Stopped):
            backfill(halted.reader, *span)
    assert 0 < sum(1 for _ in every(any_cluster, Names(namespace).score)) < 1000
    with Service(settings, ("reader",)) as again:
        again.start()
        again.lead()
        service._back_fill(again, span)
        assert again.reader.stats.read >= 700
    assert audit(any_cluster, namespace, source) == CLEAN
    assert different(stored(any_cluster, namespace), expected(past, {})) == []
    assert all(hit.source["busybody"]["backfill"] for hit in every(any_cluster, Names(namespace).score))
