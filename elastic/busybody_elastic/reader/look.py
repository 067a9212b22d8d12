"""What the reader looks up about the indices it follows: how slowly they refresh, how many documents there are."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple
from urllib.parse import quote

from ..cluster.protocol import Cluster
from ..errors import ClusterError
from .lane import Lane, Query
from .wanted import is_own, not_own

AUTHENTICATION: Query = {"term": {"event.category": "authentication"}}
MARGIN = 10.0  # seconds beyond the slowest refresh: clocks of ingest nodes, and a bulk request on its way
TIMES, DATES = ("@timestamp", "event.ingested"), ("date", "date_nanos", "unmapped")
UNSET = 1.0  # seconds: what an index without the setting refreshes in
UNKNOWN = 30.0  # seconds: what is assumed where it cannot be looked up
_UNITS = {"nanos": 1e-9, "micros": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_INTERVAL = re.compile(r"(\d+(?:\.\d+)?)\s*(nanos|micros|ms|s|m|h|d)")


class Refresh(NamedTuple):
    """The slowest refresh of the followed indices, and what to say of it."""

    seconds: float
    words: str


class Count(NamedTuple):
    """Documents of a lane in its overlap, and after it."""

    late: int
    fresh: int


def slowest_refresh(cluster: Cluster, indices: str) -> Refresh:
    """Looked up in the indices' settings; where that is refused, UNKNOWN is assumed and said."""
    local = ",".join(name for name in indices.split(",") if ":" not in name)
    if local != indices:
        return Refresh(UNKNOWN, "indices of other clusters do not show their refresh interval; 30 s are assumed")
    parameters = {
        "flat_settings": "true",
        "ignore_unavailable": "true",
        "allow_no_indices": "true",
        "include_defaults": "true",
    }
    try:
        found = cluster.request("GET", f"/{local}/_settings/index.refresh_interval", params=parameters)
    except ClusterError as error:
        if error.status not in (400, 401, 403, 404):
            raise
        return Refresh(UNKNOWN, "the refresh intervals may not be looked up (view_index_metadata); 30 s are assumed")
    if not found:  # none is there yet, or Elasticsearch hides those that may not be looked into
        return Refresh(UNKNOWN, "no index shows its refresh interval (view_index_metadata); 30 s are assumed")
    settings = {index: row.get("settings", {}).get("index.refresh_interval") for index, row in found.items()}
    never = sorted(index for index, text in settings.items() if text is not None and text.startswith("-"))
    seconds = max([UNSET, *[_seconds(text) for text in settings.values() if text is not None]])
    if never:
        return Refresh(seconds, f"{never[0]} never refreshes by itself: its sign-ins are found by the sweep, if ever")
    return Refresh(seconds, f"the slowest refresh interval is {seconds:g} s")


def _seconds(text: str) -> float:
    found = _INTERVAL.fullmatch(text)
    return float(found[1]) * _UNITS[found[2]] if found else 0.0


def count(cluster: Cluster, indices: str, bounds: Sequence[tuple[Lane, int, int]]) -> dict[str, Count]:
    """How many documents each lane has between its two bounds, and how many after the second one."""
    aggregations: dict[str, Any] = {}
    for lane, low, position in bounds:
        aggregations[f"{lane.name} late"] = {"filter": lane.between(low, position)}
        aggregations[f"{lane.name} fresh"] = {"filter": lane.between(position + 1)}
    body = {"size": 0, "query": not_own(), "aggs": aggregations}
    found = cluster.search(indices, body).get("aggregations") or {}
    return {lane.name: Count(_number(found, f"{lane.name} late"), _number(found, f"{lane.name} fresh")) for lane, _, _ in bounds}  # fmt: skip


def misdated(cluster: Cluster, indices: str) -> dict[str, str]:
    """Index -> what is wrong there: a time that is no date can neither be sorted nor be asked for."""
    target = quote(indices, safe=",*:-")
    parameters = {"fields": ",".join(TIMES), "ignore_unavailable": "true", "allow_no_indices": "true"}
    try:
        found = cluster.request("GET", f"/{target}/_field_caps", params={**parameters, "include_unmapped": "true"})
    except ClusterError as error:
        if error.status not in (400, 401, 403, 404):
            raise
        return {}
    wrong: dict[str, str] = {}
    for field in TIMES:
        for kind, row in found.get("fields", {}).get(field, {}).items():
            if kind not in DATES:
                for index in row.get("indices") or found.get("indices", ()):
                    if not is_own(index):
                        wrong[index] = f"{field} is {kind}, not date"
    return wrong


def undated(cluster: Cluster, indices: str) -> Mapping[str, int]:
    """Index -> authentications that carry neither time field: no lane can bring them."""
    times = [{"exists": {"field": field}} for field in ("event.ingested", "@timestamp")]
    query = {"bool": {"filter": [not_own(), AUTHENTICATION], "must_not": times}}
    found = cluster.search(indices, {"size": 0, "query": query, "aggs": {"where": {"terms": {"field": "_index"}}}})
    buckets = (found.get("aggregations") or {}).get("where", {}).get("buckets", [])
    return {bucket["key"]: bucket["doc_count"] for bucket in buckets}


def _number(found: Mapping[str, Any], name: str) -> int:
    return int(found.get(name, {}).get("doc_count", 0))
