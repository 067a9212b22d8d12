"""What the tests of the Elastic service share: which nodes there are, and a configuration for each."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import pytest

if TYPE_CHECKING:
    from nodes import Node

ROOT = Path(__file__).resolve().parents[2]
IN_CI = os.environ.get("CI", "").lower() in ("1", "true", "yes")
ELASTICSEARCH, OPENSEARCH = ("es9", "es8"), ("os2", "os3")


def absent(what: str) -> NoReturn:
    """A skip that says what is missing; in CI nothing may be missing."""
    if IN_CI:
        pytest.fail(f"{what} In CI every node must be there.", pytrace=False)
    pytest.skip(f"{what} What it would test is NOT tested.")


def have(name: str) -> Node:
    """The node of that name, shared by the whole test run."""
    try:
        from nodes import shared
    except ImportError as error:  # no fcntl on Windows
        absent(f"The nodes need a Unix ({error}).")
    from node_downloads import Unavailable

    try:
        return shared(name)
    except Unavailable as missing:
        absent(f"{name}: {missing}")


def settings_of(node: Node, **more: Any) -> Any:
    """`cluster` of the configuration for a node; `more` overrides."""
    from busybody_elastic.config import ClusterSection, Secret

    return ClusterSection(**{"url": (node.url,), "username": node.user, "password": Secret(node.password), **more})


def config_of(node: Node, namespace: str = "default", **sections: Any) -> Any:
    """A whole configuration for a node, by way of Config.from_mapping; sections as YAML would have them."""
    from busybody_elastic.config import Config

    cluster: dict[str, Any] = {"url": node.url, "username": node.user}
    if node.user:
        cluster["password"] = {"env": "PASSWORD"}
    cluster.update(sections.pop("cluster", {}))
    mapping = {"cluster": cluster, "namespace": namespace, **sections}
    return Config.from_mapping(mapping, env={"PASSWORD": node.password})
