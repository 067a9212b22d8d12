"""A Dashboard Studio definition, written panel by panel: what every dashboard of ours has in common.

The canvas is 1440 pixels wide with a margin and a gutter of 16; a panel names its place on it in pixels. Colours are those
of the report's dark page, one for each level, and no colour says anything that is not also said in words.
"""

from __future__ import annotations

import json
from html import escape
from typing import Any, Dict, List, Mapping, Optional, Sequence, Tuple

WIDTH, EDGE, GUTTER = 1440, 16, 16
CANVAS, CARD, INK, MUTED, LINK = "#0e1116", "#161a21", "#e6e9ef", "#9ba5b5", "#8fb8f6"
LEVELS = {"critical": "#ff5d73", "high": "#f5894a", "medium": "#e2b64f", "low": "#7fa3d6", "none": "#77818f"}
GOOD = "#6dbcab"
STATUSES = {
    "malicious": LEVELS["critical"], "open": LEVELS["medium"], "benign": GOOD, "closed": LEVELS["none"],
    "quiet": LEVELS["critical"], "failed": LEVELS["critical"], "fresh": GOOD, "success": GOOD, "skipped": LEVELS["medium"],
}  # fmt: skip
RISKS = [
    {"value": LEVELS["none"], "to": 20}, {"value": LEVELS["low"], "from": 20, "to": 40}, {"value": LEVELS["medium"], "from": 40, "to": 70},
    {"value": LEVELS["high"], "from": 70, "to": 90}, {"value": LEVELS["critical"], "from": 90},
]  # fmt: skip
ATTRIBUTION = (
    "[IP Geolocation by DB-IP](https://db-ip.com) (CC BY 4.0) where the sign-ins bring no place of their own. "
    "Land: [Natural Earth](https://www.naturalearthdata.com), public domain."
)
Json = Dict[str, Any]
Place = Tuple[int, int, int, int]  # x, y, width, height


class Dashboard:
    """A dashboard that is being written."""

    def __init__(self, name: str, label: str, description: str) -> None:
        self.name, self.label, self.description = name, label, description
        self.visualizations: Json = {}
        self.data_sources: Json = {}
        self.inputs: Json = {}
        self.structure: List[Json] = []

    def search(self, name: str, query: str) -> str:
        """A search of the time range that the reader chose; returns its name."""
        self.data_sources[name] = {
            "type": "ds.search",
            "name": name,
            "options": {"query": " ".join(query.split()), "queryParameters": TIME},
        }
        return name

    def input(self, name: str, kind: str, title: str, **options: Any) -> None:
        """A choice above the dashboard."""
        sources = {"primary": options.pop("search")} if "search" in options else None
        self.inputs[name] = {
            "type": f"input.{kind}",
            "title": title,
            "options": options,
            **({"dataSources": sources} if sources else {}),
        }

    def panel(
        self, name: str, kind: str, place: Place, search: Optional[str] = None, *, title: str = "", note: str = "",
        context: Optional[Mapping[str, Any]] = None, drilldown: Optional[Json] = None, **options: Any,
    ) -> None:  # fmt: skip
        """A panel at a place; `note` is the small line under its title."""
        x, y, width, height = place
        body: Json = {"type": f"splunk.{kind}", "options": options}
        if search:
            body["dataSources"] = {"primary": search}
        body.update({key: value for key, value in (("title", title), ("description", note)) if value})
        if context:
            body["context"] = dict(context)
        if drilldown:
            body["eventHandlers"] = [drilldown]
        self.visualizations[name] = body
        self.structure.append({"item": name, "type": "block", "position": {"x": x, "y": y, "w": width, "h": height}})

    def text(self, name: str, place: Place, markdown: str, **options: Any) -> None:
        """Words."""
        self.panel(name, "markdown", place, markdown=markdown, fontColor=INK, backgroundColor="transparent", **options)

    def number(
        self, name: str, place: Place, search: str, field: str, title: str, under: str, *,
        colours: Sequence[Tuple[float, str]] = ((0, INK),), graded: str = "", **options: Any,
    ) -> None:  # fmt: skip
        """One figure, large, of the first row of a search; `under` is the field with the words below it.

        `colours`: from which value on which colour; of the field `graded`, where the figure is text.
        """
        steps = [
            {"value": colour, **({"from": start} if number else {})} for number, (start, colour) in enumerate(colours)
        ]
        for step, (start, _) in zip(steps, colours[1:]):
            step["to"] = start
        self.panel(
            name, "singlevalue", place, search, title=title, context={"colours": steps},
            majorValue=f'> primary | seriesByName("{field}") | lastPoint()', majorColor=(f'> primary | seriesByName("{graded}") | lastPoint()' if graded else "> majorValue") + " | rangeValue(colours)",
            underLabel=f'> primary | seriesByName("{under}") | lastPoint()', underLabelColor=MUTED, underLabelFontSize=13,
            sparklineDisplay="off", trendDisplay="off", backgroundColor=CARD, majorFontSize=34, **options,
        )  # fmt: skip

    def chart(self, name: str, kind: str, place: Place, search: str, title: str, note: str, **options: Any) -> None:
        """Columns, bars or lines, without what the title has said already."""
        settings = {
            "legendDisplay": "bottom",
            "xAxisTitleVisibility": "hide",
            "yAxisTitleVisibility": "hide",
            **options,
        }
        self.panel(name, kind, place, search, title=title, note=note, backgroundColor=CARD, **settings)

    def table(
        self, name: str, place: Place, search: str, title: str, note: str = "", *, widths: Mapping[str, int],
        levels: Sequence[str] = (), risks: Sequence[str] = (), statuses: Sequence[str] = (), links: Sequence[str] = (), right: Sequence[str] = (),
        rows: int = 10, drilldown: Optional[Json] = None,
    ) -> None:  # fmt: skip
        """Rows. Columns of `levels`, `risks` and `statuses` carry the colour of what they say; `links` lead somewhere."""
        columns: Json = {column: {"width": width} for column, width in widths.items()}
        for column in levels:
            columns.setdefault(column, {})["rowColors"] = f'> table | seriesByName("{column}") | matchValue(levels)'
        for column in risks:
            columns.setdefault(column, {})["rowColors"] = f'> table | seriesByName("{column}") | rangeValue(risks)'
        for column in statuses:
            columns.setdefault(column, {})["rowColors"] = f'> table | seriesByName("{column}") | matchValue(statuses)'
        for column in links:
            columns.setdefault(column, {})["rowColors"] = f'> table | seriesByName("{column}") | pick(links)'
        for column in (*right, *risks):
            columns.setdefault(column, {}).update({"align": "right", "headerAlign": "right"})
        context = {
            "levels": [
                *({"match": level, "value": value} for level, value in LEVELS.items()),
                {"match": "", "value": INK},
            ],
            "risks": RISKS,
            "stripes": [CARD, "#1a1f27"],
            "ink": [INK],
            "statuses": [
                *({"match": status, "value": value} for status, value in STATUSES.items()),
                {"match": "", "value": INK},
            ],
            "links": [LINK],
        }
        self.panel(
            name, "table", place, search, title=title, note=note, context=context, drilldown=drilldown, columnFormat=columns, count=rows,
            backgroundColor=CARD, headerVisibility="fixed", showInternalFields=False,
            tableFormat={
                "rowBackgroundColors": "> table | seriesByIndex(0) | pick(stripes)", "rowColors": "> table | seriesByIndex(0) | pick(ink)",
                "headerBackgroundColor": "#1f242d", "headerColor": MUTED, "align": "left",
            },
        )  # fmt: skip

    def definition(self) -> Json:
        """What Dashboard Studio reads."""
        height = max(item["position"]["y"] + item["position"]["h"] for item in self.structure) + EDGE
        return {
            "title": self.label,
            "description": self.description,
            "visualizations": self.visualizations,
            "dataSources": self.data_sources,
            "inputs": self.inputs,
            "defaults": {},
            "layout": {
                "type": "absolute",
                "options": {
                    "width": WIDTH,
                    "height": height,
                    "display": "auto-scale",
                    "backgroundColor": CANVAS,
                    "showTitleAndDescription": True,
                },
                "structure": self.structure,
                "globalInputs": list(self.inputs),
            },
        }

    def xml(self) -> str:
        """The file of the view."""
        definition = json.dumps(self.definition(), indent=2, ensure_ascii=False).replace("]]>", "]]\\u003e")
        return (
            f'<dashboard version="2" theme="dark">\n  <label>{escape(self.label)}</label>\n'
            f"  <description>{escape(self.description)}</description>\n  <definition><![CDATA[\n{definition}\n  ]]></definition>\n</dashboard>\n"
        )


TIME = {"earliest": "$time.earliest$", "latest": "$time.latest$"}


def row(y: int, height: int, *shares: float, left: int = EDGE, width: int = WIDTH - 2 * EDGE) -> List[Place]:
    """Panels side by side, their widths in the given proportions."""
    room = width - GUTTER * (len(shares) - 1)
    places: List[Place] = []
    for share in shares:
        wide = round(room * share / sum(shares)) if len(places) < len(shares) - 1 else EDGE + WIDTH - 2 * EDGE - left
        places.append((left, y, wide, height))
        left += wide + GUTTER
    return places


def nothing(who: str, short: str, why: str, words: str) -> str:
    """The end of a table's search: where it found nothing, a row that says what to do."""
    return f'appendpipe [stats count | where count=0 | eval {who}="{short}", {why}="{words}" | fields {who}, {why}]'


def to_person(column: str) -> Json:
    """A click on a row opens its person, in the same time range."""
    url = f"/app/busybody/person?form.user=$row.{column}.value|u$&form.time.earliest=$time.earliest|u$&form.time.latest=$time.latest|u$"
    return {"type": "drilldown.customUrl", "options": {"url": url, "newTab": False}}
