"""Real clients through the gateway to genuine nodes."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import httpx
import pytest
from busybody_elastic.app import build_app
from doors import LocalRouter, ready, running, signin
from having import config_of
from nodes import Node

pytestmark = pytest.mark.node
NDJSON = {"Content-Type": "application/x-ndjson"}
BIG = 9007199254740993  # no double holds it


class Front(NamedTuple):
    """A gateway before a node."""

    url: str
    node: Node
    router: LocalRouter
    index: str
    app: Any

    @property
    def headers(self) -> dict[str, str]:
        if not self.node.user:
            return {}
        return {
            "Authorization": "Basic " + base64.b64encode(f"{self.node.user}:{self.node.password}".encode()).decode()
        }

    def ask(
        self, method: str, path: str, body: Any = None, *, straight: bool = False, **headers: str
    ) -> httpx.Response:
        """Through the gateway, or `straight` to the node."""
        content = body if isinstance(body, (str, bytes)) or body is None else json.dumps(body)
        media = {"Content-Type": "application/json"} if body is not None else {}
        base = self.node.url if straight else self.url
        return httpx.request(
            method, base + path, content=content, headers={**media, **self.headers, **headers}, timeout=60
        )

    def stored(self) -> list[dict[str, Any]]:
        self.ask("POST", f"/{self.index}/_refresh", straight=True)
        found = self.ask("POST", f"/{self.index}/_search", {"size": 1000, "sort": ["n"]}, straight=True).json()
        return [hit["_source"] for hit in found["hits"]["hits"]]


@pytest.fixture
def front(node: Node, namespace: str) -> Iterator[Front]:
    with before(node, namespace) as front:
        yield front


@contextmanager
def before(node: Node, namespace: str) -> Iterator[Front]:
    router = LocalRouter()
    section = {"enabled": True, "upstream": [node.url], "deadline_ms": 10_000}
    app = build_app(config_of(node, namespace, gateway=section), router, status=ready)
    with running(app) as url:
        front = Front(url, node, router, f"{namespace}-signins", app)
        yield front
        front.ask("DELETE", f"/{front.index}", straight=True)


def documents(number: int) -> list[dict[str, Any]]:
    return [{**signin(count), "n": count, "big": BIG} for count in range(number)]


def check(front: Front, number: int) -> None:
    """All are there once, as they were but for `busybody`, and each was learned."""
    stored = front.stored()
    assert [{key: value for key, value in found.items() if key != "busybody"} for found in stored] == documents(number)
    assert {found["busybody"]["status"] for found in stored} == {"scored"}
    assert front.router.learned == [f"ana-{count}" for count in range(number)]


@pytest.mark.parametrize("packed", [False, True])
def test_elasticsearch_py(elasticsearch_node: Node, namespace: str, packed: bool) -> None:
    from elasticsearch import Elasticsearch, helpers

    with before(elasticsearch_node, namespace) as front:
        node = front.node
        with Elasticsearch(front.url, basic_auth=(node.user, node.password), http_compress=packed) as client:
            assert client.cluster.health()["cluster_name"]
            actions = [
                {"_op_type": "create", "_index": front.index, "_id": str(one["n"]), **one} for one in documents(120)
            ]
            assert helpers.bulk(client, actions, chunk_size=50) == (120, [])
            check(front, 120)
            _, refused = helpers.bulk(client, actions[:3], raise_on_error=False)
            assert [item["create"]["status"] for item in refused] == [409] * 3
            assert client.search(index=front.index, size=0)["hits"]["total"]["value"] == 120


@pytest.mark.parametrize("packed", [False, True])
def test_opensearch_py(opensearch_node: Node, namespace: str, packed: bool) -> None:
    from opensearchpy import OpenSearch, helpers

    with before(opensearch_node, namespace) as front, OpenSearch(front.url, http_compress=packed) as client:
        assert client.info()["version"]["distribution"] == "opensearch"
        actions = [{"_op_type": "create", "_index": front.index, "_id": str(one["n"]), **one} for one in documents(120)]
        assert helpers.bulk(client, actions, chunk_size=50) == (120, [])
        check(front, 120)
        _, refused = helpers.bulk(client, actions[:3], raise_on_error=False)
        assert [item["create"]["status"] for item in refused] == [409] * 3


def test_a_beats_handshake_and_its_bulk(front: Front) -> None:
    for method, path in (
        ("GET", "/"),
        ("HEAD", "/"),
        ("GET", "/_license"),
        ("GET", "/_ilm/policy/beats"),
        ("GET", "/_nodes"),
    ):
        ours, theirs = front.ask(method, path), front.ask(method, path, straight=True)
        assert ours.status_code == theirs.status_code
        assert {name: value for name, value in ours.headers.items() if name not in ("date", "content-length")} == {
            name: value for name, value in theirs.headers.items() if name not in ("date", "content-length")
        }
    lines = "".join(
        json.dumps({"create": {"_index": front.index}}) + "\n" + json.dumps(one) + "\n" for one in documents(3)
    )
    path = "/_bulk?filter_path=errors%2Citems.%2A.error%2Citems.%2A.status"
    body = gzip.compress(lines.encode())
    answer = front.ask("POST", path, body, **{"Content-Encoding": "gzip", **NDJSON, "Accept": "application/json"})
    assert answer.json() == {"errors": False, "items": [{"create": {"status": 201}}] * 3}
    check(front, 3)


def test_items_that_the_node_refuses_are_refused_and_not_learned(front: Front) -> None:
    front.ask("PUT", f"/{front.index}", {"mappings": {"properties": {"n": {"type": "integer"}}}}, straight=True)
    good, bad, other = documents(3)
    bad["n"] = "no number"
    lines = "".join(json.dumps({"create": {"_id": number}}) + "\n" + json.dumps(one) + "\n" for number, one in (
        ("1", good), ("2", bad), ("1", other)))  # fmt: skip
    answer = front.ask("PUT", f"/{front.index}/_bulk", lines, **NDJSON).json()
    assert [item["create"]["status"] for item in answer["items"]] == [201, 400, 409]
    assert front.router.learned == ["ana-0"]  # what lies under the last one's _id is another sign-in


def test_an_index_that_is_strict_gets_its_documents_as_they_came(front: Front) -> None:
    front.ask("PUT", f"/{front.index}", {"mappings": {"dynamic": "strict", "properties": {
        "n": {"type": "integer"}, "big": {"type": "long"}, "@timestamp": {"type": "date"},
        "event": {"type": "object", "dynamic": True}, "user": {"type": "object", "dynamic": True},
        "source": {"type": "object", "dynamic": True}}}}, straight=True)  # fmt: skip
    lines = "".join('{"create":{}}\n' + json.dumps(one) + "\n" for one in documents(4))
    answer = front.ask("POST", f"/{front.index}/_bulk", lines, **NDJSON).json()
    assert (answer["errors"], [item["create"]["status"] for item in answer["items"]]) == (False, [201] * 4)
    assert front.stored() == documents(4)
    assert len(front.router.learned) == 4
    assert front.app.state.metrics.registry.get_sample_value("busybody_refused_fields_total") == 4


def test_whoever_the_node_does_not_know_gets_its_401_and_teaches_nothing(
    elasticsearch_node: Node, namespace: str
) -> None:
    with before(elasticsearch_node, namespace) as front:
        lines = '{"create":{}}\n' + json.dumps(signin()) + "\n"
        answer = httpx.post(f"{front.url}/{front.index}/_bulk", content=lines, headers=NDJSON)
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"]
        assert front.router.learned == []


FILTERS = [
    "errors", "took,errors", "items", "items.*.status", "items.create", "items.create._id,errors", "items.*.error.*",
    "items.*.error.reason", "items.cr*.st*", "*.create.status", "**.status", "items.**", "*", "**", "-items", "-**.status",
    "-items.*._shards", "items.*,-items.*._seq_no", "items.*.status,-items.*.status", "nothing", "items.index.status",
    "-items.*.error", "errors,items.*._shards.s*", "items.*._*", "-*", "",
]  # fmt: skip


@pytest.mark.slow
def test_filters_are_applied_as_the_node_applies_them(front: Front) -> None:
    front.ask("PUT", f"/{front.index}", {"mappings": {"properties": {"n": {"type": "integer"}}}}, straight=True)
    straight_index = front.index + "-straight"
    front.ask("PUT", f"/{straight_index}", {"mappings": {"properties": {"n": {"type": "integer"}}}}, straight=True)

    def bulk(index: str, wanted: str, *, straight: bool, round: int) -> Any:  # noqa: A002
        good, bad = documents(2)
        bad["n"] = "no number"
        lines = "".join(
            json.dumps({"create": {"_id": f"{round}-{number}"}}) + "\n" + json.dumps(one) + "\n"
            for number, one in enumerate((good, bad))
        )
        path = f"/{index}/_bulk?filter_path={wanted}"
        return _comparable(front.ask("POST", path, lines, straight=straight, **NDJSON).json())

    try:
        for round, wanted in enumerate(FILTERS):  # noqa: A001
            ours = bulk(front.index, wanted, straight=False, round=round)
            theirs = bulk(straight_index, wanted, straight=True, round=round)
            assert ours == theirs, wanted
    finally:
        front.ask("DELETE", f"/{straight_index}", straight=True)


def _comparable(value: Any) -> Any:
    """An answer without what differs from one request to the next."""
    if isinstance(value, list):
        return [_comparable(item) for item in value]
    if isinstance(value, dict):
        told = {"took", "ingest_took", "_index", "index_uuid", "_seq_no", "reason"}
        return {key: "-" if key in told else _comparable(inner) for key, inner in value.items()}
    return value
