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
UNFINISHED = ""  # the digest in our list of what is about to be written


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

    @property
    def listed(self) -> str:
        """Its key in our list; empty where it says itself that it is ours."""

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
    """Our list of what has no room for `_meta`: its key -> the digest of what we installed.

    An entry may be there without its asset, as it is saved first; an asset of ours is never there without its entry.
    """

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._known: dict[str, str] | None = None
        self._changes: dict[str, str | None] = {}  # of this run; None strikes
        self._unsaved = False

    def mark(self, key: str) -> Mark:
        """Of what is known to be there."""
        if self._known is None or key not in self._known:  # another installation may have just entered it
            self._known = self._merged(self._stored())
        digest = self._known.get(key)
        return Mark(ours=digest is not None, digest=digest or UNFINISHED, schema=SCHEMA)

    def enter(self, key: str, digest: str) -> None:
        self._change(key, digest)

    def strike(self, key: str) -> None:
        self._change(key, None)

    def save(self) -> None:
        """Write it where it changed, into what is stored by now; an empty one goes away.

        There is no compare-and-set: what another installation overwrites in that moment, our next save brings again.
        """
        if not self._unsaved:
            return
        stored = self._stored()
        self._known = self._merged(stored)
        if self._known == stored:
            pass
        elif self._known:
            meta = {"managed_by": MANAGER, "schema": SCHEMA, "version": __version__, "digests": self._known}
            self._cluster.request("PUT", LIST, {"template": {}, "_meta": meta})
        else:
            self._cluster.request("DELETE", LIST)
        self._unsaved = False

    def _stored(self) -> dict[str, str]:
        found = dug(read(self._cluster, LIST), (*COMPONENT.body, "_meta")) or {}
        return dict(found.get("digests", {}))

    def _merged(self, stored: Mapping[str, str]) -> dict[str, str]:
        return {key: digest for key, digest in {**stored, **self._changes}.items() if digest is not None}

    def _change(self, key: str, digest: str | None) -> None:
        self._changes[key] = digest
        self._known, self._unsaved = None, True


class Stored:
    """An asset of the cluster itself."""

    def __init__(
        self, cluster: Cluster, ledger: Ledger, place: Place, name: str, body: Body, needs: str = "", idle: str = ""
    ) -> None:  # fmt: skip
        self.kind, self.name, self.needs, self.idle = place.kind, name, needs, idle
        self.digest = digest_of(body)
        self._cluster, self._ledger, self._place, self._body = cluster, ledger, place, body
        self._path = place.path + name
        self.listed = "" if place.meta else self._path

    def find(self) -> Mark | None:
        answer = read(self._cluster, self._path)
        if answer is None:
            return None
        if not self._place.meta:
            return self._ledger.mark(self.listed)
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
        if self.listed:
            self._ledger.enter(self.listed, self.digest)
        return ""

    def remove(self) -> None:
        self._cluster.request("DELETE", self._path)
        if self.listed:
            self._ledger.strike(self.listed)


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
