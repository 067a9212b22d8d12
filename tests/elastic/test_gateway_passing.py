"""What passes through flows: piece by piece both ways, and each side's silence reaches the other."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import httpx
import pytest
from busybody_elastic.app import build_app
from doors import LocalRouter, config, ready, running, signin
from upstream import Cluster, listening

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


@contextmanager
def behind(answer: Callable[[socket.socket], None]) -> Iterator[str]:
    """A gateway before somebody who takes one connection and does with it as told."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def take() -> None:
            connection, _ = listening.accept()
            with connection:
                connection.settimeout(20)
                answer(connection)

        thread = threading.Thread(target=take, daemon=True)
        thread.start()
        section = {"enabled": True, "upstream": [f"http://127.0.0.1:{listening.getsockname()[1]}"]}
        with running(build_app(config(gateway=section), LocalRouter(), status=ready)) as url:
            yield url
        thread.join(20)
        assert not thread.is_alive()


def until(connection: socket.socket, end: bytes) -> bytes:
    received = b""
    while end not in received:
        piece = connection.recv(65536)
        assert piece, received
        received += piece
    return received


def test_an_answer_comes_as_it_is_written() -> None:
    seen = threading.Event()

    def answer(connection: socket.socket) -> None:
        until(connection, b"\r\n\r\n")
        connection.sendall(HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n")
        assert seen.wait(20)
        connection.sendall(b"6\r\nsecond\r\n0\r\n\r\n")

    with behind(answer) as url, httpx.stream("GET", url + "/_search/scroll") as found:
        pieces = found.iter_raw()
        assert next(pieces) == b"first"
        seen.set()
        assert b"".join(pieces) == b"second"


def test_a_body_goes_on_as_it_comes() -> None:
    seen = threading.Event()

    def answer(connection: socket.socket) -> None:
        until(connection, b"first")
        seen.set()
        until(connection, b"second")
        connection.sendall(HEAD + b"Content-Length: 2\r\n\r\n{}")

    def body() -> Iterator[bytes]:
        yield b"first"
        assert seen.wait(20)
        yield b"second"

    with behind(answer) as url:
        assert httpx.post(url + "/logs/_doc", content=body()).json() == {}


def test_an_answer_that_is_cut_is_cut_for_the_caller() -> None:
    def answer(connection: socket.socket) -> None:
        until(connection, b"\r\n\r\n")
        connection.sendall(HEAD + b"Content-Length: 1000\r\n\r\n{")

    with behind(answer) as url, pytest.raises(httpx.RemoteProtocolError):
        httpx.get(url + "/_search")


def test_a_bulk_answer_that_is_cut_is_no_answer() -> None:
    def answer(connection: socket.socket) -> None:
        until(connection, b"}\n")
        connection.sendall(HEAD + b'Content-Length: 1000\r\n\r\n{"items":')

    with behind(answer) as url:
        lines = '{"create":{}}\n' + json.dumps(signin()) + "\n"
        found = httpx.post(url + "/logs/_bulk", content=lines, headers={"Content-Type": "application/x-ndjson"})
    assert found.status_code == 502


@pytest.mark.parametrize("body", [b"", b"Content-Length: 10\r\n"])
def test_a_caller_who_hangs_up_ends_the_request_upstream(body: bytes) -> None:
    asked, ended = threading.Event(), threading.Event()

    def answer(connection: socket.socket) -> None:
        until(connection, b"\r\n\r\n")
        asked.set()
        with suppress(ConnectionResetError):
            assert connection.recv(1) == b""
        ended.set()

    with behind(answer) as url:
        address = httpx.URL(url)
        with socket.create_connection((address.host, address.port or 0)) as caller:
            caller.sendall(b"POST /_search HTTP/1.1\r\nHost: x\r\n" + body + b"\r\n")
            assert asked.wait(20)
        assert ended.wait(20)


def test_an_early_refusal_of_a_large_body_is_heard() -> None:
    def answer(connection: socket.socket) -> None:
        until(connection, b"\r\n\r\n")
        connection.sendall(b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        while connection.recv(1 << 20):
            pass

    with behind(answer) as url:
        assert httpx.put(url + "/x/_doc/1", content=b"x" * 5_000_000, timeout=20).status_code == 413


def test_an_answer_without_length_ends_with_its_connection() -> None:
    def answer(connection: socket.socket) -> None:
        until(connection, b"\r\n\r\n")
        connection.sendall(HEAD + b"\r\nall of it")

    with behind(answer) as url:
        assert httpx.get(url + "/_cat/health").text == "all of it"


def test_an_informational_answer_is_no_answer() -> None:
    def answer(connection: socket.socket) -> None:
        until(connection, b"\r\n\r\n")
        connection.sendall(b"HTTP/1.1 103 Early Hints\r\n\r\n" + HEAD + b"Content-Length: 2\r\n\r\n{}")

    with behind(answer) as url:
        assert httpx.get(url).json() == {}


def test_a_second_node_is_asked_where_the_first_is_not_there() -> None:
    cluster = Cluster()
    with listening(cluster) as upstream:
        section = {"enabled": True, "upstream": ["http://127.0.0.1:9", upstream]}
        with running(build_app(config(gateway=section), LocalRouter(), status=ready)) as url:
            assert [httpx.get(url).status_code for _ in range(3)] == [200] * 3
    assert len(cluster.seen) == 3
