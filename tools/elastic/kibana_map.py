"""The map: a Vega panel that needs no tile server, so it also shows something where Kibana cannot reach the internet.

`map.json` is the drawing. Put in here: the land, which index and which documents, the colours. Vega asks with the dashboard's
own filters and time range by Kibana's words for them (`%dashboard_context-…%`, `%timefilter%`).
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Mapping

from kibana_filters import DATASET
from kibana_style import LEVELS, QUIET

Json = dict[str, Any]
ROOT = Path(__file__).resolve().parents[2]
LAND = ROOT / "core/busybody/report/land.json"
SOURCE = [
    "@timestamp",
    "user.name",
    "busybody.risk",
    "busybody.level",
    "busybody.sentence",
    "busybody.previous",
    "source.geo",
]


def land() -> Json:
    """The outlines of the land as one GeoJSON feature; each ring runs clockwise, as d3 wants an outer one."""
    data = json.loads(LAND.read_text(encoding="utf-8"))
    unit, polygons = data["unit"], []
    for flat in data["rings"]:
        lon = lat = 0
        ring = []
        for east, north in zip(flat[::2], flat[1::2]):
            lon, lat = lon + east, lat + north
            ring.append([lon / unit, lat / unit])
        if _area(ring) > 0:
            ring.reverse()
        polygons.append([[*ring, ring[0]]])
    return {"type": "Feature", "geometry": {"type": "MultiPolygon", "coordinates": polygons}}


def _area(ring: list[list[float]]) -> float:
    """Positive where the ring runs against the clock."""
    return sum(x * v - u * y for (x, y), (u, v) in zip(ring, ring[1:] + ring[:1]))


def request(spec: Mapping[str, Any], patterns: Mapping[str, str]) -> Json:
    """What Vega asks for: the riskiest sign-ins that have a place, at most `size`."""
    field, value = DATASET[spec["view"]]
    must: list[Any] = [
        "%dashboard_context-must_clause%",
        {"range": {"@timestamp": {"%timefilter%": True}}},
    ]
    chosen: list[Any] = [
        "%dashboard_context-filter_clause%",
        {"term": {field: value}},
        {"exists": {"field": "source.geo.location"}},
    ]
    if "levels" in spec:
        chosen.append({"terms": {"busybody.level": spec["levels"]}})
    return {
        "index": patterns[spec["view"]],
        "body": {
            "size": spec["size"],
            "_source": SOURCE,
            "sort": [{"event.risk_score": "desc"}, {"@timestamp": "desc"}],
            "query": {"bool": {"must": must, "filter": chosen, "must_not": ["%dashboard_context-must_not_clause%"]}},
        },
    }


def spec(source: Mapping[str, Any], drawing: str, patterns: Mapping[str, str]) -> str:
    """The Vega specification as text, as the panel keeps it."""
    filled: Json = json.loads(drawing)
    data = {part["name"]: part for part in filled["data"]}
    data["land"]["values"] = land()
    data["hits"]["url"] = request(source, patterns)
    scales = {part["name"]: part for part in filled["scales"]}
    levels = ["low", "medium", "high", "critical"]
    shown = source.get("levels", ["none", *levels])
    scales["level"]["domain"] = [level for level in ["none", *levels] if level in shown]
    scales["level"]["range"] = [LEVELS.get(level, QUIET) for level in scales["level"]["domain"]]
    signals = {part["name"]: part for part in filled["signals"]}
    signals["index"]["value"] = patterns[source["view"]]
    return json.dumps(filled, ensure_ascii=False, separators=(",", ":"))
