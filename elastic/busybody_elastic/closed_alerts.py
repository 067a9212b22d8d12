"""Alerts of ours that an analyst closed in Kibana, with a tag that says what it was: each becomes a verdict document.

A detection rule copies our alert into `.alerts-security.alerts-<space>`, where `kibana.alert.ancestors` names the
document that it came from. Where nobody may read those, or where there are none, nothing happens.

All of them are paged through each time, as a look from the last closing on would miss whoever adds the tag later.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from busybody.contracts import iso

from .documents import ECS, Document
from .errors import ClusterError
from .identity import family

if TYPE_CHECKING:
    from .results import Results

INDEX = ".alerts-security.alerts-*"
TAGS = {"busybody:malicious": "malicious", "busybody:benign": "benign", "busybody:closed": "closed"}  # the worst first
DAYS = 90  # since the alert, not since its closing
PAGE = 1_000
FIELDS = [
    "user",
    "kibana.alert.ancestors",
    "kibana.alert.workflow_tags",
    "kibana.alert.workflow_user",
    "kibana.alert.workflow_status_updated_at",
]
QUIET = (401, 403, 404)  # no right to look, or nothing to look at


def closed_alerts(results: Results, now: float, taken: set[str]) -> int:
    """Make verdicts of those that have none yet. Says how many. `taken` remembers which have one."""
    index = results.names.verdict
    made = 0
    for hits in _pages(results, now):
        verdicts = {name: document for name, document in _verdicts(results, hits, now) if name not in taken}
        known = results.cluster.mget(index, list(verdicts)) if verdicts else {}
        for name, document in verdicts.items():
            if name not in known:
                made += results.cluster.put(index, name, document, create=True, refresh=True) is not None
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


def _verdicts(results: Results, hits: Iterable[dict[str, Any]], now: float) -> Iterator[tuple[str, Document]]:
    for hit in hits:
        alert = hit["_source"]
        tags = value(alert, "kibana.alert.workflow_tags") or []
        answer = next(answer for tag, answer in TAGS.items() if tag in tags)
        incident = _incident(alert, results.names.alert)
        if incident is None:
            continue
        user = value(alert, "user.name")
        yield f"kibana-{hit['_id']}-{answer}", {
            "@timestamp": value(alert, "kibana.alert.workflow_status_updated_at") or iso(now),
            "ecs": ECS,
            **({"user": {"name": user}} if user else {}),
            "busybody": {
                "verdict": {
                    "incident": incident, "answer": answer, "channel": "kibana", "verified": False,
                    "by": str(value(alert, "kibana.alert.workflow_user") or "kibana"),
                }
            },
        }  # fmt: skip


def _incident(alert: Mapping[str, Any], stream: str) -> str | None:
    """The incident of our alert that this is a copy of; None for that of another namespace."""
    for ancestor in value(alert, "kibana.alert.ancestors") or ():
        if family(str(ancestor.get("index", ""))) == stream:
            return str(ancestor["id"]).rpartition("-")[0] or None
    return None


def value(source: Mapping[str, Any], path: str) -> Any:
    """A field by its path, whether its names are nested, dotted, or some of each."""
    if path in source:
        return source[path]
    for place, letter in enumerate(path):
        if letter == ".":
            inner = source.get(path[:place])
            if isinstance(inner, Mapping):
                found = value(inner, path[place + 1 :])
                if found is not None:
                    return found
    return None
