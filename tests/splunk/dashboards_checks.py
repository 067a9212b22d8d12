"""What Splunk's validator does not see in a Dashboard Studio definition: names, tokens, places, formatters."""

from __future__ import annotations

import re
from typing import Any, Dict, Iterator, List, Mapping, Set, Tuple

Board = Mapping[str, Any]
WIDTH, GUTTER = 1440, 16
SOURCE_OPTIONS = {"query": str, "queryParameters": dict}
FORMATTERS = {"seriesByName", "seriesByIndex", "lastPoint", "matchValue", "rangeValue", "pick"}
CONTEXTS = {"matchValue", "rangeValue", "pick"}  # formatters that read the panel's context
TOKEN = re.compile(r"\$(\w[\w. -]*?)(\|\w)?\$(?!\$)")
CHARACTER, AROUND = 8, 36  # pixels of a table's heading: a character, and the arrows with the padding


def problems(board: Board, columns: Mapping[str, List[str]]) -> List[str]:
    """All that is wrong, in words. `columns`: what each search answers."""
    return [
        *_sources(board),
        *(
            problem
            for name, panel in board["visualizations"].items()
            for problem in _panel(board, name, panel, columns)
        ),
        *_tokens(board),
        *_places(board),
    ]


def tokens(board: Board) -> Set[str]:
    """The tokens that the inputs set."""
    found: Set[str] = set()
    for one in board["inputs"].values():
        token = one["options"]["token"]
        found |= {f"{token}.earliest", f"{token}.latest"} if one["type"] == "input.timerange" else {token}
    return found


def _sources(board: Board) -> Iterator[str]:
    used = {name for panel in board["visualizations"].values() for name in panel.get("dataSources", {}).values()}
    for name in used - set(board["dataSources"]):
        yield f"data source {name} is asked for and not there"
    for name in set(board["dataSources"]) - used:
        yield f"data source {name} is not used"
    for name, source in board["dataSources"].items():
        options = source["options"]
        for key in set(options) ^ set(SOURCE_OPTIONS):
            yield f"data source {name}: option {key} is unknown, or missing"
        for key in set(options.get("queryParameters", {})) ^ {"earliest", "latest"}:
            yield f"data source {name}: {key} is no time, or is missing"
        for token, how in TOKEN.findall(options.get("query", "").replace("$$", "")):
            if how != "|s":
                yield f"data source {name}: ${token}$ is put into the query as it is; write ${token}|s$"


def _panel(board: Board, name: str, panel: Board, columns: Mapping[str, List[str]]) -> Iterator[str]:
    known = columns.get(panel.get("dataSources", {}).get("primary", ""), [])
    options, context = panel["options"], panel.get("context", {})
    for text in _texts(options):
        if text.startswith(">"):
            yield from (f"{name}: {problem}" for problem in _formatter(text, known, context))
    fields = [*options.get("columnFormat", {}), *options.get("seriesColorsByField", {})]
    yield from (f"{name}: no column {field!r} in {known}" for field in fields if field not in known)
    if panel["type"] == "splunk.table":
        widths = {column: form.get("width", 0) for column, form in options["columnFormat"].items()}
        yield from (f"{name}: {column!r} has no width" for column in known if not widths.get(column))
        for column, width in widths.items():
            if width < CHARACTER * len(column) + AROUND:
                yield f"{name}: the heading {column!r} does not fit into {width} pixels"
        place = _place(board, name)
        if place and sum(widths.values()) > place["w"] - 16:
            yield f"{name}: its columns are {sum(widths.values())} pixels wide, the panel {place['w']}"
    for handler in panel.get("eventHandlers", ()):
        for token, how in TOKEN.findall(handler["options"].get("url", "")):
            row = re.fullmatch(r"row\.(.+)\.value", token)
            if row and row[1] not in known:
                yield f"{name}: the click reads {row[1]!r}, which no row has"
            if how != "|u":
                yield f"{name}: ${token}$ is put into the address as it is"


def _formatter(text: str, known: List[str], context: Mapping[str, Any]) -> Iterator[str]:
    start, *steps = [part.strip() for part in text[1:].split("|")]
    if start not in ("primary", "table", "majorValue"):
        yield f"{start!r} is nothing that a formatter starts with"
    for step in steps:
        call = re.fullmatch(r'(\w+)\((?:"([^"]*)"|(\w*))\)', step)
        if call is None or call[1] not in FORMATTERS:
            yield f"{step!r} is no formatter"
        elif call[1] == "seriesByName" and call[2] not in known:
            yield f"{step} reads a column that is not in {known}"
        elif call[1] in CONTEXTS and call[3] not in context:
            yield f"{step} reads {call[3]!r}, which is not in the context"


def _tokens(board: Board) -> Iterator[str]:
    set_by_inputs = tokens(board)
    for where, text in _named_texts({key: board[key] for key in ("dataSources", "visualizations")}, ""):
        for token, _ in TOKEN.findall(text.replace("$$", "")):
            if token not in set_by_inputs and not token.startswith("row."):
                yield f"{where}: no input sets ${token}$"


def _place(board: Board, name: str) -> Dict[str, int]:
    return next((dict(item["position"]) for item in board["layout"]["structure"] if item["item"] == name), {})


def _places(board: Board) -> Iterator[str]:
    height = board["layout"]["options"]["height"]
    boxes: List[Tuple[str, Dict[str, int]]] = [
        (item["item"], item["position"]) for item in board["layout"]["structure"]
    ]
    for name, box in boxes:
        if not all(isinstance(box.get(side), int) for side in "xywh") or box["w"] <= 0 or box["h"] <= 0:
            yield f"{name}: {box} is no place"
        elif (
            box["x"] < GUTTER
            or box["y"] < GUTTER
            or box["x"] + box["w"] > WIDTH - GUTTER
            or box["y"] + box["h"] > height
        ):
            yield f"{name}: {box} is not on the canvas"
    for number, (name, box) in enumerate(boxes):
        for other, there in boxes[number + 1 :]:
            if _closer(box, there, "x", "w") and _closer(box, there, "y", "h"):
                yield f"{name} and {other} overlap or touch"


def _closer(one: Mapping[str, int], other: Mapping[str, int], start: str, length: str) -> bool:
    return one[start] < other[start] + other[length] + GUTTER and other[start] < one[start] + one[length] + GUTTER


def _texts(value: Any) -> Iterator[str]:
    return (text for _, text in _named_texts(value, ""))


def _named_texts(value: Any, where: str) -> Iterator[Tuple[str, str]]:
    if isinstance(value, str):
        yield where, value
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from _named_texts(inner, f"{where}/{key}")
    elif isinstance(value, list):
        for inner in value:
            yield from _named_texts(inner, where)
