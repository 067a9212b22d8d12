"""Lens panels: the few words of a source -> the attributes that Kibana keeps of a chart.

A chart has one layer per data view. Its columns are named by their labels: `by: Risk` sorts by the column that is
called so. What a word means in Elasticsearch is said beside it in COLUMNS; the keys are those of real exports.
"""

from __future__ import annotations

from typing import Any, Callable, Mapping, Sequence

from kibana_filters import Json, filters, query, view_id
from kibana_style import LEVELS, QUIET, alarm_palette, risk_palette, uid


class Layer:
    """Columns on one data view, in order; ids are derived from their labels."""

    def __init__(self, panel: str, view: str, columns: Sequence[Mapping[str, Any]], name: str = "layer") -> None:
        self.id, self.view, self.specs = uid(panel, name), view, list(columns)
        self.ids = {spec["label"]: uid(panel, name, spec["label"]) for spec in self.specs}
        if len(self.ids) != len(self.specs):
            raise ValueError(f"{panel}: two columns of one label")

    def state(self) -> Json:
        """The layer as Lens keeps it."""
        columns: Json = {}
        for spec in self.specs:
            kind = next(word for word in COLUMNS if word in spec)
            columns.update(COLUMNS[kind](self, spec, self.ids[spec["label"]]))
        buckets = [key for key, column in columns.items() if column["isBucketed"]]
        return {
            "columns": columns,
            "columnOrder": buckets + [key for key in columns if key not in buckets],
            "incompleteColumns": {},
            "sampling": 1,
        }


def _column(spec: Mapping[str, Any], operation: str, field: str | None, **more: Any) -> Json:
    column: Json = {
        "label": spec["label"],
        "customLabel": True,
        "operationType": operation,
        "isBucketed": False,
        "dataType": "number",
        "scale": "ratio",
        **({"sourceField": field} if field else {}),
        **more,
    }
    if "where" in spec:
        column["filter"] = query(spec["where"])
    if "within" in spec:  # of the time range only its end, as long as this
        column["reducedTimeRange"] = spec["within"]
    if "decimals" in spec:
        column.setdefault("params", {})["format"] = {"id": "number", "params": {"decimals": spec["decimals"]}}
    return column


def _count(_: Layer, spec: Mapping[str, Any], key: str) -> Json:
    return {key: _column(spec, "count", "___records___", params={"emptyAsNull": False})}


def _metric(word: str, operation: str) -> Callable[[Layer, Mapping[str, Any], str], Json]:
    def column(_: Layer, spec: Mapping[str, Any], key: str) -> Json:
        date = {"dataType": "date"} if spec.get("type") == "date" else {}
        return {key: _column(spec, operation, spec[word], params={"emptyAsNull": False}, **date)}

    return column


def _last(_: Layer, spec: Mapping[str, Any], key: str) -> Json:
    kind = spec.get("type", "string")
    shape = {"dataType": kind, "scale": "ratio" if kind == "number" else "ordinal"}
    column = _column(
        spec, "last_value", spec["last"], params={"sortField": spec.get("sort", "@timestamp"), "showArrayValues": False}
    )
    column.setdefault("filter", query(f"{spec['last']}: *"))  # the last that there is
    return {key: {**column, **shape}}


def _terms(layer: Layer, spec: Mapping[str, Any], key: str) -> Json:
    order = {"type": "column", "columnId": layer.ids[spec["by"]]} if "by" in spec else {"type": "alphabetical"}
    params = {
        "size": spec["size"],
        "orderBy": order,
        "orderDirection": spec.get("order", "desc" if "by" in spec else "asc"),
        "otherBucket": False,
        "missingBucket": False,
        "parentFormat": {"id": "terms"},
        "include": [],
        "exclude": [],
        "includeIsRegex": False,
        "excludeIsRegex": False,
    }
    shape = {"isBucketed": True, "dataType": spec.get("type", "string"), "scale": "ordinal"}
    return {key: {**_column(spec, "terms", spec["terms"], params=params), **shape}}


def _time(_: Layer, spec: Mapping[str, Any], key: str) -> Json:
    params = {"interval": spec.get("every", "auto"), "includeEmptyRows": True, "dropPartials": False}
    shape = {"isBucketed": True, "dataType": "date", "scale": "interval"}
    return {key: {**_column(spec, "date_histogram", spec["time"], params=params), **shape}}


def _rate(_: Layer, spec: Mapping[str, Any], key: str) -> Json:
    """A counter's growth per hour: the largest value of each step, less the step before it; a restart counts from 0."""
    inner = uid(key, "max")
    largest = _column({"label": f"Maximum of {spec['rate']}"}, "max", spec["rate"], params={"emptyAsNull": True})
    return {inner: largest, key: _column(spec, "counter_rate", None, references=[inner], timeScale="h", params={})}


COLUMNS: dict[str, Callable[[Layer, Mapping[str, Any], str], Json]] = {
    "count": _count,
    "unique": _metric("unique", "unique_count"),
    "max": _metric("max", "max"),
    "min": _metric("min", "min"),
    "sum": _metric("sum", "sum"),
    "last": _last,  # the value of the latest document that has one
    "terms": _terms,
    "time": _time,
    "rate": _rate,
}


def _attributes(panel: str, title: str, kind: str, layers: Sequence[Layer], where: str, visualization: Json) -> Json:
    """The whole chart: by value, with the references that it needs of the dashboard."""
    mark = uid(panel, "filter")
    references = [
        {"type": "index-pattern", "id": view_id(layer.view), "name": f"indexpattern-datasource-layer-{layer.id}"}
        for layer in layers
    ]
    references.append({"type": "index-pattern", "id": view_id(layers[0].view), "name": mark})
    return {
        "title": title,
        "description": "",
        "type": "lens",
        "visualizationType": kind,
        "references": references,
        "state": {
            "visualization": visualization,
            "query": query(where),
            "filters": filters(layers[0].view, mark),
            "datasourceStates": {
                "formBased": {"layers": {layer.id: layer.state() for layer in layers}},
                "textBased": {"layers": {}},
            },
            "internalReferences": [],
            "adHocDataViews": {},
        },
    }


def metric(panel: str, title: str, spec: Mapping[str, Any]) -> Json:
    """One large number; its colour says whether something is to be done."""
    layer = Layer(panel, spec["view"], [{"label": title, **spec["value"]}])
    colours = risk_palette() if spec.get("colours") == "risk" else alarm_palette(spec.get("colours", {0: "quiet"}))
    state = {
        "layerId": layer.id,
        "layerType": "data",
        "metricAccessor": layer.ids[title],
        "subtitle": spec["words"],
        "palette": colours,
    }
    return _attributes(panel, title, "lnsMetric", [layer], spec.get("where", ""), state)


def table(panel: str, title: str, spec: Mapping[str, Any]) -> Json:
    """Rows of words, the worst first; risk in the colours of its levels."""
    layer = Layer(panel, spec["view"], spec["columns"])
    columns = []
    for column in spec["columns"]:
        shown: Json = {"columnId": layer.ids[column["label"]], "isTransposed": False, "isMetric": "terms" not in column}
        if column.get("hidden"):
            shown["hidden"] = True
        if column.get("click"):
            shown["oneClickFilter"] = True
        if column.get("colours") == "risk":
            shown |= {"colorMode": "text", "palette": risk_palette()}
        columns.append(shown | {name: column[name] for name in ("width",) if name in column} | {"alignment": "left"})
    state = {
        "layerId": layer.id,
        "layerType": "data",
        "columns": columns,
        "sorting": {"columnId": layer.ids[spec["sort"]], "direction": spec.get("direction", "desc")},
        "rowHeight": "custom",
        "rowHeightLines": spec.get("lines", 1),
        "paging": {"size": 10, "enabled": True},
    }
    return _attributes(panel, title, "lnsDatatable", [layer], spec.get("where", ""), state)


def xy(panel: str, title: str, spec: Mapping[str, Any]) -> Json:
    """Bars and lines over time or over words. Series of a level have its colour, all others the quiet one."""
    layers, shown = [], []
    for number, part in enumerate(spec["layers"]):
        axis = [{"label": "Time", **spec["over"]}] if "over" in spec else []
        layer = Layer(panel, spec["view"], axis + list(part["columns"]), f"layer {number}")
        words = [column["label"] for column in layer.specs if "terms" in column]
        series = [column for column in part["columns"] if "terms" not in column]
        state: Json = {
            "layerId": layer.id,
            "layerType": "data",
            "seriesType": part["shape"],
            "xAccessor": layer.ids["Time" if axis else words[0]],
            "accessors": [layer.ids[column["label"]] for column in series],
            "position": "top",
            "showGridlines": False,
            "palette": {"type": "palette", "name": "default"},
            "yConfig": [
                {
                    "forAccessor": layer.ids[column["label"]],
                    "color": LEVELS.get(column.get("level", ""), QUIET),
                    "axisMode": part.get("axis", "left"),
                }
                for column in series
            ],
        }
        if axis and words:  # one line for each of these words
            state["splitAccessor"] = layer.ids[words[0]]
            state.pop("yConfig")
        layers.append(layer)
        shown.append(state)
    visualization: Json = {
        "layers": shown,
        "preferredSeriesType": spec["layers"][0]["shape"],
        "legend": {"isVisible": spec.get("legend", True), "position": "bottom"},
        "valueLabels": "show" if spec.get("values") else "hide",
        "fittingFunction": "None",
        "axisTitlesVisibilitySettings": {"x": False, "yLeft": "left" in spec, "yRight": "right" in spec},
        "tickLabelsVisibilitySettings": {"x": True, "yLeft": True, "yRight": True},
        "gridlinesVisibilitySettings": {"x": False, "yLeft": True, "yRight": False},
        "labelsOrientation": {"x": 0, "yLeft": 0, "yRight": 0},
    }
    visualization |= {f"y{side.title()}Title": spec[side] for side in ("left", "right") if side in spec}
    if "extent" in spec:
        low, high = spec["extent"]
        visualization["yLeftExtent"] = {"mode": "custom", "lowerBound": low, "upperBound": high}
    return _attributes(panel, title, "lnsXY", layers, spec.get("where", ""), visualization)


def heatmap(panel: str, title: str, spec: Mapping[str, Any]) -> Json:
    """Words by time; an empty cell is the point of it."""
    columns = [{"label": "Time", **spec["over"]}, spec["rows"], spec["value"]]
    layer = Layer(panel, spec["view"], columns)
    state = {
        "shape": "heatmap",
        "layerId": layer.id,
        "layerType": "data",
        "xAccessor": layer.ids["Time"],
        "yAccessor": layer.ids[spec["rows"]["label"]],
        "valueAccessor": layer.ids[spec["value"]["label"]],
        "legend": {"isVisible": False, "position": "right", "type": "heatmap_legend"},
        "gridConfig": {
            "type": "heatmap_grid",
            "isCellLabelVisible": False,
            "isYAxisLabelVisible": True,
            "isXAxisLabelVisible": True,
            "isYAxisTitleVisible": False,
            "isXAxisTitleVisible": False,
        },
        "palette": alarm_palette({1: "low"}),
    }
    return _attributes(panel, title, "lnsHeatmap", [layer], spec.get("where", ""), state)


KINDS = {"metric": metric, "table": table, "xy": xy, "heatmap": heatmap}
