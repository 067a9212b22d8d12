"""One simulated month by all three entrances of a service on a genuine node, with the product's templates: the core's scores."""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from busybody.signin import Assessment
from busybody_elastic.cluster.protocol import Cluster
from busybody_elastic.documents import Names
from crash.crew import Crew, until
from crash.signins import iso, make, write
from crash.world import every, prepare
from test_api_parity import EXACT, month, truth
from test_whole import DATES, answers, bulk, free_port

if TYPE_CHECKING:
    from nodes import Node

pytestmark = [pytest.mark.node, pytest.mark.slow]
BATCH = 400
Enter = Callable[["Node", Cluster, str, str, list[dict[str, Any]]], None]


@pytest.fixture
def crew(node: Node) -> Iterator[Crew]:
    started = Crew({"PASSWORD": node.password})
    yield started
    started.close()


def by_api(node: Node, cluster: Cluster, url: str, source: str, documents: list[dict[str, Any]]) -> None:
    for start in range(0, len(documents), BATCH):
        body = "".join(json.dumps(one) + "\n" for one in documents[start : start + BATCH])
        answer = httpx.post(f"{url}/score?only=assessment", content=body, timeout=60)
        assert answer.status_code == 200


def by_gateway(node: Node, cluster: Cluster, url: str, source: str, documents: list[dict[str, Any]]) -> None:
    for start in range(0, len(documents), BATCH):
        bulk(node, url, source, documents[start : start + BATCH])


def by_reader(node: Node, cluster: Cluster, url: str, source: str, documents: list[dict[str, Any]]) -> None:
    write(cluster, source, [(one["event"]["id"], one) for one in documents])


@pytest.mark.parametrize("enter", [by_api, by_gateway, by_reader])
def test_a_month_gets_the_scores_of_the_core(
    node: Node, cluster: Cluster, namespace: str, crew: Crew, enter: Enter
) -> None:
    prepare(cluster, namespace)
    source, port = f"{namespace}-source", free_port()
    make(cluster, source, DATES)
    write(cluster, source, [])
    entrance: dict[str, Any] = {"url": node.url, "username": node.user}
    if node.user:
        entrance["password"] = {"env": "PASSWORD"}
    config = {
        "cluster": entrance, "namespace": namespace, "server": {"port": port},
        "reader": {"indices": [source], "learn_days": 0, "enabled": enter is by_reader, "interval_seconds": 0.1},
        "gateway": {"enabled": True, "scores": "all", "deadline_ms": 60000},
        "state": {"instance": "one", "lease_seconds": 15},
    }  # fmt: skip
    now, documents = time.time(), list(map(json.loads, month()))
    for place, one in enumerate(documents):
        one["event"]["ingested"] = iso(now + place / 1000)
    url = f"http://127.0.0.1:{port}"
    process = crew.start(config, "serve")
    until(lambda: answers(url), "the start")
    enter(node, cluster, url, source, documents)
    until(lambda: sum(1 for _ in every(cluster, Names(namespace).score)) >= len(truth()), "the scores")
    crew.signal(process, signal.SIGTERM)
    assert crew.wait(process) == 0
    scores = [
        hit.source["busybody"] | {"event": hit.source["event"]["id"]} for hit in every(cluster, Names(namespace).score)
    ]
    said = {one["event"]: one for one in scores}
    assert len(said) == len(scores) == len(truth())
    wanted: Assessment
    for wanted in truth():
        one = said[wanted.event_id]
        assert one["risk"] == pytest.approx(wanted.risk, abs=EXACT)
        assert one["log_odds"] == pytest.approx(wanted.log_odds, abs=EXACT)
    people = {hit.source["user"]["name"] for hit in every(cluster, Names(namespace).risk_latest)}
    assert {wanted.user for wanted in truth() if wanted.incident and wanted.level == "critical"} <= people
