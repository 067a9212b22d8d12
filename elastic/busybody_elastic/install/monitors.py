"""OpenSearch Alerting monitors. The plugin gives ids of its own, so a monitor is found by its name."""

from __future__ import annotations

from typing import Any, Iterator

from ..assets import Body, folder, load
from ..cluster.protocol import Cluster
from ..errors import ClusterError
from .plan import Wanted
from .stored import Asset, Ledger, Mark, digest_of

PATH = "/_plugins/_alerting/monitors"


class Monitor:
    kind, needs, idle = "monitor", "alerting", ""

    def __init__(self, cluster: Cluster, ledger: Ledger, body: Body) -> None:
        self.name = str(body["name"])
        self.digest = digest_of(body)
        self._cluster, self._ledger, self._body = cluster, ledger, body
        self.listed = f"{PATH}/{self.name}"
        self._id = ""

    def find(self) -> Mark | None:
        query = {"query": {"term": {"monitor.name.keyword": self.name}}}
        try:
            hits = self._cluster.request("POST", f"{PATH}/_search", query)["hits"]["hits"]
        except ClusterError as error:
            if error.status != 404:  # no monitor was ever made here
                raise
            return None
        if not hits:
            return None
        self._id = hits[0]["_id"]
        return self._ledger.mark(self.listed)

    def write(self, found: Mark | None) -> str:
        if found is None:
            self._cluster.request("POST", PATH, self._body)
        else:
            self._cluster.request("PUT", f"{PATH}/{self._id}", self._body)
        self._ledger.enter(self.listed, self.digest)
        return ""

    def remove(self) -> None:
        self._cluster.request("DELETE", f"{PATH}/{self._id}")
        self._ledger.strike(self.listed)


def monitors(cluster: Cluster, ledger: Ledger, wanted: Wanted) -> Iterator[Asset]:
    for path in sorted(folder("monitors").glob("*.json")):
        asset: dict[str, Any] = wanted.filled(load(path))
        yield Monitor(cluster, ledger, asset["body"])
