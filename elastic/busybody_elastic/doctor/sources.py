"""The indices that the reader follows: are they there, do they show their sign-ins in time, by which clock."""

from __future__ import annotations

from typing import Any, Iterator, Mapping
from urllib.parse import quote

from ..errors import ClusterError, PartialResults
from ..reader.look import slowest_refresh
from ..reader.wanted import is_own, not_own, signins
from .findings import FAILED, OK, SKIPPED, WARNING, Check, Patient, listed

DATES = ("date", "date_nanos")
RECENT = "now-1d"
INGESTED = "event.ingested"


def patterns(patient: Patient) -> Iterator[Check]:
    """Each pattern matches something, and not only what is ours."""
    empty, ours = [], []
    for pattern in patient.config.reader.indices:
        if ":" in pattern or pattern.startswith("-"):
            continue  # of another cluster, or an exclusion
        names = _resolved(patient, pattern)
        if not names:
            empty.append(pattern)
        elif all(is_own(name) for name in names):
            ours.append(pattern)
    if ours:
        todo = "Name the indices that the sign-ins are in; what Busybody wrote is never read again."
        yield Check("indices", FAILED, f"{listed(ours)} in reader.indices matches our own streams alone", todo)
    if empty:
        todo = "Check the spelling in reader.indices, and that something is shipped there."
        yield Check("indices", WARNING, f"{listed(empty)} matches nothing yet", todo)
    if not ours and not empty:
        yield Check("indices", OK, f"{patient.followed}; our own streams are left out by name")


def signins_seen(patient: Patient) -> Iterator[Check]:
    """Sign-ins of the last day, by the fields that the maps look for; and whether all shards answer."""
    recent = {"range": {"@timestamp": {"gte": RECENT}}}
    query = {"bool": {"filter": [not_own(), signins(patient.config.policy), recent]}}
    found = _by_index(patient, query)
    if found:
        told = listed([f"{count} in {index}" for index, count in found.items()])
        yield Check("sign-ins", OK, f"of the last day: {told}")
    else:
        todo = "Is the integration shipping? Are its fields ECS (event.category, user.*)? Else set reader.filter: all."
        yield Check("sign-ins", WARNING, "none in the last day", todo)


def copies(patient: Patient) -> Iterator[Check]:
    """Results of ours under a name that does not show it, such as a reindexed or renamed copy."""
    query = {"bool": {"filter": [not_own(), {"term": {"event.module": "busybody"}}]}}
    found = _by_index(patient, query)
    if found:
        todo = f"Leave them out: reader.indices: [..., -{next(iter(found))}]."
        yield Check(
            "own results", FAILED, f"copies of our results are followed as sign-ins: {listed(list(found))}", todo
        )
    else:
        yield Check("own results", OK, "none among what is followed")


def refresh(patient: Patient) -> Iterator[Check]:
    """The slowest refresh interval against the overlap that is read again."""
    overlap = patient.config.reader.overlap_seconds
    slowest = slowest_refresh(patient.cluster, patient.followed)
    if "never refreshes" in slowest.words:
        todo = "Set its index.refresh_interval to 30s or less; until then its sign-ins are found by the sweep, if ever."
        yield Check("refresh", WARNING, slowest.words, todo)
    elif "assumed" in slowest.words:
        yield Check("refresh", SKIPPED, slowest.words)
    elif overlap is not None and overlap <= slowest.seconds:
        todo = f"Set reader.overlap_seconds above {slowest.seconds:g}, or remove it: it is looked up then."
        yield Check("refresh", FAILED, f"{slowest.words}, and the overlap is {overlap:g} s: sign-ins come late", todo)
    else:
        own = f"the overlap is {overlap:g} s" if overlap is not None else "the overlap follows it"
        yield Check("refresh", OK, f"{slowest.words}; {own}")


def date_types(patient: Patient) -> Iterator[Check]:
    """A time field that is no date somewhere cannot be followed there."""
    target = quote(patient.followed, safe=",*:-")
    params = {"fields": f"@timestamp,{INGESTED}", "ignore_unavailable": "true", "allow_no_indices": "true"}
    fields = patient.cluster.request("GET", f"/{target}/_field_caps", params=params).get("fields", {})
    wrong, mixed = [], []
    for field in ("@timestamp", INGESTED):
        kinds: Mapping[str, Any] = fields.get(field, {})
        others = {kind: row for kind, row in kinds.items() if kind not in (*DATES, "unmapped")}
        for kind, row in others.items():
            where = [index for index in row.get("indices", ()) if not is_own(index)]
            wrong.append(f"{field} is {kind} in {listed(where) or 'all of them'}")
        if all(kind in kinds for kind in DATES):
            mixed.append(field)
    if wrong:
        todo = "Map it as date in that index's template and roll over, or take the index out of reader.indices."
        yield Check("times", FAILED, "; ".join(wrong), todo)
    elif mixed:
        yield Check("times", OK, f"{' and '.join(mixed)} as date and as date_nanos, which is read as one")
    else:
        yield Check("times", OK, "dates of one kind")


def without_times(patient: Patient) -> Iterator[Check]:
    """Sign-ins without event.ingested are followed by @timestamp; without either not at all."""
    wanted = signins(patient.config.policy)
    no_times = [{"exists": {"field": field}} for field in (INGESTED, "@timestamp")]
    looks_so = {"bool": {"should": [wanted, {"term": {"event.category": "authentication"}}]}}  # maps ask for a time
    lost = _by_index(patient, {"bool": {"filter": [not_own(), looks_so], "must_not": no_times}})
    if lost:
        todo = "Give them @timestamp in their ingest pipeline; the reader cannot follow what has no time."
        yield Check("undated", FAILED, f"sign-ins without any time in {listed(sorted(lost))}", todo)
    exists = [{"exists": {"field": INGESTED}}]
    filters = [not_own(), wanted, {"exists": {"field": "@timestamp"}}]
    found = _by_index(patient, {"bool": {"filter": filters, "must_not": exists}})
    if found:
        todo = (
            "Followed by @timestamp, an hour back: set event.ingested in a final pipeline, and late ones come at once."
        )
        yield Check("event.ingested", WARNING, f"missing in {listed(list(found))}", todo)
    elif not lost:
        yield Check("event.ingested", OK, "in every sign-in")


def shards(patient: Patient) -> Iterator[Check]:
    """A shard that is missing stops the reader, which would otherwise lose sign-ins unseen."""
    try:
        patient.cluster.search(patient.followed, {"size": 0})
        patient.cluster.close_pit(patient.cluster.open_pit(patient.followed))
    except PartialResults as error:
        todo = "Mend the index, or take it out of reader.indices: the reader waits rather than lose sign-ins."
        yield Check("shards", FAILED, str(error), todo)
    else:
        yield Check("shards", OK, "all answer")


def _by_index(patient: Patient, query: Mapping[str, Any]) -> dict[str, int]:
    """Index -> how many documents match; a stream's by the name of the index behind it."""
    aggregations = {"where": {"terms": {"field": "_index", "size": 100}}}
    found = patient.cluster.search(patient.followed, {"size": 0, "query": query, "aggs": aggregations})
    buckets = found.get("aggregations", {}).get("where", {}).get("buckets", [])
    return {bucket["key"]: bucket["doc_count"] for bucket in buckets}


def _resolved(patient: Patient, pattern: str) -> list[str]:
    """Names of indices and streams."""
    try:
        answer = patient.cluster.request("GET", f"/_resolve/index/{quote(pattern, safe='*')}")
    except ClusterError as error:
        if error.status == 404:
            return []
        raise
    found = [*answer.get("indices", ()), *answer.get("data_streams", ()), *answer.get("aliases", ())]
    return [row["name"] for row in found]
