"""Roles as data (roles/elasticsearch, roles/opensearch), and API keys from them."""

from __future__ import annotations

import json
from typing import Any, Iterable

from busybody.errors import shown

from ..assets import Body, folder, load
from ..cluster.protocol import Cluster
from ..errors import ClusterError, ConfigError

ROLES = ("install", "run", "verdict", "responder", "read")
SAMPLE = "-*"  # of all namespaces; a key is for one


def role(name: str, flavour: str = "elasticsearch", namespace: str | None = None) -> Body:
    """A role as the product's role API takes it: for every namespace, or for one."""
    if name not in ROLES:
        raise ConfigError(f"{shown(name)} is no role. Give one of {', '.join(ROLES)}.")
    body: Body = load(folder("roles") / flavour / f"{name}.json")
    if namespace is not None:
        for entry in body.get("indices") or body["index_permissions"]:
            key = "names" if "names" in entry else "index_patterns"
            entry[key] = [_narrowed(pattern, namespace) for pattern in entry[key]]
    return body


def create(
    cluster: Cluster, name: str, namespace: str = "default", *, days: int | None = None, reads: Iterable[str] = ()
) -> str:  # fmt: skip
    """A new API key, encoded as `cluster.api_key` takes it. The cluster shows it this once.

    The service's may also read `reads`: patterns of reader.indices, of other clusters, too (cluster:pattern).
    It never allows more than its maker may: make it as an administrator.
    """
    if cluster.flavour != "elasticsearch":
        raise ClusterError("OpenSearch has no API keys. Make a user with the role of roles/opensearch instead.")
    descriptor = role(name, namespace=None if name == "install" else namespace)
    if name == "run":
        _read_too(descriptor, reads)
    body: dict[str, Any] = {
        "name": f"busybody-{name}-{namespace}",
        "role_descriptors": {f"busybody-{name}": descriptor},
        "metadata": {"managed_by": "busybody", "role": name},
    }
    if days is not None:
        body["expiration"] = f"{days}d"
    try:
        answer = cluster.request("POST", "/_security/api_key", body)
    except ClusterError as error:
        if error.status in (400, 405):
            raise ClusterError(
                "this cluster makes no API keys. Make a user with the role of roles/elasticsearch instead.",
                status=error.status,
            ) from error
        raise
    return str(answer["encoded"])


def _read_too(descriptor: Body, patterns: Iterable[str]) -> None:
    """What begins with a dash excludes, and needs no privilege."""
    known = {name for entry in descriptor["indices"] for name in entry["names"]}
    local: list[str] = []
    remote: dict[str, list[str]] = {}
    for cluster, colon, name in (pattern.rpartition(":") for pattern in patterns):
        if name.startswith("-") or cluster.startswith("-"):
            continue
        if colon:
            remote.setdefault(cluster, []).append(name)
        elif name not in known:
            local.append(name)
    if local:
        descriptor["indices"].append({"names": local, "privileges": ["read", "view_index_metadata"]})
    if remote:
        far = ["read", "read_cross_cluster", "view_index_metadata"]
        rows = [{"clusters": [cluster], "names": names, "privileges": far} for cluster, names in remote.items()]
        descriptor["remote_indices"] = rows


def text(name: str, flavour: str) -> str:
    """A role for people to put into the product by hand."""
    return json.dumps(role(name, flavour), indent=2)


def _narrowed(pattern: str, namespace: str) -> str:
    return pattern.removesuffix("*") + namespace if "busybody" in pattern and pattern.endswith(SAMPLE) else pattern
