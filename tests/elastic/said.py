"""A partition over an index, how somebody writes a verdict or closes an alert, and how it is taken."""

from __future__ import annotations

from busybody.contracts import iso
from busybody_elastic.documents import Documents, Names
from busybody_elastic.partition import Partition
from busybody_elastic.results import Results
from busybody_elastic.state import IndexStore, Lease
from busybody_elastic.verdicts import Verdicts
from fake_cluster import FakeCluster
from scored import POLICY, after, items, signins, stored

NAMES = Names("t")
ALERTS = ".alerts-security.alerts-default"
STREAM = ".ds-logs-busybody.alert-t-2026.03.15-000001"


def opened(cluster: FakeCluster) -> Partition:
    lease = Lease(cluster, NAMES.state, 0, owner="one", seconds=1e9)
    assert lease.take()
    results = Results(cluster, Documents("t", "one"))
    return Partition(0, POLICY, IndexStore(lease), results, clock=after(signins()))


def found() -> tuple[FakeCluster, Partition, str, str]:
    """A partition that has found something: its cluster, it, the worst incident, and whose that is."""
    cluster = FakeCluster()
    part = opened(cluster)
    part.score(items(signins()))
    part.commit()
    incidents = stored(cluster, NAMES.incident)
    worst = max(incidents, key=lambda name: incidents[name]["busybody"]["risk"])
    return cluster, part, worst, incidents[worst]["user"]["name"]


def say(cluster, index, name="v-1", user=None, **verdict):
    source = {"@timestamp": iso(after(signins())()), "busybody": {"verdict": verdict}}
    if user is not None:
        source["user"] = {"name": user}
    cluster.put(index, name, source, refresh=True)


def sweeping(cluster, part) -> Verdicts:
    return Verdicts(cluster, NAMES, partition_of=lambda _: part, partitions=lambda: [part], clock=after(signins()))


def latest(cluster, incident):
    return stored(cluster, NAMES.incident)[incident]


def closed_in_kibana(
    cluster, incident, stream=STREAM, tag="busybody:malicious", name="uuid-1", user="somebody", later=0.0
):
    alert = {
        "@timestamp": iso(after(signins())() + later),
        "kibana.alert.workflow_status": "closed",
        "kibana.alert.workflow_tags": [tag],
        "kibana.alert.workflow_user": "u_mia",
        "kibana.alert.original_event.module": "busybody",
        "kibana.alert.ancestors": [{"id": f"{incident}-1", "index": stream, "type": "event", "depth": 0}],
        "user": {"name": user},
    }
    nested = {
        "kibana": {
            "alert": {"workflow_status": "closed", "workflow_tags": [tag], "original_event": {"module": "busybody"}}
        }
    }
    cluster.put(ALERTS, name, {**alert, **nested}, refresh=True)
