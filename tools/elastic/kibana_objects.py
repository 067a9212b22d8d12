"""Saved objects: views, tags, searches and dashboards, as `POST /api/saved_objects/_import` takes them.

Versions are those that Kibana 8.9 writes, the oldest one meant; newer ones migrate them on import.
"""

from __future__ import annotations

import json
from typing import Any, Mapping

import kibana_lens as lens
import kibana_map
from kibana_filters import filters, query, view_id
from kibana_style import uid

Json = dict[str, Any]
CORE = "8.8.0"
TYPE = {"dashboard": "8.9.0", "index-pattern": "8.0.0", "search": "8.0.0", "tag": "8.0.0"}
PANEL = "8.9.0"
TAGS = ("busybody_tag", "busybody_tag_security")


def text(value: Any) -> str:
    """JSON within JSON, as Kibana keeps it."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def saved(kind: str, key: str, attributes: Json, references: list[Json]) -> Json:
    """One saved object."""
    return {
        "id": key,
        "type": kind,
        "attributes": attributes,
        "references": references,
        "coreMigrationVersion": CORE,
        "typeMigrationVersion": TYPE[kind],
        "managed": False,
    }


def tag_references() -> list[Json]:
    """References to both tags."""
    return [{"type": "tag", "id": tag, "name": f"tag-ref-{tag}"} for tag in TAGS]


def view(name: str, spec: Mapping[str, Any]) -> Json:
    """A data view. One without `time` shows what is true now, whatever the dashboard's time range."""
    attributes: Json = {
        "title": spec["pattern"],
        "name": spec["name"],
        "fields": "[]",
        "fieldFormatMap": text(spec.get("formats", {})),
        "fieldAttrs": text({field: {"customLabel": words} for field, words in spec.get("labels", {}).items()}),
        "runtimeFieldMap": "{}",
        "sourceFilters": "[]",
        "typeMeta": "{}",
        "allowNoIndex": True,
    }
    if "time" in spec:
        attributes["timeFieldName"] = spec["time"]
    return saved("index-pattern", view_id(name), attributes, [])


def tag(key: str, spec: Mapping[str, Any]) -> Json:
    """A tag."""
    return saved("tag", key, {name: spec[name] for name in ("name", "description", "color")}, [])


def search(key: str, spec: Mapping[str, Any]) -> Json:
    """A saved search of Discover."""
    name = "kibanaSavedObjectMeta.searchSourceJSON"
    rows = filters(spec["view"], "")
    rows[0]["meta"].pop("index")
    rows[0]["meta"]["indexRefName"] = f"{name}.filter[0].meta.index"
    source = {"query": query(spec.get("where", "")), "filter": rows, "indexRefName": f"{name}.index"}
    attributes: Json = {
        "title": spec["title"],
        "description": spec["description"].strip(),
        "columns": spec["columns"],
        "sort": spec["sort"],
        "grid": {},
        "hideChart": spec.get("hide_chart", False),
        "isTextBasedQuery": False,
        "timeRestore": False,
        "kibanaSavedObjectMeta": {"searchSourceJSON": text(source)},
    }
    of_view = {"type": "index-pattern", "id": view_id(spec["view"])}
    references = [{"name": f"{name}.index", **of_view}, {"name": f"{name}.filter[0].meta.index", **of_view}]
    return saved("search", key, attributes, references + tag_references())


def dashboard(key: str, spec: Mapping[str, Any], drawing: str, patterns: Mapping[str, str]) -> Json:
    """A dashboard with all its panels by value."""
    panels, references = [], []
    for source in spec["panels"]:
        panel, needed = _panel(key, source, drawing, patterns)
        panels.append(panel)
        references += needed
    attributes: Json = {
        "title": spec["title"],
        "description": spec["description"].strip(),
        "version": 1,
        "timeRestore": True,
        "timeFrom": spec["time"]["from"],
        "timeTo": spec["time"]["to"],
        "refreshInterval": {"pause": False, "value": spec["refresh_seconds"] * 1000},
        "optionsJSON": text(
            {
                "useMargins": True,
                "syncColors": False,
                "syncCursor": True,
                "syncTooltips": False,
                "hidePanelTitles": False,
            }
        ),
        "kibanaSavedObjectMeta": {"searchSourceJSON": text({"query": query(""), "filter": []})},
        "panelsJSON": text(panels),
    }
    if "controls" in spec:
        attributes["controlGroupInput"], needed = _controls(key, spec["controls"])
        references += needed
    return saved("dashboard", key, attributes, references + tag_references())


def _panel(
    dashboard_id: str, source: Mapping[str, Any], drawing: str, patterns: Mapping[str, str]
) -> tuple[Json, list[Json]]:
    title = source.get("title", "")
    key = uid(dashboard_id, source.get("id", title))
    x, y, w, h = source["at"]
    config: Json = {"enhancements": {}, "hidePanelTitles": not title}
    references: list[Json] = []
    if "time" in source:  # its own, whatever the dashboard's
        config["timeRange"] = dict(source["time"])
    if "drilldown" in source:
        event, reference = _drilldown(key, source["drilldown"])
        config["enhancements"] = {"dynamicActions": {"events": [event]}}
        references.append(reference)
    kind = next(word for word in (*lens.KINDS, "map", "markdown") if word in source)
    if kind in lens.KINDS:
        attributes = lens.KINDS[kind](key, title, source[kind])
        config["attributes"] = attributes
        references += [{**row, "name": f"{key}:{row['name']}"} for row in attributes["references"]]
        if kind == "metric":
            config["hidePanelTitles"] = True  # the number carries its own
    elif kind == "map":
        config["savedVis"] = _visualization(title, "vega", {"spec": kibana_map.spec(source["map"], drawing, patterns)})
    else:
        params = {"fontSize": 12, "openLinksInNewTab": False, "markdown": source["markdown"].strip()}
        config["savedVis"] = _visualization("", "markdown", params)
    panel = {
        "version": PANEL,
        "type": "lens" if kind in lens.KINDS else "visualization",
        "gridData": {"x": x, "y": y, "w": w, "h": h, "i": key},
        "panelIndex": key,
        "embeddableConfig": config,
        "title": title,
    }
    return panel, references


def _visualization(title: str, kind: str, params: Json) -> Json:
    source = {"query": query(""), "filter": []}
    data = {"aggs": [], "searchSource": source}
    return {"id": "", "title": title, "description": "", "type": kind, "params": params, "uiState": {}, "data": data}


def _drilldown(panel: str, spec: Mapping[str, str]) -> tuple[Json, Json]:
    """From a clicked value to another dashboard that is filtered by it; any licence may."""
    event = uid(panel, "drilldown", spec["to"])
    action = {
        "factoryId": "DASHBOARD_TO_DASHBOARD_DRILLDOWN",
        "name": spec["name"],
        "config": {"useCurrentFilters": True, "useCurrentDateRange": False, "openInNewTab": False},
    }
    name = f"{panel}:drilldown:DASHBOARD_TO_DASHBOARD_DRILLDOWN:{event}:dashboardId"
    return (
        {"eventId": event, "triggers": ["FILTER_TRIGGER"], "action": action},
        {"type": "dashboard", "id": spec["to"], "name": name},
    )


def _controls(dashboard_id: str, controls: list[Mapping[str, Any]]) -> tuple[Json, list[Json]]:
    panels, references = {}, []
    for order, spec in enumerate(controls):
        key = uid(dashboard_id, "control", spec["field"])
        explicit = {
            "id": key,
            "fieldName": spec["field"],
            "title": spec["title"],
            "singleSelect": spec.get("single", False),
            "selectedOptions": [],
            "searchTechnique": "wildcard",
            "sort": {"by": "_count", "direction": "desc"},
            "enhancements": {},
        }
        panels[key] = {
            "order": order,
            "width": "medium",
            "grow": spec.get("grow", False),
            "type": "optionsListControl",
            "explicitInput": explicit,
        }
        name = f"controlGroup_{key}:optionsListDataView"
        references.append({"type": "index-pattern", "id": view_id(spec["view"]), "name": name})
    ignore = {"ignoreFilters": False, "ignoreQuery": False, "ignoreTimerange": False, "ignoreValidations": False}
    group = {
        "chainingSystem": "HIERARCHICAL",
        "controlStyle": "oneLine",
        "ignoreParentSettingsJSON": text(ignore),
        "panelsJSON": text(panels),
        "showApplySelections": False,
    }
    return group, references
