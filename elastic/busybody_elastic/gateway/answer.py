"""The answer to a bulk request: which items were accepted, which were refused for our fields, what the caller asked for."""

from __future__ import annotations

import re
from typing import Any, Mapping, NamedTuple, Sequence
from urllib.parse import unquote_plus

ERRORS, ITEMS = "errors", "items"
DUPLICATE = 409
# With these in filter_path, each item keeps its place, its status and its error.
_STATUS = re.compile(r"(?:items(?:\.\*|\.\*\*)*|items\.\*\.status|\*\*|\*|\*\.\*\.status|\*\*\.status)\Z")
_ERROR = re.compile(r"(?:items(?:\.\*|\.\*\*)*|items\.\*\.error(?:\.\*|\.\*\*)?|\*\*|\*)\Z")
_OURS = r"\[busybody(?:\.[\w.]+)?\]"
_OUR_FAULT = re.compile(
    rf"dynamic introduction of (?:{_OURS}|\[\w+\] within {_OURS})|(?:field|mapping(?: for)?) {_OURS}|Limit of total fields"
)
_KINDS = frozenset(
    ("strict_dynamic_mapping_exception", "mapper_parsing_exception", "document_parsing_exception",
     "illegal_argument_exception")
)  # fmt: skip
_VALUE = "Preview of field"  # from here on a reason shows what the document says


class Asked(NamedTuple):
    """The query as upstream is asked, and the filter that is left to us."""

    query: bytes
    filters: tuple[str, ...]  # empty where the answer goes to the caller as it is


def asked(query: bytes) -> Asked:
    """A filter_path that would hide the items' statuses from us is taken out; the answer is filtered here."""
    if b"filter_path" not in query and b"%" not in query:
        return Asked(query, ())
    others, filters = [], []
    for part in query.split(b"&"):
        name, _, value = part.partition(b"=")
        if unquote_plus(name.decode("latin-1")) == "filter_path":
            filters += [text for text in unquote_plus(value.decode("latin-1")).split(",") if text]
        else:
            others.append(part)
    excludes = any(text.startswith("-") for text in filters)
    if not filters or (not excludes and any(map(_STATUS.match, filters)) and any(map(_ERROR.match, filters))):
        return Asked(query, ())
    return Asked(b"&".join(others), tuple(filters))


def is_json(query: bytes, accept: str) -> bool:
    """Whether the answer will be JSON, so that we can read the statuses in it."""
    pairs = [unquote_plus(part.decode("latin-1")).partition("=") for part in query.split(b"&")]
    plain = not accept or "json" in accept or "*/*" in accept or "text/plain" in accept
    return plain and all(value == "json" for name, _, value in pairs if name == "format")


def results(answer: Any, number: int) -> list[Mapping[str, Any]] | None:
    """What became of each operation; None where the answer does not say."""
    items = answer.get(ITEMS) if isinstance(answer, dict) else None
    if not isinstance(items, list) or len(items) != number:
        return None
    found: list[Mapping[str, Any]] = []
    for item in items:
        result = next(iter(item.values()), None) if isinstance(item, dict) else None
        if not isinstance(result, dict) or not isinstance(result.get("status"), int):
            return None
        found.append(result)
    return found


def is_accepted(result: Mapping[str, Any]) -> bool:
    """Whether it lies there now because of this request."""
    status: int = result["status"]
    return status < 300


def is_our_fault(result: Mapping[str, Any]) -> bool:
    """Whether the item was refused for the fields that we put into it, as far as the error says.

    A document can make an error look so. What is believed of an index is therefore what comes of the document without
    our fields.
    """
    error = result.get("error")
    if result["status"] != 400 or not isinstance(error, dict) or error.get("type") not in _KINDS:
        return False
    return _OUR_FAULT.search(str(error.get("reason", "")).partition(_VALUE)[0]) is not None


def merged(answer: dict[str, Any], positions: Sequence[int], again: Sequence[Any]) -> dict[str, Any]:
    """The answer with these items in their positions."""
    items = list(answer[ITEMS])
    for position, item in zip(positions, again, strict=True):
        items[position] = item
    failed = any(result["status"] >= 300 for item in items for result in item.values())
    return {**answer, **({ERRORS: failed} if ERRORS in answer else {}), ITEMS: items}


def filtered(answer: Any, filters: Sequence[str]) -> Any:
    """What `filter_path` leaves of an answer, as the clusters do it.

    A dotted path, `*` for a part of a name or a whole one, `**` for any number of them; with a minus in front the
    path is left out. What becomes empty goes, too.
    """
    wanted = [text.split(".") for text in filters if not text.startswith("-")]
    unwanted = [text[1:].split(".") for text in filters if text.startswith("-")]
    if unwanted:
        answer = _without(answer, unwanted)
    found = _within(answer, wanted) if wanted else answer
    return {} if found is None else found


def _steps(paths: Sequence[Sequence[str]], name: str) -> tuple[list[Sequence[str]], bool]:
    """Where the paths stand below `name`, and whether one of them ends there."""
    below: list[Sequence[str]] = []
    ends = False
    for path in paths:
        first, rest = path[0], path[1:]
        if first == "**":
            below.append(path)
            inner, done = _steps([rest], name) if rest else ([], True)
            below += inner
            ends = ends or done
        elif first == name or ("*" in first and re.fullmatch(".*".join(map(re.escape, first.split("*"))), name)):
            if rest:
                below.append(rest)
                ends = ends or list(rest) == ["**"]
            else:
                ends = True
    return below, ends


def _within(value: Any, paths: Sequence[Sequence[str]]) -> Any:
    """The parts of a value on these paths; None where there are none."""
    if isinstance(value, list):
        kept = [found for item in value if (found := _within(item, paths)) is not None]
        return kept or None
    if not isinstance(value, dict):
        return None
    chosen: dict[str, Any] = {}
    for name, inner in value.items():
        below, ends = _steps(paths, name)
        found = inner if ends else _within(inner, below) if below else None
        if found is not None:
            chosen[name] = found
    return chosen or None


def _without(value: Any, paths: Sequence[Sequence[str]]) -> Any:
    if isinstance(value, list):
        return [_without(item, paths) for item in value]
    if not isinstance(value, dict):
        return value
    kept: dict[str, Any] = {}
    for name, inner in value.items():
        below, ends = _steps(paths, name)
        if not ends:
            left = _without(inner, below) if below else inner
            if left not in ({}, []) or inner in ({}, []):
                kept[name] = left
    return kept
