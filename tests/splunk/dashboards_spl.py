"""A small evaluator of SPL: the commands that the dashboards use, over tables in memory.

It is strict where Splunk is silent: an unknown command, macro, lookup, option or field is an error, so that a panel
cannot be empty because of a typing error. Sources (events, lookups, generating commands) are given by the caller.
"""

from __future__ import annotations

import re
from typing import Any, Callable, Dict, Mapping, Tuple

from dashboards_filter import Filter
from dashboards_stats import chart, summed
from dashboards_table import (
    UNITS,
    Row,
    Sources,
    Span,
    SplError,
    Table,
    known,
    many,
    moment,
    names,
    number,
    options,
    pieces,
    text,
    wider,
)
from dashboards_words import read


def search(query: str, sources: Sources, earliest: str, latest: str, now: float) -> Table:
    """The result of a query in a time range."""
    span = Span(moment(earliest, now), moment(latest, now), now)
    return _pipeline(_expanded(query, sources.macros), sources, span, Table([], []))


def _expanded(query: str, macros: Mapping[str, str]) -> str:
    def of(found: re.Match[str]) -> str:
        if found[1] not in macros:
            raise SplError(f"no macro `{found[1]}`")
        return macros[found[1]]

    for _ in range(4):
        query = re.sub(r"`([^`]+)`", of, query)
    return query


def _pipeline(query: str, sources: Sources, span: Span, table: Table) -> Table:
    parts = pieces(query, "|")
    if parts[0]:
        parts[0] = "search " + re.sub(r"^search\s+", "", parts[0])
    for part in parts if parts[0] else parts[1:]:
        name, _, rest = part.partition(" ")
        if name in sources.commands:
            table = sources.commands[name](options(rest))
        elif name in COMMANDS:
            table = COMMANDS[name](rest.strip(), table, sources, span)
        else:
            raise SplError(f"unknown command {name!r}")
    return table


# Commands ---------------------------------------------------------------------------------------------------


def _search(words: str, table: Table, sources: Sources, span: Span) -> Table:
    if not table.columns:
        found = re.match(r"(?:index=(\S+)\s*)", words)
        if not found:
            raise SplError(f"a search names its index first: {words!r}")
        table = sources.events(found[1].strip('"'))
        table = Table(table.columns, [row for row in table.rows if span.earliest <= row["_time"] < span.latest])
        words = words[found.end() :]
    test = Filter(words, table)
    return Table(table.columns, [row for row in table.rows if test.says(row)])


def _inputlookup(words: str, table: Table, sources: Sources, span: Span) -> Table:
    found = re.fullmatch(r"(?:(append)=(?:t|true)\s+)?([\w.]+)(?:\s+where\s+(.*))?", words)
    if found is None or found[2] not in sources.lookups:
        raise SplError(f"no lookup in {words!r}")
    read_in = sources.lookups[found[2]]
    test = Filter(found[3] or "", read_in)
    rows = [dict(row) for row in read_in.rows if test.says(row)]
    return _appended(table, Table(read_in.columns, rows)) if found[1] else Table(read_in.columns, rows)


def _appended(table: Table, more: Table) -> Table:
    return Table(wider(table.columns, *more.columns), table.rows + more.rows)


def _append(words: str, table: Table, sources: Sources, span: Span) -> Table:
    return _appended(table, _pipeline(words.strip()[1:-1], sources, span, Table([], [])))


def _appendpipe(words: str, table: Table, sources: Sources, span: Span) -> Table:
    inner = "|" + words.strip()[1:-1]
    return _appended(table, _pipeline(inner, sources, span, Table(table.columns, [dict(row) for row in table.rows])))


def _makeresults(words: str, table: Table, sources: Sources, span: Span) -> Table:
    return Table(["_time"], [{"_time": span.now} for _ in range(int(options(words).get("count", "1")))])


def _addinfo(words: str, table: Table, sources: Sources, span: Span) -> Table:
    info = {"info_min_time": span.earliest, "info_max_time": span.latest, "info_search_time": span.now}
    return Table(wider(table.columns, *info), [{**row, **info} for row in table.rows])


def _eval(words: str, table: Table, sources: Sources, span: Span) -> Table:
    columns = list(table.columns)
    for part in pieces(words, ","):
        name, _, said = part.partition("=")
        name = name.strip().strip("'\"")
        expression = read(said, span.now)
        known(expression.fields, Table(columns, []))
        for row in table.rows:
            row[name] = expression.of(row)
        columns = wider(columns, name)
    return Table(columns, table.rows)


def _where(words: str, table: Table, sources: Sources, span: Span) -> Table:
    expression = read(words, span.now)
    known(expression.fields, table)
    return Table(table.columns, [row for row in table.rows if expression.of(row)])


def _sort(words: str, table: Table, sources: Sources, span: Span) -> Table:
    found = re.match(r"(\d+)\s+", words)
    limit, rows = int(found[1]) if found else 10_000, list(table.rows)
    keys = re.findall(r"([-+]?)\s*([\w.]+)", words[found.end() if found else 0 :])
    known((name for _, name in keys), table)
    for sign, name in reversed(keys):
        rows.sort(key=lambda row: _order(row.get(name)), reverse=sign == "-")
    return Table(table.columns, rows[:limit] if limit else rows)


def _order(value: Any) -> Tuple[int, Any]:
    found = number(value)
    return (1, text(value)) if found is None else (0, found)


def _head(words: str, table: Table, sources: Sources, span: Span) -> Table:
    return Table(table.columns, table.rows[: int(words or 10)])


def _dedup(words: str, table: Table, sources: Sources, span: Span) -> Table:
    """The first row of each combination; a row without one of the fields goes, as in Splunk."""
    fields = names(words)
    known(fields, table)
    kept: Dict[Tuple[str, ...], Row] = {}
    for row in table.rows:
        if all(row.get(field) is not None for field in fields):
            kept.setdefault(tuple(text(row[field]) for field in fields), row)
    return Table(table.columns, list(kept.values()))


def _table(words: str, table: Table, sources: Sources, span: Span) -> Table:
    fields = names(words)
    known(fields, table)
    return Table(fields, [{field: row.get(field) for field in fields} for row in table.rows])


def _fields(words: str, table: Table, sources: Sources, span: Span) -> Table:
    fields = names(words.lstrip("-+ "))
    known(fields, table)
    if words.startswith("-"):
        fields = [name for name in table.columns if name not in fields]
    return _table(" ".join(f'"{name}"' for name in fields), table, sources, span)


def _rename(words: str, table: Table, sources: Sources, span: Span) -> Table:
    names = {
        old: quoted or new for old, quoted, new in re.findall(r'([\w.]+)\s+(?:as|AS)\s+(?:"([^"]*)"|([\w.]+))', words)
    }
    known(names, table)
    rows = [{names.get(name, name): value for name, value in row.items()} for row in table.rows]
    return Table([names.get(name, name) for name in table.columns], rows)


def _fillnull(words: str, table: Table, sources: Sources, span: Span) -> Table:
    value = options(words).get("value", "0")
    fields = names(re.sub(r"value=\S+", "", words)) or table.columns
    known(fields, table)
    for row in table.rows:
        row.update({name: value for name in fields if row.get(name) is None})
    return table


def _mvexpand(words: str, table: Table, sources: Sources, span: Span) -> Table:
    known([words], table)
    return Table(table.columns, [{**row, words: one} for row in table.rows for one in many(row.get(words)) or [None]])


def _lookup(words: str, table: Table, sources: Sources, span: Span) -> Table:
    found = re.fullmatch(r"(\w+)\s+(\w+)(?:\s+AS\s+(\w+))?\s+OUTPUT\s+(.+)", words)
    if found is None or found[1] not in sources.lookups:
        raise SplError(f"no lookup in {words!r}")
    there, here = found[2], found[3] or found[2]
    outputs = [(old, new or old) for old, new in re.findall(r"(\w+)(?:\s+AS\s+(\w+))?", found[4])]
    catalogue = sources.lookups[found[1]]
    known([there, *(old for old, _ in outputs)], catalogue)
    known([here], table)
    of = {text(row[there]).lower(): row for row in catalogue.rows}
    for row in table.rows:
        hit = of.get(text(row.get(here)).lower(), {})
        row.update({new: hit.get(old) for old, new in outputs})
    return Table(wider(table.columns, *(new for _, new in outputs)), table.rows)


def _iplocation(words: str, table: Table, sources: Sources, span: Span) -> Table:
    prefix, field = options(words).get("prefix", ""), words.rsplit(maxsplit=1)[-1]
    known([field], table)
    names = [prefix + name for name in ("City", "Country", "Region", "lat", "lon")]
    for row in table.rows:
        found = sources.locate(text(row.get(field)))
        row.update({prefix + name: value for name, value in found.items()})
    return Table(wider(table.columns, *names), table.rows)


def _bin(words: str, table: Table, sources: Sources, span: Span) -> Table:
    width, field = _seconds(options(words)["span"]), words.rsplit(maxsplit=1)[-1]
    known([field], table)
    for row in table.rows:
        row[field] = number(row[field]) // width * width  # type: ignore[operator]
    return table


def _seconds(words: str) -> float:
    return int(words[:-1] or 1) * UNITS[words[-1]]


def _stats(words: str, table: Table, sources: Sources, span: Span) -> Table:
    return summed(words, table, False)


def _eventstats(words: str, table: Table, sources: Sources, span: Span) -> Table:
    return summed(words, table, True)


def _timechart(words: str, table: Table, sources: Sources, span: Span) -> Table:
    return chart(words, table, span)


COMMANDS: Dict[str, Callable[[str, Table, Sources, Span], Table]] = {
    "search": _search, "inputlookup": _inputlookup, "append": _append, "appendpipe": _appendpipe, "makeresults": _makeresults,
    "addinfo": _addinfo, "eval": _eval, "where": _where, "sort": _sort, "head": _head, "dedup": _dedup, "table": _table,
    "fields": _fields, "rename": _rename, "fillnull": _fillnull, "mvexpand": _mvexpand, "lookup": _lookup,
    "iplocation": _iplocation, "bin": _bin, "stats": _stats, "eventstats": _eventstats, "timechart": _timechart,
}  # fmt: skip
