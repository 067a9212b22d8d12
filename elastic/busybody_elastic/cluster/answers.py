"""What a cluster's answers say: errors without anybody's data in them, and whether an answer is whole."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ..errors import ClusterError, PartialResults

LONGEST_REASON = 300  # characters
QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"")  # the values of documents stand between quotes
PREVIEW = re.compile(r"Preview of field's value:.*|(?<=date field) \[[^\]]*\]|(?<=document with id) \S+", re.DOTALL)
IDENTIFIER = re.compile(r"(/_(?:doc|create|update|source)/)[^/?]+")
NEXT_STEPS = {
    400: "",
    401: "Check cluster.api_key, or username and password.",
    403: "Give its role the privilege that is named; `busybody-elastic doctor` lists what is missing.",
    413: "Send less at once.",
    429: "The cluster is overloaded; it was asked again in vain.",
    503: "The cluster is not ready; look at its health.",
}


def reason_of(error: Any) -> str:
    """Type and reason of an error as the cluster tells it, without the values of the document that caused it."""
    if not isinstance(error, Mapping):
        return _harmless(str(error or ""))
    parts = [str(error.get("type") or ""), str(error.get("reason") or "")]
    cause = error.get("caused_by")
    if isinstance(cause, Mapping) and cause.get("reason") != error.get("reason"):
        parts.append(str(cause.get("reason") or ""))
    return _harmless(": ".join(filter(None, parts)))


def _harmless(text: str) -> str:
    return QUOTED.sub("'…'", PREVIEW.sub("…", text)).strip()[:LONGEST_REASON]


def refused(status: int, body: Any, method: str, path: str) -> ClusterError:
    """The error for an answer of 400 and more."""
    error = body.get("error") if isinstance(body, Mapping) else body
    where = IDENTIFIER.sub(r"\1…", path.partition("?")[0])
    message = f"{method} {where} was answered {status}: {reason_of(error) or 'without a reason'}."
    return ClusterError(f"{message} {NEXT_STEPS.get(status, '')}".rstrip(), status=status)


def whole(answer: Mapping[str, Any], what: str) -> None:
    """Raises PartialResults unless every shard of every cluster gave its part.

    `successful` counts the shards that were skipped because nothing there could match, on all products.
    """
    shards = answer.get("_shards") or {}
    clusters = answer.get("_clusters") or {}
    total, successful, failed = (int(shards.get(key, 0)) for key in ("total", "successful", "failed"))
    if answer.get("timed_out"):
        raise PartialResults(f"{what} ended early: it timed out. Ask for less, or raise cluster.timeout_seconds.")
    if failed or successful < total:
        message = f"{what} reached {successful} of {total} shards ({failed} failed). Look at the cluster's health."
        raise PartialResults(message)
    if int(clusters.get("successful", 0)) < int(clusters.get("total", 0)) or clusters.get("partial"):
        message = f"{what} reached {clusters['successful']} of {clusters['total']} clusters. Look at the remote ones."
        raise PartialResults(message)


def is_partial(status: int, body: Any) -> bool:
    """Whether a search was refused because a shard could not give its part."""
    error = body.get("error") if isinstance(body, Mapping) else None
    return status >= 500 and isinstance(error, Mapping) and error.get("type") == "search_phase_execution_exception"
