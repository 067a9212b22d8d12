"""The language of `search`: which rows it keeps."""

from __future__ import annotations

import re
from typing import Any, Callable

from dashboards_table import Row, SplError, Table, compared, known, many, text


class Filter:
    """The language of `search`: field=value with wildcards, AND (also unsaid), OR, NOT, IN, parentheses."""

    TOKEN = re.compile(
        r'\s*(?:(\()|(\))|([\w.:]+)\s*(!=|>=|<=|=|<|>)\s*("(?:[^"\\]|\\.)*"|[^\s()]+)|([\w.]+)\s+IN\s*\(([^)]*)\)|(\w+))'
    )

    def __init__(self, words: str, table: Table) -> None:
        self.tokens = []
        position = 0
        while words[position:].strip():
            found = self.TOKEN.match(words, position)
            if found is None:
                raise SplError(f"cannot read {words[position:]!r}")
            self.tokens.append(found)
            position = found.end()
        self.table, self.at = table, 0
        self.says = self._all() if self.tokens else lambda row: True
        if self.at < len(self.tokens):
            raise SplError(f"cannot read {words!r}")

    def _word(self) -> str:
        found = self.tokens[self.at] if self.at < len(self.tokens) else None
        return "" if found is None else found[1] or found[2] or found[8] or "term"

    def _all(self) -> Callable[[Row], bool]:
        tests = [self._any()]
        while self._word() not in ("", ")"):
            if self._word() == "AND":
                self.at += 1
            tests.append(self._any())
        return lambda row: all(test(row) for test in tests)

    def _any(self) -> Callable[[Row], bool]:
        """OR binds more tightly than AND, as in Splunk."""
        tests = [self._one()]
        while self._word() == "OR":
            self.at += 1
            tests.append(self._one())
        return lambda row: any(test(row) for test in tests)

    def _one(self) -> Callable[[Row], bool]:
        word, found = self._word(), self.tokens[self.at]
        self.at += 1
        if word == "NOT":
            inner = self._one()
            return lambda row: not inner(row)
        if word == "(":
            inner = self._all()
            self.at += 1
            return inner
        if word != "term":
            raise SplError(f"a word without a field: {word!r}")
        field = found[3] or found[6]
        known([field], self.table)
        if found[6]:
            wanted = [value.strip().strip('"') for value in found[7].split(",")]
            return lambda row: any(_matches(row.get(field), "=", value) for value in wanted)
        sign, value = found[4], found[5]
        value = re.sub(r"\\(.)", r"\1", value[1:-1]) if value.startswith('"') else value
        return lambda row: _matches(row.get(field), sign, value)


def _matches(value: Any, sign: str, wanted: str) -> bool:
    if sign in ("<", ">", "<=", ">="):
        return compared(sign, value, wanted) is True
    pattern = re.compile(re.escape(wanted).replace(r"\*", ".*"), re.I | re.S)
    hit = any(pattern.fullmatch(text(one)) for one in many(value))
    return hit if sign == "=" else value is not None and not hit
