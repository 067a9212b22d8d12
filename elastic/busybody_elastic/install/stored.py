"""Assets that the cluster stores under a name, and how we know ours: by `_meta`, or by our own list of them.

What has no room for `_meta` (OpenSearch's pipelines and policies, everything in Kibana) is listed, with a digest of
what we installed, in the `_meta` of the component template `busybody-installed`.
"""

from __future__ import annotations

import hashlib
import json
from copy import deepcopy
from typing import Any, Mapping, NamedTuple, Protocol

from busybody import __version__

from ..assets import Body
from ..cluster.protocol import Cluster
from ..errors import ClusterError

MANAGER = "busybody"
SCHEMA = 2  # of all documents; the number rises with every change of a mapping
LISTED = "busybody-installed"
LIST = f"/_component_template/{LISTED}"


class Mark(NamedTuple):
    """What there is under a name."""

    ours: bool
    digest: str = ""  # of what we installed
    schema: int = 0


class Asset(Protocol):
    """One thing to install. Its calls raise ClusterError (of the cluster and of Kibana alike)."""

    @property
    def kind(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def needs(self) -> str:
        """The feature without which it is absent (features.py)."""

    @property
    def idle(self) -> str:
        """Why it would do nothing as things are configured, so that it is left out; empty where it does something."""

    @property
    def digest(self) -> str: ...

    def find(self) -> Mark | None: ...

    def write(self, found: Mark | None) -> str:
        """Put it there; returns what there is to say of it, if anything."""

    def remove(self) -> None: ...


class Absent(NamedTuple):
    """An asset that this cluster, or this configuration, has no use for."""

    kind: str
    name: str
    why: str


class Place(NamedTuple):
    """Where a kind of asset is stored."""

    kind: str
    path: str
    body: tuple[str | int, ...]  # where its body stands in the answer; `*` is its name
    meta: tuple[str, ...]  # where `_meta` stands in that body; empty where there is none


COMPONENT = Place(
    "component template", "/_component_template/", ("component_templates", 0, "component_template"), ("_meta",)
)
TEMPLATE = Place("index template", "/_index_template/", ("index_templates", 0, "index_template"), ("_meta",))
PIPELINE = Place("ingest pipeline", "/_ingest/pipeline/", ("*",), ("_meta",))
BARE_PIPELINE = PIPELINE._replace(meta=())  # OpenSearch's knows no _meta
ILM_POLICY = Place("lifecycle policy", "/_ilm/policy/", ("*",), ("policy", "_meta"))
ISM_POLICY = Place("lifecycle policy", "/_plugins/_ism/policies/", (), ())
WATCH = Place("watch", "/_watcher/watch/", ("watch",), ("metadata",))


class Ledger:
    """Our list of what has no room for `_meta`: its key -> the digest of what we installed."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._read: dict[str, str] | None = None
        self._changed = False

    @property
    def digests(self) -> dict[str, str]:
        if self._read is None:
            found = dug(read(self._cluster, LIST), (*COMPONENT.body, "_meta")) or {}
            self._read = dict(found.get("digests", {}))
        return self._read

    def mark(self, key: str) -> Mark:
        """Of what is known to be there."""
        digest = self.digests.get(key)
        return Mark(ours=digest is not None, digest=digest or "", schema=SCHEMA)

    def enter(self, key: str, digest: str) -> None:
        self.digests[key] = digest
        self._changed = True

    def strike(self, key: str) -> None:
        self._changed |= self.digests.pop(key, None) is not None

    def save(self) -> None:
        """Write it where it changed; an empty one goes away."""
        if self._changed and self.digests:
            meta = {"managed_by": MANAGER, "schema": SCHEMA, "version": __version__, "digests": self.digests}
            self._cluster.request("PUT", LIST, {"template": {}, "_meta": meta})
        elif self._changed:
            self._cluster.request("DELETE", LIST)
        self._changed = False


class Stored:
    """An asset of the cluster itself."""

    def __init__(
        self, cluster: Cluster, ledger: Ledger, place: Place, name: str, body: Body, needs: str = "", idle: str = ""
    ) -> None:  # fmt: skip
        self.kind, self.name, self.needs, self.idle = place.kind, name, needs, idle
        self.digest = digest_of(body)
        self._cluster, self._ledger, self._place, self._body = cluster, ledger, place, body
        self._path = place.path + name

    def find(self) -> Mark | None:
        answer = read(self._cluster, self._path)
        if answer is None:
            return None
        if not self._place.meta:
            return self._ledger.mark(self._path)
        body = dug(answer, tuple(self.name if step == "*" else step for step in self._place.body))
        return mark_of(dug(body, self._place.meta) or {})

    def write(self, found: Mark | None) -> str:
        body, params = deepcopy(self._body), {}
        if self._place is ISM_POLICY and found is not None:  # it takes a change only of what one has read
            now = self._cluster.request("GET", self._path)
            params = {"if_seq_no": str(now["_seq_no"]), "if_primary_term": str(now["_primary_term"])}
        if self._place.meta:
            holder = body
            for step in self._place.meta:
                holder = holder.setdefault(step, {})
            holder |= {"managed_by": MANAGER, "schema": SCHEMA, "version": __version__, "digest": self.digest}
        self._cluster.request("PUT", self._path, body, params=params)
        if not self._place.meta:
            self._ledger.enter(self._path, self.digest)
        return ""

    def remove(self) -> None:
        self._cluster.request("DELETE", self._path)
        self._ledger.strike(self._path)


def read(cluster: Cluster, path: str) -> Any:
    """The answer; None where there is no such thing."""
    try:
        return cluster.request("GET", path)
    except ClusterError as error:
        if error.status == 404:
            return None
        raise


def mark_of(meta: Mapping[str, Any]) -> Mark:
    return Mark(meta.get("managed_by") == MANAGER, str(meta.get("digest", "")), int(meta.get("schema", 0)))


def dug(value: Any, steps: tuple[str | int, ...]) -> Any:
    """What lies at the end of these keys; None where one is missing."""
    for step in steps:
        try:
            value = value[step]
        except (KeyError, IndexError, TypeError):
            return None
    return value


def digest_of(body: Any) -> str:
    text = json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:16]
