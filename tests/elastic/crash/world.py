"""What a proof needs besides the source: the service's own streams in a namespace, and the audit of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from busybody_elastic.assets import for_namespace, read
from busybody_elastic.cluster.protocol import Cluster, Hit
from busybody_elastic.documents import Names
from busybody_elastic.errors import ClusterError


def prepare(cluster: Cluster, namespace: str) -> None:
    """Templates of ours for all namespaces that begin so."""
    for name in read("templates/index"):
        template = for_namespace(name, f"{namespace}*")
        template["template"].setdefault("settings", {}).update(number_of_replicas=0, number_of_shards=1)
        cluster.request("PUT", f"/_index_template/{name}-{namespace}", template)


def every(cluster: Cluster, index: str, query: dict[str, Any] | None = None) -> Iterator[Hit]:
    """All documents of an index that may not exist."""
    try:
        cluster.refresh(index)
    except ClusterError as error:
        if error.status == 404:
            return
        raise
    pit = cluster.open_pit(index)
    body: dict[str, Any] = {"query": query or {"match_all": {}}, "size": 5000, "sort": [{"@timestamp": "asc"}]}
    while True:
        page = cluster.page(pit, body)
        pit = page.pit
        yield from page.hits
        if len(page.hits) < body["size"]:
            cluster.close_pit(pit)
            return
        body["search_after"] = page.hits[-1].sort


def audit(cluster: Cluster, namespace: str, source: str) -> dict[str, list[str]]:
    """Compares every sign-in of the source with the stored results: what is lost, what is there twice, what is odd."""
    wanted = Counter(hit.source["event"]["id"] for hit in every(cluster, source))
    stored = Counter(hit.source["event"]["id"] for hit in every(cluster, Names(namespace).score))
    alerts = Counter(hit.id for hit in every(cluster, Names(namespace).alert))
    return {
        "lost": sorted(wanted.keys() - stored.keys()),
        "twice": sorted(name for name, number in stored.items() if number > 1),
        "invented": sorted(stored.keys() - wanted.keys()),
        "alerts twice": sorted(name for name, number in alerts.items() if number > 1),
    }


CLEAN: dict[str, list[str]] = {"lost": [], "twice": [], "invented": [], "alerts twice": []}
