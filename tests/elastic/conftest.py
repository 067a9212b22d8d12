"""What the tests of the Elastic service may ask for: genuine nodes, a connection to them, a namespace of their own."""

from __future__ import annotations

import secrets
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Iterator

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

from having import ELASTICSEARCH, OPENSEARCH, have, settings_of  # noqa: E402  once the path is made


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
def scene() -> Any:
    """See `said.found`."""
    from said import found

    return found()


@pytest.fixture
def namespace() -> str:
    """One that nobody else uses, so that tests share a node. No dash: it would end the name of a data set."""
    return "t" + secrets.token_hex(5)
