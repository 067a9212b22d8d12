"""Eval expressions of SPL, as far as the dashboards use them: read into a function of a row.

Values are text, numbers, lists of text (multivalue) or None. As in Splunk, a comparison is one of numbers where both
sides are numbers, what is null makes arithmetic null, and a name that no row can have is refused here, since a typing
error would otherwise be an empty panel.
"""

from __future__ import annotations

import json
import math
import re
from datetime import datetime, timezone
from typing import Any, Callable, Dict, List, Mapping, NamedTuple, Optional, Sequence, Set

from dashboards_table import SplError, compared, many, moment, number, text

Get = Callable[[Mapping[str, Any]], Any]
TOKEN = re.compile(
    r"""\s*(?:(?P<number>\d+\.?\d*(?:e-?\d+)?)|(?P<text>"(?:[^"\\]|\\.)*")|'(?P<field>[^']*)'
    |(?P<name>[A-Za-z_]\w*)|(?P<sign><=|>=|!=|==|[-+*/%.,()=<>]))""",
    re.X,
)
LEVELS = (
    ("or",),
    ("xor",),
    ("and",),
    ("=", "==", "!=", "<", ">", "<=", ">=", "like", "in"),
    (".",),
    ("+", "-"),
    ("*", "/", "%"),
)


class Expression(NamedTuple):
    """A function of a row, and the fields that it asks for."""

    of: Get
    fields: Set[str]


def read(words: str, now: float) -> Expression:
    """An expression, whole."""
    parser = _Parser(words, now)
    of = parser.level(0)
    if parser.at < len(parser.tokens):
        raise SplError(f"cannot read {parser.tokens[parser.at][1]!r} in {words!r}")
    return Expression(of, parser.fields)


class _Parser:
    def __init__(self, words: str, now: float) -> None:
        self.now, self.words, self.at, self.fields = now, words, 0, set()
        self.bound: Set[str] = set()  # what mvmap names, each value in turn
        self.tokens, position = [], 0
        while position < len(words.rstrip()):
            found = TOKEN.match(words, position)
            if found is None:
                raise SplError(f"cannot read {words[position : position + 30]!r} in {words!r}")
            kind = str(found.lastgroup)
            self.tokens.append((kind, found.group(kind)))
            position = found.end()

    def peek(self) -> str:
        return self.tokens[self.at][1] if self.at < len(self.tokens) else ""

    def take(self, wanted: str = "") -> str:
        if self.at >= len(self.tokens) or (wanted and self.peek() != wanted):
            raise SplError(f"expected {wanted or 'more'} after {self.tokens[: self.at][-3:]} in {self.words!r}")
        self.at += 1
        return self.tokens[self.at - 1][1]

    def level(self, depth: int) -> Get:
        if depth == len(LEVELS):
            return self.unary()
        left = self.level(depth + 1)
        while self.peek().lower() in LEVELS[depth] and self.tokens[self.at][0] in ("sign", "name"):
            sign = self.take().lower()
            left = _within(left, self.arguments()) if sign == "in" else _joined(sign, left, self.level(depth + 1))
        return left

    def unary(self) -> Get:
        if self.peek() == "-":
            self.take()
            inner = self.unary()
            return lambda row: None if number(inner(row)) is None else -number(inner(row))  # type: ignore[operator]
        if self.peek().lower() == "not" and self.tokens[self.at][0] == "name":
            self.take()
            inner = self.level(3)
            return lambda row: not inner(row)
        if self.peek() == "(" and self.tokens[self.at][0] == "sign":
            self.take("(")
            inner = self.level(0)
            self.take(")")
            return inner
        kind, value = self.tokens[self.at] if self.at < len(self.tokens) else ("", "")
        self.take()
        if kind == "number":
            constant = float(value)
            return lambda row: constant
        if kind == "text":
            said = re.sub(r'\\(["\\])', r"\1", value[1:-1])
            return lambda row: said
        if kind == "name" and self.peek() == "(":
            return self.call(value.lower())
        if kind in ("name", "field"):
            if value not in self.bound:
                self.fields.add(value)
            return lambda row: row.get(value)
        raise SplError(f"unexpected {value!r} in {self.words!r}")

    def arguments(self) -> List[Get]:
        found: List[Get] = []
        self.take("(")
        while self.peek() != ")":
            found.append(self.level(0))
            if self.peek() == ",":
                self.take()
        self.take(")")
        return found

    def call(self, name: str) -> Get:
        if name == "mvmap":
            field = self.tokens[self.at + 1][1]
            values, each = self.arguments()
            return lambda row: [x for x in (each({**row, field: one}) for one in many(values(row))) if x is not None]
        before = set(self.fields)
        given = self.arguments()
        if name in ("coalesce", "isnull", "isnotnull"):  # they may ask for a field that nothing has
            self.fields = before | {field for field in self.fields if name != "coalesce" and field in before}
        lazy = LAZY.get(name)
        if lazy is not None:
            return lazy(given)
        if name in ("now", "time"):
            return lambda row: self.now
        if name == "relative_time":
            return lambda row: moment(text(given[1](row)), number(given[0](row)) or 0.0)
        known = FUNCTIONS.get(name)
        if known is None:
            raise SplError(f"unknown function {name}() in {self.words!r}")
        return lambda row: known(*(one(row) for one in given))


def _joined(sign: str, left: Get, right: Get) -> Get:
    if sign == "and":
        return lambda row: bool(left(row)) and bool(right(row))
    if sign == "or":
        return lambda row: bool(left(row)) or bool(right(row))
    if sign == "like":
        return lambda row: _like(left(row), right(row))
    if sign == ".":
        return lambda row: None if left(row) is None or right(row) is None else text(left(row)) + text(right(row))
    if sign in "+-*/%":
        return lambda row: _arithmetic(sign, left(row), right(row))
    return lambda row: compared(sign, left(row), right(row))


def _within(left: Get, given: Sequence[Get]) -> Get:
    return lambda row: any(compared("=", left(row), one(row)) for one in given)


def _arithmetic(sign: str, left: Any, right: Any) -> Any:
    a, b = number(left), number(right)
    if sign == "+" and left is not None and right is not None and (a is None or b is None):
        return text(left) + text(right)
    if a is None or b is None or (sign in "/%" and b == 0):
        return None
    return a + b if sign == "+" else a - b if sign == "-" else a * b if sign == "*" else a / b if sign == "/" else a % b


def _like(value: Any, pattern: Any) -> bool:
    return re.fullmatch(re.escape(text(pattern)).replace("%", ".*").replace("_", "."), text(value), re.S) is not None


def _case(given: Sequence[Get]) -> Get:
    pairs = list(zip(given[::2], given[1::2]))
    return lambda row: next((value(row) for test, value in pairs if test(row)), None)


LAZY: Dict[str, Callable[[Sequence[Get]], Get]] = {
    "case": _case,
    "if": lambda given: lambda row: given[1](row) if given[0](row) else given[2](row),
    "coalesce": lambda given: lambda row: next((v for v in (one(row) for one in given) if v is not None), None),
    "in": lambda given: _within(given[0], given[1:]),
}


def _rounded(value: Any, digits: Any = 0) -> Optional[float]:
    found = number(value)
    return None if found is None else math.floor(found * 10**digits + 0.5) / 10**digits


def _shown(value: Any, how: Any = "") -> Optional[str]:
    found = number(value)
    if value is None or found is None or not how:
        return None if value is None else text(value)
    if how == "commas":
        return f"{found:,.2f}".rstrip("0").rstrip(".") if found % 1 else f"{found:,.0f}"
    if how == "duration":
        days, rest = divmod(int(found), 86400)
        return (f"{days}+" if days else "") + f"{rest // 3600:02d}:{rest // 60 % 60:02d}:{rest % 60:02d}"
    raise SplError(f"tostring(x, {how!r})")


def _formatted(time: Any, pattern: Any) -> Optional[str]:
    found = number(time)
    return None if found is None else datetime.fromtimestamp(found, timezone.utc).strftime(text(pattern))


def _index(values: Any, first: Any, last: Any = None) -> Any:
    found = many(values)
    if last is None:
        return found[int(first)] if -len(found) <= int(first) < len(found) else None
    end = int(last) + 1
    return found[int(first) : end or None] or None


def _extract(document: Any, path: Any) -> Any:
    try:
        found = json.loads(text(document))
    except ValueError:
        return None
    for part in text(path).split("."):
        found = found.get(part) if isinstance(found, dict) else None
    return json.dumps(found) if isinstance(found, (dict, list)) else found


def _range(first: Any, end: Any, step: Any = 1.0) -> List[Any]:
    return [first + step * place for place in range(max(0, math.ceil((end - first) / step)))]


def _numbers(function: Callable[..., float]) -> Callable[..., Optional[float]]:
    def of(*given: Any) -> Optional[float]:
        found = [number(one) for one in given]
        return None if any(one is None for one in found) else function(*found)

    return of


FUNCTIONS: Dict[str, Callable[..., Any]] = {
    **{
        name: _numbers(getattr(math, name))
        for name in ("sin", "cos", "tan", "asin", "acos", "atan", "atan2", "sqrt", "exp", "floor", "pow")
    },
    "ceiling": _numbers(math.ceil), "abs": _numbers(abs), "ln": _numbers(math.log), "pi": lambda: math.pi,
    "min": lambda *given: min((n for n in map(number, given) if n is not None), default=None),
    "max": lambda *given: max((n for n in map(number, given) if n is not None), default=None),
    "round": _rounded, "tostring": _shown, "strftime": _formatted, "tonumber": number,
    "isnull": lambda value: value is None, "isnotnull": lambda value: value is not None,
    "null": lambda: None, "true": lambda: True, "false": lambda: False,
    "lower": lambda value: None if value is None else text(value).lower(),
    "upper": lambda value: None if value is None else text(value).upper(),
    "len": lambda value: None if value is None else len(text(value)),
    "substr": lambda value, first, count=10**6: None if value is None else text(value)[int(first) - 1 :][: int(count)],
    "replace": lambda value, pattern, new: None if value is None else re.sub(pattern, new, text(value)),
    "match": lambda value, pattern: value is not None and re.search(pattern, text(value)) is not None,
    "like": _like, "split": lambda value, sep: None if value is None else text(value).split(text(sep)),
    "mvindex": _index, "mvcount": lambda values: len(many(values)) or None, "mvrange": _range,
    "mvjoin": lambda values, sep: None if values is None else text(sep).join(map(text, many(values))),
    "mvappend": lambda *given: [one for values in given for one in many(values)] or None,
    "mvdedup": lambda values: list(dict.fromkeys(many(values))) or None,
    "json_extract": _extract,
}  # fmt: skip
