"""A snapshot of everything of ours, restored: the service's state opens, and what comes next is scored as if nothing had happened.

Snapshots lie in a shared folder (path.repo). State and results are in the same snapshot, as the state's marks say which
verdicts were taken and what was written.
"""

from __future__ import annotations

import secrets
from typing import Any

import pytest
from busybody_elastic.cluster import connect
from busybody_elastic.cluster.protocol import Cluster
from busybody_elastic.documents import Documents, Names
from busybody_elastic.install import behind
from busybody_elastic.install import run as install
from busybody_elastic.partition import Partition
from busybody_elastic.results import Results
from busybody_elastic.state import IndexStore, Lease
from having import ELASTICSEARCH, OPENSEARCH, config_of, settings_of
from install_nodes import own
from scored import POLICY, after, content, items, signins, stored, straight

pytestmark = [pytest.mark.node, pytest.mark.slow]
HALF = len(signins()) // 2


def opened(cluster: Cluster, names: Names, owner: str = "one") -> Partition:
    lease = Lease(cluster, names.state, 0, owner=owner, seconds=1e9)
    assert lease.take()
    results = Results(cluster, Documents(names.namespace, owner))
    return Partition(0, POLICY, IndexStore(lease), results, clock=after(signins()))


def scored(part: Partition, some: list[Any]) -> None:
    part.score(items(some))
    part.commit({"cursor": str(len(some))})


@pytest.mark.parametrize("name", [*ELASTICSEARCH, *OPENSEARCH])
def test_a_restored_snapshot_goes_on(name: str) -> None:
    node, repository = own(name)
    cluster = connect(settings_of(node))
    try:
        if not repository:
            pytest.skip(f"{name} has no folder for snapshots; restoring is NOT tested there")
        names = Names("t" + secrets.token_hex(5))
        assert install("install", config_of(node, names.namespace), cluster).ok
        part = opened(cluster, names)
        scored(part, signins()[:HALF])
        part.store.lease.release()  # type: ignore[attr-defined]  the service is stopped: nothing is half written
        before = {index: stored(cluster, index) for index in (*names.streams, names.incident, names.risk_latest)}

        snapshot = f"/_snapshot/{names.namespace}"
        cluster.request("PUT", snapshot, {"type": "fs", "settings": {"location": f"{repository}/{names.namespace}"}})
        ours = ",".join((*names.streams, *names.indices))
        body = {"indices": ours, "ignore_unavailable": True, "include_global_state": False}
        done = cluster.request("PUT", f"{snapshot}/one", body, params={"wait_for_completion": "true"})
        assert done["snapshot"]["state"] == "SUCCESS"
        lose(cluster, names)
        restore = {"indices": ours, "ignore_unavailable": True, "include_global_state": False}
        if (
            cluster.flavour == "elasticsearch"
        ):  # this node cannot delete its data streams: what is restored lies beside them
            restore["indices"] = ",".join(names.indices)
        done = cluster.request("POST", f"{snapshot}/one/_restore", restore, params={"wait_for_completion": "true"})
        assert done["snapshot"]["shards"]["failed"] == 0

        assert {index: stored(cluster, index) for index in before} == before
        assert behind(cluster, [*names.streams, names.incident, names.state]) == ""
        part = opened(cluster, names, "two")
        assert part.store.meta()["cursor"] == str(HALF)
        scored(part, signins()[HALF:])
        expected, assessments = straight(signins())
        assert content(part.store) == content(expected)
        assert set(stored(cluster, names.incident)) == {found.incident for found in assessments if found.alert}
        part.store.lease.release()  # type: ignore[attr-defined]
    finally:
        cluster.close()


def lose(cluster: Cluster, names: Names) -> None:
    """Everything that this node can delete."""
    for stream in names.streams if cluster.flavour == "opensearch" else ():
        cluster.request("DELETE", f"/_data_stream/{stream}")
    for index in names.indices:
        cluster.request("DELETE", f"/{index}", params={"ignore_unavailable": "true"})
    assert cluster.get(names.state, "head-0") is None
