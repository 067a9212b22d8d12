"""Sign-ins as documents of ECS, for the proofs of the reader and the service."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from busybody_elastic.cluster.protocol import Cluster

AGENT = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36"
)
PLACES = (("DE", "Berlin", 52.5, 13.4, 3320), ("FR", "Paris", 48.9, 2.4, 3215), ("AU", "Perth", -31.9, 115.9, 1221))
SETTINGS = {"number_of_replicas": 0}


def iso(time: float) -> str:
    """The time with milliseconds, as cluster and core read it."""
    return datetime.fromtimestamp(time, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def signin(
    number: int, time: float, *, ingested: float | None = None, people: int = 40, **event: Any
) -> dict[str, Any]:
    """The `number`th sign-in. One in 50 comes from the other end of the world, one in 20 fails."""
    country, city, lat, lon, asn = PLACES[2 if number % 50 == 49 else number % people % 2]
    event = {"category": ["authentication"], "dataset": "okta.system", "id": f"event-{number}", **event}
    event.setdefault("outcome", "failure" if number % 20 == 7 else "success")
    if ingested is not None:
        event["ingested"] = iso(ingested)
    return {
        "@timestamp": iso(time),
        "event": event,
        "data_stream": {"type": "logs", "dataset": "okta.system", "namespace": "default"},
        "user": {"name": f"person-{number % people}"},
        "source": {
            "ip": f"198.51.{number % people}.{number % 7 + 1}",
            "geo": {"country_iso_code": country, "city_name": city, "location": {"lat": lat, "lon": lon}},
            "as": {"number": asn, "organization": {"name": f"AS{asn}"}},
        },
        "user_agent": {"original": AGENT},
    }


def make(cluster: Cluster, index: str, mappings: Mapping[str, Any] | None = None, **settings: Any) -> None:
    """An index of a source, with the mappings given as dotted field -> type."""
    properties: dict[str, Any] = {}
    for path, kind in (mappings or {}).items():
        *parents, name = path.split(".")
        level = properties
        for parent in parents:
            level = level.setdefault(parent, {}).setdefault("properties", {})
        level[name] = {"type": kind}
    body = {"settings": {**SETTINGS, **settings}, "mappings": {"properties": properties}}
    cluster.request("PUT", f"/{index}", body)


def write(
    cluster: Cluster, index: str, documents: Iterable[tuple[str, Mapping[str, Any]]], *, refresh: bool = True
) -> None:
    """Create them by their ids."""
    operations = [({"create": {"_index": index, "_id": name}}, source) for name, source in documents]
    for start in range(0, len(operations), 2000):
        items = cluster.bulk(operations[start : start + 2000])
        assert all(item.status == 201 for item in items), items[:1]
    if refresh:
        cluster.refresh(index)
