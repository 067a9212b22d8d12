"""POST /score: documents in, the same documents with `busybody` in them out.

One JSON object, an array or one object a line, as they come, gzip or not; the answer has the same form. Parameters:
`only=assessment` answers with what would be under `busybody` alone, `learn=false` teaches nothing, `commit=true`
answers once results and state are durable. A document that cannot be scored says why under its own `busybody`.
"""

from __future__ import annotations

import re
from contextlib import suppress
from functools import partial
from io import BytesIO
from json import JSONDecodeError
from typing import Any, Callable, Mapping, NamedTuple, Sequence

from anyio import CapacityLimiter, to_thread
from busybody.errors import BusybodyError
from busybody.fields.json_text import DECODER, TOO_DEEP, fastest, fault
from starlette.requests import Request
from starlette.responses import Response

from .bodies import unpacked, whole
from .committer import SOON, Committer
from .identity import identity_of
from .limits import Limits, Refused, too_many
from .metrics import Metrics
from .records import API, BROKEN, SKIPPED, Answer, Incoming, Router
from .splice import KEY, MARK, carries, encode, is_own, splice

JSON, NDJSON = "application/json", "application/x-ndjson"
ABSENT = re.compile(r"\A%\{(?:\[[^%]*\]|[\w.@-]+)\}\Z")  # what Logstash sends in place of a field that an event lacks
_FIELD = re.compile(r"([\w.@-]+): ")
_SPACE = " \t\r\n"
_NEXT = re.compile(r'"(?:[^"\\]|\\.)*+(?:"|\Z)|[][{}]', re.DOTALL)  # a string as a whole, or a bracket
_ESCAPE = b"\\u00"  # as which a letter of our key may be written
_loads = fastest()
Seal = Callable[[str, str], str]  # identity, status -> stamp


class Piece(NamedTuple):
    """One document of a request; `fault` says why it is none."""

    text: bytes  # as it came
    document: Mapping[str, Any] | None
    line: int  # of the request, from 1; in an array the number of the element
    fault: str = ""


class Form(NamedTuple):
    """How the documents came, and so how they go back."""

    begin: bytes
    between: bytes
    end: bytes
    media: str


OBJECT, ARRAY, LINES = Form(b"", b"", b"", JSON), Form(b"[", b",", b"]", JSON), Form(b"", b"\n", b"\n", NDJSON)


class ScoreApi:
    """The handler of POST /score."""

    def __init__(self, router: Router, limits: Limits, metrics: Metrics, committer: Committer) -> None:
        self._router = router
        self._limits = limits
        self._metrics = metrics
        self._committer = committer
        self._stamps = router.stamps
        self._threads = CapacityLimiter(limits.concurrent)  # its own: whoever is let in waits for nobody else's

    async def __call__(self, request: Request) -> Response:
        """Raises Refused for a request that cannot be read at all."""
        headers, asked = request.headers, request.query_params
        learn = asked.get("learn", "true").lower() != "false"
        body = await whole(request.receive, headers.get("content-length"), self._limits)
        encoding = headers.get("content-encoding", "").strip().lower()
        lines = "ndjson" in headers.get("content-type", "")
        form, pieces, incoming = await to_thread.run_sync(self._read, body, encoding, lines, limiter=self._threads)
        del body
        score = partial(self._router.score, incoming, learn=learn, deadline=self._limits.seconds)
        batch = await to_thread.run_sync(score, limiter=self._threads) if incoming else None
        answers = iter(batch.answers if batch else ())
        whole_answers = [_unreadable(piece) if piece.document is None else next(answers) for piece in pieces]
        self._metrics.count(API, whole_answers)
        if learn and incoming:
            self._committer.learned(SOON)
            if asked.get("commit", "false").lower() == "true":
                await self._committer.now()
        only = asked.get("only") == "assessment"
        seal = self._stamps.of if learn and self._stamps.is_ready else None
        write = partial(_written, form, pieces, whole_answers, only=only, seal=seal)
        return Response(await to_thread.run_sync(write, limiter=self._threads), media_type=form.media)

    def _read(self, body: bytes, encoding: str, lines: bool) -> tuple[Form, list[Piece], list[Incoming]]:
        form, pieces = read(unpacked(body, encoding, self._limits.unpacked), lines=lines, most=self._limits.documents)
        incoming = []
        for place, piece in enumerate(pieces):
            if piece.document is not None:
                try:
                    incoming.append(Incoming(piece.document, identity_of(piece.document, "", ""), API))
                except (RecursionError, ValueError, TypeError):
                    pieces[place] = piece._replace(document=None, fault=TOO_DEEP)
        with suppress(BusybodyError):  # then without a stamp: the reader scores what is indexed
            self._stamps.prepare()
        return form, pieces, incoming


def read(body: bytes, *, lines: bool = False, most: int = Limits().documents) -> tuple[Form, list[Piece]]:
    """The documents of a request, and their form; `lines` where the caller says that there is one a line.

    Raises Refused for a body of which no part is JSON, and for one of more than `most` documents.
    """
    text = body.strip()
    if not text:
        raise Refused(400, "the body is empty. Send a JSON object, an array of them, or one object a line.")
    if text[:1] == b"[" and not lines:
        return ARRAY, _elements(text, most)
    if not lines:
        piece = _piece(text, 1)
        if piece.document is not None:
            return OBJECT, [piece]
        first = _piece(text.split(b"\n", 1)[0], 1)
        if first.document is None or b"\n" not in text:
            raise Refused(400, piece.fault)
    if body.count(b"\n") >= most and sum(1 for line in BytesIO(body) if line.strip()) > most:
        raise too_many(most, "documents")
    return LINES, [_piece(line.rstrip(b"\n"), number) for number, line in enumerate(BytesIO(body), 1) if line.strip()]


def _elements(text: bytes, most: int) -> list[Piece]:
    """Each element with the text that it is written as."""
    pieces: list[Piece] = []
    try:
        decoded = text.decode("utf-8")
        at = _behind(decoded, 1)
        while decoded[at : at + 1] != "]" or pieces:
            if len(pieces) == most:
                raise too_many(most, "documents")
            number = len(pieces) + 1
            try:
                value, end = DECODER.raw_decode(decoded, at)
                pieces.append(_of(decoded[at:end].encode(), value, number))
            except RecursionError:
                end = _end(decoded, at)
                pieces.append(Piece(decoded[at:end].encode(), None, number, TOO_DEEP))
            at = _behind(decoded, end)
            if decoded[at : at + 1] == "]":
                break
            if decoded[at : at + 1] != ",":
                raise Refused(400, f"the array needs a comma or its end at character {at + 1}.")
            at = _behind(decoded, at + 1)
    except UnicodeError:
        raise Refused(400, "the body is no valid UTF-8.") from None
    except JSONDecodeError as error:
        raise Refused(400, fault(error)) from None
    except ValueError as error:
        raise Refused(400, str(error)) from None
    if _behind(decoded, at + 1) != len(decoded):
        raise Refused(400, f"the array ends at character {at + 1}, and there is more behind it.")
    return pieces


def _end(text: str, at: int) -> int:
    """Where the object or array ends that begins there. Raises Refused where it does not."""
    depth = 0
    for found in _NEXT.finditer(text, at):
        depth += {"[": 1, "{": 1, "]": -1, "}": -1}.get(found[0], 0)
        if depth == 0:
            return found.end()
    raise Refused(400, TOO_DEEP)


def _behind(text: str, at: int) -> int:
    """Where the next character stands that is no space."""
    while at < len(text) and text[at] in _SPACE:
        at += 1
    return at


def _piece(text: bytes, line: int) -> Piece:
    try:
        return _of(text, _loads(text), line)
    except ValueError as error:
        return Piece(text, None, line, str(error))
    except RecursionError:
        return Piece(text, None, line, TOO_DEEP)


def _of(text: bytes, value: Any, line: int) -> Piece:
    if not isinstance(value, dict):
        return Piece(text, None, line, "is no JSON object")
    return Piece(text, present(value) if b"%{" in text else value, line)


def present(document: Mapping[str, Any]) -> dict[str, Any]:
    """The document without the fields that Logstash wrote in literally because its event lacked them."""
    found: dict[str, Any] = {}
    for key, value in document.items():
        if isinstance(value, str) and ABSENT.search(value):
            continue
        if isinstance(value, list):
            value = [item for item in value if not (isinstance(item, str) and ABSENT.search(item))]  # noqa: PLW2901
        found[key] = present(value) if isinstance(value, dict) else value
    return found


def _unreadable(piece: Piece) -> Answer:
    return Answer("", BROKEN, piece.fault)


def _written(
    form: Form, pieces: Sequence[Piece], answers: Sequence[Answer], *, only: bool, seal: Seal | None
) -> bytes:  # fmt: skip
    written = [_one(piece, answer, only=only, seal=seal) for piece, answer in zip(pieces, answers, strict=True)]
    return b"".join((form.begin, form.between.join(written), form.end))


def _one(piece: Piece, answer: Answer, *, only: bool, seal: Seal | None) -> bytes:
    said = told(answer, piece.line)
    if seal is not None and answer.identity:
        said["stamp"] = seal(answer.identity, answer.status)
    assessment = encode(said)
    if only:
        return assessment
    if piece.document is None:
        return b'{"busybody":' + assessment + b"}"
    if MARK in piece.text or _ESCAPE in piece.text:
        document = _loads(piece.text)
        if carries(document):
            others = {key: value for key, value in document.items() if not is_own(key)}
            try:
                return encode({**others, KEY: said})
            except RecursionError:
                return b'{"busybody":' + encode({**said, "status": BROKEN, "reason": TOO_DEEP}) + b"}"
    return splice(piece.text, assessment)


def told(answer: Answer, line: int) -> dict[str, Any]:
    """What stands under `busybody`: the assessment, or why there is none, with line and field."""
    found: dict[str, Any] = {"identity": answer.identity, **(answer.busybody or {}), "status": answer.status}
    if not answer.identity:
        del found["identity"]
    if answer.reason:
        found["reason"] = answer.reason
    if answer.status in (BROKEN, SKIPPED):
        found["line"] = line
        field = _FIELD.match(answer.reason)
        if field and answer.status == BROKEN and answer.identity:
            found["field"] = field[1]
    return found


__all__ = ["ScoreApi", "present", "read", "told"]
