"""The cluster: one interface, both products, four genuine nodes."""

from __future__ import annotations

import subprocess
import sys
import threading
from typing import Any, Iterator

import pytest
from busybody.errors import MissingExtra
from busybody_elastic.cluster import Cluster, Doc, Retries, bulk, connect
from busybody_elastic.config import ClusterSection, Secret
from busybody_elastic.errors import ClusterError, PartialResults
from having import ROOT, settings_of
from nodes import Node
from relays import CUT, LOST, Relay, Reply, relay

pytestmark = pytest.mark.node


@pytest.fixture
def index(cluster: Cluster, namespace: str) -> Iterator[str]:
    """The name of an index that is not there yet."""
    yield f"things-{namespace}"
    cluster.request("DELETE", f"/things-{namespace}*", params={"ignore_unavailable": "true"})


@pytest.fixture
def between(node: Node) -> Iterator[Relay]:
    """A relay in front of the node, without faults so far."""
    with relay(node.url) as made:
        yield made


@pytest.fixture
def pauses() -> list[float]:
    """How long a cluster of `through` waited, without waiting."""
    return []


@pytest.fixture
def through(node: Node, between: Relay, pauses: list[float]) -> Iterator[Cluster]:
    """Connected by way of the relay."""
    made = connect(settings_of(node, url=(between.url,)), Retries(sleep=pauses.append))
    between.seen.clear()
    yield made
    made.close()


def creates(index: str, count: int, size: int = 1) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    return [({"create": {"_index": index, "_id": str(n)}}, {"n": n, "text": "x" * size}) for n in range(count)]


def test_the_product_shows_itself(node: Node, cluster: Cluster) -> None:
    assert cluster.flavour == node.flavour
    assert ".".join(map(str, cluster.version)) == node.version
    assert cluster.name.startswith(node.name)


# --- documents ----------------------------------------------------------------------------------------------------


def test_a_document_is_made_once(cluster: Cluster, index: str) -> None:
    first = cluster.put(index, "a/ü c", {"n": 1}, create=True)
    assert first is not None
    assert cluster.put(index, "a/ü c", {"n": 2}, create=True) is None
    assert cluster.get(index, "a/ü c") == Doc({"n": 1}, first.seq_no, first.primary_term)


def test_compare_and_set_refuses_whoever_is_late(cluster: Cluster, index: str) -> None:
    first = cluster.put(index, "a", {"n": 1})
    second = cluster.put(index, "a", {"n": 2}, if_doc=first)
    assert second is not None
    assert cluster.put(index, "a", {"n": 3}, if_doc=first) is None
    assert cluster.get(index, "a") == second
    assert cluster.delete(index, "a")
    assert cluster.put(index, "a", {"n": 4}, if_doc=second) is None, "what is gone is not what it was"


def test_what_is_not_there_is_none(cluster: Cluster, index: str) -> None:
    assert cluster.get(index, "a") is None
    assert cluster.mget(index, ["a", "b"]) == {}
    assert cluster.search(index, {})["hits"]["hits"] == []
    assert not cluster.delete(index, "a")
    assert cluster.request("HEAD", f"/{index}") is False
    pit = cluster.open_pit(index + "*")
    assert cluster.page(pit, {"size": 10}).hits == []
    cluster.close_pit(pit)
    cluster.refresh(index)


def test_mget_needs_no_refresh(cluster: Cluster, index: str) -> None:
    for n in range(3):
        cluster.put(index, str(n), {"n": n})
    found = cluster.mget(index, ["0", "2", "7"])
    assert {one: doc.source for one, doc in found.items()} == {"0": {"n": 0}, "2": {"n": 2}}


def test_threads_share_a_connection(cluster: Cluster, index: str) -> None:
    def write(part: int) -> None:
        for n in range(20):
            cluster.put(index, f"{part}-{n}", {"n": n})

    threads = [threading.Thread(target=write, args=(part,)) for part in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(cluster.mget(index, [f"{part}-{n}" for part in range(8) for n in range(20)])) == 160


# --- bulk ---------------------------------------------------------------------------------------------------------


def test_bulk_answers_in_order_over_chunks(through: Cluster, between: Relay, index: str) -> None:
    operations: list[Any] = creates(index, 2300)
    operations[1500] = ({"delete": {"_index": index, "_id": "3"}}, None)
    operations.append(operations[7])
    items = through.bulk(operations, refresh=True)
    assert [item.status for item in items] == [201] * 1500 + [200] + [201] * 799 + [409]
    assert "version_conflict" in items[-1].error
    assert len(between.seen) == 3
    assert through.search(index, {"size": 0, "track_total_hits": True})["hits"]["total"]["value"] == 2298


def test_bulk_is_cut_by_bytes(through: Cluster, between: Relay, index: str) -> None:
    items = through.bulk(creates(index, 7, size=bulk.MOST_BYTES // 3))
    assert [item.status for item in items] == [201] * 7
    assert len(between.seen) == 4


def test_bulk_halves_what_is_too_large(through: Cluster, between: Relay, index: str) -> None:
    def fault(_: str, path: str, body: bytes) -> Reply | None:
        return Reply(413, b"") if path.startswith("/_bulk") and len(body) > 600 else None

    between.faults.append(fault)
    operations = creates(index, 40)
    operations[5][1]["text"] = "x" * 1000
    items = through.bulk(operations)
    assert [item.status for item in items] == [201] * 5 + [413] + [201] * 34


def test_bulk_sends_refused_items_again(through: Cluster, between: Relay, index: str, pauses: list[float]) -> None:
    def some_later(reply: Reply) -> Reply:
        refused = {"type": "es_rejected_execution_exception", "reason": "queue is full"}
        for item in reply.body["items"][1::2]:
            item["create"] = {**item["create"], "status": 429, "error": refused}
        return reply

    between.once(some_later, path="_bulk")
    items = through.bulk(creates(index, 6))
    # The node had taken them, so the second time they are there: what exists wins.
    assert [item.status for item in items] == [201, 409] * 3
    between.always(Reply(429, {"error": {"type": "circuit_breaking_exception", "reason": "too much"}}), path="_bulk")
    with pytest.raises(ClusterError, match="too much") as raised:
        through.bulk(creates(index, 6))
    assert raised.value.status == 429
    assert pauses == [0.1, *Retries().bulk_pauses]
    assert sorted(pauses) == pauses, "pauses grow"


def test_items_that_stay_refused_say_so(through: Cluster, between: Relay, index: str) -> None:
    def later(reply: Reply) -> Reply:
        for item in reply.body["items"]:
            item["create"] = {"status": 503, "error": {"type": "unavailable_shards_exception", "reason": "not yet"}}
        return reply

    between.always(later, path="_bulk")
    assert through.bulk(creates(index, 2)) == [(503, "unavailable_shards_exception: not yet")] * 2


# --- what may be sent twice ---------------------------------------------------------------------------------------


def test_reads_are_repeated(through: Cluster, between: Relay, index: str, pauses: list[float]) -> None:
    for fault in (CUT, LOST, Reply(429, {}), Reply(503, {}), Reply(502, b"<html>")):
        between.once(fault)
        assert through.get(index, "a") is None
    assert pauses == [0.1] * 5


def test_a_write_whose_answer_is_lost_is_repeated_only_where_that_does_no_harm(
    through: Cluster, between: Relay, index: str
) -> None:
    between.once(LOST)
    first = through.put(index, "a", {"n": 1})
    assert first is not None
    between.once(LOST)
    with pytest.raises(ClusterError) as raised:
        through.put(index, "a", {"n": 2}, if_doc=first)
    assert raised.value.status is None, "nobody can tell"
    doc = through.get(index, "a")
    assert doc is not None
    assert doc.source == {"n": 2}
    between.once(LOST)
    items = through.bulk([({"index": {"_index": index, "_id": "b"}}, {"n": 1})])
    assert items[0].status == 200
    between.once(LOST)
    with pytest.raises(ClusterError):
        through.bulk([({"index": {"_index": index}}, {"n": 1})])
    between.once(Reply(429, {}))
    assert through.put(index, "a", {"n": 3}, if_doc=doc) is not None, "a refused one did nothing"


def test_nobody_there(node: Node, pauses: list[float]) -> None:
    with relay(node.url) as gone:
        made = connect(settings_of(node, url=(gone.url,)), Retries(sleep=pauses.append))
    with pytest.raises(ClusterError, match="cannot be reached|broke"):
        made.put("x", "y", {}, create=True)
    with pytest.raises(ClusterError, match="cannot be reached"):
        connect(settings_of(node, url=(gone.url,)))
    made.close()


def test_another_node_takes_over(node: Node, index: str) -> None:
    with relay(node.url) as gone:
        pass
    made = connect(settings_of(node, url=(gone.url, node.url)), Retries(sleep=lambda _: None))
    assert [made.get(index, "a") for _ in range(4)] == [None] * 4
    made.close()


# --- whole answers ------------------------------------------------------------------------------------------------


@pytest.fixture
def red(cluster: Cluster, index: str) -> str:
    """A pattern of two indices, one of which has a shard that no node may take."""
    cluster.put(f"{index}-a", "1", {"n": 1}, refresh=True)
    settings = {"number_of_shards": 2, "number_of_replicas": 0, "routing.allocation.require._name": "nobody"}
    cluster.request("PUT", f"/{index}-b", {"settings": settings}, params={"wait_for_active_shards": "0"})
    return index + "-*"


def test_a_missing_shard_is_no_result(node: Node, red: str) -> None:
    made = connect(settings_of(node), Retries(sleep=lambda _: None))
    with pytest.raises(PartialResults, match="shard|search_phase"):
        made.search(red, {"query": {"match_all": {}}})
    with pytest.raises(PartialResults):
        made.open_pit(red)
    made.close()


def test_a_shard_that_goes_is_no_end(node: Node, cluster: Cluster, index: str) -> None:
    for part in "ab":
        cluster.bulk(creates(f"{index}-{part}", 10), refresh=True)
    made = connect(settings_of(node), Retries(sleep=lambda _: None))
    pit = made.open_pit(f"{index}-*")
    page = made.page(pit, {"size": 5, "sort": ["n"]})
    assert len(page.hits) == 5
    cluster.request("DELETE", f"/{index}-b")
    with pytest.raises(ClusterError):
        made.page(page.pit, {"size": 5, "sort": ["n"], "search_after": page.hits[-1].sort})
    made.close()


@pytest.mark.parametrize(
    "claim",
    [
        {"timed_out": True},
        {"_shards": {"total": 3, "successful": 2, "skipped": 1, "failed": 0}},
        {"_shards": {"total": 3, "successful": 2, "skipped": 0, "failed": 1, "failures": []}},
        {"_clusters": {"total": 2, "successful": 1, "skipped": 1}},
    ],
    ids=["timed-out", "one-less", "failed", "a-cluster-less"],
)
def test_less_than_all_is_refused(through: Cluster, between: Relay, index: str, claim: dict[str, Any]) -> None:
    through.put(index, "a", {"n": 1}, refresh=True)
    between.always(lambda reply: reply._replace(body={**reply.body, **claim}), path="_search?")
    with pytest.raises(PartialResults):
        through.search(index, {})
    between.faults.clear()
    pit = through.open_pit(index)
    between.always(lambda reply: reply._replace(body={**reply.body, **claim}), path="_search?")
    with pytest.raises(PartialResults):
        through.page(pit, {"size": 1})


def test_skipped_shards_are_counted_among_the_successful(cluster: Cluster, index: str) -> None:
    """What `whole` relies on: a shard that cannot match is skipped and successful at once."""
    for year in (2024, 2025, 2026):
        settings = {"settings": {"number_of_shards": 2}, "mappings": {"properties": {"t": {"type": "date"}}}}
        cluster.request("PUT", f"/{index}-{year}", settings)
        cluster.put(f"{index}-{year}", "1", {"t": f"{year}-01-01"}, refresh=True)
    body = {"query": {"range": {"t": {"gte": "2025-06-01"}}}}
    answer = cluster.request("POST", f"/{index}-*/_search", body, params={"pre_filter_shard_size": "1"})
    assert answer["_shards"] == {"total": 6, "successful": 6, "skipped": 5, "failed": 0}


# --- paging -------------------------------------------------------------------------------------------------------


def pages(cluster: Cluster, index: str, size: int) -> Iterator[tuple[str, str]]:
    pit = cluster.open_pit(index)
    sort = {"@timestamp": {"order": "asc", "numeric_type": "date", "unmapped_type": "date"}}
    after: dict[str, Any] = {}
    while True:
        page = cluster.page(pit, {"size": size, "sort": [sort], **after})
        if not page.hits:
            break
        yield from ((hit.index, hit.id) for hit in page.hits)
        pit, after = page.pit, {"search_after": page.hits[-1].sort}
    cluster.close_pit(pit)
    cluster.close_pit(pit)  # one that is gone is closed


def test_equal_times_and_equal_ids_come_once(cluster: Cluster, index: str) -> None:
    """Two indices with one time throughout and the same ids in both, as behind a data stream after a rollover."""
    for part, kind in (("a", "date"), ("b", "date_nanos")):
        mapping = {"mappings": {"properties": {"@timestamp": {"type": kind}}}, "settings": {"number_of_shards": 2}}
        cluster.request("PUT", f"/{index}-{part}", mapping)
        source = {"@timestamp": "2026-01-01T00:00:00Z"}
        cluster.bulk([({"create": {"_index": f"{index}-{part}", "_id": str(n)}}, source) for n in range(700)])
    cluster.request("PUT", f"/{index}-c")  # one without the field, which would drop out
    cluster.refresh(f"{index}-*")
    found = list(pages(cluster, f"{index}-*", 101))
    assert len(found) == 1400
    assert set(found) == {(f"{index}-{part}", str(n)) for part in "ab" for n in range(700)}


def test_a_point_in_time_that_is_over_says_so(cluster: Cluster, index: str) -> None:
    cluster.put(index, "a", {"n": 1}, refresh=True)
    pit = cluster.open_pit(index)
    cluster.close_pit(pit)
    with pytest.raises(ClusterError) as raised:
        cluster.page(pit, {"size": 1})
    assert raised.value.status == 404


def test_delete_by_query_leaves_nothing_behind(cluster: Cluster, index: str) -> None:
    cluster.bulk(creates(f"{index}-a", 1500) + creates(f"{index}-b", 30))
    assert cluster.delete_by_query(f"{index}-*", {"range": {"n": {"gte": 10}}}) == 1510
    assert cluster.delete_by_query(f"{index}-*", {"range": {"n": {"gte": 10}}}) == 0
    assert cluster.delete_by_query("nothing-" + index, {"match_all": {}}) == 0
    found = cluster.search(f"{index}-*", {"size": 100})["hits"]["hits"]
    assert sorted(int(hit["_id"]) for hit in found) == sorted([*range(10)] * 2)


def test_delete_by_query_reaches_behind_a_data_stream(cluster: Cluster, namespace: str) -> None:
    template = {"index_patterns": [f"*-{namespace}"], "data_stream": {}, "priority": 500}
    cluster.request("PUT", f"/_index_template/{namespace}", template)
    stream = f"logs-{namespace}"
    source = {"@timestamp": "2026-01-01T00:00:00Z", "user": {"name": "ana"}}
    items = cluster.bulk([({"create": {"_index": stream, "_id": str(n)}}, source) for n in range(5)])
    assert {item.status for item in items} == {201}
    assert cluster.put(stream, "3", source, create=True) is None
    assert cluster.delete_by_query(stream, {"ids": {"values": ["1", "2"]}}) == 2


# --- errors -------------------------------------------------------------------------------------------------------


def test_errors_name_the_trouble_and_nobody(cluster: Cluster, index: str) -> None:
    mapping = {"user": {"properties": {"ip": {"type": "ip"}, "since": {"type": "date"}, "n": {"type": "long"}}}}
    cluster.request("PUT", f"/{index}", {"mappings": {"dynamic": "strict", "properties": mapping}})
    for user in ({"ip": "ana@example.com"}, {"since": "ana@example.com"}, {"n": "ana@example.com"}, {"x": 1}):
        with pytest.raises(ClusterError) as raised:
            cluster.put(index, "ana@example.com", {"user": user})
        assert raised.value.status == 400
        assert "ana" not in str(raised.value)
        assert "user" in str(raised.value)
        (item,) = cluster.bulk([({"create": {"_index": index, "_id": "ana@example.com"}}, {"user": user})])
        assert item.status == 400
        assert "ana" not in item.error


def test_a_refused_request_has_its_status(cluster: Cluster) -> None:
    with pytest.raises(ClusterError, match="no such index") as raised:
        cluster.request("GET", "/nothing-here/_mapping")
    assert raised.value.status == 404


def test_wrong_credentials_are_told_apart(elasticsearch_node: Node) -> None:
    with pytest.raises(ClusterError, match="username and password") as raised:
        connect(settings_of(elasticsearch_node, password=Secret("geheim")))
    assert raised.value.status == 401
    assert "geheim" not in str(raised.value)


def test_a_role_may_lack_a_privilege(elasticsearch_node: Node, namespace: str) -> None:
    elasticsearch_node.add_role(
        namespace, {"cluster": ["monitor"], "indices": [{"names": ["x"], "privileges": ["read"]}]}
    )
    elasticsearch_node.add_user(namespace, "geheim-geheim", namespace)
    made = connect(settings_of(elasticsearch_node, username=namespace, password=Secret("geheim-geheim")))
    with pytest.raises(ClusterError, match="unauthorized") as raised:
        made.put("somewhere", "a", {})
    assert raised.value.status == 403
    made.close()


@pytest.mark.parametrize(
    ("reply", "told"),
    [
        (Reply(200, b"<html>welcome"), "neither Elasticsearch nor OpenSearch"),
        (Reply(200, {"version": {"number": "7.17.1"}, "cluster_name": "x"}, {"x-elastic-product": "Elasticsearch"}), "7.17.1"),
        (Reply(200, {"version": {"number": "7.10.2"}}), "something else 7.10.2"),
        (Reply(403, {"error": {"type": "security_exception"}}, {"x-elastic-product": "Elasticsearch"}), "monitor"),
    ],
)  # fmt: skip
def test_what_is_no_cluster_of_ours_is_refused(reply: Reply, told: str) -> None:
    with relay(None) as made:
        made.always(reply)
        with pytest.raises(ClusterError, match=told):
            connect(ClusterSection(url=(made.url,)))


def test_an_opensearch_that_calls_itself_older(opensearch_node: Node) -> None:
    with relay(opensearch_node.url) as made:
        made.once(lambda reply: reply._replace(body={"version": {"number": "7.10.2", "distribution": "opensearch"}}))
        found = connect(settings_of(opensearch_node, url=(made.url,)))
        assert ".".join(map(str, found.version)) == opensearch_node.version
        found.close()


def test_an_api_key_is_sent_encoded() -> None:
    with relay(None) as made:
        made.always(Reply(401, {}))
        for key in ("id:key", "aWQ6a2V5"):
            with pytest.raises(ClusterError, match="cluster.api_key"):
                connect(ClusterSection(url=(made.url,), api_key=Secret(key)))
        assert [headers["authorization"] for headers in made.headers] == ["ApiKey aWQ6a2V5"] * 2


def test_opensearch_without_its_client(opensearch_node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opensearchpy", None)
    with pytest.raises(MissingExtra, match=r"busybody-elastic\[opensearch\]"):
        connect(settings_of(opensearch_node))


def test_elasticsearch_needs_no_client_of_opensearch() -> None:
    code = "import sys, busybody_elastic.cluster, busybody_elastic.cluster.elasticsearch as _; print(*sys.modules)"
    path = f"{ROOT / 'core'}:{ROOT / 'elastic'}"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env={"PYTHONPATH": path}
    )
    assert not {"opensearchpy", "google.protobuf", "grpc"} & set(loaded.stdout.split())
