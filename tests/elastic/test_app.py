"""The doors from outside: who may enter, how much, how it is watched, how it stops."""

from __future__ import annotations

import gzip
import json
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from busybody_elastic.app import build_app, serve
from busybody_elastic.errors import ClusterError, ConfigError
from busybody_elastic.hop import Answering
from busybody_elastic.records import Batch
from doors import LocalRouter, config, ready, running, signin

LIMITS = {"body_mb": 0.01, "unpacked_mb": 0.02, "seconds": 0.3, "concurrent": 1}
KEY = {"X-Busybody-Key": "secret"}


def limited(**limits: Any) -> Any:
    return config(server={"limits": {**LIMITS, **limits}})


def test_a_key_is_needed_where_there_is_one() -> None:
    with running(build_app(config(server={"keys": [{"env": "KEY"}]}), LocalRouter(), status=ready)) as url:
        body = json.dumps(signin())
        assert httpx.post(url + "/score", content=body).status_code == 401
        assert httpx.post(url + "/score", content=body, headers={"X-Busybody-Key": "wrong"}).status_code == 401
        assert httpx.post(url + "/score", content=body, headers=KEY).status_code == 200
        assert httpx.get(url + "/metrics").status_code == 401
        assert httpx.get(url + "/healthz").status_code == 200


def test_too_large_is_said_at_once_and_a_gzip_bomb_never_unpacked() -> None:
    with running(build_app(limited(), LocalRouter(), status=ready)) as url:
        assert httpx.post(url + "/score", content=b" " * 20_000).status_code == 413
        assert httpx.post(url + "/score", content=iter([b" " * 9_000] * 3)).status_code == 413
        bomb = gzip.compress(b" " * 1_000_000)
        gzipped = {"Content-Encoding": "gzip"}
        assert httpx.post(url + "/score", content=bomb, headers=gzipped).status_code == 413
        assert httpx.post(url + "/score", content=b"no gzip", headers=gzipped).status_code == 400
        assert httpx.post(url + "/score", content=bomb[:-9], headers=gzipped).status_code in (400, 413)
        assert httpx.post(url + "/score", content=b"x", headers={"Content-Encoding": "br"}).status_code == 415


def test_a_request_that_never_ends_is_given_up() -> None:
    with running(build_app(limited(), LocalRouter(), status=ready)) as url:
        address = httpx.URL(url)
        with socket.create_connection((address.host, address.port)) as slow:
            slow.sendall(b"POST /score HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n{")
            assert b" 408 " in slow.recv(1000)


class Held(LocalRouter):
    """Answers when it is let go."""

    def __init__(self) -> None:
        super().__init__()
        self.inside, self.go = threading.Event(), threading.Event()

    def score(self, *args: Any, **options: Any) -> Batch:
        self.inside.set()
        assert self.go.wait(20)
        return super().score(*args, **options)


def test_whoever_finds_it_full_is_asked_to_come_again() -> None:
    router = Held()
    with running(build_app(limited(seconds=20.0), router, status=ready)) as url:
        first = threading.Thread(
            target=httpx.post, args=(url + "/score",), kwargs={"content": json.dumps(signin()), "timeout": 20}
        )
        first.start()
        assert router.inside.wait(10)
        answer = httpx.post(url + "/score", content=json.dumps(signin()))
        assert (answer.status_code, answer.headers["retry-after"]) == (429, "1")
        router.go.set()
        first.join()
        assert httpx.post(url + "/score", content=json.dumps(signin())).status_code == 200


def test_what_is_in_flight_is_finished_and_committed_before_it_stops() -> None:
    router, stop, answers = Held(), threading.Event(), []
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    app = build_app(config(), router, status=ready)
    server = threading.Thread(target=serve, args=(app, config(server={"port": port}).server, stop))
    server.start()
    transport = httpx.HTTPTransport(retries=10)  # it may not listen yet

    def ask() -> None:
        with httpx.Client(transport=transport) as client:
            answers.append(client.post(f"http://127.0.0.1:{port}/score", content=json.dumps(signin()), timeout=20))

    asking = threading.Thread(target=ask)
    asking.start()
    assert router.inside.wait(20)
    stop.set()
    server.join(0.5)
    assert server.is_alive()
    router.go.set()
    asking.join(20)
    server.join(20)
    assert not server.is_alive()
    assert answers[0].json()["busybody"]["status"] == "scored"
    assert router.commits == 1


def test_an_address_that_is_taken_is_said() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        server = config(server={"port": taken.getsockname()[1]}).server
        with pytest.raises(ConfigError, match=r"server\.port"):
            serve(build_app(config(), LocalRouter(), status=ready), server, threading.Event())


def test_ready_says_what_the_service_says() -> None:
    state: dict[str, Any] = {"ready": False, "reason": "no partition is owned"}
    with running(build_app(config(), LocalRouter(), status=lambda: state)) as url:
        answer = httpx.get(url + "/readyz")
        assert (answer.status_code, answer.json()["reason"]) == (503, "no partition is owned")
        state["ready"] = True
        assert httpx.get(url + "/readyz").status_code == 200


def test_metrics_name_nobody() -> None:
    with running(build_app(config(), LocalRouter(), status=ready)) as url:
        httpx.post(url + "/score", content=json.dumps(signin()))
        page = httpx.get(url + "/metrics").text
        assert 'busybody_documents_total{door="api",status="scored"} 1.0' in page
        assert 'busybody_requests_total{door="api",status="200"} 1.0' in page
        assert "busybody_lag_seconds 0.5" in page
        assert "ana" not in page
        assert "203.0.113" not in page


class Failing(LocalRouter):
    """Cannot commit the first time."""

    def commit(self, notes: Any = None) -> None:
        super().commit(notes)
        if self.commits == 1:
            raise ClusterError("the cluster is read-only", status=403)


def test_what_cannot_be_made_durable_is_said_and_tried_again() -> None:
    router = Failing()
    with running(build_app(config(), router, status=ready)) as url:
        answer = httpx.post(url + "/score?commit=true", content=json.dumps(signin()))
        assert answer.status_code == 503
        assert httpx.post(url + "/score?commit=true", content=json.dumps(signin())).status_code == 200
        page = httpx.get(url + "/metrics").text
    assert 'busybody_commits_total{result="failed"} 1.0' in page
    assert router.commits >= 2


def test_what_fails_for_no_known_reason_shows_no_document(caplog: pytest.LogCaptureFixture) -> None:
    router = LocalRouter()
    router.score = lambda *_, **__: {}["ana"]  # type: ignore[method-assign, misc]
    with running(build_app(config(), router, status=ready)) as url:
        answer = httpx.post(url + "/score", content=json.dumps(signin()))
    assert (answer.status_code, answer.json()["error"]) == (500, "the service failed")
    assert "ana" not in caplog.text


class Waiting(LocalRouter):
    """All who score wait until a settlement has come from another instance."""

    def __init__(self) -> None:
        super().__init__()
        self.crowd, self.settled_there = threading.Semaphore(0), threading.Event()

    def score(self, *args: Any, **options: Any) -> Batch:
        self.crowd.release()
        assert self.settled_there.wait(20)
        return super().score(*args, **options)

    def settle_there(self, *_: Any) -> None:
        self.settled_there.set()


def test_another_instance_is_answered_while_all_callers_here_wait() -> None:
    most = 50  # more than a pool of threads that nobody chose has
    router = Waiting()
    internal = Answering(SimpleNamespace(settle=router.settle_there), "k")  # type: ignore[arg-type]
    made = limited(concurrent=most, seconds=30.0)
    with (
        running(build_app(made, router, status=ready, internal=internal.routes())) as url,
        ThreadPoolExecutor(most) as callers,
        httpx.Client(base_url=url, timeout=30) as client,
    ):
        sent = [
            callers.submit(client.post, "/score", content=json.dumps(signin(number, user=f"p{number}")))
            for number in range(most)
        ]
        for _ in sent:
            assert router.crowd.acquire(timeout=20)
        told = {"tickets": {}, "accepted": []}
        settled = httpx.post(url + "/internal/settle", json=told, headers={"X-Busybody-Internal": "k"})
        assert settled.status_code == 200
        assert {one.result().status_code for one in sent} == {200}
