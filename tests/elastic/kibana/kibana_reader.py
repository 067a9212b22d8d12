"""An independent reader's opinion of the NDJSON: the models of kb-dashboard-core (MIT), run by its own interpreter.

    <its venv>/bin/python kibana_reader.py busybody.ndjson      prints a line for each thing it refuses

The models describe what Kibana writes, strictly: an unknown key is refused. What Kibana writes and they do not know is
taken out before, in `known`: the words of `last_value` (showArrayValues, the ordinal scale of words), reducedTimeRange,
a control's enhancements; and put in: what Kibana takes out of a control into the references.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from kb_dashboard_core.controls.view import KbnOptionsListControl
from kb_dashboard_core.filters.view import KbnFilter
from kb_dashboard_core.panels.charts.datatable.view import KbnDatatableVisualizationState
from kb_dashboard_core.panels.charts.heatmap.view import KbnHeatmapVisualizationState
from kb_dashboard_core.panels.charts.lens.columns import view as columns
from kb_dashboard_core.panels.charts.metric.view import KbnMetricVisualizationState
from kb_dashboard_core.panels.charts.xy.view import KbnXYVisualizationState
from kb_dashboard_core.panels.drilldowns.view import KbnDynamicActions
from kb_dashboard_core.panels.markdown.view import KbnMarkdownSavedVis
from kb_dashboard_core.panels.vega.view import KbnVegaSavedVis
from kb_dashboard_core.panels.view import KbnGridData
from kb_dashboard_core.shared.view import KbnReference
from pydantic import ValidationError

STATES = {
    "lnsMetric": KbnMetricVisualizationState,
    "lnsDatatable": KbnDatatableVisualizationState,
    "lnsXY": KbnXYVisualizationState,
    "lnsHeatmap": KbnHeatmapVisualizationState,
}
COLUMNS = {
    "terms": columns.KbnLensTermsDimensionColumn,
    "date_histogram": columns.KbnLensDateHistogramDimensionColumn,
    "counter_rate": columns.KbnLensFullReferenceColumn,
}  # all others: columns.KbnLensFieldMetricColumn
SAVED = {"markdown": KbnMarkdownSavedVis, "vega": KbnVegaSavedVis}
read_so_far = []


def read(model, value, where):
    """Whether the model takes it; what it refuses is printed."""
    read_so_far.append(where)
    try:
        model.model_validate_json(json.dumps(value))
    except ValidationError as error:
        for row in error.errors():
            sys.stdout.write(f"{where}: {'.'.join(map(str, row['loc']))}: {row['msg']}: {str(row['input'])[:100]}\n")


def known(column):
    """A column without what Kibana writes and the models do not know."""
    column = {key: value for key, value in column.items() if key != "reducedTimeRange"}
    if column["operationType"] == "last_value":
        column["scale"] = "ratio"
        column["params"] = {key: value for key, value in column["params"].items() if key != "showArrayValues"}
    return column


def panel(body, where):
    """One panel with all that is in it."""
    config = body["embeddableConfig"]
    read(KbnGridData, body["gridData"], where)
    if "dynamicActions" in config["enhancements"]:
        read(KbnDynamicActions, config["enhancements"]["dynamicActions"], f"{where} drilldown")
    if body["type"] == "visualization":
        read(SAVED[config["savedVis"]["type"]], config["savedVis"], where)
        return
    attributes = config["attributes"]
    state = attributes["state"]
    read(STATES[attributes["visualizationType"]], state["visualization"], f"{where} {attributes['visualizationType']}")
    for layer in state["datasourceStates"]["formBased"]["layers"].values():
        for column in layer["columns"].values():
            model = COLUMNS.get(column["operationType"], columns.KbnLensFieldMetricColumn)
            read(model, known(column), f"{where} {column['operationType']}")
    for row in state["filters"]:
        read(
            KbnFilter,
            {**{key: value for key, value in row.items() if key != "$state"}, "state": row["$state"]},
            f"{where} filter",
        )
    for row in attributes["references"]:
        read(KbnReference, row, where)


def main(path):
    """All dashboards of the file."""
    for line in Path(path).read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        if row.get("type") != "dashboard":
            continue
        for reference in row["references"]:
            read(KbnReference, reference, row["id"])
        for body in json.loads(row["attributes"]["panelsJSON"]):
            panel(body, f"{row['id']}: {body['title']}")
        if "controlGroupInput" in row["attributes"]:
            for control in json.loads(row["attributes"]["controlGroupInput"]["panelsJSON"]).values():
                explicit = {key: value for key, value in control["explicitInput"].items() if key != "enhancements"}
                explicit |= {"dataViewId": "in the references", "runPastTimeout": None}
                read(KbnOptionsListControl, {**control, "explicitInput": explicit}, f"{row['id']} control")
    sys.stdout.write(f"read {len(read_so_far)}\n")


if __name__ == "__main__":
    main(sys.argv[1])
