"""What is written, on genuine nodes with the strict mappings: results, alerts over a rollover, verdicts, forgetting."""

from __future__ import annotations

import json
from argparse import Namespace
from collections.abc import Iterator

import pytest
from busybody.contracts import iso
from busybody_elastic import assets
from busybody_elastic.cluster import Cluster
from busybody_elastic.documents import Documents, Names
from busybody_elastic.errors import ClusterError
from busybody_elastic.forget import Orders, erase_documents, run
from busybody_elastic.partition import Partition
from busybody_elastic.records import SKIPPED
from busybody_elastic.results import Results
from busybody_elastic.state import IndexStore, Lease
from busybody_elastic.verdicts import Verdicts
from having import config_of
from scored import POLICY, after, content, items, signins, stored, straight

pytestmark = pytest.mark.node
TEMPLATES = (
    "busybody-score", "busybody-alert", "busybody-heartbeat", "busybody-risk", "busybody-risk-latest",
    "busybody-incident", "busybody-verdict", "busybody-answer", "busybody-notified", "busybody-dead", "busybody-state",
)  # fmt: skip


@pytest.fixture
def names(cluster: Cluster, namespace: str) -> Iterator[Names]:
    """The names of a namespace whose mappings are in place."""
    for name in TEMPLATES:
        cluster.request("PUT", f"/_index_template/{name}-{namespace}", assets.for_namespace(name, namespace))
    made = Names(namespace)
    yield made
    for stream in made.streams:
        try:
            cluster.request("DELETE", f"/_data_stream/{stream}")
        except ClusterError:  # these Elasticsearch nodes have no call for it: its indices stay with the node
            continue
    for name in TEMPLATES:
        try:
            cluster.request("DELETE", f"/_index_template/{name}-{namespace}")
        except ClusterError:
            continue
    cluster.request("DELETE", "/" + ",".join(made.indices), params={"ignore_unavailable": "true"})


def opened(cluster: Cluster, names: Names) -> Partition:
    lease = Lease(cluster, names.state, 0, owner="one", seconds=1e9)
    assert lease.take()
    results = Results(cluster, Documents(names.namespace, "one", kibana="https://kibana.example.com"))
    return Partition(0, POLICY, IndexStore(lease), results, clock=after(signins()))


def filled(cluster: Cluster, names: Names) -> Partition:
    part = opened(cluster, names)
    for start in range(0, len(signins()), 300):
        part.score(items(signins()[start : start + 300]))
        part.commit({"cursor": str(start)})
    return part


def test_scores_are_the_cores_and_nothing_is_refused(cluster: Cluster, names: Names):
    part = filled(cluster, names)
    expected, assessments = straight(signins())
    scores = stored(cluster, names.score)
    assert part.results.dead == 0
    assert len(scores) == len(signins())
    for (incoming, _), assessment in zip(items(signins()), assessments, strict=True):
        body = scores[incoming.identity]["busybody"]
        assert body["log_odds"] == pytest.approx(assessment.log_odds, abs=1e-9)
        assert body["risk"] == pytest.approx(assessment.risk, abs=1e-9)
    assert set(stored(cluster, names.incident)) == {found.incident for found in assessments if found.alert}
    assert stored(cluster, names.risk_latest)
    assert content(opened(cluster, names).store) == content(expected)


def test_a_retry_over_a_rollover_writes_nothing_twice(cluster: Cluster, names: Names):
    """The state commit fails after the results, then every stream rolls over, then the commit is tried again."""
    part = opened(cluster, names)
    part.score(items(signins()))
    land = part._ahead.land
    part._ahead.land = lambda: (_ for _ in ()).throw(ClusterError("cut"))
    with pytest.raises(ClusterError):
        part.commit()
    for stream in (names.score, names.alert):
        cluster.request("POST", f"/{stream}/_rollover")
    part._ahead.land = land
    part.commit()
    for stream, count in ((names.score, len(signins())), (names.alert, None)):
        hits = cluster.search(stream, {"size": 10_000, "query": {"match_all": {}}})["hits"]["hits"]
        ids = [hit["_id"] for hit in hits]
        assert len(ids) == len(set(ids))
        assert count in (None, len(ids))


def test_a_verdict_makes_a_revision_in_the_stream_and_in_the_latest(cluster: Cluster, names: Names):
    part = filled(cluster, names)
    latest = stored(cluster, names.incident)
    incident, before = next(iter(latest.items()))
    told = {"incident": incident, "answer": "malicious", "by": "mia", "comment": "called them"}
    source = {"@timestamp": iso(after(signins())()), "busybody": {"verdict": told}}
    cluster.put(names.verdict, "v-1", source, refresh=True)
    verdicts = Verdicts(cluster, names, partition_of=lambda _: part, partitions=lambda: [part])
    assert verdicts.sweep() == 1
    assert verdicts.sweep() == 0
    now = stored(cluster, names.incident)[incident]
    assert (now["busybody"]["state"], now["busybody"]["revision"]) == ("malicious", before["busybody"]["revision"] + 1)
    assert stored(cluster, names.alert)[f"{incident}-{now['busybody']['revision']}"] == now


def test_no_byte_of_an_erased_person_is_left(cluster: Cluster, names: Names):
    part = filled(cluster, names)
    user = next(iter(stored(cluster, names.incident).values()))["user"]["name"]
    assert user in everything(cluster, names)
    orders = Orders(cluster, names)
    name = orders.place(user, 1)
    Verdicts(cluster, names, partition_of=lambda _: part, partitions=lambda: [part]).sweep()
    assert orders.left(name)[0] == []
    orders.strike(name)
    gone = erase_documents(cluster, names, POLICY, user)
    assert {names.score, names.alert, names.incident, names.risk, names.risk_latest} <= set(gone)
    text = everything(cluster, names)
    assert user not in text
    assert "busybody" in text


def everything(cluster: Cluster, names: Names) -> str:
    """Every live document of ours, those of the state unpacked."""
    from base64 import b64decode
    from zlib import decompress

    texts = []
    for index in (*names.streams, *names.indices):
        try:
            documents = stored(cluster, index)
        except ClusterError:  # it does not exist
            continue
        texts.append(json.dumps(documents))
        bodies = [document["body"] for document in documents.values() if isinstance(document.get("body"), str)]
        texts += [decompress(b64decode(body)).decode() for body in bodies if body]
    return "\n".join(texts)


def test_heartbeats_are_taken(cluster: Cluster, names: Names):
    results = Results(cluster, Documents(names.namespace, "one"))
    state = {
        "entrances": ["reader"],
        "partitions": [0],
        "state": "ok",
        "lag_seconds": 0.5,
        "scored": 1,
        "epoch": 20_000,
    }
    results.heartbeat(results.documents.heartbeat(after(signins())(), state))
    (beat,) = stored(cluster, names.heartbeat).values()
    assert beat["busybody"]["heartbeat"]["instance"] == "one"


def test_the_command_forgets_by_itself_where_no_service_runs(cluster: Cluster, names: Names, node, capsys):
    part = filled(cluster, names)
    user = next(iter(stored(cluster, names.incident).values()))["user"]["name"]
    part.store.close()
    config = config_of(node, names.namespace)
    arguments = Namespace(person=user, yes=True, wait=0.0)
    assert run("forget", config, arguments) == 0
    told = capsys.readouterr().out
    assert "state: the profile" in told
    assert f"{names.score}: " in told
    assert user not in everything(cluster, names)
    again = opened(cluster, names)
    mine = [signin for signin in signins() if signin.user == user]
    assert {answer.status for answer in again.score(items(mine)).answers} == {SKIPPED}
    again.store.close()
    assert run("forget", config, Namespace(person="nobody@example.com", yes=True, wait=0.0)) == 1
