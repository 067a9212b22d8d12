"""POST /score: documents in, the same documents with `busybody` in them out.

One JSON object, an array or one object a line, as they come, gzip or not; the answer has the same form. Parameters:
`only=assessment` answers with what would be under `busybody` alone, `learn=false` teaches nothing, `commit=true`
answers once results and state are durable. A document that cannot be scored says why under its own `busybody`.
"""

from __future__ import annotations

import re
from functools import partial
from json import JSONDecodeError
from typing import Any, Mapping, NamedTuple, Sequence

from anyio import to_thread
from busybody.fields.json_text import DECODER, TOO_DEEP, fastest, fault
from starlette.requests import Request
from starlette.responses import Response

from .bodies import unpacked, whole
from .committer import SOON, Committer
from .identity import identity_of
from .limits import Limits, Refused
from .metrics import Metrics
from .records import API, BROKEN, SKIPPED, Answer, Incoming, Router
from .splice import KEY, MARK, carries, encode, is_own, splice

JSON, NDJSON = "application/json", "application/x-ndjson"
ABSENT = re.compile(r"%\{\[|\A%\{[\w.@-]+\}\Z")  # what Logstash sends in place of a field that an event lacks
_FIELD = re.compile(r"([\w.@-]+): ")
_SPACE = " \t\r\n"
_loads = fastest()


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

    async def __call__(self, request: Request) -> Response:
        """Raises Refused for a request that cannot be read at all."""
        headers, asked = request.headers, request.query_params
        learn = asked.get("learn", "true").lower() != "false"
        body = await whole(request.receive, headers.get("content-length"), self._limits)
        encoding = headers.get("content-encoding", "").strip().lower()
        lines = "ndjson" in headers.get("content-type", "")
        form, pieces, incoming = await to_thread.run_sync(self._read, body, encoding, lines)
        score = partial(self._router.score, incoming, learn=learn, deadline=self._limits.seconds)
        batch = await to_thread.run_sync(score) if incoming else None
        answers = iter(batch.answers if batch else ())
        whole_answers = [_unreadable(piece) if piece.document is None else next(answers) for piece in pieces]
        self._metrics.count(API, whole_answers)
        if learn and incoming:
            self._committer.learned(SOON)
            if asked.get("commit", "false").lower() == "true":
                await self._committer.now()
        only = asked.get("only") == "assessment"
        return Response(_written(form, pieces, whole_answers, only=only), media_type=form.media)

    def _read(self, body: bytes, encoding: str, lines: bool) -> tuple[Form, list[Piece], list[Incoming]]:
        form, pieces = read(unpacked(body, encoding, self._limits.unpacked), lines=lines)
        documents = [piece.document for piece in pieces if piece.document is not None]
        return form, pieces, [Incoming(document, identity_of(document, "", ""), API) for document in documents]


def read(body: bytes, *, lines: bool = False) -> tuple[Form, list[Piece]]:
    """The documents of a request, and their form; `lines` where the caller says that there is one a line.

    Raises Refused for a body of which no part is JSON.
    """
    text = body.strip()
    if not text:
        raise Refused(400, "the body is empty. Send a JSON object, an array of them, or one object a line.")
    if text[:1] == b"[" and not lines:
        return ARRAY, list(_elements(text))
    if not lines:
        piece = _piece(text, 1)
        if piece.document is not None:
            return OBJECT, [piece]
        first = _piece(text.split(b"\n", 1)[0], 1)
        if first.document is None or b"\n" not in text:
            raise Refused(400, piece.fault)
    return LINES, [_piece(line, number) for number, line in enumerate(body.split(b"\n"), 1) if line.strip()]


def _elements(text: bytes) -> Sequence[Piece]:
    """Each element with the text that it is written as."""
    pieces: list[Piece] = []
    try:
        decoded = text.decode("utf-8")
        at = _behind(decoded, 1)
        while decoded[at : at + 1] != "]" or pieces:
            value, end = DECODER.raw_decode(decoded, at)
            pieces.append(_of(decoded[at:end].encode(), value, len(pieces) + 1))
            at = _behind(decoded, end)
            if decoded[at : at + 1] == "]":
                break
            if decoded[at : at + 1] != ",":
                raise Refused(400, f"the array needs a comma or its end at character {at + 1}.")
            at = _behind(decoded, at + 1)
    except UnicodeError:
        raise Refused(400, "the body is no valid UTF-8.") from None
    except RecursionError:
        raise Refused(400, TOO_DEEP) from None
    except JSONDecodeError as error:
        raise Refused(400, fault(error)) from None
    except ValueError as error:
        raise Refused(400, str(error)) from None
    if _behind(decoded, at + 1) != len(decoded):
        raise Refused(400, f"the array ends at character {at + 1}, and there is more behind it.")
    return pieces


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


def _written(form: Form, pieces: Sequence[Piece], answers: Sequence[Answer], *, only: bool) -> bytes:
    written = [_one(piece, answer, only=only) for piece, answer in zip(pieces, answers, strict=True)]
    return b"".join((form.begin, form.between.join(written), form.end))


def _one(piece: Piece, answer: Answer, *, only: bool) -> bytes:
    assessment = encode(told(answer, piece.line))
    if only:
        return assessment
    if piece.document is None:
        return b'{"busybody":' + assessment + b"}"
    if MARK in piece.text:
        document = _loads(piece.text)
        if carries(document):
            others = {key: value for key, value in document.items() if not is_own(key)}
            return encode({**others, KEY: told(answer, piece.line)})
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
