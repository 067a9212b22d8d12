"""`stats`, `eventstats` and `timechart`: what is counted, and by what."""

from __future__ import annotations

import re
from typing import Any, Callable, Dict, List, NamedTuple, Tuple

from dashboards_table import UNITS, Row, Span, SplError, Table, known, many, number, options, text, wider
from dashboards_words import read

CALL = re.compile(
    r'(count|\w+)(?:\((?:eval\((?P<eval>(?:[^()]|\((?:[^()]|\([^()]*\))*\))+)\)|(?P<field>[\w.]*))\))?(?:\s+(?:as|AS)\s+(?:"([^"]+)"|([\w.]+)))?[,\s]*'
)

SPANS = ("1s", "5s", "10s", "30s", "1m", "5m", "10m", "30m", "1h", "1d", "30d")


class Sum(NamedTuple):
    """One thing that is counted."""

    function: str
    field: str
    of: Any  # an expression instead of a field, or None
    name: str


def _first(rows: List[Row], field: str, newest: bool) -> Any:
    having = [row for row in rows if row.get(field) is not None]
    pick = max if newest else min
    return pick(having, key=lambda row: row["_time"])[field] if having else None


def _numbers(values: List[Any]) -> List[float]:
    return [found for found in map(number, values) if found is not None]


FUNCTIONS: Dict[str, Callable[[List[Any]], Any]] = {
    "count": lambda values: float(len(values)),
    "dc": lambda values: float(len({text(one) for one in values})),
    "sum": lambda values: sum(_numbers(values)) if _numbers(values) else None,
    "max": lambda values: (
        max(_numbers(values), default=None) if _numbers(values) else max(map(text, values), default=None)
    ),
    "min": lambda values: (
        min(_numbers(values), default=None) if _numbers(values) else min(map(text, values), default=None)
    ),
    "avg": lambda values: sum(_numbers(values)) / len(_numbers(values)) if _numbers(values) else None,
    "median": lambda values: sorted(_numbers(values))[len(_numbers(values)) // 2] if _numbers(values) else None,
    "perc95": lambda values: sorted(_numbers(values))[int(len(_numbers(values)) * 0.95)] if _numbers(values) else None,
    "values": lambda values: sorted({text(one) for one in values}) or None,
    "list": lambda values: values[:100] or None,
    "first": lambda values: values[0] if values else None,
    "last": lambda values: values[-1] if values else None,
}


def _read(words: str, table: Table) -> Tuple[List[Sum], List[str]]:
    said, _, by = words.partition(" by ")
    sums, position = [], 0
    while position < len(said.strip()):
        found = CALL.match(said, position)
        if found is None or not found[0]:
            raise SplError(f"cannot read {said[position:]!r}")
        position = found.end()
        of = read(found["eval"], 0.0) if found["eval"] else None
        known(of.fields if of else [found["field"]] if found["field"] else [], table)
        function = found[1]
        if function not in FUNCTIONS and function not in ("latest", "earliest"):
            raise SplError(f"unknown function {function}()")
        plain = f"{function}({found['field']})" if found["field"] else function
        sums.append(Sum(function, found["field"] or "", of, found[4] or found[5] or plain))
    fields = [name for name in re.split(r"[,\s]+", by.strip()) if name]
    known(fields, table)
    return sums, fields


def _value(one: Sum, rows: List[Row]) -> Any:
    if one.function in ("latest", "earliest"):
        return _first(rows, one.field, one.function == "latest")
    if one.of is not None:
        found = [one.of.of(row) for row in rows]
        values = [value for value in found if (value if one.function == "count" else value is not None)]
    elif one.field:
        values = [value for row in rows for value in many(row.get(one.field))]
    else:
        values = list(rows)
    return FUNCTIONS[one.function](values)


def _groups(rows: List[Row], fields: List[str]) -> Dict[Tuple[str, ...], List[Row]]:
    """The rows of each combination of values; a row without one of the fields is in none, as in Splunk."""
    found: Dict[Tuple[str, ...], List[Row]] = {}
    for row in rows:
        keys: List[Tuple[str, ...]] = [()]
        for field in fields:
            keys = [(*key, text(value)) for key in keys for value in many(row.get(field))]
        for key in keys:
            found.setdefault(key, []).append(row)
    return found


def summed(words: str, table: Table, beside: bool) -> Table:
    """`stats`, or `eventstats` where the sums stand beside the rows."""
    sums, fields = _read(words, table)
    groups = _groups(table.rows, fields)
    if not fields and not beside:
        groups = {(): table.rows}
    done = {key: {one.name: _value(one, rows) for one in sums} for key, rows in groups.items()}
    if beside:
        for key, rows in groups.items():
            for row in rows:
                row.update(done[key])
        return Table(wider(table.columns, *(one.name for one in sums)), table.rows)
    rows = [{**dict(zip(fields, key)), **done[key]} for key in sorted(groups)]
    return Table([*fields, *(one.name for one in sums)], rows)


def _span(length: float, most: int) -> str:
    """The span that Splunk takes where none is given: the shortest of which there are not too many."""
    return next((name for name in SPANS if length / (int(name[:-1]) * UNITS[name[-1]]) <= most), SPANS[-1])


def chart(words: str, table: Table, span: Span) -> Table:
    """`timechart span=… <sum> [by field]`, empty spans included."""
    said = options(words)
    width = said.get("span") or _span(span.latest - span.earliest, int(said.get("bins", "100")))
    seconds = int(width[:-1]) * UNITS[width[-1]]
    rest = re.sub(r"\b(span|bins|limit)=\S+\s*", "", words)
    sums, by = _read(rest, table)
    if not table.rows:
        return Table(["_time", *(() if by else (one.name for one in sums))], [])
    starts = [float(time) for time in range(int(span.earliest // seconds) * seconds, int(span.latest), seconds)]
    rows: Dict[float, Row] = {start: {"_time": start} for start in starts}
    columns = ["_time"]
    for key, found in sorted(_groups(table.rows, by).items()):
        for one in sums:
            name = (f"{one.name}: {key[0]}" if len(sums) > 1 else key[0]) if by else one.name
            columns.append(name)
            for start in starts:
                within = [row for row in found if start <= row["_time"] < start + seconds]
                rows[start][name] = _value(one, within)
    return Table(columns, list(rows.values()))
