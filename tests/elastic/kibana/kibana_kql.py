"""As much of Kibana's query language as the panels use: `field : "value"`, `field : ("a" or "b")`, `field : *`, comparisons
with numbers, and, or, not, parentheses. Each query becomes a filter of Elasticsearch and a predicate over documents.
"""

from __future__ import annotations

import re
from typing import Any, Callable, NamedTuple

Document = dict[str, Any]
TOKEN = re.compile(r'\s*("[^"]*"|>=|<=|>|<|:|\(|\)|\*|[^\s:()<>"]+)')
WORDS = {">": "gt", ">=": "gte", "<": "lt", "<=": "lte"}
COMPARE: dict[str, Callable[[Any, float], bool]] = {
    ">": lambda left, right: left > right,
    ">=": lambda left, right: left >= right,
    "<": lambda left, right: left < right,
    "<=": lambda left, right: left <= right,
}


class Query(NamedTuple):
    """The filter that Elasticsearch gets, what it does to a document, and the fields that it names."""

    filter: Document
    matches: Callable[[Document], bool]
    fields: tuple[str, ...]


def values(document: Document, field: str) -> list[Any]:
    """All values of a dotted field, through lists; none where it is missing."""
    found: list[Any] = [document]
    for name in field.split("."):
        found = [item[name] for item in found if isinstance(item, dict) and name in item]
        found = [value for item in found for value in (item if isinstance(item, list) else [item])]
    return [value for value in found if value is not None]


def parse(text: str) -> Query:
    """The query of a text. Raises ValueError for what is not understood here."""
    tokens = TOKEN.findall(text)
    if "".join(tokens).replace(" ", "") != re.sub(r"\s", "", text) and not re.search(r'"', text):
        raise ValueError(f"not understood: {text!r}")
    if not tokens:
        return Query({"match_all": {}}, lambda _: True, ())
    query, rest = _either(tokens)
    if rest:
        raise ValueError(f"not understood from {rest[0]!r} on: {text!r}")
    return query


def _either(tokens: list[str]) -> tuple[Query, list[str]]:
    left, tokens = _both(tokens)
    parts = [left]
    while tokens[:1] == ["or"]:
        right, tokens = _both(tokens[1:])
        parts.append(right)
    return (left if len(parts) == 1 else _any(parts)), tokens


def _both(tokens: list[str]) -> tuple[Query, list[str]]:
    left, tokens = _one(tokens)
    parts = [left]
    while tokens[:1] == ["and"]:
        right, tokens = _one(tokens[1:])
        parts.append(right)
    return (left if len(parts) == 1 else _all(parts)), tokens


def _one(tokens: list[str]) -> tuple[Query, list[str]]:
    if tokens[:1] == ["not"]:
        query, rest = _one(tokens[1:])
        return Query({"bool": {"must_not": [query.filter]}}, lambda row: not query.matches(row), query.fields), rest
    if tokens[:1] == ["("]:
        query, rest = _either(tokens[1:])
        if rest[:1] != [")"]:
            raise ValueError("a parenthesis is not closed")
        return query, rest[1:]
    field, operator, *rest = tokens
    if operator in WORDS:
        return _compared(field, operator, float(rest[0])), rest[1:]
    if operator != ":":
        raise ValueError(f"not understood: {field} {operator}")
    if rest[0] == "*":
        return Query({"exists": {"field": field}}, lambda row: bool(values(row, field)), (field,)), rest[1:]
    if rest[0] == "(":
        end = rest.index(")")
        chosen = [token.strip('"') for token in rest[1:end] if token != "or"]
        return _any([_phrase(field, value) for value in chosen]), rest[end + 1 :]
    return _phrase(field, rest[0].strip('"')), rest[1:]


def _phrase(field: str, value: str) -> Query:
    return Query({"match_phrase": {field: value}}, lambda row: value in map(str, values(row, field)), (field,))


def _compared(field: str, operator: str, limit: float) -> Query:
    test = COMPARE[operator]
    matches = lambda row: any(test(value, limit) for value in values(row, field))  # noqa: E731 - as short as the others
    return Query({"range": {field: {WORDS[operator]: limit}}}, matches, (field,))


def _any(parts: list[Query]) -> Query:
    fields = tuple(field for part in parts for field in part.fields)
    asked = {"bool": {"should": [part.filter for part in parts], "minimum_should_match": 1}}
    return Query(asked, lambda row: any(part.matches(row) for part in parts), fields)


def _all(parts: list[Query]) -> Query:
    fields = tuple(field for part in parts for field in part.fields)
    asked = {"bool": {"filter": [part.filter for part in parts]}}
    return Query(asked, lambda row: all(part.matches(row) for part in parts), fields)
