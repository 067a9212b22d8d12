"""From instance to instance: one POST for all rows of a batch that an instance is to take or to hear of."""

from __future__ import annotations

import hmac
import logging
import ssl
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import httpx
import orjson
from anyio import CapacityLimiter, to_thread
from busybody.errors import BusybodyError
from busybody.stream.shorthand import Shorthand
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from .auth import INTERNAL as HEADER
from .errors import ClusterError, Lost
from .local import Delivered, Local, Row
from .parts import own_user
from .passage import Deadline
from .records import Answer, Incoming

log = logging.getLogger("busybody.hop")
PATH = "/internal/"
SECONDS = 30.0  # for an answer where no deadline was given
GRACE = 0.02  # seconds that an answer may be on its way behind the deadline, by which the other side gives up
LOST, FAILED = 410, 503  # statuses: not ours any more; the cluster does not let us
THREADS = 128  # calls that are answered at once, of each kind
NOBODY: Mapping[str, str] = {}  # of whom the source's document says nothing more
Body = dict[str, Any]


class Hops:
    """The client's side. Safe from several threads."""

    def __init__(
        self, key: str, *, verify: ssl.SSLContext | bool = True, transport: httpx.BaseTransport | None = None
    ) -> None:
        """`key` is the secret that all instances share; `verify` as httpx takes it."""
        self._client = httpx.Client(
            headers={HEADER: key}, verify=verify, transport=transport, timeout=SECONDS, trust_env=False,
            limits=httpx.Limits(max_connections=None, max_keepalive_connections=64),
        )  # fmt: skip
        self._shorthand = Shorthand()

    def deliver(
        self, address: str, partitions: Sequence[int], rows: Sequence[Row], expected: Mapping[int, int], *, learn: bool,
        provisional: bool, deadline: Deadline,
    ) -> Delivered:  # fmt: skip
        """As `Local.deliver`, there. Nothing is delivered where it cannot be reached in time."""
        left = deadline.left if deadline.left is not None else SECONDS - GRACE
        body = {
            "partitions": partitions, "learn": learn, "provisional": provisional, "deadline": left,
            "expected": _texts({number: expected[number] for number in partitions if number in expected}),
            "rows": [self._row(row, row.partition in partitions) for row in rows],
        }  # fmt: skip
        try:
            found = self._post(address, "score", body, left + GRACE)
        except (ClusterError, Lost) as error:
            log.warning("%s", error)
            return Delivered({}, {}, {})
        return Delivered(
            {int(place): Answer(*answer) for place, answer in found["answers"].items()},
            {int(number): ticket for number, ticket in found["tickets"].items()},
            {int(number): fence for number, fence in found["fences"].items()},
        )

    def _row(self, row: Row, theirs: bool) -> list[Any]:
        text = self._shorthand.text(row.signin)
        if not theirs:
            return [row.partition, text]
        one = row.incoming
        return [row.partition, text, one.identity, one.entrance, one.index, one.id, one.quiet, own_user(one.document)]

    def settle(self, address: str, tickets: Mapping[int, str], accepted: Sequence[bool]) -> None:
        """As `Local.settle`, there; what cannot be told expires."""
        try:
            self._post(address, "settle", {"tickets": _texts(tickets), "accepted": accepted})
        except (ClusterError, Lost) as error:
            log.warning("%s", error)

    def commit(
        self, address: str, partitions: Sequence[int], expected: Mapping[int, int],
        notes: Mapping[str, str] | None = None, *, done: bool = False,
    ) -> dict[int, int]:  # fmt: skip
        """As `Local.commit`, there."""
        known = _texts({number: expected[number] for number in partitions if number in expected})
        body = {
            "partitions": partitions,
            "expected": known,
            "notes": None if notes is None else dict(notes),
            "done": done,
        }
        return {int(number): fence for number, fence in self._post(address, "commit", body).items()}

    def _post(self, address: str, what: str, body: Body, seconds: float | None = None) -> Any:
        url = f"{address.rstrip('/')}{PATH}{what}"
        try:
            answer = self._client.post(
                url, content=orjson.dumps(body), headers={"Content-Type": "application/json"},
                timeout=SECONDS if seconds is None else seconds,
            )  # fmt: skip
        except httpx.HTTPError as error:
            raise ClusterError(
                f"another instance cannot be reached ({type(error).__name__}).", source=address
            ) from error
        if answer.status_code == LOST:
            raise Lost("it owns these people no more.", source=address)
        if answer.status_code != 200:
            told = (
                f"another instance answers with status {answer.status_code}. Compare versions and state.internal_key."
            )
            raise ClusterError(told, status=answer.status_code, source=address)
        return orjson.loads(answer.content)

    def close(self) -> None:
        """Let go of the connections."""
        self._client.close()


class Answering:
    """The other side: what another instance asks of the partitions here. Plain functions over plain values."""

    def __init__(self, local: Local, key: str) -> None:
        """Without a key nobody is let in."""
        self._local, self._key = local, key.encode()
        self._shorthand = Shorthand()
        self._verbs: dict[str, Callable[[Body], Any]] = {
            "score": self.score,
            "settle": self.settle,
            "commit": self.commit,
        }

    def is_known(self, key: str) -> bool:
        """Whether that is the secret which instances share."""
        return bool(self._key) and hmac.compare_digest(key.encode("utf-8", "replace"), self._key)

    def score(self, body: Body) -> Body:
        rows = [self._row(*row) for row in body["rows"]]
        expected = {int(number): fence for number, fence in body["expected"].items()}
        done = self._local.deliver(
            body["partitions"], rows, expected, learn=body["learn"], provisional=body["provisional"],
            deadline=Deadline(body["deadline"]),
        )  # fmt: skip
        return {"answers": _texts(done.answers), "tickets": _texts(done.tickets), "fences": _texts(done.fences)}

    def _row(
        self,
        partition: int,
        text: str,
        identity: str = "",
        entrance: str = "",
        index: str = "",
        id: str = "",
        quiet: bool = False,
        user: Mapping[str, str] = NOBODY,
    ) -> Row:
        return Row(
            partition, Incoming({"user": user}, identity, entrance, index, id, quiet), self._shorthand.signin(text)
        )

    def settle(self, body: Body) -> Body:
        self._local.settle({int(number): ticket for number, ticket in body["tickets"].items()}, body["accepted"])
        return {}

    def commit(self, body: Body) -> Body:
        expected = {int(number): fence for number, fence in body["expected"].items()}
        return _texts(self._local.commit(body["partitions"], expected, body["notes"], done=body["done"]))

    def routes(self) -> list[Route]:
        """For Starlette."""
        return [Route(PATH + verb, self._door(work), methods=["POST"]) for verb, work in self._verbs.items()]

    def _door(self, work: Callable[[Body], Any]) -> Callable[[Request], Any]:
        # Not those of the callers here, who may be waiting for an instance that waits for us; nor those of the other
        # verbs, for a settlement is what scores wait for.
        threads = CapacityLimiter(THREADS)

        async def answer(request: Request) -> Response:
            if not self.is_known(request.headers.get(HEADER, "")):
                return Response(status_code=401)
            content = await request.body()
            status, found = await to_thread.run_sync(_worked, work, content, limiter=threads)
            return Response(found, status, media_type="application/json")

        return answer


def _worked(work: Callable[[Body], Any], content: bytes) -> tuple[int, bytes]:
    try:
        body = orjson.loads(content)
    except ValueError:
        return 400, b""
    try:
        return 200, orjson.dumps(work(body))
    except Lost:
        return LOST, b""
    except BusybodyError as error:
        log.warning("%s", error)
        return FAILED, b""


def _texts(found: Mapping[int, Any]) -> dict[str, Any]:
    """JSON knows no numbers as keys."""
    return {str(number): list(value) if isinstance(value, tuple) else value for number, value in found.items()}
