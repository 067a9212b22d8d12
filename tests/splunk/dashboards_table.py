"""Tables in memory, and how SPL sees their values: what the small evaluator of the dashboards' searches stands on."""

from __future__ import annotations

import re
from typing import Any, Callable, Dict, Iterable, List, Mapping, NamedTuple, Optional, Sequence

Row = Dict[str, Any]


class SplError(Exception):
    """A query that Splunk would refuse, or that asks for what nobody writes."""


class Table(NamedTuple):
    """Rows, and the names that they may have, in order; a column may be null everywhere."""

    columns: List[str]
    rows: List[Row]


class Sources(NamedTuple):
    """What a search can ask for."""

    macros: Mapping[str, str]
    lookups: Mapping[str, Table]
    events: Callable[[str], Table]  # index -> everything in it
    commands: Mapping[str, Callable[[Mapping[str, str]], Table]]  # generating ones, with their options
    locate: Callable[[str], Mapping[str, Any]]  # IP -> lat, lon, City, Country, Region


class Span(NamedTuple):
    """When the search looks, epoch seconds."""

    earliest: float
    latest: float
    now: float


def known(fields: Iterable[str], table: Table) -> None:
    """Refuses a field that the table cannot have."""
    for field in fields:
        if field not in table.columns:
            raise SplError(f"no field {field!r}; there are {', '.join(table.columns)}")


def wider(columns: Sequence[str], *names: str) -> List[str]:
    """The columns and those that come to them."""
    return list(dict.fromkeys((*columns, *names)))


def options(words: str) -> Dict[str, str]:
    """name=value pairs, values quoted or not."""
    return {name: value.strip('"') for name, value in re.findall(r'([\w.]+)=("[^"]*"|[^\s",]+)', words)}


def names(words: str) -> List[str]:
    """Field names, separated by commas or blanks, quoted or not."""
    return [quoted or plain for quoted, plain in re.findall(r'"([^"]*)"|([^\s,]+)', words)]


def pieces(query: str, separator: str) -> List[str]:
    """The query cut at a separator that is in no text, parenthesis or subsearch."""
    found, depth, quoted, start, at = [], 0, False, 0, 0
    while at < len(query):
        sign = query[at]
        if sign == "\\" and quoted:
            at += 1
        elif sign == '"':
            quoted = not quoted
        elif not quoted:
            depth += (sign in "([") - (sign in ")]")
            if sign == separator and not depth:
                found.append(query[start:at].strip())
                start = at + 1
        at += 1
    if quoted or depth:
        raise SplError(f"unbalanced quotes or brackets: {query!r}")
    return found + [query[start:].strip()]


def number(value: Any) -> Optional[float]:
    """The value as a number, or None."""
    if isinstance(value, bool):
        return float(value)
    if isinstance(value, (int, float)):
        return value
    if isinstance(value, list):
        return number(value[0]) if len(value) == 1 else None
    try:
        return float(value)
    except (TypeError, ValueError):
        return None


def text(value: Any) -> str:
    """The value as Splunk would write it."""
    if isinstance(value, list):
        return " ".join(map(text, value))
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else f"{value:.10g}"
    return "" if value is None else str(value)


def many(value: Any) -> List[Any]:
    """The values of a multivalue field."""
    return value if isinstance(value, list) else [] if value is None else [value]


def compared(sign: str, left: Any, right: Any) -> Optional[bool]:
    """left sign right; None where one of them is missing. A multivalue field matches by any of its values."""
    if left is None or right is None:
        return None
    if isinstance(left, list) and len(left) != 1:
        return any(compared(sign, one, right) for one in left)
    a, b = number(left), number(right)
    if a is None or b is None:
        a, b = text(left), text(right)  # type: ignore[assignment]
    return {
        "=": a == b, "==": a == b, "!=": a != b, "<": a < b, ">": a > b, "<=": a <= b, ">=": a >= b,  # type: ignore[operator]
    }[sign]  # fmt: skip


UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 7 * 86400}


def moment(words: str, now: float) -> float:
    """A relative time such as `-30d@d`, `now`, `0` or an epoch, as epoch seconds (UTC)."""
    if words in ("now", "now()", ""):
        return now
    if re.fullmatch(r"\d+(\.\d+)?", words):
        return float(words)
    found = re.fullmatch(r"(?:([-+]\d*)([smhdw]))?(?:@([smhd]))?", words)
    if found is None:
        raise SplError(f"no time: {words!r}")
    by = {"-": -1, "+": 1, None: 0}.get(found[1]) if found[1] in ("-", "+", None) else int(found[1])
    time = now + (by or 0) * UNITS.get(found[2] or "s", 1)
    return time - time % UNITS[found[3]] if found[3] else time
