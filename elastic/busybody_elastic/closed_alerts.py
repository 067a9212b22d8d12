"""Alerts of ours that an analyst closed in Kibana, with a tag that says what it was: each becomes a verdict document.

A detection rule copies our alert into `.alerts-security.alerts-<space>`, where `kibana.alert.ancestors` names the
document that it came from. Where nobody may read those, or where there are none, nothing happens.

All of them are paged through each time, as a look from the last closing on would miss whoever adds the tag later.

Whoever was erased stays erased: what was copied of them into those alerts is not ours to delete, and is passed over.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from busybody.contracts import iso

from .documents import ECS, Document, moment, person_id
from .errors import ClusterError
from .identity import family
from .verdict_document import text, values

if TYPE_CHECKING:
    from .results import Results

INDEX = ".alerts-security.alerts-*"
TAGS = {"busybody:malicious": "malicious", "busybody:benign": "benign", "busybody:closed": "closed"}  # the worst first
DAYS = 90  # since the alert, not since its closing
PAGE = 1_000
FIELDS = [
    "@timestamp",
    "user",
    "kibana.alert.original_time",
    "kibana.alert.ancestors",
    "kibana.alert.workflow_tags",
    "kibana.alert.workflow_user",
    "kibana.alert.workflow_status_updated_at",
]
QUIET = (401, 403, 404)  # no right to look, or nothing to look at


def closed_alerts(results: Results, now: float, taken: set[str], erased: Callable[[], Mapping[str, float]]) -> int:
    """Make verdicts of those that have none yet. Says how many. `taken` remembers which need none any more.

    `erased`: person_id -> when, epoch seconds.
    """
    index = results.names.verdict
    made = 0
    for hits in _pages(results, now):
        verdicts = {found.name: found for found in _verdicts(results, hits, now) if found.name not in taken}
        known = results.cluster.mget(index, list(verdicts)) if verdicts else {}
        fresh = [found for name, found in verdicts.items() if name not in known]
        gone = erased() if fresh else {}
        for found in fresh:
            if found.alerted > gone.get(person_id(found.user), float("-inf")):
                made += results.cluster.put(index, found.name, found.document, create=True, refresh=True) is not None
        taken.update(verdicts)
    return made


def _pages(results: Results, now: float) -> Iterator[list[dict[str, Any]]]:
    body: Document = {
        "size": PAGE,
        "_source": FIELDS,
        "sort": [
            {"@timestamp": {"order": "asc", "unmapped_type": "date"}},
            {"kibana.alert.uuid": {"order": "asc", "unmapped_type": "keyword"}},
        ],
        "query": {
            "bool": {
                "filter": [
                    {"term": {"kibana.alert.workflow_status": "closed"}},
                    {"terms": {"kibana.alert.workflow_tags": [*TAGS]}},
                    {"term": {"kibana.alert.original_event.module": "busybody"}},
                    {"range": {"@timestamp": {"gte": iso(now - DAYS * 86400.0)}}},
                ]
            }
        },
    }
    while True:
        try:
            hits = results.hits(INDEX, body)
        except ClusterError as error:
            if error.status in QUIET:
                return
            raise
        yield hits
        if len(hits) < PAGE:
            return
        body["search_after"] = hits[-1]["sort"]


class Closed(NamedTuple):
    """A verdict that an alert stands for."""

    name: str
    user: str
    alerted: float  # when our alert was, epoch seconds
    document: Document


def _verdicts(results: Results, hits: Iterable[dict[str, Any]], now: float) -> Iterator[Closed]:
    for hit in hits:
        alert = hit["_source"]
        tags = [*values(alert, "kibana.alert.workflow_tags")]
        answer = next((answer for tag, answer in TAGS.items() if tag in tags), None)
        incident = _incident(alert, results.names.alert)
        if answer is None or incident is None:
            continue
        user, name = text(alert, "user.name"), f"kibana-{hit['_id']}-{answer}"
        alerted = text(alert, "kibana.alert.original_time") or text(alert, "@timestamp")
        yield Closed(name, user, moment(alerted, 0.0), {
            "@timestamp": text(alert, "kibana.alert.workflow_status_updated_at") or iso(now),
            "ecs": ECS,
            **({"user": {"name": user}} if user else {}),
            "busybody": {
                "verdict": {
                    "incident": incident, "answer": answer, "channel": "kibana", "verified": False,
                    "by": text(alert, "kibana.alert.workflow_user") or "kibana",
                }
            },
        })  # fmt: skip


def _incident(alert: Mapping[str, Any], stream: str) -> str | None:
    """The incident of our alert that this is a copy of; None for that of another namespace."""
    for ancestor in values(alert, "kibana.alert.ancestors"):
        if family(text(ancestor, "index")) == stream:
            return text(ancestor, "id").rpartition("-")[0] or None
    return None
