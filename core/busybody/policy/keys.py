"""Dotted keys: where `sources.okta.system.user_domain` belongs, and what the schema says of it."""

from __future__ import annotations

from typing import Any, Dict, Mapping, Optional

from .problems import Path
from .schema import Key, schema


def path_of(key: str) -> Path:
    """The path of a dotted key. A source's name may have dots of its own; its settings have none."""
    section, dot, rest = key.partition(".")
    if not dot or section not in schema().sections:
        return (key,)
    if section == "sources" and "." in rest:
        source, _, leaf = rest.rpartition(".")
        return (section, source, leaf)
    return (section, rest)


def key_at(path: Path) -> Optional[Key]:
    """What the schema says of a path; None for a section or an unknown key."""
    rules = schema()
    if len(path) == 3 and path[0] == "sources":
        return next((key for key in rules.source_keys if key.leaf == path[2]), None)
    dotted = ".".join(path)
    return next((key for key in rules.keys if key.key == dotted), None)


def expanded(mapping: Mapping[str, Any], twice: Dict[Path, None]) -> Dict[str, Any]:
    """The mapping with dotted keys moved into their sections; `twice` collects what stood there already."""
    result: Dict[str, Any] = {}
    for key, value in mapping.items():
        path = path_of(key) if isinstance(key, str) else (key,)
        inner: Any = result
        for part in path[:-1]:
            inner = inner.setdefault(part, {})
            if not isinstance(inner, dict):
                break
        if not isinstance(inner, dict) or path[-1] in inner:
            twice[path] = None
        elif isinstance(value, dict) and len(path) == 1:
            inner[path[-1]] = dict(value)
        else:
            inner[path[-1]] = value
    return result
