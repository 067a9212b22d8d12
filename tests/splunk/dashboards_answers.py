"""Answers to the searches of a dashboard, as Splunk sends them to a browser, and what was refused."""

from __future__ import annotations

import json
import re
from datetime import datetime, timezone
from typing import Any, Dict, List, Mapping

import dashboards_spl
from dashboards_checks import TOKEN, Board
from dashboards_table import Sources, SplError, Table, text


class Answers:
    """Answers from sources; each refusal is kept, and shown as the error of its panel."""

    def __init__(self, sources: Sources, now: float) -> None:
        self.sources, self.now = sources, now
        self.refused: List[str] = []
        self.asked: List[str] = []

    def __call__(self, query: str, earliest: str, latest: str) -> Dict[str, Any]:
        self.asked.append(query)
        try:
            return sent(self.table(query, earliest, latest))
        except SplError as error:
            self.refused.append(f"{error} in {query}")
            return {"error": str(error)}

    def table(self, query: str, earliest: str = "-30d@d", latest: str = "now") -> Table:
        """The answer, not yet sent. Raises SplError."""
        return dashboards_spl.search(query, self.sources, earliest, latest, self.now)


def sent(table: Table) -> Dict[str, Any]:
    """A table in the form of Splunk's results: columns of text, lists of text, or null."""

    def cell(name: str, value: Any) -> Any:
        if value is None:
            return None
        if name == "_time":
            return datetime.fromtimestamp(float(value), timezone.utc).isoformat(timespec="milliseconds")
        return [text(one) for one in value] if isinstance(value, list) else text(value)

    columns = [[cell(name, row.get(name)) for row in table.rows] for name in table.columns]
    return {"fields": [{"name": name} for name in table.columns], "columns": columns}


def filled(query: str, values: Mapping[str, Any]) -> str:
    """The query with its tokens put in as Dashboard Studio does: in quotes, several with commas."""

    def put(found: re.Match[str]) -> str:
        value = values[found[1]]
        return ",".join(json.dumps(one) for one in (value if isinstance(value, list) else [value]))

    return TOKEN.sub(put, query.replace("$$", "\0")).replace("\0", "$")


def defaults(board: Board) -> Dict[str, Any]:
    """What the inputs are set to when nobody has chosen."""
    return {one["options"]["token"]: one["options"]["defaultValue"] for one in board["inputs"].values()}
