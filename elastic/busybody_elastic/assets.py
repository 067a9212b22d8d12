"""The assets as data: in an installed package beside this file, in a checkout beside the package.

templates/{component,index}, pipelines, lifecycle and roles are read here; whoever owns another folder reads it by
`folder`. A name is the file's without `.json`.
"""

from __future__ import annotations

import json
from copy import deepcopy
from pathlib import Path
from typing import Any, Mapping

from busybody.errors import BusybodyError

Body = dict[str, Any]
PACKAGE = Path(__file__).parent


def folder(name: str) -> Path:
    """Where a kind of asset lies, such as `templates/index`."""
    for root in (PACKAGE / "assets", PACKAGE.parent):
        if (root / name).is_dir():
            return root / name
    raise BusybodyError(f"the assets {name!r} are not installed. Install the package busybody-elastic again.")


def read(name: str) -> dict[str, Body]:
    """All JSON files of one folder, by name."""
    return {path.stem: load(path) for path in sorted(folder(name).glob("*.json"))}


def load(path: Path) -> Any:
    """One JSON file; a key that it has twice is refused."""
    try:
        return json.loads(path.read_text("utf-8"), object_pairs_hook=_unique)
    except ValueError as error:
        raise BusybodyError(f"{path.name}: {error}. The asset is damaged: install the package again.") from error


def for_namespace(name: str, namespace: str) -> Body:
    """One index template such as `busybody-score`, whole in itself and for one namespace only.

    It needs nothing of the cluster (no lifecycle, no pipeline) and goes before the general one.
    """
    index = deepcopy(read("templates/index")[name])
    components = read("templates/component")
    template: Body = {}
    for component in index.pop("composed_of", ()):
        body = components.get(component, {})
        if body and "needs" not in body["_meta"]:
            template = merged(template, body["template"])
    index["template"] = merged(template, index.get("template", {}))
    index["index_patterns"] = [pattern.removesuffix("*") + namespace for pattern in index["index_patterns"]]
    index["priority"] += 100
    return index


def merged(under: Mapping[str, Any], over: Mapping[str, Any]) -> Body:
    """Objects united to any depth, as a cluster unites component templates; what is no object comes from `over`."""
    result = dict(under)
    for key, value in over.items():
        old = result.get(key)
        result[key] = merged(old, value) if isinstance(old, dict) and isinstance(value, dict) else value
    return result


def _unique(pairs: list[tuple[str, Any]]) -> Body:
    body = dict(pairs)
    if len(body) < len(pairs):
        keys = [key for key, _ in pairs]
        raise ValueError(f"the key {next(key for key in keys if keys.count(key) > 1)!r} is there twice")
    return body
