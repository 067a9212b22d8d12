"""Documents as they were written: what a cluster keeps and strict readers refuse stops nobody."""

from __future__ import annotations

import json
from math import inf
from typing import Any

import httpx
import pytest
from busybody_elastic.cluster import Cluster, Retries, connect
from busybody_elastic.config import ClusterSection
from busybody_elastic.identity import identity_of
from busybody_elastic.reader.feed import happened
from busybody_elastic.records import READER, Incoming
from doors import signin
from gateway_front import real_router
from nodes import Node
from relays import Reply, relay

ELASTICSEARCH = Reply(200, {"version": {"number": "9.2.0"}}, {"X-Elastic-Product": "Elasticsearch"})
OPENSEARCH = Reply(200, {"version": {"number": "3.1.0", "distribution": "opensearch"}})
ONCE = Retries(pauses=())
HALF = "a\ud800b"  # of a surrogate pair


def _odd() -> list[str]:
    """Sign-ins as they may be written."""
    return [
        json.dumps({**signin(1), "user_agent": {"original": HALF}}),
        json.dumps({**signin(2), "user": {"name": HALF}}),
        json.dumps(signin(3, id=HALF)),
        json.dumps(signin(4)).replace("52.5", "1e999"),
        json.dumps({**signin(7), "url": "https://x/*"})[:-1] + ', /* "} */ "n": 1}',
        json.dumps(signin(5))[:-1] + ', "n": ' + "9" * 5000 + "}",
        json.dumps(signin(6)).replace('"2026-03-02T08:00:06.000Z"', "1e999"),
    ]


@pytest.mark.parametrize("product", [ELASTICSEARCH, OPENSEARCH], ids=["elasticsearch", "opensearch"])
def test_a_page_comes_whatever_documents_are_on_it(product: Reply) -> None:
    hits = [
        f'{{"_index":"x","_id":"{number}","_source":{text},"sort":[{number}]}}' for number, text in enumerate(_odd())
    ]
    text = (
        '{"timed_out":false,"_shards":{"total":1,"successful":1,"failed":0},"hits":{"hits":[' + ",".join(hits) + "]}}"
    )
    with relay(None) as between:
        between.once(product)
        between.always(Reply(200, text.encode(), product.headers))
        cluster = connect(ClusterSection(url=(between.url,)), ONCE)
        try:
            sources = [hit.source for hit in cluster.page("p", {}).hits]
        finally:
            cluster.close()
    assert [source["event"]["id"] for source in sources] == [
        "ana-1", "ana-2", HALF, "ana-4", "ana-7", "ana-5", "ana-6",
    ]  # fmt: skip
    assert sources[0]["user_agent"]["original"] == HALF
    assert (sources[3]["source"]["geo"]["location"]["lat"], sources[5]["n"]) == (inf, inf)
    assert (sources[4]["url"], sources[4]["n"]) == ("https://x/*", 1)
    assert _statuses(sources) == ["scored"] * 6 + ["broken"]


def _statuses(sources: list[dict[str, Any]]) -> list[str]:
    """What becomes of them behind the reader."""
    router = real_router()
    incoming = [Incoming(one, identity_of(one, "x", str(at)), READER, "x", str(at)) for at, one in enumerate(sources)]
    for one in sources:
        happened(one)
        router.stamps.identity(one)
    found = [answer.status for answer in router.score(incoming).answers]
    router.commit()
    return found


@pytest.mark.node
def test_what_a_node_keeps_is_read_and_written(node: Node, cluster: Cluster, namespace: str) -> None:
    index = f"odd-{namespace}"
    with httpx.Client(base_url=node.url, auth=(node.user, node.password) if node.user else None) as client:
        client.put(f"/{index}", json={"mappings": {"enabled": False}}).raise_for_status()
        kept = [*_odd()[:4], _odd()[4] + ' // "']  # nodes refuse numbers of so many digits
        for number, text in enumerate(kept):
            media = {"Content-Type": "application/json"}
            client.put(f"/{index}/_doc/{number}?refresh=true", content=text, headers=media).raise_for_status()
    try:
        found = {hit["_id"]: hit["_source"] for hit in cluster.search(index, {})["hits"]["hits"]}
        assert found["0"]["user_agent"]["original"] == HALF
        assert float(found["3"]["source"]["geo"]["location"]["lat"]) == inf
        one = cluster.get(index, "4")
        assert one is not None
        assert found["4"] == one.source == cluster.mget(index, ["4", "0"])["4"].source
        assert (one.source["url"], one.source["n"]) == ("https://x/*", 1)
        assert [item.status for item in cluster.bulk([({"index": {"_index": index, "_id": "z"}}, found["0"])])] == [201]
        assert cluster.put(index, "y", found["1"]) is not None
        again = cluster.get(index, "y")
        assert again is not None
        assert again.source["user"]["name"] == HALF
    finally:
        cluster.request("DELETE", f"/{index}")
