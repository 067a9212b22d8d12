"""Paths into a record, step by step as ScryWarden writes them: keys and, of lists, indexes as text."""

from __future__ import annotations

from typing import Any, List, Mapping, Sequence, Tuple

Path = Tuple[str, ...]


def get(data: Any, path: Sequence[str]) -> Any:
    """The value at a path; the whole for the empty one. Raises KeyError where there is none."""
    for step in path:
        if isinstance(data, Mapping):
            data = data[step]
        elif isinstance(data, list) and step.isdecimal() and int(step) < len(data):
            data = data[int(step)]
        else:
            raise KeyError(step)
    return data


def keys(data: Any, before: Path = ()) -> List[Path]:
    """Every path that has a value, parents first, in the order of the document."""
    inside = data.items() if isinstance(data, Mapping) else enumerate(data) if isinstance(data, list) else ()
    found: List[Path] = []
    for step, value in inside:
        path = (*before, str(step))
        found += [path, *keys(value, path)]
    return found
