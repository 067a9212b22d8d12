"""Kibana's query language as far as our rules use it, into the DSL that Kibana makes of it.

    field:value   field:(a or b)   field >= 3   not …   … and …   … or …   ( … )   "phrases"   wild*cards

`and` binds tighter than `or`. Values without quotes are terms; on a keyword, quoted ones are, too.
"""

from __future__ import annotations

import re
from typing import Any

TOKEN = re.compile(r'\s*(?:(?P<text>"(?:\\.|[^"\\])*")|(?P<sign>>=|<=|[:<>()])|(?P<word>[^\s:<>()"]+))')
RANGE = {">": "gt", ">=": "gte", "<": "lt", "<=": "lte"}
Query = dict[str, Any]


def dsl(text: str) -> Query:
    """The query. Raises ValueError for what is no KQL."""
    parser = _Parser([match[0].strip() for match in TOKEN.finditer(text)])
    if "".join(parser.tokens).replace(" ", "") != re.sub(r"\s", "", text):
        raise ValueError(f"not KQL: {text}")
    query = parser.either(parser.statement)
    if parser.tokens:
        raise ValueError(f"not KQL from {parser.tokens[0]!r} on: {text}")
    return query


class _Parser:
    def __init__(self, tokens: list[str]) -> None:
        self.tokens = tokens

    def either(self, inner: Any) -> Query:
        found = [self._both(inner)]
        while self._take("or"):
            found.append(self._both(inner))
        return found[0] if len(found) == 1 else {"bool": {"should": found, "minimum_should_match": 1}}

    def _both(self, inner: Any) -> Query:
        found = [self._not(inner)]
        while self._take("and"):
            found.append(self._not(inner))
        return found[0] if len(found) == 1 else {"bool": {"filter": found}}

    def _not(self, inner: Any) -> Query:
        if self._take("not"):
            return {"bool": {"must_not": [inner()]}}
        query: Query = inner()
        return query

    def statement(self) -> Query:
        if self._take("("):
            return self._closed(self.statement)
        field, sign = self._next(), self._next()
        if sign in RANGE:
            return {"range": {field: {RANGE[sign]: float(self._next())}}}
        if sign != ":":
            raise ValueError(f"{sign!r} after {field!r}")

        def value() -> Query:
            word = self._next()
            if word == "(":
                return self._closed(value)
            if word == "*":
                return {"exists": {"field": field}}
            if "*" in word and not word.startswith('"'):
                return {"wildcard": {field: {"value": word}}}
            return {"term": {field: word.strip('"')}}

        return value()

    def _closed(self, inner: Any) -> Query:
        query = self.either(inner)
        if not self._take(")"):
            raise ValueError("a bracket is not closed")
        return query

    def _take(self, word: str) -> bool:
        found = bool(self.tokens) and self.tokens[0].lower() == word
        if found:
            del self.tokens[0]
        return found

    def _next(self) -> str:
        if not self.tokens:
            raise ValueError("ends too early")
        return self.tokens.pop(0)
