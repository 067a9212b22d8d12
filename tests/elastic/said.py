"""A partition over an index, and how somebody writes a verdict."""

from __future__ import annotations

from busybody.contracts import iso
from busybody_elastic.documents import Documents, Names
from busybody_elastic.partition import Partition
from busybody_elastic.results import Results
from busybody_elastic.state import IndexStore, Lease
from fake_cluster import FakeCluster
from scored import POLICY, after, signins

NAMES = Names("t")


def opened(cluster: FakeCluster) -> Partition:
    lease = Lease(cluster, NAMES.state, 0, owner="one", seconds=1e9)
    assert lease.take()
    results = Results(cluster, Documents("t", "one"))
    return Partition(0, POLICY, IndexStore(lease), results, clock=after(signins()))


def say(cluster, index, name="v-1", user=None, **verdict):
    source = {"@timestamp": iso(after(signins())()), "busybody": {"verdict": verdict}}
    if user is not None:
        source["user"] = {"name": user}
    cluster.put(index, name, source, refresh=True)
