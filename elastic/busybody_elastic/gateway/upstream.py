"""The cluster behind the gateway: sends a request on and brings the answer, bytes both ways.

Nothing is tried twice: what was sent may have taken effect, and only the caller knows what that means.
"""

from __future__ import annotations

import asyncio
import logging
from itertools import count
from pathlib import Path
from typing import AsyncIterable, AsyncIterator, Iterable, NamedTuple
from urllib.parse import urlsplit

import h11

from ..cluster.tls import context, told
from ..limits import Refused
from .connection import CUT, Connection

log = logging.getLogger("busybody_elastic.gateway")
Headers = list[tuple[bytes, bytes]]
LENGTH = b"content-length"
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


class Reply:
    """An answer whose body is still to be read."""

    def __init__(self, upstream: Upstream, node: Node, connection: Connection, response: h11.Response) -> None:
        self._upstream, self._node, self._connection = upstream, node, connection
        self.status = response.status_code
        self.headers = end_to_end(response.headers)

    async def pieces(self) -> AsyncIterator[bytes]:
        """The body as it comes, still in its Content-Encoding. Raises NoAnswer where it is cut."""
        try:
            async for piece in self._connection.body():
                yield piece
        except CUT as error:
            raise NoAnswer("cut") from error
        finally:
            self._upstream.release(self._node, self._connection)

    async def whole(self, seconds: float) -> bytes:
        """All of the body. Raises NoAnswer, also where it takes longer."""
        try:
            async with asyncio.timeout(seconds):
                return b"".join([piece async for piece in self.pieces()])
        except TimeoutError as error:
            raise NoAnswer("timeout") from error


class Node(NamedTuple):
    """Where one upstream listens."""

    scheme: str
    host: str
    port: int
    prefix: bytes  # of every path
    name: bytes  # as a Host header

    @classmethod
    def of(cls, url: str) -> Node:
        """From its URL."""
        parts = urlsplit(url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
        name = parts.netloc.rpartition("@")[2]
        return cls(parts.scheme, parts.hostname or "", port, parts.path.rstrip("/").encode(), name.encode())


class Upstream:
    """Connections to one cluster. Several URLs are used in turn; one that cannot be reached is passed over."""

    def __init__(self, urls: Iterable[str], ca_file: Path | None = None, *, name: str = "gateway.ca_file") -> None:
        """TLS is always verified, against `ca_file` where it is given, else against the system's authorities.

        `name` is the key of the configuration to look at where an authority will not do.
        """
        self._nodes = [Node.of(url) for url in urls]
        self._turn = count()
        self._said = ""
        self._tls, self._ca_file = context(ca_file, name=name), name
        self._free: dict[Node, list[Connection]] = {node: [] for node in self._nodes}

    async def send(
        self, method: str, target: bytes, headers: Headers, content: bytes | AsyncIterable[bytes],
        seconds: float | None = None,
    ) -> Reply:  # fmt: skip
        """`target` is the raw path with its query; `headers` go as they are, with the node's Host.

        Raises NoAnswer, also where none begins within `seconds`, and Refused for what is no HTTP.
        """
        node, connection = await self._connected()
        try:
            request = h11.Request(method=method, target=node.prefix + target, headers=[(b"host", node.name), *headers])
            async with asyncio.timeout(seconds):
                response = await connection.ask(request, content)
        except h11.LocalProtocolError as error:
            connection.close()
            raise Refused(400, f"the request cannot be passed on: {error}.") from error
        except TimeoutError as error:
            connection.close()
            raise NoAnswer("timeout") from error
        except CUT as error:
            connection.close()
            raise NoAnswer("cut") from error
        except BaseException:
            connection.close()  # the caller has left
            raise
        return Reply(self, node, connection, response)

    async def close(self) -> None:
        """Lets go of all connections."""
        for connections in self._free.values():
            for connection in connections:
                connection.close()
            connections.clear()

    def release(self, node: Node, connection: Connection) -> None:
        """The body was read, or nobody wants the rest of it."""
        if connection.reusable():
            self._free[node].append(connection)
        else:
            connection.close()

    async def _connected(self) -> tuple[Node, Connection]:
        first = next(self._turn)
        for number in range(len(self._nodes)):
            node = self._nodes[(first + number) % len(self._nodes)]
            free = self._free[node]
            while free:
                connection = free.pop()
                if connection.is_fresh():
                    return node, connection
                connection.close()
            try:
                tls = self._tls if node.scheme == "https" else None
                return node, await Connection.open(node.host, node.port, tls)
            except OSError as error:  # also ssl.SSLError and TimeoutError
                self._say(error, node)
        raise NoAnswer("connect")

    def _say(self, error: Exception, node: Node) -> None:
        """Why a node cannot be reached; the same once, not with each request."""
        url = f"{node.scheme}://{node.name.decode()}"
        said = told(error, url, name=self._ca_file) or f"{url} cannot be reached ({type(error).__name__})."
        if said != self._said:
            self._said = said
            log.warning("%s", said)


def end_to_end(headers: Iterable[tuple[bytes, bytes]], also: Iterable[bytes] = ()) -> Headers:
    """The headers that are not for one connection alone, nor among `also` (lower case).

    A length belongs to the message, whatever Connection names.
    """
    found = [(name.lower(), value) for name, value in headers]
    dropped = {*_HOP_BY_HOP, *also}
    for name, value in found:
        if name == b"connection":
            dropped.update(part.strip().lower() for part in value.split(b",") if part.strip().lower() != LENGTH)
    return [(name, value) for name, value in found if name not in dropped]


def sized(headers: Headers, size: int) -> Headers:
    """The headers with the length of a body that is sent as a whole."""
    return [*(one for one in headers if one[0] != LENGTH), (LENGTH, str(size).encode())]


__all__ = ["Headers", "NoAnswer", "Reply", "Upstream", "end_to_end", "sized"]
