"""What the tests of the Elastic service may ask for: genuine nodes, a connection to them, a namespace of their own."""

from __future__ import annotations

import os
import secrets
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Iterator, NoReturn

import pytest

if TYPE_CHECKING:
    from busybody_elastic.cluster.protocol import Cluster
    from nodes import Node

ROOT = Path(__file__).resolve().parents[2]
for folder in (ROOT / "core", ROOT / "elastic", Path(__file__).parent):
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))

if sys.version_info < (3, 11):  # noqa: UP036  collected by the core's Pythons, too
    collect_ignore_glob = ["*"]  # the service asks for 3.11

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


@pytest.fixture(scope="session", params=[*ELASTICSEARCH, *OPENSEARCH])
def node(request: pytest.FixtureRequest) -> Node:
    """Each of the four, one after the other."""
    return have(request.param)


@pytest.fixture(scope="session", params=ELASTICSEARCH)
def elasticsearch_node(request: pytest.FixtureRequest) -> Node:
    """The two that have roles and users of the file realm."""
    return have(request.param)


@pytest.fixture(scope="session", params=OPENSEARCH)
def opensearch_node(request: pytest.FixtureRequest) -> Node:
    """The two that have painless, mustache and ingest processors."""
    return have(request.param)


@pytest.fixture(scope="session")
def any_node() -> Node:
    """One, for what does not depend on the product."""
    return have("es9")


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


@pytest.fixture(scope="session")
def cluster(node: Node) -> Iterator[Cluster]:
    """Connected to `node` as its superuser."""
    yield from _connected(node)


@pytest.fixture(scope="session")
def any_cluster(any_node: Node) -> Iterator[Cluster]:
    """Connected to `any_node`."""
    yield from _connected(any_node)


def _connected(node: Node) -> Iterator[Cluster]:
    from busybody_elastic.cluster import connect

    connected = connect(settings_of(node))
    yield connected
    connected.close()


@pytest.fixture
def namespace() -> str:
    """One that nobody else uses, so that tests share a node. No dash: it would end the name of a data set."""
    return "t" + secrets.token_hex(5)
