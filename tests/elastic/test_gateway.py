"""The bulk gateway before a cluster that fails as it is told, over a scorer in memory."""

from __future__ import annotations

import asyncio
import gzip
import json
import threading
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from busybody_elastic.app import build_app
from busybody_elastic.bodies import unpacked
from doors import LocalRouter, config, ready, running, signin
from gateway_front import NDJSON, Front, added, gateway, operations
from upstream import Cluster, Fault, listening


@pytest.fixture
def front() -> Iterator[Front]:
    with gateway() as front:
        yield front


# Bytes ------------------------------------------------------------------------------------------------------


def test_a_sign_in_reaches_the_cluster_with_what_is_thought_of_it(front: Front) -> None:
    text = json.dumps(signin())
    answer = front.bulk('{"create": {}}\n' + text + "\n")
    assert answer.status_code == 200
    assert answer.headers["x-elastic-product"] == "Elasticsearch"
    (source,) = front.cluster.sources()
    assert source.startswith(text[:-1].encode() + b',"busybody":{"identity":"')
    assert added(source)["status"] == "scored"
    assert front.router.learned == ["ana-0"]


def test_what_is_no_sign_in_is_not_touched(front: Front) -> None:
    web = '{"@timestamp":"2026-03-02T08:00:00Z","event":{"category":["web"]},"user":{"name":"ana"}, "n": 1.0}'
    lines = [
        '{"index":{"_id":"1","routing":"x","dynamic_templates":{"a":"b"}}}\r', web + "\r", "", "  ",
        '{"delete":{"_id":"2"}}', '{ "update" : {"_id":"1"} }', '{"doc": ' + json.dumps(signin()) + "}",
        '{"index":{}}', "no json", '{"index":{}}', '[1, "user"]', '{"create":{}}', '{"a":1,"a":2}',
        '{"index":{"_index":"logs-busybody.score-default"}}', json.dumps(signin()),
        '{"index":{}}', '{"user":' + "[" * 2000 + "]" * 2000 + "}",
    ]  # fmt: skip
    body = ("\n".join(lines) + "\n").encode() + b'{"index":{}}\n{"user":"\xff"}\n'
    front.bulk(body)
    assert front.last.body == body
    assert front.router.learned == []


def test_only_the_source_of_a_sign_in_grows_in_a_mixed_batch(front: Front) -> None:
    odd = (
        '{"big":123456789012345678901234567890,"one":1.0,"e":1E40,"esc":"\\u00e4\\/", '
        + json.dumps(signin())[1:-1]
        + " }"
    )
    lines = ['{"delete":{"_id":"gone"}}', '{"create":{"_id":"a"}}\r', odd + " \r", "", '{"index":{}}', '{"x":1}']
    front.bulk("\n".join(lines) + "\n")
    received = front.last.body.decode().split("\n")
    head, _, tail = received[2].partition(',"busybody":')
    assert head == odd[:-1]
    assert tail.endswith("}} \r")
    assert [*received[:2], *received[3:]] == [*lines[:2], *lines[3:], ""]


def test_a_source_that_has_busybody_already_is_left_as_it_is(front: Front) -> None:
    for extra in ({"busybody": {"status": "scored"}}, {"busybody.risk": 3}):
        body = operations({**signin(), **extra})
        front.bulk(body)
        assert front.last.body == body.encode()
    assert front.router.learned == []
    assert front.metric("busybody_unscored_total", door="gateway", reason="own_field") == 2


def test_the_key_is_ours_however_it_is_spelled(front: Front) -> None:
    body = '{"create":{}}\n' + json.dumps(signin())[:-1] + ',"\\u0062usybody":{"status":"scored"}}\n'
    front.bulk(body)
    assert front.last.body == body.encode()
    assert front.router.learned == []
    assert front.metric("busybody_unscored_total", door="gateway", reason="own_field") == 1


def test_a_document_nested_too_deeply_is_the_clusters_to_judge(front: Front) -> None:
    deep = '{"x":' * 1000 + "1" + "}" * 1000
    sources = json.dumps(signin()), deep
    body = "".join('{"create":{}}\n' + source + "\n" for source in sources)
    assert front.bulk(body).status_code == 200
    assert front.router.learned == ["ana-0"]
    assert front.last.body.endswith(deep.encode() + b"\n")


def test_too_many_operations_are_refused_before_any_work(front: Front) -> None:
    answer = front.bulk('{"create":{}}\n{}\n' * 100_001)
    assert (answer.status_code, front.cluster.seen) == (413, [])
    assert "100,000 operations" in answer.json()["error"]["reason"]


def test_busybody_in_a_value_is_nothing_of_ours(front: Front) -> None:
    front.bulk(operations({**signin(), "message": 'the "busybody" said so'}))
    assert added(front.cluster.sources()[0])["status"] == "scored"


def test_a_line_of_ten_megabytes(front: Front) -> None:
    front.bulk(operations({**signin(), "message": "x" * 10_000_000}))
    assert added(front.cluster.sources()[0])["status"] == "scored"


@pytest.mark.parametrize("method", ["POST", "PUT"])
@pytest.mark.parametrize(
    "path",
    [
        "/_bulk",
        "/logs/_bulk",
        "/logs/_bulk/?refresh=true&pipeline=p%2Fq",
        "/%3Clogs%3E/_bulk",
        "/%3Clogs-%7Bnow%2Fd%7D%3E/_bulk",
        "/logs/%5Fbulk",
    ],
)
def test_each_way_to_ask_for_a_bulk(front: Front, method: str, path: str) -> None:
    front.bulk('{"create":{"_id":"1"}}\n' + json.dumps(signin()) + "\n", path, method)
    assert (front.last.method, front.last.path) == (method, path)
    assert b'"busybody":{' in front.last.body


@pytest.mark.parametrize(
    "media",
    [
        "application/json",
        "application/x-ndjson; charset=utf-8",
        "application/vnd.elasticsearch+x-ndjson; compatible-with=8",
    ],
)
def test_each_content_type_of_the_clients(front: Front, media: str) -> None:
    answer = front.bulk(
        operations(signin()),
        **{"Content-Type": media, "Accept": "application/vnd.elasticsearch+json;compatible-with=8"},
    )
    assert b'"busybody":{' in front.last.body
    assert front.last.headers["content-type"] == media
    assert answer.headers["content-type"] == "application/vnd.elasticsearch+json;compatible-with=8"


def test_gzip_is_unpacked_for_sign_ins_and_kept_for_others(front: Front) -> None:
    front.bulk(gzip.compress(operations(signin()).encode()), **{"Content-Encoding": "gzip"})
    assert "content-encoding" not in front.last.headers
    assert b'"busybody":{' in front.last.body
    packed = gzip.compress(b'{"index":{}}\n{"x":1}\n')
    front.bulk(packed, **{"Content-Encoding": "gzip"})
    assert (front.last.body, front.last.headers["content-encoding"]) == (packed, "gzip")


def test_a_gzip_body_is_unpacked_beside_the_event_loop_however_small(
    front: Front, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads = []

    def watched(*given: Any) -> bytes:
        threads.append(threading.current_thread())
        with pytest.raises(RuntimeError):
            asyncio.get_running_loop()
        return unpacked(*given)

    monkeypatch.setattr("busybody_elastic.gateway.scoring.unpacked", watched)
    packed = gzip.compress(b'{"index":{}}\n{"x":1}\n')
    assert front.bulk(packed, **{"Content-Encoding": "gzip"}).status_code == 200
    assert len(threads) == 1


@pytest.mark.parametrize("source", ['{"x":1}', json.dumps(signin()), "no json"])
def test_a_bulk_request_without_length(front: Front, source: str) -> None:
    body = '{"create":{}}\n' + source + "\n"
    answer = front.client.post("/logs/_bulk", content=iter([body.encode()]), headers=NDJSON)
    assert answer.status_code == 200
    assert len(answer.json()["items"]) == 1
    assert int(front.last.headers["content-length"]) == len(front.last.body) >= len(body)


@pytest.mark.parametrize("odd", [b'"a\\ud800b"', b"1e999"], ids=["half a surrogate pair", "beyond a double"])
def test_a_sign_in_that_cannot_be_parsed_here_is_counted(front: Front, odd: bytes) -> None:
    body = b'{"create":{}}\n' + json.dumps(signin()).encode()[:-1] + b',"n":' + odd + b"}\n"
    front.bulk(body)
    assert front.last.body == body
    assert front.metric("busybody_unscored_total", door="gateway", reason="unparsed") == 1


@pytest.mark.parametrize(
    "body",
    ['{"create":{}}\n' + json.dumps(signin()), "nonsense\n", '{"create":{}}\n', '{"put":{}}\n{}\n', "[]\n{}\n", ""],
)
def test_what_is_no_bulk_request_is_for_the_cluster_to_judge(front: Front, body: str) -> None:
    front.bulk(body)
    assert front.last.body == body.encode()
    assert front.router.learned == []


def test_a_format_that_we_cannot_read_passes_unscored(front: Front) -> None:
    body = operations(signin())
    front.bulk(body, Accept="application/cbor")
    front.bulk(body, "/logs/_bulk?format=yaml")
    front.bulk(body, "/logs/_bulk?f%6Frmat=yaml")
    front.bulk(body, **{"Content-Type": "application/cbor"})
    assert [seen.body for seen in front.cluster.seen] == [body.encode()] * 4
    assert front.metric("busybody_unscored_total", door="gateway", reason="answer_format") == 3


# Passing through --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "DELETE"])
@pytest.mark.parametrize(
    "path", ["/", "/_license", "/a%2Fb/_search?q=%22x%22&pretty", "/_cat/indices?v", "/score/_doc/1"]
)
def test_everything_else_passes_through(front: Front, method: str, path: str) -> None:
    body = b'{"query":1}' if method in ("POST", "PUT") else b""
    answer = front.client.request(
        method, path, content=body, headers={"Authorization": "ApiKey abc", "X-Opaque-Id": "7"}
    )
    seen = front.last
    assert (answer.status_code, seen.method, seen.path, seen.body) == (200, method, path, body)
    assert (seen.headers["authorization"], seen.headers["x-opaque-id"]) == ("ApiKey abc", "7")
    assert answer.headers["x-elastic-product"] == "Elasticsearch"


def test_a_body_without_length_is_passed_on_as_it_comes(front: Front) -> None:
    answer = front.client.post("/x/_doc", content=iter([b"a" * 100_000, b"b"]))
    assert answer.json()["length"] == 100_001
    assert front.last.headers["transfer-encoding"] == "chunked"


def test_hop_by_hop_headers_stay_here(front: Front) -> None:
    front.client.get(
        "/", headers={"Connection": "X-Private, close", "X-Private": "1", "Proxy-Authorization": "x", "TE": "trailers"}
    )
    assert not {"x-private", "proxy-authorization", "te"} & front.last.headers.keys()


def test_a_length_is_no_header_of_one_connection(front: Front) -> None:
    headers = {"Connection": "Content-Length"}
    assert front.client.post("/x/_doc", content=b"{}", headers=headers).json()["length"] == 2
    for source in ('{"x":1}', json.dumps(signin())):
        assert front.bulk('{"create":{}}\n' + source + "\n", **headers).json()["errors"] is False


def test_statuses_of_the_cluster_are_the_callers_to_see(front: Front) -> None:
    for status in (401, 403, 404, 405, 429, 500, 503):
        front.cluster.faults.append(Fault(status))
        assert front.client.get("/").status_code == status


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/score", 405), ("PUT", "/score", 405), ("POST", "/score/", 404), ("GET", "/score/", 404),
        ("POST", "/metrics", 405), ("GET", "/metrics/", 404), ("PUT", "/healthz", 405), ("GET", "/readyz/", 404),
        ("POST", "/internal/score", 404), ("GET", "/internal", 404), ("GET", "/internal/", 404),
    ],
)  # fmt: skip
def test_its_own_paths_are_its_own_by_every_method(front: Front, method: str, path: str, status: int) -> None:
    answer = front.client.request(method, path)
    assert (answer.status_code, answer.json()["status"]) == (status, status)
    assert front.cluster.seen == []
    assert front.client.post("/score", content=json.dumps(signin())).json()["busybody"]["status"] == "scored"


@pytest.mark.parametrize("line", ["", json.dumps(signin())], ids=["no sign-in", "a sign-in"])
def test_keys_that_are_not_the_clusters_stay_here(line: str) -> None:
    cluster = Cluster()
    with listening(cluster) as upstream:
        section = {"enabled": True, "upstream": [upstream]}
        made = config(gateway=section, server={"keys": [{"env": "KEY"}]})
        with running(build_app(made, LocalRouter(), status=ready)) as url:
            body = '{"create":{}}\n' + (line or "{}") + "\n"
            for authorization in ("ApiKey secret", "apikey  secret", "Bearer secret", "secret"):
                headers = {"Authorization": authorization, "X-Busybody-Internal": "k", "X-Busybody-Key": "secret"}
                httpx.get(url, headers=headers)
                httpx.post(url + "/x/_bulk", content=body, headers={**headers, "Content-Type": "application/json"})
            httpx.get(url, headers={"Authorization": "ApiKey theirs"})
    *ours, theirs = cluster.seen
    assert len(ours) == 8
    for seen in ours:
        assert not {"authorization", "x-busybody-internal", "x-busybody-key"} & seen.headers.keys()
    assert theirs.headers["authorization"] == "ApiKey theirs"


def test_the_gateways_own_key_stays_here() -> None:
    cluster = Cluster()
    with listening(cluster) as upstream:
        section = {"enabled": True, "upstream": [upstream], "keys": True}
        app = build_app(config(gateway=section, server={"keys": [{"env": "KEY"}]}), LocalRouter(), status=ready)
        with running(app) as url:
            assert httpx.get(url, headers={"Authorization": "ApiKey secret"}).status_code == 401
            answer = httpx.get(url, headers={"X-Busybody-Key": "secret", "Authorization": "Basic theirs"})
            assert answer.status_code == 200
    (seen,) = cluster.seen
    assert "x-busybody-key" not in seen.headers
    assert seen.headers["authorization"] == "Basic theirs"
