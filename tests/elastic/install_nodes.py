"""Nodes of the installer's own, as index templates are global: no other test may live beside them.

Started on first use and kept for the test run. They have a folder for snapshots. BUSYBODY_INSTALL_NODES names a file
as nodes.py writes it, for a developer who keeps some running.
"""

from __future__ import annotations

import atexit
import json
import os
from functools import cache
from pathlib import Path
from typing import Any

from having import absent
from node_downloads import KINDS, Unavailable
from node_process import NodeProcess
from nodes import Node, ready

ROLES = '"cluster_manager", "data", "ingest"'
KEEPS = 'settings.put("network.host", "127.0.0.1");'


class WithRepository(NodeProcess):
    """A node that may keep snapshots in `repository`, and whose OpenSearch takes documents through pipelines, too."""

    @property
    def repository(self) -> Path:
        return self.folder / "repository"

    def _elasticsearch(self, server: Path, cluster: str, transport: int) -> list[str]:
        command = super()._elasticsearch(server, cluster, transport)
        assert self.config
        with (self.config / "elasticsearch.yml").open("a") as file:
            file.write(f"path.repo: {self.repository}\n")
        self.repository.mkdir()
        return command

    def _opensearch(self, server: Path, cluster: str, transport: int) -> list[str]:
        command = super()._opensearch(server, cluster, transport)
        program = self.folder / "OpenSearchNode.java"
        text = program.read_text()
        assert KEEPS in text
        more = f'settings.put("path.repo", "{self.repository}"); settings.putList("node.roles", {ROLES});'
        program.write_text(text.replace(KEEPS, f"{KEEPS} {more}"))
        self.repository.mkdir()
        return command


@cache
def own(name: str) -> tuple[Node, str]:
    """The node, and its folder for snapshots."""
    given = os.environ.get("BUSYBODY_INSTALL_NODES")
    if given:
        row: dict[str, Any] = json.loads(Path(given).read_text())[name]
        return Node(**{key: value for key, value in row.items() if key != "repository"}), row.get("repository", "")
    try:
        process = WithRepository(KINDS[name])
        atexit.register(process.stop)
        return ready(process), str(process.repository)
    except Unavailable as missing:
        absent(f"{name}: {missing}")
