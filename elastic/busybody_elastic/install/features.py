"""What the cluster has of what an asset may need. Each is asked for once."""

from __future__ import annotations

from functools import cache
from typing import Callable

from ..cluster.protocol import Cluster
from ..errors import ClusterError

NO_SUCH_CALL = (400, 404, 405)  # how a cluster says that it knows no such API
ILM, DSL, ISM = "ilm", "dsl", "ism"  # Elasticsearch's two lifecycles, OpenSearch's one


class Features:
    """Raises ClusterError where the cluster does not let us look."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self.lacks: Callable[[str], str] = cache(self._lacks)

    def _lacks(self, need: str) -> str:
        """Why what needs this is absent here; empty where nothing is missing."""
        match need:
            case "":
                return ""
            case "elasticsearch":
                return "" if self._cluster.flavour == "elasticsearch" else "OpenSearch has no such setting"
            case "set":
                return self._lacks_processor("set")
            case "watcher":
                return self._lacks_licensed("/_watcher/stats", "Watcher")
            case "alerting":
                known = self._knows("GET", "/_plugins/_alerting/stats") or self._knows(
                    "GET", "/_plugins/_alerting/monitors/alerts"
                )
                return "" if known else "it has no OpenSearch Alerting"
        raise ValueError(need)

    @cache  # noqa: B019 - lives as long as one installation
    def lifecycle(self) -> str:
        """Which lifecycle it has: ILM, DSL, ISM or none."""
        if self._cluster.flavour == "opensearch":
            return ISM if self._knows("GET", "/_plugins/_ism/policies") else ""
        if self._knows("GET", "/_ilm/status"):
            return ILM
        return DSL if self._knows("GET", "/_data_stream/busybody-none*/_lifecycle") else ""

    def _knows(self, method: str, path: str) -> bool:
        try:
            self._cluster.request(method, path)
        except ClusterError as error:
            if error.status in NO_SUCH_CALL:
                return False
            raise
        return True

    def _lacks_licensed(self, path: str, name: str) -> str:
        try:
            return "" if self._knows("GET", path) else f"it has no {name}"
        except ClusterError as error:
            if error.status == 403 and "license" in str(error):
                return f"its licence does not include {name}"
            raise

    def _lacks_processor(self, name: str) -> str:
        """A pipeline of a cluster without ingest nodes would have every document refused."""
        nodes = self._cluster.request("GET", "/_nodes/ingest")["nodes"].values()
        ingest = [node["ingest"]["processors"] for node in nodes if "ingest" in node["roles"]]
        if not ingest:
            return "it has no ingest nodes"
        known = all(name in {row["type"] for row in processors} for processors in ingest)
        return "" if known else f"its nodes lack the ingest processor `{name}`"
