"""The rules that every saved object of ours keeps. `faults` names each breach; nothing wrong, nothing returned.

They are those of Elastic's own package checks (a filter on the data set in each panel, by value, nothing dangling, nothing
legacy) and a few of ours: what the installer replaces is found by text alone, a level has one colour, no panel covers another.
"""

from __future__ import annotations

import json
import re
from typing import Any, Iterator, Mapping

from kibana_filters import DATASET
from kibana_objects import CORE, PANEL, TYPE
from kibana_style import LEVELS

Json = dict[str, Any]
KEYS = {"id", "type", "attributes", "references", "coreMigrationVersion", "typeMigrationVersion", "managed"}
SUMMARY = {"excludedObjects", "excludedObjectsCount", "exportedCount", "missingRefCount", "missingReferences"}
LENS = {"lnsMetric", "lnsDatatable", "lnsXY", "lnsHeatmap"}
TEXTS = re.compile(
    r"(JSON|fields|fieldFormatMap|fieldAttrs|runtimeFieldMap|sourceFilters|typeMeta)$"
)  # JSON in a string
ID = re.compile(r"busybody_\w+")
PATTERN = re.compile(r"(?:logs-busybody\.|busybody-(?!elastic))[a-z][\w.*-]*")
COLUMNS_WIDE = 48


def faults(text: str) -> list[str]:
    """What is wrong with this NDJSON, a sentence each."""
    try:
        rows = [json.loads(line) for line in text.splitlines()]
    except ValueError as error:
        return [f"a line is no JSON: {error}"]
    *objects, summary = rows or [{}]
    found = list(_summary(summary, len(objects)))
    known = {(row.get("type"), row.get("id")) for row in objects}
    if len(known) != len(objects):
        found.append("two objects have one type and id")
    views = {row["id"]: row["attributes"]["title"] for row in objects if row.get("type") == "index-pattern"}
    found += _replaceable(text, {str(key) for _, key in known}, set(views.values()))
    for row in objects:
        name = f"{row.get('type')} {row.get('id')}"
        found += [f"{name}: {words}" for words in _object(row, known, views)]
    return found


def _summary(summary: Mapping[str, Any], count: int) -> Iterator[str]:
    if set(summary) != SUMMARY or summary["exportedCount"] != count or summary["missingRefCount"]:
        yield f"the last line is no summary of {count} objects"


def _replaceable(text: str, ids: set[str], patterns: set[str]) -> Iterator[str]:
    """The installer replaces text: it must mean an id or an index pattern wherever it stands."""
    for word in sorted(set(ID.findall(text)) - ids):
        yield f"{word} looks like an id and is none"
    for word in sorted({word.rstrip(".-") for word in PATTERN.findall(text)} - patterns):
        yield f"{word} looks like an index and is no data view's pattern"


def _object(row: Json, known: set[tuple[Any, Any]], views: Mapping[str, str]) -> Iterator[str]:
    kind, attributes = row.get("type", ""), row.get("attributes", {})
    if set(row) != KEYS:
        yield f"its keys are not {', '.join(sorted(KEYS))}"
        return
    if kind not in TYPE or (row["coreMigrationVersion"], row["typeMigrationVersion"]) != (CORE, TYPE[kind]):
        yield "its type or its versions are not those of Kibana 8.9"
        return
    if not ID.fullmatch(row["id"]):
        yield "its id does not begin with busybody_"
    broken = list(_unparsed(attributes, ""))
    if broken:
        yield from broken
        return
    names = [reference["name"] for reference in row["references"]]
    if len(set(names)) != len(names):
        yield "two references have one name"
    for reference in row["references"]:
        if (reference["type"], reference["id"]) not in known:
            yield f"refers to {reference['type']} {reference['id']}, which is not there"
    if kind in ("dashboard", "search") and sum(reference["type"] == "tag" for reference in row["references"]) != 2:
        yield "has not both tags"
    wanted = set(_needed(kind, attributes))
    given = {reference["name"] for reference in row["references"] if reference["type"] != "tag"}
    for name in sorted(wanted ^ given):
        yield f"reference {name} is {'missing' if name in wanted else 'used by nothing'}"
    ids = {reference["name"]: reference["id"] for reference in row["references"]}
    if kind == "search":
        source = json.loads(attributes["kibanaSavedObjectMeta"]["searchSourceJSON"])
        yield from _filtered(source["filter"], ids.get(source["indexRefName"], ""))
    if kind == "dashboard":
        yield from _dashboard(attributes, ids, known, views)


def _unparsed(node: Any, path: str) -> Iterator[str]:
    if isinstance(node, dict):
        for key, value in node.items():
            if isinstance(value, str) and TEXTS.search(key):
                try:
                    json.loads(value)
                except ValueError:
                    yield f"{path}{key} is no JSON"
            else:
                yield from _unparsed(value, f"{path}{key}.")
    elif isinstance(node, list):
        for value in node:
            yield from _unparsed(value, path)


def _needed(kind: str, attributes: Json) -> Iterator[str]:
    """Names of the references that the attributes speak of."""
    if kind == "search":
        source = json.loads(attributes["kibanaSavedObjectMeta"]["searchSourceJSON"])
        yield source["indexRefName"]
        yield from (row["meta"].get("indexRefName", "a filter's own") for row in source["filter"])
    if kind != "dashboard":
        return
    for panel in json.loads(attributes["panelsJSON"]):
        config, key = panel["embeddableConfig"], panel["panelIndex"]
        for event in config.get("enhancements", {}).get("dynamicActions", {}).get("events", []):
            yield f"{key}:drilldown:{event['action']['factoryId']}:{event['eventId']}:dashboardId"
        if panel["type"] == "lens":
            state = config["attributes"]["state"]
            yield from (f"{key}:indexpattern-datasource-layer-{layer}" for layer in _layers(state))
            yield from (f"{key}:{row['meta'].get('index')}" for row in state["filters"])
    if "controlGroupInput" in attributes:
        for key in json.loads(attributes["controlGroupInput"]["panelsJSON"]):
            yield f"controlGroup_{key}:optionsListDataView"


def _layers(state: Json) -> dict[str, Json]:
    layers: dict[str, Json] = state["datasourceStates"]["formBased"]["layers"]
    return layers


def _filtered(filters: list[Json], view: str) -> Iterator[str]:
    """There is a filter that is on, not turned round, and says what the view's documents are."""
    field, value = DATASET.get(view.removeprefix("busybody_view_"), ("", ""))
    good = [
        row
        for row in filters
        if row["query"] == {"match_phrase": {field: value}}
        and row["meta"]["key"] == field
        and not (row["meta"]["disabled"] or row["meta"]["negate"])
    ]
    if not good:
        yield f"no filter on {field}: {value}"


def _dashboard(
    attributes: Json, ids: Mapping[str, str], known: set[tuple[Any, Any]], views: Mapping[str, str]
) -> Iterator[str]:
    panels = json.loads(attributes["panelsJSON"])
    keys = [panel["panelIndex"] for panel in panels]
    if len(set(keys)) != len(keys):
        yield "two panels have one id"
    taken: set[tuple[int, int]] = set()
    texts = ""
    for panel in panels:
        name = panel["title"] or "a panel without a title"
        grid = panel["gridData"]
        cells = {
            (x, y) for x in range(grid["x"], grid["x"] + grid["w"]) for y in range(grid["y"], grid["y"] + grid["h"])
        }
        if taken & cells or grid["x"] + grid["w"] > COLUMNS_WIDE:
            yield f"{name}: covers another or leaves the page"
        taken |= cells
        if grid["i"] != panel["panelIndex"] or panel["version"] != PANEL:
            yield f"{name}: ids or version differ"
        if "panelRefName" in panel or "savedObjectId" in panel["embeddableConfig"]:
            yield f"{name}: is not by value"
            continue
        if panel["type"] == "lens":
            found = _lens(panel, ids)
        elif panel["type"] == "visualization":
            found = _visualization(panel, views)
            texts += panel["embeddableConfig"]["savedVis"]["params"].get("markdown", "")
        else:
            found = iter([f"{panel['type']} is none of our kinds of panel"])
        yield from (f"{name}: {words}" for words in found)
    if "vega.github.io" in attributes["panelsJSON"] and "https://db-ip.com" not in texts:
        yield "shows places without saying where they come from"
    for target, key in re.findall(r"\((dashboards|discover)#/view/(\w+)\)", texts):
        if ({"dashboards": "dashboard", "discover": "search"}[target], key) not in known:
            yield f"links to {key}, which is not there"


def _lens(panel: Json, ids: Mapping[str, str]) -> Iterator[str]:
    attributes, key = panel["embeddableConfig"]["attributes"], panel["panelIndex"]
    state = attributes["state"]
    if attributes["visualizationType"] not in LENS:
        yield f"{attributes['visualizationType']} is none of our kinds of chart"
    if set(state["datasourceStates"]) - {"formBased", "textBased"}:
        yield "a source of data of an older or newer Kibana"
    inner = {f"{key}:{row['name']}": row["id"] for row in attributes["references"]}
    if any(ids.get(name) != value for name, value in inner.items()):
        yield "its own references differ from the dashboard's"
    layers = _layers(state)
    view = {ids.get(f"{key}:indexpattern-datasource-layer-{layer}", "") for layer in layers}
    if len(view) != 1:
        yield "looks at several data views"
    yield from _filtered(state["filters"], next(iter(view)))
    yield from _columns(layers, state["visualization"])


def _columns(layers: Mapping[str, Json], visualization: Json) -> Iterator[str]:
    """What is asked for is shown, and what is shown is asked for; a level's series has its colour."""
    shown = json.dumps(visualization)
    known: dict[str, str] = {}
    for layer, body in layers.items():
        columns = body["columns"]
        known.update({column: spec["label"].lower() for column, spec in columns.items()})
        if sorted(body["columnOrder"]) != sorted(columns) or layer not in shown:
            yield f"layer {layer} is not shown whole"
        used = shown + json.dumps([column.get("references") for column in columns.values()])
        for column, spec in columns.items():
            if column not in used:
                yield f"column {spec['label']} is not shown"
            order = spec.get("params", {}).get("orderBy", {})
            if order.get("type") == "column" and order["columnId"] not in columns:
                yield f"column {spec['label']} is ordered by nothing"
    for column in re.findall(r'"(?:columnId|forAccessor|\w*[aA]ccessor)": "([^"]+)"', shown):
        if column not in known:
            yield f"shows column {column}, which is not there"
    for row in (row for part in visualization.get("layers", []) for row in part.get("yConfig", [])):
        level = known.get(row["forAccessor"], "")
        if row["color"] != LEVELS.get(level, row["color"]):
            yield f"{level} has another colour"


def _visualization(panel: Json, views: Mapping[str, str]) -> Iterator[str]:
    saved = panel["embeddableConfig"]["savedVis"]
    if saved["type"] == "markdown":
        return
    if saved["type"] != "vega":
        yield f"{saved['type']} is a legacy visualization"
        return
    try:
        spec = json.loads(saved["params"]["spec"])
    except ValueError:
        yield "its specification is no JSON"
        return
    if spec["$schema"] != "https://vega.github.io/schema/vega/v5.json":
        yield "is not Vega 5"
    for data in spec["data"]:
        if "url" not in data:
            continue
        if not isinstance(data["url"], dict) or data["url"]["index"] not in views.values():
            yield "fetches from elsewhere than a data view's index"
            continue
        asked = json.dumps(data["url"]["body"]["query"])
        words = [
            '{"%timefilter%": true}',
            *(f"%dashboard_context-{part}_clause%" for part in ("must", "filter", "must_not")),
        ]
        if any(word not in asked for word in words):
            yield "does not keep to the dashboard's time range and filters"
        if not any(json.dumps({"term": {field: value}}) in asked for field, value in DATASET.values()):
            yield "no filter on data_stream.dataset"
    scales = {scale["name"]: dict(zip(scale["domain"], scale["range"])) for scale in spec["scales"]}
    if any(scales["level"][level] != colour for level, colour in LEVELS.items() if level in scales["level"]):
        yield "a level has another colour"
