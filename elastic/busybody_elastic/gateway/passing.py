"""What is no bulk request goes through untouched, both ways piece by piece."""

from __future__ import annotations

import asyncio
from typing import Any, AsyncIterator

from starlette.types import Receive, Scope, Send

from ..bodies import GONE
from .upstream import Headers, NoAnswer, Reply, Upstream


async def pass_through(upstream: Upstream, scope: Scope, headers: Headers, receive: Receive, send: Send) -> int:
    """The status of the answer. A caller who hangs up ends the request upstream, too.

    Raises NoAnswer where upstream is silent from the start; an answer that is cut later is cut for the caller.
    """
    body = _Body(receive)
    names = {name for name, _ in scope["headers"]}
    content: Any = b""
    if b"content-length" in names:
        content = body.pieces()
    elif b"transfer-encoding" in names:
        content = body.pieces()
        headers = [*headers, (b"transfer-encoding", b"chunked")]
    else:
        body.ended.set()
    asking = asyncio.create_task(upstream.send(scope["method"], target_of(scope), headers, content))
    leaving = asyncio.create_task(body.gone())
    try:
        await asyncio.wait((asking, leaving), return_when=asyncio.FIRST_COMPLETED)
        if not asking.done():
            return GONE
        reply = await asking
        await _answer(reply, send, leaving)
        return reply.status
    finally:
        leaving.cancel()
        asking.cancel()


async def _answer(reply: Reply, send: Send, leaving: asyncio.Task[None]) -> None:
    await send({"type": "http.response.start", "status": reply.status, "headers": reply.headers})
    try:
        async for piece in reply.pieces():
            if leaving.done():
                return
            await send({"type": "http.response.body", "body": piece, "more_body": True})
    except NoAnswer:
        return  # without its end: the server cuts ours, too
    await send({"type": "http.response.body", "body": b""})


class _Body:
    """The caller's body as it comes, and whether the caller is still there."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._left = asyncio.Event()
        self.ended = asyncio.Event()

    async def pieces(self) -> AsyncIterator[bytes]:
        """Until it is whole. A caller who hangs up before ends the request upstream, too."""
        while True:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                self._left.set()
                await asyncio.Event().wait()  # until the request is cancelled
            if message.get("body"):
                yield message["body"]
            if not message.get("more_body"):
                self.ended.set()
                return

    async def gone(self) -> None:
        """Returns once the caller has hung up."""
        left, ended = (asyncio.create_task(event.wait()) for event in (self._left, self.ended))
        try:
            await asyncio.wait((left, ended), return_when=asyncio.FIRST_COMPLETED)
        finally:
            left.cancel()
            ended.cancel()
        while not self._left.is_set() and (await self._receive())["type"] != "http.disconnect":
            pass


def target_of(scope: Scope) -> bytes:
    """The path as it was written, with its query."""
    path: bytes = scope.get("raw_path") or scope["path"].encode()
    query: bytes = scope["query_string"]
    return path + b"?" + query if query else path
