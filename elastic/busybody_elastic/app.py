"""The doors: what listens, who may enter, how much, and what it looks like from outside."""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl
import threading
import time
from contextlib import asynccontextmanager, nullcontext, suppress
from typing import Any, AsyncIterator, Awaitable, Callable, Sequence

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Mount, Route

from .api import ScoreApi
from .auth import Keys
from .bodies import GONE, Gone
from .committer import Committer
from .config import Config, ServerSection
from .errors import ConfigError
from .limits import Limits, Refused, Turnstile
from .metrics import CONTENT_TYPE, Metrics, Status
from .records import API, Router

log = logging.getLogger("busybody_elastic.doors")
Handler = Callable[[Request], Awaitable[Response]]
KEPT_SECONDS = 75  # an idle connection of a caller; longer than clients keep theirs


def build_app(config: Config, router: Router, *, status: Status, internal: Sequence[BaseRoute] = ()) -> Starlette:
    """The doors over a router. `status()` has at least `ready` (bool); `internal` is what other instances call.

    A configuration that lets strangers reach a door without a key is none: `Config` refuses it.
    """
    server = config.server
    keys, limits, metrics = Keys(server.keys), Limits.of(server.limits), Metrics(status)
    turnstile = Turnstile(limits.concurrent)
    committer = Committer(router, metrics)
    api = ScoreApi(router, limits, metrics, committer)
    gateway = None
    if config.gateway.enabled:
        from .gateway import Gateway, reserved

        gateway = Gateway(config, router, keys, limits, metrics, committer)

    async def score(request: Request) -> Response:
        if not keys.accept(request.headers):
            raise Refused(401, "a key is needed: X-Busybody-Key, or Authorization: ApiKey.")
        with turnstile:
            return await api(request)

    async def show_metrics(request: Request) -> Response:
        if not keys.accept(request.headers):
            raise Refused(401, "a key is needed: X-Busybody-Key, or Authorization: ApiKey.")
        return Response(metrics.page(), media_type=CONTENT_TYPE)

    async def healthy(_: Request) -> Response:
        return JSONResponse({"healthy": True})

    async def ready(_: Request) -> Response:
        found = dict(status())
        return JSONResponse(found, status_code=200 if found.get("ready") else 503)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        committing = asyncio.create_task(committer.run())
        try:
            yield
        finally:
            committing.cancel()
            with suppress(asyncio.CancelledError):
                await committing
            if gateway is not None:
                await gateway.close()
            await committer.commit()

    routes: list[BaseRoute] = [
        Route("/score", _counted(_answered(score), metrics), methods=["POST"]),
        Route("/healthz", healthy, methods=["GET"]),
        Route("/readyz", ready, methods=["GET"]),
        Route("/metrics", _answered(show_metrics), methods=["GET"]),
        *internal,
    ]
    if gateway is not None:
        routes += [*reserved(), Mount("", app=gateway)]
    app = Starlette(routes=routes, lifespan=lifespan)
    app.state.metrics = metrics
    return app


def _answered(handler: Handler) -> Handler:
    """Says what was refused, as JSON."""

    async def answer(request: Request) -> Response:
        try:
            return await handler(request)
        except Refused as refused:
            headers = {"Retry-After": "1"} if refused.status in (429, 503) else None
            return JSONResponse({"error": refused.reason, "status": refused.status}, refused.status, headers)
        except Gone:
            return Response(status_code=GONE)
        except Exception as error:  # noqa: BLE001  whatever it is, the server would log it with its text
            log.error("a request failed: %s", type(error).__name__)  # noqa: TRY400  which may show a document
            return JSONResponse({"error": "the service failed", "status": 500}, 500)

    return answer


def _counted(handler: Handler, metrics: Metrics) -> Handler:
    async def answer(request: Request) -> Response:
        begun = time.perf_counter()
        status = 500
        try:
            response = await handler(request)
            status = response.status_code
            return response
        finally:
            metrics.requests.labels(API, str(status)).inc()
            metrics.seconds.labels(API).observe(time.perf_counter() - begun)

    return answer


def serve(app: Starlette, server: ServerSection, stop: threading.Event) -> None:
    """Listens until `stop`; what is in flight then is finished and committed before it returns.

    Signals are the caller's. Raises ConfigError where nobody can listen at that address.
    """
    import uvicorn

    options: dict[str, Any] = {}
    if server.tls:
        options = {"ssl_certfile": str(server.tls.cert), "ssl_keyfile": str(server.tls.key)}
        if server.tls.client_ca:
            options |= {"ssl_ca_certs": str(server.tls.client_ca), "ssl_cert_reqs": ssl.CERT_REQUIRED}
    # A proxy adds nothing of its own to an answer, so neither Date nor Server; the log is the service's own.
    settings = uvicorn.Config(
        app, access_log=False, log_config=None, server_header=False, date_header=False, proxy_headers=False,
        timeout_keep_alive=KEPT_SECONDS, ws="none", lifespan="on", **options,
    )  # fmt: skip
    listening = uvicorn.Server(settings)
    # uvicorn would catch signals, and raise them again when it has stopped: the process would end before its time.
    listening.capture_signals = nullcontext  # type: ignore[method-assign, assignment]
    with _bound(server) as bound:
        host, port, *_ = bound.getsockname()
        log.info("the doors are open at %s port %d", host, port)
        threading.Thread(target=_tell, args=(stop, listening), name="doors", daemon=True).start()
        listening.run([bound])


def _tell(stop: threading.Event, listening: Any) -> None:
    stop.wait()
    listening.should_exit = True


def _bound(server: ServerSection) -> socket.socket:
    try:
        found = socket.getaddrinfo(server.host, server.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        return socket.create_server(found[0][4][:2], family=found[0][0], backlog=2048)
    except OSError as error:
        told = f"nobody can listen at {server.host} port {server.port}: {error.strerror}. Choose another."
        raise ConfigError(told, key="server.port") from error
