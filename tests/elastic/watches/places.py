"""Which nodes a test of ours runs on: searches on each of the four, scripts and mustache on an OpenSearch beside it."""

from __future__ import annotations

import os
import secrets
from contextlib import contextmanager
from typing import Iterator

import pytest
from node_downloads import Unavailable
from nodes import Node, shared
from watches.cluster import Cluster

NODES = ("es9", "es8", "os3", "os2")
SCRIPTS = {"es9": "os3", "es8": "os2", "os3": "os3", "os2": "os2"}  # the nodes of Elasticsearch have neither
IN_CI = os.environ.get("CI", "").lower() in ("1", "true", "yes")


def node(name: str) -> Node:
    """The running node. Where none can be had: a loud skip, and a failure in CI."""
    try:
        return shared(name)
    except Unavailable as reason:
        if IN_CI:
            pytest.fail(str(reason))
        pytest.skip(f"NOT tested on {name}: {reason}")


@contextmanager
def opened(name: str) -> Iterator[tuple[Cluster, Cluster]]:
    """A namespace of its own on the node, with our mappings, and the node that runs scripts for it."""
    namespace = "t" + secrets.token_hex(5)
    data = Cluster(node(name), namespace)
    scripts = data if SCRIPTS[name] == name else Cluster(node(SCRIPTS[name]), namespace)
    data.open()
    try:
        yield data, scripts
    finally:
        data.clear()
        data.hang_up()
        scripts.hang_up()
