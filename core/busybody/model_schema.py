"""A value against a JSON Schema, model.schema.json unless said: what is wrong and where, without any package.

Knows the words of JSON Schema that the file uses. A number written with a fraction is no integer here.
"""

from __future__ import annotations

import json
import re
from functools import lru_cache
from pathlib import Path
from typing import Any, Callable, Dict, List, Mapping, NamedTuple, Optional

from .errors import shown

SCHEMA = Path(__file__).with_name("model.schema.json")
WORDS: Mapping[str, str] = {
    "string": "text", "integer": "a whole number", "number": "a number", "boolean": "true or false", "null": "null",
    "array": "a list", "object": "a map",
}  # fmt: skip


class Fault(NamedTuple):
    """What is wrong, and the path to it: `habits[3][5]`."""

    path: str
    message: str


Check = Callable[[Any], Optional[Fault]]


def fault(kind: str, value: Any, path: Path = SCHEMA) -> Optional[Fault]:
    """What is wrong with a value that should be of this kind, one of the schema's `$defs`; None where nothing is."""
    return _compiled(path)[kind](value)


@lru_cache(maxsize=4)
def _compiled(path: Path) -> Dict[str, Check]:
    schema = json.loads(path.read_text(encoding="utf-8"))
    checks: Dict[str, Check] = {}
    for name, rule in schema["$defs"].items():
        checks[name] = _check(rule, checks)
    return checks


def _check(rule: Any, known: Dict[str, Check]) -> Check:
    """The rule as a function. `known` is filled meanwhile: references are looked up when they are needed."""
    if rule is False:
        return lambda value: Fault("", f"{shown(value)} is one too many")
    checks: List[Check] = []
    if "$ref" in rule:
        name = rule["$ref"].rpartition("/")[2]
        checks.append(lambda value: known[name](value))  # noqa: PLW0108  it is not known yet
    if "const" in rule:
        checks.append(_one_of([rule["const"]]))
    if "enum" in rule:
        checks.append(_one_of(rule["enum"]))
    if "anyOf" in rule:
        checks.append(_any_of([_check(one, known) for one in rule["anyOf"]]))
    if "type" in rule:
        checks.append(_of_type(rule["type"]))
    if "minimum" in rule:
        checks.append(_within(rule["minimum"], rule["maximum"]))
    if "minLength" in rule or "pattern" in rule:
        checks.append(_text(rule.get("minLength", 0), rule.get("pattern", "")))
    if "items" in rule:
        checks.append(_list(rule, known))
    if "additionalProperties" in rule:
        checks.append(_map(rule, known))
    return checks[0] if len(checks) == 1 else _all(checks)


def _all(checks: List[Check]) -> Check:
    def check(value: Any) -> Optional[Fault]:
        for one in checks:
            found = one(value)
            if found is not None:
                return found
        return None

    return check


def _any_of(checks: List[Check]) -> Check:
    def check(value: Any) -> Optional[Fault]:
        faults = [one(value) for one in checks]
        return None if None in faults else max((found for found in faults if found), key=lambda found: len(found.path))

    return check


def _one_of(allowed: List[Any]) -> Check:
    words = " or ".join(json.dumps(one) for one in allowed)

    def check(value: Any) -> Optional[Fault]:
        if any(type(value) is type(one) and value == one for one in allowed):
            return None
        return Fault("", f"{shown(value)} is not {words}")

    return check


def _of_type(names: Any) -> Check:
    names = [names] if isinstance(names, str) else names
    kinds = {"string": str, "integer": int, "boolean": bool, "null": type(None), "array": list, "object": dict}
    types = {kinds[name] for name in names if name != "number"}
    if "number" in names:
        types |= {int, float}
    words = " or ".join(WORDS[name] for name in names)

    def check(value: Any) -> Optional[Fault]:
        return None if type(value) in types else Fault("", f"{shown(value)} is not {words}")

    return check


def _within(least: float, most: float) -> Check:
    def check(value: Any) -> Optional[Fault]:
        return None if least <= value <= most else Fault("", f"{shown(value)} is not from {least} to {most}")

    return check


def _text(least: int, pattern: str) -> Check:
    matches = re.compile(pattern).search

    def check(value: Any) -> Optional[Fault]:
        return (
            None
            if len(value) >= least and matches(value)
            else Fault("", f"{shown(value)} does not have the right form")
        )

    return check


def _list(rule: Mapping[str, Any], known: Dict[str, Check]) -> Check:
    first = [_check(one, known) for one in rule.get("prefixItems", [])]
    rest = _check(rule["items"], known)
    least, most = rule.get("minItems", 0), rule.get("maxItems", float("inf"))

    def check(values: Any) -> Optional[Fault]:
        if not least <= len(values) <= most:
            return Fault("", f"it has {len(values)} entries, and should have {least if len(values) < least else most}")
        for place, value in enumerate(values):
            found = (first[place] if place < len(first) else rest)(value)
            if found is not None:
                return Fault(f"[{place}]{_joined(found.path)}", found.message)
        return None

    return check


def _map(rule: Mapping[str, Any], known: Dict[str, Check]) -> Check:
    named = {name: _check(one, known) for name, one in rule.get("properties", {}).items()}
    required = rule.get("required", [])
    other = None if rule["additionalProperties"] is False else _check(rule["additionalProperties"], known)

    def check(values: Any) -> Optional[Fault]:
        for name in required:
            if name not in values:
                return Fault("", f"{name!r} is missing")
        for name, value in values.items():
            one = named.get(name, other)
            if one is None:
                return Fault(_key(name), "is unknown to this version")
            found = one(value)
            if found is not None:
                return Fault(_key(name) + _joined(found.path), found.message)
        return None

    return check


def _key(name: str) -> str:
    return name if name.isprintable() and len(name) <= 80 else shown(name)


def _joined(path: str) -> str:
    return path if not path or path.startswith("[") else "." + path
