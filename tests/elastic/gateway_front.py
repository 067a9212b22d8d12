"""A gateway before the cluster that fails as it is told, and what its tests ask of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import httpx
from busybody.policy import Policy
from busybody.stores.memory import MemoryStore
from busybody_elastic.app import build_app
from busybody_elastic.documents import Documents
from busybody_elastic.local import Local
from busybody_elastic.owners import Single
from busybody_elastic.partition import Partition
from busybody_elastic.passage import Passage
from busybody_elastic.results import Results
from busybody_elastic.router import PartitionRouter
from doors import LocalRouter, config, ready, running
from fake_cluster import FakeCluster
from upstream import Cluster, Seen, listening

NDJSON = {"Content-Type": "application/x-ndjson"}


class Front(NamedTuple):
    """A gateway with what is behind it."""

    client: httpx.Client
    cluster: Cluster
    router: LocalRouter
    app: Any

    def bulk(
        self, body: str | bytes, path: str = "/logs/_bulk", method: str = "POST", **headers: str
    ) -> httpx.Response:
        return self.client.request(method, path, content=body, headers={**NDJSON, **headers})

    @property
    def last(self) -> Seen:
        return self.cluster.seen[-1]

    def metric(self, name: str, **labels: str) -> float:
        return self.app.state.metrics.registry.get_sample_value(name, labels) or 0.0


@contextmanager
def gateway(router: Any = None, **gateway: Any) -> Iterator[Front]:
    cluster, router = Cluster(), router or LocalRouter()
    with listening(cluster) as upstream:
        section = {"enabled": True, "upstream": [upstream], "deadline_ms": 5000, **gateway}
        app = build_app(config(gateway=section), router, status=ready)
        with running(app) as url, httpx.Client(base_url=url, timeout=20) as client:
            yield Front(client, cluster, router, app)


def operations(*documents: dict[str, Any], action: str = "create", ids: bool = True) -> str:
    return "".join(
        json.dumps({action: {"_id": document["event"]["id"]} if ids else {}}) + "\n" + json.dumps(document) + "\n"
        for document in documents
    )


def added(source: bytes) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(source)["busybody"]
    return found


def real_router() -> PartitionRouter:
    policy, store = Policy.default(), MemoryStore()
    single = Single(Partition(0, policy, store, Results(FakeCluster(), Documents("t", "one"))), store)
    return PartitionRouter(policy, single, Local(single, Passage()))
