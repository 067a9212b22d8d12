"""What is Busybody's own in the cluster: templates, mappings, and the word of the service itself."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Iterator, Mapping

from ..assets import read as assets
from ..cluster.protocol import Cluster
from ..errors import ClusterError
from ..install.indices import mappings_of
from .findings import FAILED, OK, SKIPPED, WARNING, Check, Patient, listed

BEAT_SECONDS = 30.0  # between two heartbeats of an instance
DEAD_SECONDS = 10 * BEAT_SECONDS
GONE_DAYS = 7  # an instance that was silent for longer was taken away on purpose
MOST_INSTANCES = 1000  # those that spoke last
SLOW_SECONDS = 60.0  # behind; the aim is five
MANAGER = "busybody"
STOPPED = "stopped"  # what an instance says at last that is stopped on purpose


def templates(patient: Patient) -> Iterator[Check]:
    """Each name of ours gets its mappings from a template of ours."""
    missing: list[str] = []
    taken: list[str] = []
    for name in (*patient.names.streams, *patient.names.indices):
        try:
            found = patient.cluster.request("POST", f"/_index_template/_simulate_index/{name}")
        except ClusterError as error:
            if error.status == 500 and "need to be unique" in str(error):
                continue  # OpenSearch cannot say it of a stream that is there; its mapping is compared below
            raise
        mappings = (found or {}).get("template", {}).get("mappings", {})
        mappings = mappings.get("_doc", mappings)
        if mappings.get("_meta", {}).get("managed_by") == MANAGER:
            continue
        (taken if mappings or found else missing).append(name)
    if missing:
        yield Check("templates", FAILED, f"none for {listed(missing)}", "Run busybody-elastic install.")
    if taken:
        todo = "Lower the priority of that template, or raise ours, and run busybody-elastic upgrade."
        yield Check("templates", FAILED, f"another template goes before ours for {listed(taken)}", todo)
    if not missing and not taken:
        yield Check("templates", OK, "each name of ours has one of ours")


def mappings(patient: Patient) -> Iterator[Check]:
    """The indices that are there against the templates of this version."""
    there, wrong = 0, False
    for name, template in _named(patient):
        live = _live(patient.cluster, name)
        if live is None:
            continue
        there += 1
        wanted, found = _types(mappings_of(template)), _types(live)
        absent = sorted(path for path in wanted if path not in found)
        other = sorted(path for path, kind in wanted.items() if path in found and found[path] != kind)
        wrong = wrong or bool(other or absent)
        if other:
            fields = listed([f"{path} is {found[path]} and not {wanted[path]}" for path in other])
            todo = "Run busybody-elastic upgrade: it rolls a stream over. A plain index has to be reindexed."
            yield Check("mappings", FAILED, f"{name}: {fields}", todo)
        elif absent:
            yield Check("mappings", FAILED, f"{name} lacks {listed(absent)}", "Run busybody-elastic upgrade.")
    if there and not wrong:
        yield Check("mappings", OK, f"{there} streams and indices are as this version writes them")
    elif not there:
        yield Check("mappings", SKIPPED, "nothing of ours has been written yet")


def _named(patient: Patient) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for template in assets("templates/index").values():
        yield template["index_patterns"][0].removesuffix("*") + patient.config.namespace, template


def _live(cluster: Cluster, name: str) -> Mapping[str, Any] | None:
    """The mapping of an index, or of what a stream writes to; None where there is neither."""
    try:
        found = cluster.request("GET", f"/{name}/_mapping")
    except ClusterError as error:
        if error.status == 404:
            return None
        raise
    newest = max(found) if found else None
    return found[newest]["mappings"] if newest else None


def _types(mappings: Mapping[str, Any], prefix: str = "") -> dict[str, str]:
    """Dotted path -> type, of every field."""
    found: dict[str, str] = {}
    for name, field in mappings.get("properties", {}).items():
        path = prefix + name
        if "properties" in field:
            found |= _types(field, path + ".")
        elif field.get("type", "object") != "object":
            found[path] = field["type"]
    return found


def service(patient: Patient) -> Iterator[Check]:
    """What the instances last said of themselves."""
    since = f"now-{GONE_DAYS}d"
    newest_beat = {
        "size": 1, "sort": [{"@timestamp": "desc"}], "_source": ["@timestamp", "busybody.heartbeat"],
    }  # fmt: skip
    instances = {"field": "busybody.heartbeat.instance", "size": MOST_INSTANCES, "order": {"moment": "desc"}}
    each = {"moment": {"max": {"field": "@timestamp"}}, "beat": {"top_hits": newest_beat}}
    body = {
        "size": 0,
        "query": {"range": {"@timestamp": {"gte": since}}},
        "aggs": {"instances": {"terms": instances, "aggs": each}},
    }
    found = patient.cluster.search(patient.names.heartbeat, body).get("aggregations", {})
    last: dict[str, Mapping[str, Any]] = {
        bucket["key"]: bucket["beat"]["hits"]["hits"][0]["_source"]
        for bucket in found.get("instances", {}).get("buckets", [])
    }
    if not last:
        yield Check(
            "service", WARNING, "no instance has given a sign of life", "Start busybody-elastic follow or serve."
        )
    now = patient.now()
    stopped = {instance for instance, source in last.items() if _beat(source).get("state") == STOPPED}
    newest = max(last, key=lambda instance: _time(last[instance]), default="")
    for instance, source in sorted(last.items()):
        if instance in stopped:
            nobody_runs = stopped == last.keys() and instance == newest
            yield _stopped(instance, source, nobody_runs=nobody_runs)
        else:
            yield _instance(instance, source, now)


def _beat(source: Mapping[str, Any]) -> Mapping[str, Any]:
    found: Mapping[str, Any] = source["busybody"]["heartbeat"]
    return found


def _time(source: Mapping[str, Any]) -> float:
    return datetime.fromisoformat(source["@timestamp"]).timestamp()


def _stopped(instance: str, source: Mapping[str, Any], *, nobody_runs: bool) -> Check:
    moment = source["@timestamp"]
    found = f"{instance} ({_beat(source).get('version', '?')}) was stopped on purpose at {moment}"
    if not nobody_runs:
        return Check("service", OK, found)
    todo = "No instance runs. Start busybody-elastic follow or serve: it goes on where it stopped."
    return Check("service", WARNING, found, todo)


def _instance(instance: str, source: Mapping[str, Any], now: float) -> Check:
    beat = _beat(source)
    silent = now - _time(source)
    lag = float(beat.get("lag_seconds") or 0)
    done = ", ".join(f"{int(beat.get(what) or 0)} {what}" for what in ("scored", "unscored", "broken"))
    name = f"{instance} ({beat.get('version', '?')})"
    if silent > DEAD_SECONDS:
        todo = "Is it running? Its log says why it ended. Remove nothing: it goes on where it stopped."
        return Check("service", FAILED, f"{name} has been silent for {_span(silent)}", todo)
    if beat.get("state") == "lagging" or lag > SLOW_SECONDS:
        todo = "It catches up unless the lag grows; then raise state.partitions before the first start, or give it CPU."
        return Check("service", WARNING, f"{name} is {_span(lag)} behind; {done}", todo)
    if int(beat.get("unscored") or 0):
        todo = (
            "The gateway failed open; the reader scores them. busybody_unscored_total in /metrics says why: for `deadline` "
            "raise gateway.deadline_ms, for `router` see that an instance owns the people."
        )
        return Check("service", WARNING, f"{name} is {_span(lag)} behind; {done}", todo)
    return Check("service", OK, f"{name} is {beat.get('state', 'ok')}, {_span(lag)} behind; {done}")


def _span(seconds: float) -> str:
    for size, unit in ((86_400, "days"), (3600, "hours"), (60, "minutes")):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"
