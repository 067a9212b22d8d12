"""The cluster behind the gateway: sends a request on and brings the answer, bytes both ways.

Nothing is tried twice: what was sent may have taken effect, and only the caller knows what that means.
"""

from __future__ import annotations

import logging
from itertools import count
from pathlib import Path
from typing import AsyncIterable, AsyncIterator, Iterable, NamedTuple
from urllib.parse import urlsplit

import httpcore

from ..cluster.tls import context, told

log = logging.getLogger("busybody_elastic.gateway")
Headers = list[tuple[bytes, bytes]]
CONNECT_SECONDS = 5.0
KEPT_SECONDS = 30.0  # an idle connection; shorter than balancers keep theirs
_HOP_BY_HOP = frozenset(
    (b"connection", b"keep-alive", b"proxy-authenticate", b"proxy-authorization", b"proxy-connection", b"te", b"trailer",
     b"transfer-encoding", b"upgrade", b"expect", b"host")
)  # fmt: skip


class NoAnswer(Exception):
    """Upstream did not answer. `kind` is `connect` (nothing was sent), `cut` or `timeout`."""

    def __init__(self, kind: str) -> None:
        super().__init__(kind)
        self.kind = kind
        self.status = {"connect": 503, "timeout": 504}.get(kind, 502)


class Reply(NamedTuple):
    """An answer whose body is still to be read."""

    status: int
    headers: Headers
    body: httpcore.Response

    async def pieces(self) -> AsyncIterator[bytes]:
        """The body as it comes, still in its Content-Encoding. Raises NoAnswer where it is cut."""
        try:
            async for piece in self.body.aiter_stream():
                yield piece
        except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.TimeoutException) as error:
            raise NoAnswer("cut") from error
        finally:
            await self.body.aclose()

    async def whole(self) -> bytes:
        """All of the body."""
        return b"".join([piece async for piece in self.pieces()])


class Node(NamedTuple):
    """Where one upstream listens."""

    scheme: bytes
    host: bytes
    port: int
    prefix: bytes  # of every path
    name: bytes  # as a Host header

    @classmethod
    def of(cls, url: str) -> Node:
        """From its URL."""
        parts = urlsplit(url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
        name = parts.netloc.rpartition("@")[2]
        host = (parts.hostname or "").encode()
        return cls(parts.scheme.encode(), host, port, parts.path.rstrip("/").encode(), name.encode())


class Upstream:
    """Connections to one cluster. Several URLs are used in turn; one that cannot be reached is passed over."""

    def __init__(self, urls: Iterable[str], ca_file: Path | None = None) -> None:
        """TLS is always verified, against `ca_file` where it is given, else against the system's authorities."""
        self._nodes = [Node.of(url) for url in urls]
        self._turn = count()
        self._said = ""
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=context(ca_file),
            max_connections=None,
            max_keepalive_connections=64,
            keepalive_expiry=KEPT_SECONDS,
        )

    async def send(self, method: str, target: bytes, headers: Headers, content: bytes | AsyncIterable[bytes]) -> Reply:
        """`target` is the raw path with its query; `headers` go as they are, with the node's Host. Raises NoAnswer."""
        first = next(self._turn)
        for number in range(len(self._nodes)):
            node = self._nodes[(first + number) % len(self._nodes)]
            request = httpcore.Request(
                method,
                httpcore.URL(scheme=node.scheme, host=node.host, port=node.port, target=node.prefix + target),
                headers=[(b"host", node.name), *headers],
                content=content,
                extensions={"timeout": {"connect": CONNECT_SECONDS, "pool": CONNECT_SECONDS}},
            )
            try:
                reply = await self._pool.handle_async_request(request)
            except (httpcore.ConnectError, httpcore.ConnectTimeout, httpcore.PoolTimeout) as error:
                self._say(error, node)
                continue
            except httpcore.TimeoutException as error:
                raise NoAnswer("timeout") from error
            except (httpcore.NetworkError, httpcore.ProtocolError) as error:
                raise NoAnswer("cut") from error
            return Reply(reply.status, end_to_end(reply.headers), reply)
        raise NoAnswer("connect")

    def _say(self, error: Exception, node: Node) -> None:
        """Why a node cannot be reached; the same once, not with each request."""
        url = f"{node.scheme.decode()}://{node.name.decode()}"
        said = told(error, url) or f"{url} cannot be reached ({type(error).__name__})."
        if said != self._said:
            self._said = said
            log.warning("%s", said)

    async def close(self) -> None:
        """Lets go of all connections."""
        await self._pool.aclose()


def end_to_end(headers: Iterable[tuple[bytes, bytes]], also: Iterable[bytes] = ()) -> Headers:
    """The headers that are not for one connection alone, nor among `also` (lower case)."""
    found = [(name.lower(), value) for name, value in headers]
    dropped = {*_HOP_BY_HOP, *also}
    for name, value in found:
        if name == b"connection":
            dropped.update(part.strip().lower() for part in value.split(b","))
    return [(name, value) for name, value in found if name not in dropped]


__all__ = ["Headers", "NoAnswer", "Reply", "Upstream", "end_to_end"]
