"""A relay in front of a node, with TLS where asked, that does to chosen requests what networks and clusters do."""

from __future__ import annotations

import json
import socket
import ssl
import threading
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path
from types import MappingProxyType
from typing import Any, Callable, Iterator, Mapping, NamedTuple

import httpx

CUT = "cut"  # the connection ends before the request went on
LOST = "lost"  # the request went on, its answer did not come back


class Reply(NamedTuple):
    """What a cluster answers."""

    status: int
    body: Any
    headers: Mapping[str, str] = MappingProxyType({})


Fault = Callable[[str, str, bytes], "Reply | str | Callable[[Reply], Reply] | None"]


class Relay:
    """`faults` are asked (method, path, body) for every request, the first that has something to say is heard:
    a Reply instead of the node's, CUT, LOST, or a change to the node's Reply."""

    def __init__(self, upstream: str | None) -> None:
        self.upstream = upstream
        self.faults: list[Fault] = []
        self.seen: list[tuple[str, str]] = []
        self.headers: list[dict[str, str]] = []
        self.url = ""

    def once(self, what: Any, *, path: str = "") -> None:
        """This for the next request whose path has `path` in it."""

        def fault(_: str, where: str, __: bytes) -> Any:
            if path in where:
                self.faults.remove(fault)
                return what
            return None

        self.faults.append(fault)

    def always(self, what: Any, *, path: str = "") -> None:
        self.faults.append(lambda _, where, __: what if path in where else None)


@contextmanager
def relay(upstream: str | None, tls: ssl.SSLContext | None = None, *, host: str = "127.0.0.1") -> Iterator[Relay]:
    """Running in a thread until the block ends."""
    made = Relay(upstream)
    client = httpx.Client(timeout=30, trust_env=False)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            made.seen.append((self.command, self.path))
            made.headers.append({name.lower(): value for name, value in self.headers.items()})
            what = next((found for fault in list(made.faults) if (found := fault(self.command, self.path, body))), None)
            if what == CUT:
                return self.cut()
            if isinstance(what, Reply):
                return self.reply(what)
            kept = {name: value for name, value in self.headers.items() if name.lower() not in ("host", "connection")}
            got = client.request(self.command, f"{made.upstream}{self.path}", content=body, headers=kept)
            if what == LOST:
                return self.cut()
            passed = {name: got.headers[name] for name in ("content-type", "x-elastic-product") if name in got.headers}
            text = got.content
            reply = Reply(got.status_code, json.loads(text) if callable(what) else text, passed)
            return self.reply(what(reply) if callable(what) else reply)

        do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = answer  # noqa: N815

        def reply(self, reply: Reply) -> None:
            text = reply.body if isinstance(reply.body, bytes) else json.dumps(reply.body).encode()
            self.send_response(reply.status)
            for name, value in {"content-type": "application/json", **reply.headers}.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(text)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(text)

        def cut(self) -> None:
            self.close_connection = True
            with suppress(OSError):
                self.connection.shutdown(socket.SHUT_RDWR)

        def log_message(self, *_: Any) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def finish_request(self, request: Any, client_address: Any) -> None:
            if tls is not None:  # in the thread of the connection: a failed handshake is nobody else's
                try:
                    request = tls.wrap_socket(request, server_side=True)
                except (ssl.SSLError, OSError):
                    return
            super().finish_request(request, client_address)
            if tls is not None:
                request.close()

        def handle_error(self, *_: Any) -> None:
            pass

    with Server((host, 0), Handler) as server:
        made.url = f"{'https' if tls else 'http'}://{host}:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield made
        finally:
            server.shutdown()
            thread.join()
            client.close()


class Authority:
    """A certificate authority of our own, and what it signs, as PEM files in a folder."""

    def __init__(self, folder: Path, name: str = "authority") -> None:
        from cryptography.hazmat.primitives.asymmetric import ec

        self.folder = folder
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = name
        self.file = self._write(name, self._certificate(name, self.key.public_key(), authority=True), None)[0]

    def sign(self, name: str, *, days: int = 30) -> tuple[Path, Path]:
        """Certificate and key for an address or a name; `days` below zero makes one that has expired."""
        from cryptography.hazmat.primitives.asymmetric import ec

        key = ec.generate_private_key(ec.SECP256R1())
        return self._write(f"{self.name}-{name}", self._certificate(name, key.public_key(), days=days), key)

    def server(self, name: str = "127.0.0.1", *, days: int = 30, clients: bool = False) -> ssl.SSLContext:
        """What a server with such a certificate uses; with `clients` it asks for one of this authority."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*self.sign(name, days=days))
        if clients:
            context.verify_mode = ssl.CERT_REQUIRED
            context.load_verify_locations(self.file)
        return context

    def _certificate(self, name: str, key: Any, *, authority: bool = False, days: int = 30) -> Any:
        from cryptography import x509
        from cryptography.hazmat.primitives import hashes

        now = datetime.now(UTC)
        subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
        issuer = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, self.name)])
        own = x509.SubjectKeyIdentifier.from_public_key
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(issuer)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=60))
            .not_valid_after(now + timedelta(days=days))
            .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
            .add_extension(own(key), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key()), critical=False)
        )
        if authority:
            usage = x509.KeyUsage(False, False, False, False, False, True, True, False, False)
            builder = builder.add_extension(usage, critical=True)
        else:
            try:
                alternative: Any = x509.IPAddress(ip_address(name))
            except ValueError:
                alternative = x509.DNSName(name)
            builder = builder.add_extension(x509.SubjectAlternativeName([alternative]), critical=False)
        return builder.sign(self.key, hashes.SHA256())

    def _write(self, name: str, certificate: Any, key: Any) -> tuple[Path, Path]:
        from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

        paths = self.folder / f"{name}.pem", self.folder / f"{name}.key"
        paths[0].write_bytes(certificate.public_bytes(Encoding.PEM))
        if key is not None:
            paths[1].write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        return paths
