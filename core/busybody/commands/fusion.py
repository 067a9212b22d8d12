"""A fusion's file, told to a person: what it was trained on, and whether it was averaged."""

from __future__ import annotations

import json
from typing import Any, Iterator, List, Mapping

from ..contracts import iso
from ..errors import ModelError
from ..fusion.trees import FORMAT, Trees, parse


def is_fusion(data: bytes) -> bool:
    """Whether a trained file is a fusion, rather than a model of outliers."""
    try:
        row = json.loads(data)
    except (ValueError, RecursionError):
        return False
    return isinstance(row, dict) and row.get("format") == FORMAT


def parsed(data: bytes, source: str) -> Trees:
    """The fusion in these bytes. Raises ModelError."""
    trees = parse(data.decode("utf-8", "replace"), source)
    try:
        json.dumps(trees.provenance, allow_nan=False)
    except ValueError as error:
        raise ModelError("it holds what is no number. Train it again.", source=source, key="provenance") from error
    return trees


def lines(trees: Trees, source: str) -> Iterator[str]:
    """What `busybody train show` prints. A provenance may say anything; what is no number is a question mark."""
    told = trees.provenance
    averaged = told.get("averaged")
    parts: List[Any] = averaged if isinstance(averaged, list) else [told]
    mean = f", the average of {len(parts)} fusions" if averaged else ""
    yield f"{source}: fusion of {len(trees.roots):,} trees, scale {trees.scale:g}, blend {trees.blend:g}{mean}"
    for part in parts:
        if isinstance(part, dict):
            yield from _part(part)


def _part(told: Mapping[str, Any]) -> Iterator[str]:
    yield (
        f"  {_number(told, 'signins')} sign-ins of {_number(told, 'people')} people, {_day(told, 'first')} to {_day(told, 'last')}: "
        f"{_number(told, 'honest')} odd ones, {_number(told, 'impostors')} odd impostors"
    )
    for name, what in (("sources", told.get("sources")), ("with", told.get("made_with"))):
        if isinstance(what, dict) and what:
            yield f"    {name} {', '.join(f'{key} {value}' for key, value in what.items())}"
    if isinstance(told.get("simulated"), list):
        yield f"    simulated: {'; '.join(map(str, told['simulated']))}"


def _number(told: Mapping[str, Any], key: str) -> str:
    value = told.get(key)
    return f"{value:,}" if type(value) is int else "?"


def _day(told: Mapping[str, Any], key: str) -> str:
    value = told.get(key)
    return iso(value)[:10] if type(value) is int and 0 <= value < 4e9 else "?"
