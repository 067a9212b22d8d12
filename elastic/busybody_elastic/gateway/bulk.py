"""A bulk request: its lines, which of them are documents, and which of those may be sign-ins.

    action line \n source line \n ... \n      no source line behind a delete; blank lines between operations are nothing

Lines are kept as they are; `b"\n".join(lines)` is the request again, byte for byte.
"""

from __future__ import annotations

from typing import Any, Mapping, NamedTuple, Sequence

import orjson

from ..identity import field, identity_of
from ..records import GATEWAY, Incoming
from ..splice import carries, splice

WITHOUT_SOURCE = "delete"
SCORABLE = ("create", "index")  # an update holds part of a document, or a script
CONDITIONS = ("if_seq_no", "if_primary_term", "version", "version_type", "op_type")
ACTIONS = (*SCORABLE, "update", WITHOUT_SOURCE)
OURS = ("busybody-", "logs-busybody.")  # what we wrote ourselves is never a sign-in


class Operation(NamedTuple):
    """One action. Its lines are given by number, from 0."""

    action: str
    target: str  # index, alias or data stream
    id: str | None
    plain: bool  # without a condition of its own on what lies there
    line: int
    source: int | None  # None for a delete


class Candidate(NamedTuple):
    """A document that may be a sign-in."""

    position: int  # among the operations, and so among the items of the answer
    operation: Operation
    incoming: Incoming


class Unreadable(ValueError):
    """No bulk request as we know it: upstream says what is wrong with it."""


def operations(lines: Sequence[bytes], index: str) -> list[Operation]:
    """The operations of a request; `index` is the one that its path names. Raises Unreadable."""
    found: list[Operation] = []
    end = len(lines) - 1
    if lines[end]:
        raise Unreadable("the last line does not end")  # a cluster refuses the whole of it
    known: dict[bytes, tuple[str, str, str | None, bool]] = {}  # many action lines are the same: {"create":{}}
    at = 0
    while at < end:
        line = lines[at]
        action = known.get(line)
        if action is None:
            if not line.strip():
                at += 1
                continue
            action = known[line] = _action(line, index)
        if action[0] == WITHOUT_SOURCE:
            found.append(Operation(*action, at, None))
            at += 1
            continue
        if at + 1 >= end:
            raise Unreadable("the last action has no source")
        found.append(Operation(*action, at, at + 1))
        at += 2
    return found


class Chosen(NamedTuple):
    """The documents that may be sign-ins, and how many were left out."""

    candidates: list[Candidate]
    carrying: int  # have `busybody` already
    unparsed: int  # are no JSON to us; a cluster may see it otherwise, as with half a surrogate pair


def candidates(lines: Sequence[bytes], found: Sequence[Operation], *, sure: bool) -> Chosen:
    """What is to be scored of a request.

    `sure`: only the packaged field maps are used, so that a document can be ruled out by the words in it.
    """
    chosen: list[Candidate] = []
    carrying = unparsed = 0
    for position, operation in enumerate(found):
        if operation.source is None or operation.action not in SCORABLE or operation.target.startswith(OURS):
            continue
        source = lines[operation.source]
        if sure and is_none(source):
            continue
        try:
            document = orjson.loads(source)
        except ValueError:
            unparsed += 1  # upstream judges it
            continue
        if not isinstance(document, dict):
            continue
        if carries(document):  # also where the key is spelled with escapes
            carrying += 1
            continue
        try:
            identity = identity_of(document, operation.target, operation.id)
        except (RecursionError, ValueError, TypeError):
            continue  # nested so deep that it is no sign-in; upstream judges it
        incoming = Incoming(document, identity, GATEWAY, operation.target, operation.id or "")
        chosen.append(Candidate(position, operation, incoming))
    return Chosen(chosen, carrying, unparsed)


def survives(candidate: Candidate, result: Mapping[str, Any]) -> bool:
    """Whether the document, as it lies there without a stamp, has the identity under which it was scored."""
    document, operation = candidate.incoming.document, candidate.operation
    name = result.get("_id") or operation.id
    if not name and field(document, "event", "id") is None:
        return False
    return identity_of(document, result.get("_index") or operation.target, name) == candidate.incoming.identity


def is_named(candidate: Candidate, result: Mapping[str, Any]) -> bool:
    """Whether the identity is the place's, so that whatever lies there has it."""
    return field(candidate.incoming.document, "event", "id") is None and survives(candidate, result)


def is_none(source: bytes) -> bool:
    """Whether a document is ruled out: its event.category is given, and no word of a sign-in's is in the text.

    The last words are how vendors' own records, which have another `category`, call theirs. Nine of ten documents
    come here and no further, hence the plain chain.
    """
    return b'category"' in source and not (
        b"authentication" in source
        or b"session" in source
        or b"SignIn" in source
        or b"signin" in source
        or b"userPrincipalName" in source
        or b"B2CRequest" in source
    )


def spliced(lines: Sequence[bytes], additions: Mapping[int, bytes]) -> bytes:
    """The request with something under `busybody` in the source lines of those numbers."""
    new = list(lines)
    for number, addition in additions.items():
        new[number] = splice(new[number], addition)
    return b"\n".join(new)


def only(lines: Sequence[bytes], chosen: Sequence[Operation]) -> bytes:
    """A request of these operations alone, as they came."""
    kept = [lines[number] for one in chosen for number in (one.line, one.source) if number is not None]
    return b"\n".join((*kept, b""))


def _action(line: bytes, index: str) -> tuple[str, str, str | None, bool]:
    try:
        value: Any = orjson.loads(line)
        ((action, meta),) = value.items()
        name, found = meta.get("_id"), meta.get("_index") or index
    except (ValueError, AttributeError) as error:
        raise Unreadable("no action line") from error
    if action not in ACTIONS:
        raise Unreadable("an unknown action")
    plain = not any(condition in meta for condition in CONDITIONS)
    return action, str(found), None if name is None else str(name), plain
