"""The service as it is run, on genuine nodes and with the product's templates: what the gateway answered for is kept."""

from __future__ import annotations

import json
import signal
import socket
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from busybody_elastic.cluster.protocol import Cluster
from busybody_elastic.documents import Names
from crash.crew import Crew, different, expected, stored, until
from crash.signins import make, signin, write
from crash.world import CLEAN, audit, every, prepare

if TYPE_CHECKING:
    from nodes import Node

pytestmark = [pytest.mark.node, pytest.mark.slow]
POLICY = {"alerts": {"threshold": 30}}
DATES = {"event.ingested": "date", "@timestamp": "date"}


@pytest.fixture
def crew(any_node: Node) -> Iterator[Crew]:
    started = Crew({"PASSWORD": any_node.password})
    yield started
    started.close()


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/readyz").json()["partitions"] == 1
    except (httpx.HTTPError, KeyError):
        return False


def bulk(node: Node, url: str, index: str, documents: list[dict[str, Any]]) -> None:
    lines = [line for one in documents for line in ({"create": {"_id": one["event"]["id"]}}, one)]
    body = "".join(json.dumps(line) + "\n" for line in lines)
    headers = {"content-type": "application/x-ndjson"}
    answer = httpx.post(
        f"{url}/{index}/_bulk", content=body, headers=headers, timeout=60, auth=(node.user, node.password)
    )
    assert answer.status_code == 200
    assert answer.json()["errors"] is False


@pytest.mark.parametrize("reads", [True, False])
def test_what_the_gateway_answered_for_survives_kill_9(
    any_node: Node, any_cluster: Cluster, namespace: str, crew: Crew, reads: bool
) -> None:
    prepare(any_cluster, namespace)
    source, port = f"{namespace}-source", free_port()
    make(any_cluster, source, DATES, refresh_interval="5s")
    write(any_cluster, source, [])
    cluster = {"url": any_node.url, "username": any_node.user, "password": {"env": "PASSWORD"}}
    config = {
        "cluster": cluster, "namespace": namespace, "policy": POLICY, "server": {"port": port},
        "reader": {"indices": [source], "learn_days": 0, "enabled": reads, "interval_seconds": 0.1},
        "gateway": {"enabled": True, "scores": "all", "deadline_ms": 5000},
        "state": {"instance": "one", "lease_seconds": 5},
    }  # fmt: skip
    url = f"http://127.0.0.1:{port}"
    now = time.time()
    documents = [signin(n, now - 15 * 86400 * (1 - n / 200), ingested=now + n / 1000, people=4) for n in range(200)]
    first = crew.start(config, "serve")
    until(lambda: answers(url), "the start")
    for begin in range(0, 200, 50):
        bulk(any_node, url, source, documents[begin : begin + 50])
    crew.signal(first, signal.SIGKILL)
    crew.wait(first)
    second = crew.start(config, "serve")
    until(lambda: sum(1 for _ in every(any_cluster, Names(namespace).score)) >= 200, "the recovery")
    crew.signal(second, signal.SIGTERM)
    assert crew.wait(second) == 0
    assert audit(any_cluster, namespace, source) == CLEAN
    assert different(stored(any_cluster, namespace), expected(documents, POLICY)) == []
    scores = [hit.source["busybody"] for hit in every(any_cluster, Names(namespace).score)]
    told = {hit.source["busybody"]["incident"] for hit in every(any_cluster, Names(namespace).alert)}
    alerting = {score["incident"] for score in scores if score.get("alert") and "incident" in score}
    assert alerting
    assert alerting <= told
