"""A cluster as far as the installer uses it, with the parts that the nodes for tests lack: ILM, Watcher, `set`.

It keeps what is put there and gives it back in the words of the API; it enforces nothing.
"""

from __future__ import annotations

import json
from typing import Any

from busybody_elastic.errors import ClusterError
from busybody_elastic.install.stored import SCHEMA

SHAPES = {
    "/_component_template/": lambda name, body: {
        "component_templates": [{"name": name, "component_template": body}],
    },
    "/_index_template/": lambda name, body: {"index_templates": [{"name": name, "index_template": body}]},
    "/_ingest/pipeline/": lambda name, body: {name: body},
    "/_ilm/policy/": lambda name, body: {name: body},
    "/_watcher/watch/": lambda name, body: {"watch": body},
}
KNOWN = {
    "/_ilm/status": {},
    "/_watcher/stats": {},
    "/_nodes/ingest": {"nodes": {"a": {"roles": ["ingest"], "ingest": {"processors": [{"type": "set"}]}}}},
}


class Shelf:
    """`streams` and `indices` are names that somebody wrote to."""

    flavour = "elasticsearch"

    def __init__(self) -> None:
        self.kept: dict[str, Any] = {}
        self.streams: set[str] = set()
        self.indices: set[str] = set()

    def watches(self) -> dict[str, Any]:
        return {path.rpartition("/")[2]: body for path, body in self.kept.items() if "/watch/" in path}

    def request(self, method: str, path: str, body: Any = None, *, params: Any = None) -> Any:
        head, _, name = path.rpartition("/")
        if method == "GET" and path in KNOWN:
            return KNOWN[path]
        if method == "GET" and head == "/_resolve/index":
            return self._resolved(name.split(","))
        if name == "_mapping":
            index = head.strip("/")
            return {index: {"mappings": {"_meta": {"managed_by": "busybody", "schema": SCHEMA}}}}
        if head == "/_data_stream":
            self.streams.remove(name)
        elif method == "DELETE" and name in self.indices:
            self.indices.remove(name)
        elif f"{head}/" not in SHAPES or (method != "PUT" and path not in self.kept):
            raise ClusterError("no such thing", status=404)
        elif method == "PUT":
            self.kept[path] = json.loads(json.dumps(body))
        elif method == "DELETE":
            del self.kept[path]
        else:
            return SHAPES[f"{head}/"](name, self.kept[path])
        return {}

    def _resolved(self, patterns: list[str]) -> Any:
        def wanted(name: str) -> bool:
            return any(name.startswith(one[:-1]) if one.endswith("*") else name == one for one in patterns)

        streams = [{"name": name, "backing_indices": [f".ds-{name}-1"]} for name in sorted(self.streams)]
        indices = [{"name": name} for name in sorted(self.indices)]
        return {
            "data_streams": [row for row in streams if wanted(str(row["name"]))],
            "indices": [row for row in indices if wanted(row["name"])],
        }
