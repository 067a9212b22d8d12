"""A hook for `json.loads` that refuses a key that stands twice; `json` alone silently keeps the last."""

from __future__ import annotations

from typing import Any, Dict, List, Tuple

from .errors import shown


class Repeated(ValueError):
    """A key stands twice in one map."""


def distinct(pairs: List[Tuple[str, Any]]) -> Dict[str, Any]:
    """The map of these pairs, for `object_pairs_hook`. Raises Repeated."""
    values = dict(pairs)
    if len(values) < len(pairs):
        names = [name for name, _ in pairs]
        raise Repeated(f"the key {shown(next(name for name in names if names.count(name) > 1))} stands twice")
    return values
