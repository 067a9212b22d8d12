"""A cluster that fails as it is told: what stands behind the gateway in tests, written without looking at the gateway.

It keeps documents as the bytes that came, and every request as it arrived.
"""

from __future__ import annotations

import gzip
import json
import ssl
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Callable, Iterator, Mapping, NamedTuple
from urllib.parse import parse_qs, unquote, urlsplit

PRODUCT = ("X-Elastic-Product", "Elasticsearch")


class Seen(NamedTuple):
    method: str
    path: str  # as written, with the query
    headers: Mapping[str, str]  # names in lower case
    body: bytes


class Fault(NamedTuple):
    """What happens to one whole request in place of an answer."""

    status: int = 0
    cut: str = ""  # before: unread and without effect; after: it took effect, but nobody is told
    reached: threading.Event | None = None  # is set when it is there
    held: threading.Event | None = None  # it is answered once this is set


class Cluster:
    """Documents by index, and what is to go wrong."""

    def __init__(self) -> None:
        self.documents: dict[str, dict[str, bytes]] = {}
        self.seen: list[Seen] = []
        self.faults: list[Fault] = []  # for the requests to come, one each
        self.item_fault: Callable[[int, str, bytes], int] = lambda position, name, source: 0  # a status, 0 for none
        self.strict: set[str] = set()  # indices that take no field busybody
        self.failure_store: set[str] = set()  # indices that put aside what has a field `odd`
        self.largest = 1 << 30  # bytes of a request
        self.lock = threading.Lock()
        self._next = 0

    def sources(self, index: str = "logs") -> list[bytes]:
        return list(self.documents.get(index, {}).values())

    def bulk(self, path_index: str, body: bytes) -> tuple[int, dict[str, Any]]:
        if not body.endswith(b"\n"):
            return _error(400, "illegal_argument_exception", "The bulk request must be terminated by a newline [\\n]")
        lines, items = body.split(b"\n")[:-1], []
        while lines:
            action_line = lines.pop(0)
            if not action_line.strip():
                continue
            try:
                ((action, meta),) = json.loads(action_line).items()
            except ValueError:
                return _error(400, "illegal_argument_exception", "Malformed action/metadata line")
            source = b"" if action == "delete" else lines.pop(0)
            items.append({action: self._one(len(items), action, meta, path_index, source)})
        errors = any(result["status"] >= 300 for item in items for result in item.values())
        return 200, {"took": 3, "errors": errors, "items": items}

    def _one(
        self, position: int, action: str, meta: Mapping[str, Any], path_index: str, source: bytes
    ) -> dict[str, Any]:
        index = meta.get("_index", path_index)
        self._next += 1
        name = meta.get("_id", f"made-{self._next}")
        found: dict[str, Any] = {"_index": index, "_id": name}
        kept = self.documents.setdefault(index, {})
        status = self.item_fault(position, name, source)
        if status:
            return {**found, "status": status, "error": {"type": "injected", "reason": "on purpose"}}
        if action == "delete":
            return {**found, "status": 200 if kept.pop(name, None) else 404}
        if action == "update":
            return {**found, "status": 200 if name in kept else 404}
        try:
            document = json.loads(source, object_pairs_hook=_unique)
            assert isinstance(document, dict)
        except (ValueError, AssertionError, RecursionError):
            return {
                **found,
                "status": 400,
                "error": {"type": "document_parsing_exception", "reason": "failed to parse"},
            }
        if b'"@timestamp": "busybody' in source:
            reason = "[1:15] failed to parse field [@timestamp] of type [date] in document with id '1'. Preview of field's value: 'busybody field [busybody]'"
            return {**found, "status": 400, "error": {"type": "document_parsing_exception", "reason": reason}}
        if index in self.strict and any(key.split(".")[0] == "busybody" for key in document):
            reason = "[1:2] mapping set to strict, dynamic introduction of [busybody] within [_doc] is not allowed"
            return {**found, "status": 400, "error": {"type": "strict_dynamic_mapping_exception", "reason": reason}}
        if action == "create" and name in kept:
            return {**found, "status": 409, "error": {"type": "version_conflict_engine_exception", "reason": "exists"}}
        if index in self.failure_store and "odd" in document:
            return {**found, "_index": index + "-failures", "status": 201, "failure_store": "used"}
        kept[name] = source
        return {**found, "status": 201, "result": "created"}


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len({key for key, _ in pairs}) < len(pairs):
        raise ValueError("Duplicate field")
    return dict(pairs)


def _error(status: int, kind: str, reason: str) -> tuple[int, dict[str, Any]]:
    return status, {"error": {"type": kind, "reason": reason}, "status": status}


def _beats(answer: dict[str, Any]) -> dict[str, Any]:
    """What `filter_path=errors,items.*.error,items.*.status` leaves."""
    kept = [
        {action: {key: result[key] for key in ("error", "status") if key in result} for action, result in item.items()}
        for item in answer.get("items", ())
    ]
    return {"errors": answer["errors"], "items": kept}


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    cluster: Cluster

    def setup(self) -> None:
        super().setup()
        self.connection.settimeout(20)

    def answer(self) -> None:
        cluster = self.cluster
        fault = cluster.faults.pop(0) if cluster.faults else Fault()
        if fault.cut == "before":
            self.close_connection = True
            return
        body = self._body()
        headers = {name.lower(): value for name, value in self.headers.items()}
        cluster.seen.append(Seen(self.command, self.path, headers, body))
        if fault.reached is not None:
            fault.reached.set()
        if fault.held is not None:
            assert fault.held.wait(20)
        if fault.status:
            status, answer = _error(fault.status, "injected", "on purpose")
        elif len(body) > cluster.largest:
            status, answer = _error(413, "content_too_long", "too large")
        else:
            status, answer = self._found(headers, body)
        if fault.cut == "after":
            self.close_connection = True
            return
        self._write(status, answer, headers)

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = do_OPTIONS = answer  # noqa: N815  as http.server names them

    def _found(self, headers: Mapping[str, str], body: bytes) -> tuple[int, Any]:
        parts = urlsplit(self.path)
        if headers.get("content-encoding") == "gzip":
            body = gzip.decompress(body)
        names = [unquote(name) for name in parts.path.strip("/").split("/")]
        if names[-1] == "_bulk":
            with self.cluster.lock:
                status, answer = self.cluster.bulk(names[0] if len(names) > 1 else "", body)
            beats = parse_qs(parts.query).get("filter_path") == ["errors,items.*.error,items.*.status"]
            return status, _beats(answer) if beats and status == 200 else answer
        if parts.path == "/":
            return 200, {"version": {"number": "9.2.0"}, "cluster_uuid": "u", "tagline": "You Know, for Search"}
        return 200, {"path": self.path, "method": self.command, "length": len(body)}

    def _write(self, status: int, answer: Any, headers: Mapping[str, str]) -> None:
        content = json.dumps(answer).encode()
        self.send_response_only(status)
        self.send_header(*PRODUCT)
        self.send_header("Content-Type", headers.get("accept", "application/json").replace("*/*", "application/json"))
        if "gzip" in headers.get("accept-encoding", ""):
            content = gzip.compress(content)
            self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding") == "chunked":
            pieces = []
            while size := int(self.rfile.readline(), 16):
                pieces.append(self.rfile.read(size))
                self.rfile.readline()
            self.rfile.readline()
            return b"".join(pieces)
        return self.rfile.read(int(self.headers.get("Content-Length", 0)))

    def log_message(self, *_: Any) -> None:
        pass


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: Any) -> None:
        """A caller that hung up is nothing to tell of."""


@contextmanager
def listening(cluster: Cluster, tls: ssl.SSLContext | None = None) -> Iterator[str]:
    """The address where it answers."""
    handler = type("Handler", (_Handler,), {"cluster": cluster})
    with _Server(("127.0.0.1", 0), handler) as server:
        if tls is not None:
            server.socket = tls.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield f"{'https' if tls else 'http'}://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join(10)
