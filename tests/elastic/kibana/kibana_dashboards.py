"""The built NDJSON, read as Kibana reads it: dashboards, their panels, what each panel asks for and when."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Iterator, NamedTuple

from kibana_lens_query import Layer, Range, seconds

Json = dict[str, Any]
ROOT = Path(__file__).resolve().parents[3]
BUILT = ROOT / "elastic/kibana/busybody.ndjson"


class Panel(NamedTuple):
    """One panel of a dashboard."""

    dashboard: str
    title: str
    body: Json
    references: dict[str, str]  # name within the dashboard: id
    time: tuple[str, str]  # from, to

    @property
    def name(self) -> str:
        """For test ids."""
        return f"{self.dashboard.removeprefix('busybody_')}: {self.title}"

    @property
    def attributes(self) -> Json:
        """Of a Lens panel."""
        return self.body["embeddableConfig"]["attributes"]

    @property
    def spec(self) -> Json:
        """Of a Vega panel."""
        return json.loads(self.body["embeddableConfig"]["savedVis"]["params"]["spec"])

    def layers(self, now: float, views: dict[str, Json]) -> Iterator[tuple[str, Layer]]:
        """The data views' ids and the layers of a Lens panel, in the dashboard's time range, which ends at `now`."""
        state = self.attributes["state"]
        for key, layer in state["datasourceStates"]["formBased"]["layers"].items():
            view = self.references[f"{self.body['panelIndex']}:indexpattern-datasource-layer-{key}"]
            when = Range(*self.range(now), views[view].get("timeFieldName"))
            yield view, Layer(layer, state, when)

    def range(self, now: float) -> tuple[float, float]:
        """The time range in epoch seconds; the panel's own, where it has one."""
        own = self.body["embeddableConfig"].get("timeRange")
        start, end = (own["from"], own["to"]) if own else self.time
        assert end == "now"
        return now - seconds(start.removeprefix("now-")), now


def objects() -> list[Json]:
    """All saved objects of the file, without the summary."""
    return [json.loads(line) for line in BUILT.read_text(encoding="utf-8").splitlines()][:-1]


def views() -> dict[str, Json]:
    """Attributes of the data views by id."""
    return {row["id"]: row["attributes"] for row in objects() if row["type"] == "index-pattern"}


def panels() -> list[Panel]:
    """Every panel of every dashboard."""
    found = []
    for row in objects():
        if row["type"] == "dashboard":
            attributes = row["attributes"]
            references = {reference["name"]: reference["id"] for reference in row["references"]}
            time = attributes["timeFrom"], attributes["timeTo"]
            for body in json.loads(attributes["panelsJSON"]):
                found.append(Panel(row["id"], body["title"], body, references, time))
    return found


def lens_panels() -> list[Panel]:
    """The Lens panels."""
    return [panel for panel in panels() if panel.body["type"] == "lens"]


def maps() -> list[Panel]:
    """The Vega panels."""
    return [
        panel
        for panel in panels()
        if panel.body["type"] == "visualization" and panel.body["embeddableConfig"]["savedVis"]["type"] == "vega"
    ]
