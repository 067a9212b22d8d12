"""A verdict as somebody wrote it, read into one checked record.

Whoever may write a verdict writes JSON, and the index takes names nested, dotted or some of each, one value or a list.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any, NamedTuple

from .documents import Document, moment

VERDICT = "busybody.verdict"


class Said(NamedTuple):
    """Empty is what is missing, or is nothing that could stand there."""

    user: str
    answer: str
    incident: str
    event_id: str
    by: str
    channel: str
    verified: bool
    time: float  # when it was given, epoch seconds; now, where that cannot be read or lies in the future
    taken: bool


def read(source: Mapping[str, Any], now: float) -> Said:
    """The first of several values counts."""
    names = "answer", "incident", "event_id", "by", "channel"
    answer, incident, event_id, by, channel = (text(source, f"{VERDICT}.{name}") for name in names)
    given = moment(next(values(source, "@timestamp"), None), now)
    return Said(
        text(source, "user.name"), answer, incident, event_id, by, channel,
        next(values(source, f"{VERDICT}.verified"), None) is True,
        given if 0.0 <= given <= now else now, any(values(source, f"{VERDICT}.taken")),
    )  # fmt: skip


def values(source: Any, path: str) -> Iterator[Any]:
    """What stands at a path, nested or dotted, in lists or by itself; nothing that is null."""
    if isinstance(source, list):
        for one in source:
            yield from values(one, path)
    elif not path:
        if source is not None:
            yield source
    elif isinstance(source, Mapping):
        for name, inner in source.items():
            if path == name or path.startswith(f"{name}."):
                yield from values(inner, path[len(name) + 1 :])


def text(source: Any, path: str) -> str:
    """The first value at a path, as text; empty where there is none, or an object."""
    found = next(values(source, path), "")
    return "" if isinstance(found, Mapping) else str(found)


def with_words(source: Mapping[str, Any], more: Mapping[str, Any]) -> Document:
    """With more fields of a verdict, and all that was there."""
    body = source.get("busybody")
    inner = body.get("verdict") if isinstance(body, Mapping) else None
    if not isinstance(body or {}, Mapping) or not isinstance(inner or {}, Mapping):
        return {**source, **{f"{VERDICT}.{name}": value for name, value in more.items()}}
    return {**source, "busybody": {**(body or {}), "verdict": {**(inner or {}), **more}}}


def without(source: Any, paths: Collection[str]) -> Any:
    """Without what stands at these paths, however it is written."""
    if isinstance(source, list):
        return [without(one, paths) for one in source]
    if not isinstance(source, Mapping):
        return source
    return {
        name: without(inner, [path[len(name) + 1 :] for path in paths if path.startswith(f"{name}.")])
        for name, inner in source.items()
        if name not in paths
    }
