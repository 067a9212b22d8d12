"""An HTTPS service on the loopback address with faults on demand, and a proxy in front of it: what the fakes share.

with FakeSlack() as slack:
    slack.fail(429, retry_after=7)          # the next request; also times=3, after=1
    slack.fail(cut=True)                    # the connection closes without an answer; late=True: after the work was done
    slack.fail(silent=5.0)                  # no answer for so long, or until the fake ends
"""

from __future__ import annotations

import json
import socket
import threading
from http.server import BaseHTTPRequestHandler
from typing import Any, Dict, List, NamedTuple, Optional, Tuple, Type

import service_tls
from fake_https import HttpsServer


class Fault(NamedTuple):
    """What happens to a request instead of its answer, or after it."""

    status: int = 503
    body: bytes = b"upstream connect error"
    retry_after: Optional[str] = None
    cut: bool = False
    late: bool = False
    silent: float = 0.0
    location: str = ""


class Call(NamedTuple):
    """A request as it came in."""

    path: str
    headers: Dict[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


class Answer(NamedTuple):
    status: int
    body: bytes
    headers: Tuple[Tuple[str, str], ...] = ()


def as_json(value: Any, status: int = 200) -> Answer:
    return Answer(status, json.dumps(value).encode(), (("Content-Type", "application/json"),))


class FakeService:
    """One service on a port of its own. `calls` are all requests, those that met a fault included."""

    def __init__(self, certificate: str = service_tls.STRICT, authority: str = service_tls.STRICT_CA) -> None:
        self.calls: List[Call] = []
        self._faults: List[Optional[Fault]] = []
        self._server = HttpsServer("fake-service-")
        self.wake = self._server.wake
        self.ca_file = str(service_tls.write(self._server.folder, certificate, authority))
        self.port = self._server.open("service.pem", _handler(self))
        self.url = f"https://127.0.0.1:{self.port}"

    def __enter__(self) -> Any:
        self._server.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.stop()

    def fail(self, status: int = 503, *, times: int = 1, after: int = 0, retry_after: Any = None, **what: Any) -> None:
        """After `after` more requests the next `times` ones meet the fault."""
        wait = None if retry_after is None else str(retry_after)
        self._faults += [None] * after + [Fault(status, retry_after=wait, **what)] * times

    def fault(self) -> Optional[Fault]:
        return self._faults.pop(0) if self._faults else None

    def answer(self, call: Call) -> Answer:
        """What the service says. Subclasses tell."""
        raise NotImplementedError


class FakeProxy:
    """An HTTP proxy that only knows CONNECT. `seen` has target and Proxy-Authorization of each request.

    `port`: where it leads whatever the target, as one would that reads along.
    """

    def __init__(self, login: str = "", port: int = 0) -> None:
        self._port = port
        self.seen: List[Tuple[str, str]] = []
        self._login = login
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._socket.getsockname()[1]}"
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> FakeProxy:  # noqa: PYI034  typing.Self came with 3.11
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join()

    def _serve(self) -> None:
        while True:
            try:
                client, _ = self._socket.accept()
            except OSError:
                return
            threading.Thread(target=self._tunnel, args=(client,), daemon=True).start()

    def _tunnel(self, client: socket.socket) -> None:
        with client:
            head = b""
            while b"\r\n\r\n" not in head:
                head += client.recv(4096)
            lines = head.decode("latin-1").split("\r\n")
            target = lines[0].split(" ")[1]
            login = next((line.split(":", 1)[1].strip() for line in lines if line.lower().startswith("proxy-a")), "")
            self.seen.append((target, login))
            if login != self._login:
                client.sendall(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
                return
            host, _, port = target.rpartition(":")
            place = ("127.0.0.1", self._port) if self._port else (host, int(port))
            with socket.create_connection(place) as server:
                client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
                back = threading.Thread(target=_pump, args=(server, client), daemon=True)
                back.start()
                _pump(client, server)
                back.join()


def _pump(source: socket.socket, target: socket.socket) -> None:
    try:
        while True:
            piece = source.recv(65536)
            if not piece:
                break
            target.sendall(piece)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        pass  # either side may hang up at any time


def _handler(fake: FakeService) -> Type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 30

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            call = Call(self.path, {name.lower(): value for name, value in self.headers.items()}, body)
            fake.calls.append(call)
            fault = fake.fault()
            if fault is None:
                return self.reply(fake.answer(call))
            if fault.silent:
                fake.wake.wait(fault.silent)
            if fault.late:
                fake.answer(call)
            if fault.cut or fault.silent:
                self.close_connection = True
                return None
            wait = (("Retry-After", fault.retry_after),) if fault.retry_after is not None else ()
            moved = (("Location", fault.location),) if fault.location else ()
            return self.reply(Answer(fault.status, fault.body, wait + moved))

        def reply(self, answer: Answer) -> None:
            self.send_response(answer.status)
            for name, value in answer.headers:
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(answer.body)))
            self.end_headers()
            self.wfile.write(answer.body)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  the base class's name
            """Nothing on stderr."""

    return Handler
