"""What a Lens layer asks of Elasticsearch, read out of the built dashboard as Kibana reads it, and what the answer says.

`ask` makes the search, `rows` reads the answer, `reckon` computes the same rows from documents in plain Python. Buckets nest
in the order of the columns; a column's own filter and reduced time range become a filter around its metric; the latest
value is a top hit (Kibana asks for top_metrics, which a node without x-pack's analytics does not have: the same value).
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from typing import Any, Iterable, Mapping, NamedTuple

from kibana_kql import Query, parse, values

Json = dict[str, Any]
Row = tuple[Any, ...]
AUTO = {1: 1800, 7: 10800, 30: 43200}  # seconds that "auto" stands for, by days of the time range
METRICS = {"max": max, "min": min, "sum": sum}


class Range(NamedTuple):
    """A time range in epoch seconds, and the field it is about; None for a view without one."""

    start: float
    end: float
    field: str | None

    @property
    def days(self) -> int:
        """Its length in days."""
        return round((self.end - self.start) / 86400)


def seconds(text: str) -> float:
    """`5m`, `1d` as seconds."""
    return float(text[:-1]) * {"m": 60, "h": 3600, "d": 86400}[text[-1]]


@cache
def moment(value: str) -> float:
    """A date of a document as epoch seconds."""
    return datetime.fromisoformat(value).timestamp()


def _iso(time: float) -> str:
    return datetime.fromtimestamp(time, UTC).isoformat().replace("+00:00", "Z")


class Layer:
    """One layer of one panel, with all that filters it."""

    def __init__(self, layer: Mapping[str, Any], state: Mapping[str, Any], when: Range) -> None:
        self.columns: dict[str, Json] = layer["columns"]
        self.order: list[str] = layer["columnOrder"]
        self.when = when
        self.buckets = [key for key in self.order if self.columns[key]["isBucketed"]]
        self.metrics = [key for key in self.order if not self.columns[key]["isBucketed"]]
        self.query = parse(state["query"]["query"])
        self.filters = [row["query"]["match_phrase"] for row in state["filters"]]

    @property
    def step(self) -> float:
        """Seconds of a date histogram."""
        for key in self.buckets:
            column = self.columns[key]
            if column["operationType"] == "date_histogram":
                interval = column["params"]["interval"]
                return AUTO[self.when.days] if interval == "auto" else seconds(interval)
        return 0.0

    # The search -----------------------------------------------------------------------------------------------

    def ask(self) -> Json:
        """The body of the search."""
        filters: list[Json] = [{"match_phrase": row} for row in self.filters] + [self.query.filter]
        if self.when.field is not None:
            span = {"gte": _iso(self.when.start), "lt": _iso(self.when.end)}
            filters.append({"range": {self.when.field: span}})
        body: Json = {"size": 0, "track_total_hits": True, "query": {"bool": {"filter": filters}}}
        body["aggs"] = self._nested(self.buckets)
        return body

    def _nested(self, buckets: list[str]) -> Json:
        if not buckets:
            return {key: agg for key in self.metrics for agg in self._metric(key)}
        key, column = buckets[0], self.columns[buckets[0]]
        inner = self._nested(buckets[1:])
        if column["operationType"] == "date_histogram":
            asked = {"field": column["sourceField"], "fixed_interval": f"{self.step:.0f}s", "min_doc_count": 0}
            if self.when.field == column["sourceField"]:
                asked["extended_bounds"] = {"min": _iso(self.when.start), "max": _iso(self.when.end - 1)}
            return {key: {"date_histogram": asked, "aggs": inner}}
        params = column["params"]
        asked = {"field": column["sourceField"], "size": params["size"]}
        order = params["orderBy"]
        if order["type"] == "column":
            by = order["columnId"]
            inner = {**inner, by: next(iter(self._metric(by)))}
            asked["order"] = [{self._path(by): params["orderDirection"]}, {"_key": "asc"}]
        else:
            asked["order"] = {"_key": params["orderDirection"]}
        return {key: {"terms": asked, "aggs": inner}}

    def _filters(self, key: str) -> list[Json]:
        column = self.columns[key]
        filters = [parse(column["filter"]["query"]).filter] if "filter" in column else []
        if "reducedTimeRange" in column:
            start = self.when.end - seconds(column["reducedTimeRange"])
            filters.append({"range": {self.when.field: {"gte": _iso(start), "lt": _iso(self.when.end)}}})
        return filters

    def _path(self, key: str) -> str:
        filtered, count = bool(self._filters(key)), self.columns[key]["operationType"] == "count"
        if count:
            return key if filtered else "_count"
        return f"{key}>{key}" if filtered else key

    def _metric(self, key: str) -> Iterable[Json]:
        column, filters = self.columns[key], self._filters(key)
        kind, field = column["operationType"], column.get("sourceField")
        if kind == "count":
            inner: Json | None = None
        elif kind == "unique_count":
            inner = {"cardinality": {"field": field}}
        elif kind in METRICS:
            inner = {kind: {"field": field}}
        elif kind == "last_value":
            sort = {column["params"]["sortField"]: {"order": "desc"}}
            inner = {"top_hits": {"size": 1, "sort": [sort], "_source": [field]}}
        else:
            return  # counter_rate: reckoned from the column that it refers to
        if filters:
            yield {"filter": {"bool": {"filter": filters}}, **({"aggs": {key: inner}} if inner else {})}
        elif inner:
            yield inner
        else:
            yield {"filter": {"match_all": {}}}

    # The answer -----------------------------------------------------------------------------------------------

    def rows(self, answer: Mapping[str, Any]) -> list[Row]:
        """Bucket keys, then metrics, a row for each innermost bucket."""
        return self._rated(list(self._read(answer["aggregations"], self.buckets, ())))

    def _read(self, found: Mapping[str, Any], buckets: list[str], before: Row) -> Iterable[Row]:
        if not buckets:
            yield before + tuple(self._value(key, found.get(key, {})) for key in self.metrics)
            return
        date = self.columns[buckets[0]]["operationType"] == "date_histogram"
        for bucket in found[buckets[0]]["buckets"]:
            key = bucket["key"] / 1000 if date else bucket["key"]
            yield from self._read(bucket, buckets[1:], (*before, key))

    def _value(self, key: str, found: Mapping[str, Any]) -> Any:
        column = self.columns[key]
        kind = column["operationType"]
        if kind == "counter_rate":
            return None
        if kind == "count":
            return found["doc_count"]
        inner = found[key] if self._filters(key) else found
        if kind == "last_value":
            hits = inner["hits"]["hits"]
            return next(iter(values(hits[0]["_source"], column["sourceField"])), None) if hits else None
        value = inner["value"]
        return value / 1000 if value is not None and column["dataType"] == "date" else value

    def _rated(self, rows: list[Row]) -> list[Row]:
        """With the counter rates put in: growth per hour within each series, a restart counted from nothing."""
        width = len(self.buckets)
        rates = [key for key in self.metrics if self.columns[key]["operationType"] == "counter_rate"]
        if not rates:
            return rows
        place = {key: width + number for number, key in enumerate(self.metrics)}
        series = [number for number, key in enumerate(self.buckets) if self.columns[key]["operationType"] == "terms"]
        before: dict[Any, Any] = {}
        out = []
        for row in rows:
            cells = list(row)
            for key in rates:
                of = self.columns[key]["references"][0]
                now, mark = row[place[of]], (key, tuple(row[number] for number in series))
                last = before.get(mark)
                if now is not None and last is not None:
                    cells[place[key]] = (now - last if now >= last else now) * 3600 / self.step
                before[mark] = now
            out.append(tuple(cells))
        return out

    # The same, in Python --------------------------------------------------------------------------------------

    def reckon(self, documents: Iterable[Json]) -> list[Row]:
        """The rows that these documents must give."""
        when = self.when
        chosen = [
            row
            for row in documents
            if self.query.matches(row)
            and all(value in values(row, field) for phrase in self.filters for field, value in phrase.items())
            and (when.field is None or when.start <= moment(values(row, when.field)[0]) < when.end)
        ]
        return self._rated(list(self._grouped(chosen, self.buckets, ())))

    def _grouped(self, chosen: list[Json], buckets: list[str], before: Row) -> Iterable[Row]:
        if not buckets:
            yield before + tuple(self._reckoned(key, chosen) for key in self.metrics)
            return
        for key, group in self._groups(chosen, self.columns[buckets[0]]):
            yield from self._grouped(group, buckets[1:], (*before, key))

    def _groups(self, chosen: list[Json], column: Json) -> list[tuple[Any, list[Json]]]:
        groups: dict[Any, list[Json]] = {}
        if column["operationType"] == "date_histogram":
            for row in chosen:
                time = moment(values(row, column["sourceField"])[0])
                groups.setdefault(time // self.step * self.step, []).append(row)
            starts = [min(groups), max(groups)] if groups else []
            if self.when.field == column["sourceField"]:
                starts += [self.when.start // self.step * self.step, (self.when.end - 1) // self.step * self.step]
            if not starts:
                return []
            count = round((max(starts) - min(starts)) / self.step) + 1
            keys = [min(starts) + number * self.step for number in range(count)]
            return [(key, groups.get(key, [])) for key in keys]
        for row in chosen:
            for value in dict.fromkeys(values(row, column["sourceField"])):
                groups.setdefault(value, []).append(row)
        params = column["params"]
        falling = params["orderDirection"] == "desc"
        ordered = sorted(groups)
        if params["orderBy"]["type"] == "column":
            by = params["orderBy"]["columnId"]
            ordered.sort(key=lambda key: self._reckoned(by, groups[key]) or 0, reverse=falling)
        elif falling:
            ordered.reverse()
        return [(key, groups[key]) for key in ordered[: params["size"]]]

    def _reckoned(self, key: str, chosen: list[Json]) -> Any:
        column = self.columns[key]
        kind, field = column["operationType"], column.get("sourceField", "")
        if "filter" in column:
            wanted: Query = parse(column["filter"]["query"])
            chosen = [row for row in chosen if wanted.matches(row)]
        if "reducedTimeRange" in column:
            start = self.when.end - seconds(column["reducedTimeRange"])
            chosen = [row for row in chosen if moment(values(row, str(self.when.field))[0]) >= start]
        if kind == "counter_rate":
            return None
        if kind == "count":
            return len(chosen)
        if kind == "last_value":
            last = max(chosen, key=lambda row: moment(values(row, column["params"]["sortField"])[0]), default=None)
            return next(iter(values(last, field)), None) if last is not None else None
        found = [value for row in chosen for value in values(row, field)]
        if kind == "unique_count":
            return len(set(found))
        if column["dataType"] == "date" or (found and isinstance(found[0], str)):
            found = [moment(value) for value in found]
        return METRICS[kind](found) if found else None
