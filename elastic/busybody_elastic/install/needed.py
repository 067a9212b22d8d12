"""What an uninstallation leaves in the cluster, and which of our assets that still needs.

Templates, lifecycles, the pipeline and detection rules are of all namespaces at once: while another namespace has
anything here, they stay. Of this namespace's own data a stream needs its template, and every index the pipeline.
"""

from __future__ import annotations

from functools import cached_property
from typing import NamedTuple

from ..assets import read as assets
from ..cluster.protocol import Cluster
from .indices import EVERYTHING, resolved
from .stored import COMPONENT, ILM_POLICY, PIPELINE, TEMPLATE, Asset

DETECTION_RULE = "detection rule"
SHARED = {COMPONENT.kind, ILM_POLICY.kind, PIPELINE.kind, TEMPLATE.kind, DETECTION_RULE}  # by all namespaces
NAMED = 3  # at most so many namespaces in a sentence


class Left(NamedTuple):
    """A stream or plain index that stays."""

    name: str
    template: str
    namespace: str
    is_stream: bool


class Needed:
    """Looked up once, when it is first asked: after data that goes has gone."""

    def __init__(self, cluster: Cluster, namespace: str, *, without_own: bool) -> None:
        """`without_own` takes this namespace's data for deleted, as a dry run must."""
        self._cluster, self._namespace, self._without_own = cluster, namespace, without_own

    def by(self, asset: Asset) -> str:
        """What still needs the asset, in words; empty where nothing does. Raises ClusterError."""
        if asset.kind not in SHARED:
            return ""
        others = sorted({one.namespace for one in self._left} - {self._namespace})
        if others:
            more = f" and {len(others) - NAMED} more" if len(others) > NAMED else ""
            return f"the namespace {', '.join(others[:NAMED])}{more} has data here and needs it"
        if asset.kind == PIPELINE.kind:
            return "indices that stay send their documents through it" if self._left else ""
        for template, why in self._templates.items():
            if asset.kind == COMPONENT.kind:
                if asset.name in assets("templates/index")[template]["composed_of"]:
                    return f"the index template {template}, which is kept, is made of it"
            elif asset.name == template:  # a lifecycle has its template's name
                return why
        return ""

    @cached_property
    def _left(self) -> list[Left]:
        found = (self._of(name, name != index) for name, index in resolved(self._cluster, EVERYTHING).items())
        gone = self._namespace if self._without_own else None
        return [one for one in found if one is not None and one.namespace != gone]

    @cached_property
    def _templates(self) -> dict[str, str]:
        """The index templates that are kept, and why."""
        kept = {one.template: f"the stream {one.name} stays and needs it" for one in self._left if one.is_stream}
        for template, prefix in _prefixes():
            for around, other in _prefixes():
                if around in kept and template not in kept and prefix.startswith(other):
                    # without it a plain index of that name would become a stream
                    kept[template] = f"{around}, whose pattern is around its own, is kept"
        return kept

    def _of(self, name: str, is_stream: bool) -> Left | None:
        for template, prefix in _prefixes():
            if name.startswith(prefix):
                return Left(name, template, name.removeprefix(prefix), is_stream)
        return None


def _prefixes() -> list[tuple[str, str]]:
    """Our index templates and how the names begin that each is for, in the order in which a cluster asks them."""
    templates = sorted(assets("templates/index").items(), key=lambda row: -int(row[1]["priority"]))
    return [(name, body["index_patterns"][0].removesuffix("*")) for name, body in templates]
