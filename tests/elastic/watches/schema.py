"""Request bodies against the schemas of our own, for the APIs that Elastic's published model does not hold."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Callable, Iterator

from jsonschema import Draft202012Validator

SCHEMAS = Path(__file__).resolve().parents[1] / "schemas"


def flaws(name: str, body: Any) -> list[str]:
    """What is wrong with a body, with its place; empty where all is well."""
    validator = Draft202012Validator(json.loads((SCHEMAS / f"{name}.schema.json").read_text()))
    return [f"{error.json_path}: {error.message[:200]}" for error in validator.iter_errors(body)]


def mistakes(body: Any, fits: Callable[[Any], bool], path: str = "") -> Iterator[tuple[str, Any]]:
    """The body with one seeded mistake each: a misspelt key, a key that is missing, a value of another type.

    Below what `fits` calls free (a query, a template's words) nothing is changed.
    """
    if isinstance(body, dict):
        for key, value in body.items():
            place = f"{path}.{key}"
            if not fits(place):
                continue
            rest = {name: item for name, item in body.items() if name != key}
            yield f"{place} misspelt", {**rest, key + "s": value}
            yield f"{place} of another type", {**body, key: 3 if not isinstance(value, int) else {"a": 1}}
            for name, inner in mistakes(value, fits, place):
                yield name, {**body, key: inner}
    elif isinstance(body, list):
        for number, value in enumerate(body):
            for name, inner in mistakes(value, fits, f"{path}[{number}]"):
                yield name, [*body[:number], inner, *body[number + 1 :]]
