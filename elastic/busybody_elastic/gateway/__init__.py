"""The bulk gateway: stands in front of a cluster, scores the sign-ins in bulk requests, passes all else through.

A caller sees what the cluster answers: its statuses, its refusals, its silence. Scoring fails open within its
deadline; what the cluster does not accept was never learned.
"""

from __future__ import annotations

import logging
import time
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import unquote

from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from ..auth import HEADER, INTERNAL, Keys
from ..bodies import GONE, Gone, whole
from ..committer import Committer
from ..config import Config
from ..limits import Limits, Refused, Turnstile
from ..metrics import Metrics
from ..records import GATEWAY, Router
from .passing import pass_through
from .scoring import Scoring
from .upstream import NoAnswer, Upstream, end_to_end

log = logging.getLogger("busybody_elastic.gateway")
BULK = "_bulk"
OURS = HEADER.encode(), INTERNAL.encode()  # headers with a secret that is not the cluster's
PATHS = {"/score": "POST", "/healthz": "GET, HEAD", "/readyz": "GET, HEAD", "/metrics": "GET, HEAD"}
THREADS = 16  # batches that are scored, or wait for people in another batch, at once


class Gateway:
    """An ASGI application for every path that is not the service's own."""

    def __init__(
        self, config: Config, router: Router, keys: Keys, limits: Limits, metrics: Metrics,
        committer: Committer,
    ) -> None:  # fmt: skip
        section, cluster = config.gateway, config.cluster
        name = "gateway.ca_file" if section.ca_file or section.upstream else "cluster.ca_file"
        self._upstream = Upstream(section.upstream or cluster.url, section.ca_file or cluster.ca_file, name=name)
        self._ours, self._keys = keys, keys if section.keys else Keys(())
        self._limits = limits
        self._metrics = metrics
        self._turnstile = Turnstile(limits.concurrent)
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="gateway")
        self._scoring = Scoring(config, router, self._upstream, self._threads, limits, metrics, committer)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request."""
        if scope["type"] != "http":
            return
        begun = time.perf_counter()
        status = 500
        try:
            status = await self._answer(scope, receive, send)
        except Refused as refused:
            status = refused.status
            await refusal(status, "busybody_gateway_refusal", refused.reason)(scope, receive, send)
        except NoAnswer as silence:
            status = silence.status
            self._metrics.upstream_errors.labels(silence.kind).inc()
            await refusal(status, "busybody_upstream_exception", f"no answer from the cluster ({silence.kind})")(
                scope, receive, send
            )
        except Gone:
            status = GONE
        except Exception as error:  # noqa: BLE001  whatever it is, the server would log it with its text
            log.error("a request failed: %s", type(error).__name__)  # noqa: TRY400  which may show a document
            await refusal(status, "busybody_gateway_exception", "the gateway failed")(scope, receive, send)
        finally:
            self._metrics.requests.labels(GATEWAY, str(status)).inc()
            self._metrics.seconds.labels(GATEWAY).observe(time.perf_counter() - begun)

    async def close(self) -> None:
        """Lets go of the cluster and the threads; what they settle is settled first."""
        self._threads.shutdown(wait=True)
        await self._upstream.close()

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> int:
        headers = Headers(scope=scope)
        if not self._keys.accept(headers, own_header_only=True):
            raise Refused(401, "a key is needed in X-Busybody-Key.")
        forwarded = [
            (name, value)
            for name, value in end_to_end(scope["headers"], OURS)
            if name != b"authorization" or not self._ours.are_in(value.decode("latin-1"))
        ]
        index = bulk_index(scope["method"], scope.get("raw_path") or scope["path"].encode())
        if index is None or "json" not in headers.get("content-type", ""):
            return await pass_through(self._upstream, scope, forwarded, receive, send)
        with self._turnstile:
            body = await whole(receive, headers.get("content-length"), self._limits)
            reply, content = await self._scoring.bulk(scope, index, forwarded, body)
        kept = [(name, value) for name, value in reply.headers if name != b"content-length"]
        length = (b"content-length", str(len(content)).encode())
        await send({"type": "http.response.start", "status": reply.status, "headers": [*kept, length]})
        await send({"type": "http.response.body", "body": content})
        return reply.status


def bulk_index(method: str, path: bytes) -> str | None:
    """The index that a bulk request's path names, empty where it names none; None where it is no bulk request.

    `path` as it was written: an index of date math has slashes in its name.
    """
    if method not in ("POST", "PUT"):
        return None
    *before, last = (unquote(part) for part in path.decode("latin-1").strip("/").split("/"))
    return None if last != BULK or len(before) > 1 else "".join(before)


def reserved() -> list[Route]:
    """What goes upstream under no method: the service's own paths, where its keys are sent. To stand behind its routes."""
    missing = refusal(404, "busybody_gateway_refusal", "this path is the service's own, and there is nothing at it.")
    routes = [Route("/internal", missing), Route("/internal/{rest:path}", missing)]
    for path, methods in PATHS.items():
        wrong = refusal(405, "busybody_gateway_refusal", f"this path is the service's own; it takes {methods}.")
        wrong.headers["Allow"] = methods
        routes += [Route(path, wrong), Route(path + "/", missing)]
    return routes


def refusal(status: int, kind: str, reason: str) -> JSONResponse:
    """An error in the shape of the cluster's own, so that every client can read it."""
    headers = {"Retry-After": "1"} if status in (429, 503) else None
    return JSONResponse({"error": {"type": kind, "reason": reason}, "status": status}, status, headers)
