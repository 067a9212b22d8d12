"""One bulk request from its lines to its answer: score, splice, forward, settle by what the cluster accepted.

The deadline is 50 ms + 0.2 ms per sign-in (both configurable), counted from where the sign-ins are known. What is not
scored by then is forwarded with `busybody.status: unscored` and its reason; the reader finds it.
"""

from __future__ import annotations

import asyncio
import logging
import time
from concurrent.futures import Executor, Future
from functools import partial
from typing import Any, Awaitable, Callable, Mapping, NamedTuple, Sequence, TypeVar

import orjson
from anyio import to_thread
from starlette.datastructures import Headers
from starlette.types import Scope

from ..bodies import unpacked
from ..committer import LATER, Committer
from ..config import Config
from ..limits import Limits, Refused, too_many
from ..metrics import Metrics
from ..records import GATEWAY, PATIENCE, SKIPPED, UNSCORED, Answer, Batch, Router
from ..splice import encode
from ..stamps import Stamps
from . import answer as answers
from .bulk import Candidate, Operation, Unreadable, candidates, only, operations, spliced, survives
from .passing import target_of
from .settling import Settling
from .settling import accepted as settled
from .upstream import Headers as RawHeaders
from .upstream import NoAnswer, Reply, Upstream, sized

log = logging.getLogger("busybody_elastic.gateway")
BRIEF = ("risk", "level", "sentence", "alert", "incident")  # of a result, where something is said
LATE, FAILED = "no score within the deadline", "scoring failed"
REMEMBERED_SECONDS = 300.0  # that an index refuses our fields; after that it is tried again
SHARE = 0.9  # of the deadline is the router's, so that its own refusal comes before ours
LARGE = 1 << 20  # bytes: some milliseconds of work
NOTHING = Batch([])
T = TypeVar("T")


class Work(NamedTuple):
    """A request, taken apart."""

    lines: list[bytes]
    operations: list[Operation]
    candidates: list[Candidate]
    size: int  # bytes, unpacked


class Scoring:
    """What the gateway does with bulk requests."""

    def __init__(
        self, config: Config, router: Router, upstream: Upstream, threads: Executor, limits: Limits, metrics: Metrics,
        committer: Committer,
    ) -> None:  # fmt: skip
        self._router = router
        self._upstream = upstream
        self._threads = threads
        self._limits = limits
        self._metrics = metrics
        self._committer = committer
        section, policy = config.gateway, config.policy
        self._base, self._each = section.deadline_ms / 1000.0, section.per_signin_ms / 1000.0
        self._brief = section.fields == "brief"
        self._strict: dict[str, float] = {}  # index that refuses our fields -> until when we believe it
        self._sure = not policy.maps and not policy.profiles
        self._stamps: Stamps = router.stamps

    async def bulk(self, scope: Scope, index: str, headers: RawHeaders, body: bytes) -> tuple[Reply, bytes]:
        """What the cluster answers. Raises NoAnswer, Refused."""
        found = Headers(raw=headers)
        work = None
        if answers.is_json(scope["query_string"], found.get("accept", "")):
            encoding = found.get("content-encoding", "").strip().lower()
            work = await _aside(LARGE if encoding else len(body), partial(self._taken_apart, body, encoding, index))
        else:
            self._metrics.unscored.labels(GATEWAY, "answer_format").inc()
        batch = await self._scored(work.candidates) if work is not None and work.candidates else NOTHING
        if work is None or all(answer.status == SKIPPED for answer in batch.answers):
            reply = await self._upstream.send(
                scope["method"], target_of(scope), sized(headers, len(body)), body, PATIENCE
            )
            return reply, await reply.whole(PATIENCE)
        settle = Settling(self._router, batch, self._threads)
        try:
            return await self._forwarded(scope, headers, work, batch, settle)
        except NoAnswer as silence:
            if silence.kind != "connect":
                self._doubt(work)
            raise
        except asyncio.CancelledError:
            self._doubt(work)
            raise
        finally:
            await settle.over()
            if settle.learned:
                self._committer.learned(LATER)

    def _taken_apart(self, body: bytes, encoding: str, index: str) -> Work | None:
        """None for what is no bulk request that we can read: upstream judges it."""
        try:
            plain = unpacked(body, encoding, self._limits.unpacked)
            if plain.count(b"\n") > 2 * self._limits.operations:
                raise too_many(self._limits.operations, "operations")
            lines = plain.split(b"\n")
            found = operations(lines, index)
        except Unreadable:
            self._metrics.unscored.labels(GATEWAY, "unreadable").inc()
            return None
        except Refused as refused:
            if refused.status == 413:
                raise
            self._metrics.unscored.labels(GATEWAY, "encoding").inc()
            return None
        chosen = candidates(lines, found, sure=self._sure)
        if chosen.carrying:
            self._metrics.unscored.labels(GATEWAY, "own_field").inc(chosen.carrying)
        if chosen.unparsed:
            self._metrics.unscored.labels(GATEWAY, "unparsed").inc(chosen.unparsed)
        return Work(lines, found, chosen.candidates, len(plain))

    async def _scored(self, chosen: Sequence[Candidate]) -> Batch:
        """The answers, within the deadline. A ticket that comes too late is settled as if nothing had come."""
        begun = time.monotonic()
        allowed = self._base + self._each * len(chosen)
        incoming = [candidate.incoming for candidate in chosen]

        def score() -> Batch:
            self._stamps.prepare()
            left = begun + allowed * SHARE - time.monotonic()
            return self._router.score(incoming, provisional=True, deadline=max(0.0, left))

        working: Future[Batch] = self._threads.submit(score)
        reason = LATE
        try:
            left = begun + allowed - time.monotonic()
            batch = await asyncio.wait_for(asyncio.shield(asyncio.wrap_future(working)), max(0.0, left))
        except TimeoutError:
            self._metrics.unscored.labels(GATEWAY, "deadline").inc(len(chosen))
        except Exception as error:  # noqa: BLE001  whatever goes wrong in scoring, documents must reach the cluster
            log.error("scoring failed: %s", type(error).__name__)  # noqa: TRY400  a traceback may show a document
            self._metrics.unscored.labels(GATEWAY, "error").inc(len(chosen))
            reason = FAILED
        else:
            late = sum(answer.status == UNSCORED for answer in batch.answers)
            if late:
                self._metrics.unscored.labels(GATEWAY, "router").inc(late)
            self._metrics.count(GATEWAY, batch.answers)
            return batch
        working.add_done_callback(self._forget)
        given_up = [Answer(one.identity, UNSCORED, reason) for one in incoming]
        self._metrics.count(GATEWAY, given_up)
        return Batch(given_up)

    def _forget(self, working: Future[Batch]) -> None:
        if working.cancelled() or working.exception() is not None:
            return
        batch = working.result()
        if batch.ticket is not None:
            settle = partial(self._router.settle, batch.ticket, [False] * len(batch.answers))
            try:
                self._threads.submit(settle)
            except RuntimeError:  # we are closing
                settle()

    async def _forwarded(
        self, scope: Scope, headers: RawHeaders, work: Work, batch: Batch, settle: Settling
    ) -> tuple[Reply, bytes]:
        path, query = _split(target_of(scope))
        asked = answers.asked(query)
        target = path + b"?" + asked.query if asked.query else path
        additions = await _aside(work.size, partial(self._additions, work.candidates, batch.answers))
        dropped = (b"content-encoding", b"accept-encoding")
        plain = [(name, value) for name, value in headers if name not in dropped]

        until = time.monotonic() + PATIENCE  # for all that is sent: the ticket lasts no longer

        async def send(content: bytes) -> tuple[Reply, bytes]:
            left = until - time.monotonic()
            reply = await self._upstream.send(scope["method"], target, sized(plain, len(content)), content, left)
            return reply, await reply.whole(until - time.monotonic())

        reply, content = await send(await _aside(work.size, partial(spliced, work.lines, additions)))
        if reply.status != 200:
            if reply.status >= 500:  # of what stands between us and the cluster, too
                self._doubt(work)
            return reply, content
        try:
            answer = await _aside(len(content), partial(orjson.loads, content))
        except ValueError:
            self._doubt(work)
            return reply, content
        results = answers.results(answer, len(work.operations))
        if results is None:
            self._doubt(work)
        else:
            refused = self._refused(work, results, additions)
            if refused:
                answer, results = await self._again(work, answer, refused, send)
                content = encode(answer)
            accepted = settled(work.candidates, batch.answers, results, self._stamps.doubtful)
            bare = {candidate.position for candidate in refused}
            settle.accepted = self._settled(work, batch, results, accepted, additions, bare)
            self._observe(batch, results, work.candidates, accepted)
        if asked.filters:
            content = encode(answers.filtered(answer, asked.filters))
        return reply, content

    def _additions(self, chosen: Sequence[Candidate], found: Sequence[Answer]) -> dict[int, bytes]:
        """What is spliced in, by the number of the source line."""
        now = time.monotonic()
        strict = {index for index, until in self._strict.items() if until > now}
        additions: dict[int, bytes] = {}
        for candidate, answer in zip(chosen, found, strict=True):
            line = candidate.operation.source
            if answer.status != SKIPPED and line is not None and candidate.operation.target not in strict:
                additions[line] = encode(self._addition(answer))
        return additions

    def _addition(self, answer: Answer) -> Mapping[str, Any]:
        found: dict[str, Any] = {"identity": answer.identity, "status": answer.status}
        if self._stamps.is_ready:
            found["stamp"] = self._stamps.of(answer.identity, answer.status)
        result = answer.busybody
        if result is None:
            if answer.reason:
                found["reason"] = answer.reason
        elif self._brief:
            for key in BRIEF:
                value = result.get(key)
                if value is not None and value != "":
                    found[key] = value
        else:
            found = {**result, **found}
        return found

    def _refused(
        self, work: Work, results: Sequence[Mapping[str, Any]], additions: Mapping[int, bytes]
    ) -> list[Candidate]:
        """Those whose index does not take our fields, as it seems."""
        return [
            candidate
            for candidate in work.candidates
            if candidate.operation.source in additions and answers.is_our_fault(results[candidate.position])
        ]

    async def _again(
        self, work: Work, answer: dict[str, Any], refused: Sequence[Candidate],
        send: Callable[[bytes], Awaitable[tuple[Reply, bytes]]],
    ) -> tuple[dict[str, Any], list[Mapping[str, Any]]]:  # fmt: skip
        """The documents once more as they came. Where that fails as a whole, each is told so, to be sent again."""
        self._metrics.refused_fields.inc(len(refused))
        items: list[Any] | None = None
        status = 503
        try:
            reply, content = await send(only(work.lines, [candidate.operation for candidate in refused]))
            status = reply.status
            if status == 200:
                found = orjson.loads(content)
                taken = answers.results(found, len(refused))
                if taken is not None:
                    items = found[answers.ITEMS]
                    self._remember(refused, taken)
                status = 503
        except (NoAnswer, ValueError):
            pass
        if items is None:
            error = {"type": "busybody_upstream_exception", "reason": "the document could not be sent again"}
            items = [{one.operation.action: {"status": status, "error": error}} for one in refused]
        whole = answers.merged(answer, [candidate.position for candidate in refused], items)
        return whole, answers.results(whole, len(work.operations)) or []

    def _remember(self, refused: Sequence[Candidate], taken: Sequence[Mapping[str, Any]]) -> None:
        """The indices that took without our fields what they did not take with them."""
        until = time.monotonic() + REMEMBERED_SECONDS
        for candidate, result in zip(refused, taken, strict=True):
            if result["status"] < 300:
                self._strict[candidate.operation.target] = until

    def _doubt(self, work: Work) -> None:
        """It may have taken effect: documents may lie there with a stamp, of which nothing was learned."""
        self._stamps.doubt(candidate.incoming.identity for candidate in work.candidates)

    def _settled(
        self, work: Work, batch: Batch, results: Sequence[Mapping[str, Any]], accepted: Sequence[bool],
        additions: Mapping[int, bytes], bare: set[int],
    ) -> list[bool]:  # fmt: skip
        """What stays learned: not what lies there without our stamp and by another identity, which the reader scores."""
        stays = list(accepted)
        for place, (candidate, answer) in enumerate(zip(work.candidates, batch.answers, strict=True)):
            stamped = candidate.operation.source in additions and candidate.position not in bare
            if accepted[place] and not stamped and answer.status not in (SKIPPED, UNSCORED):
                stays[place] = survives(candidate, results[candidate.position])
        lost = sum(accepted) - sum(stays)
        if lost:
            self._metrics.unscored.labels(GATEWAY, "no_identity").inc(lost)
        self._stamps.trust(one.incoming.identity for one, stay in zip(work.candidates, stays, strict=True) if stay)
        return stays

    def _observe(
        self, batch: Batch, results: Sequence[Mapping[str, Any]], chosen: Sequence[Candidate], accepted: Sequence[bool]
    ) -> None:
        lost = sum(
            not taken and one.status not in (SKIPPED, UNSCORED)
            for taken, one in zip(accepted, batch.answers, strict=True)
        )
        if lost:
            self._metrics.rolled_back.inc(lost)
        redirected = sum(results[candidate.position].get("failure_store") == "used" for candidate in chosen)
        if redirected:
            self._metrics.redirected.inc(redirected)


async def _aside(size: int, work: Callable[[], T]) -> T:
    """Beside the event loop where it takes so long that others would notice."""
    return work() if size < LARGE else await to_thread.run_sync(work)


def _split(target: bytes) -> tuple[bytes, bytes]:
    path, _, query = target.partition(b"?")
    return path, query


__all__ = ["Scoring"]
