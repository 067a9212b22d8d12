"""Streams and indices that are there already: their mappings grow in place, or the stream rolls over.

A backing index that is older keeps its mapping and stays readable. Only what is written to from now on changes.
"""

from __future__ import annotations

from typing import Any, Iterator, Mapping

from ..assets import merged
from ..assets import read as assets
from ..cluster.protocol import Cluster
from ..errors import ClusterError
from .stored import MANAGER, SCHEMA, Mark, dug, read

EVERYTHING = "logs-busybody.*,busybody-*"  # streams and indices of all namespaces


class Existing:
    """One stream or plain index, as an asset: what is installed in it is its mapping."""

    needs = idle = digest = listed = ""

    def __init__(
        self, cluster: Cluster, name: str, write_index: str, mappings: Mapping[str, Any], kind: str = "mapping of"
    ) -> None:
        self.kind, self.name = kind, name
        self._cluster, self._index, self._mappings = cluster, write_index, mappings

    @property
    def is_stream(self) -> bool:
        return self._index != self.name

    def find(self) -> Mark | None:
        answer = self._cluster.request("GET", f"/{self._index}/_mapping")
        schema = schema_of(dug(answer, (self._index, "mappings")) or {})
        return Mark(ours=True, digest="" if schema == SCHEMA else "old", schema=schema)

    def write(self, found: Mark | None) -> str:
        if found is not None and found.schema:
            try:
                params = {"write_index_only": "true"} if self.is_stream else {}
                self._cluster.request("PUT", f"/{self.name}/_mapping", self._mappings, params=params)
                return ""
            except ClusterError as error:
                if error.status != 400:
                    raise
        if not self.is_stream:
            raise ClusterError(
                f"the mapping of {self.name} cannot change in place. Reindex it into a new index of that name."
            )
        if not self._follows_ours():
            raise ClusterError(f"another index template goes before ours for {self.name}. Lower its priority.")
        self._cluster.request("POST", f"/{self.name}/_rollover")
        return "rolled over, as the mapping cannot change in place; what is older stays readable"

    def _follows_ours(self) -> bool:
        """Whether the stream's next backing index will have our mapping."""
        if self._cluster.flavour == "opensearch":  # it simulates no index whose stream is there already
            answer = self._cluster.request("GET", f"/_data_stream/{self.name}")
            return str(dug(answer, ("data_streams", 0, "template"))) in assets("templates/index")
        answer = self._cluster.request("POST", f"/_index_template/_simulate_index/{self.name}")
        return schema_of(dug(answer, ("template", "mappings")) or {}) == SCHEMA

    def remove(self) -> None:
        try:
            self._cluster.request("DELETE", f"/_data_stream/{self.name}" if self.is_stream else f"/{self.name}")
        except ClusterError as error:
            if error.status not in (400, 405):
                raise
            raise ClusterError(f"this cluster cannot delete the data stream {self.name}.", status=405) from error


def existing(cluster: Cluster, namespace: str, kind: str = "mapping of") -> Iterator[Existing]:
    """Those of one namespace: templates are for all, data is each one's own. `kind` is what reports call it."""
    templates = assets("templates/index")
    taken: set[str] = set()
    for body in sorted(templates.values(), key=lambda body: -int(body["priority"])):
        pattern = body["index_patterns"][0].removesuffix("*") + namespace
        for name, write_index in sorted(resolved(cluster, pattern).items()):
            if name not in taken:  # the pattern of a lesser template may match it, too
                taken.add(name)
                yield Existing(cluster, name, write_index, mappings_of(body), kind)


def resolved(cluster: Cluster, pattern: str) -> dict[str, str]:
    """The streams and plain indices that match, with the index that is written to."""
    answer = read(cluster, f"/_resolve/index/{pattern}") or {"data_streams": [], "indices": []}
    streams = {row["name"]: row["backing_indices"][-1] for row in answer["data_streams"]}
    plain = {row["name"]: row["name"] for row in answer["indices"] if "data_stream" not in row}
    return {name: index for name, index in {**streams, **plain}.items() if not name.startswith(".")}


def mappings_of(template: Mapping[str, Any]) -> dict[str, Any]:
    """The whole mappings that a template of ours gives."""
    components = assets("templates/component")
    parts = [components[name]["template"] for name in template.get("composed_of", ()) if name in components]
    whole: dict[str, Any] = {}
    for part in [*parts, template.get("template", {})]:
        whole = merged(whole, part.get("mappings", {}))
    return whole


def schema_of(mappings: Mapping[str, Any]) -> int:
    """0 where the mapping is not of ours."""
    meta = mappings.get("_meta", {})
    return int(meta.get("schema", 0)) if meta.get("managed_by") == MANAGER else 0


def behind(cluster: Cluster, names: list[str]) -> str:
    """Why a service of this version had better not write to these yet; empty where it may.

    A writer that is newer than the mappings has its documents refused: upgrade the assets first, then the instances.
    An older writer goes on with newer mappings.
    """
    old = []
    for name in names:
        for index in resolved(cluster, name).values():
            mapping = dug(cluster.request("GET", f"/{index}/_mapping"), (index, "mappings"))
            if schema_of(mapping or {}) < SCHEMA:
                old.append(name)
    if not old:
        return ""
    return f"{', '.join(sorted(old))}: older mappings than this version writes. Run busybody-elastic upgrade first."
