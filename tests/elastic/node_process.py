"""One genuine server as a process of ours: its folder, its settings, its start and its end."""

from __future__ import annotations

import base64
import hashlib
import os
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from node_downloads import Kind, Unavailable, downloaded, java

HERE = Path(__file__).parent
HEAP = "512m"
NOBODY = 65534  # who runs them where we are root: Elasticsearch refuses to run as root
SLOWEST_END = 30  # seconds
SUPERUSER = "busybody-admin"
SETTINGS = """
cluster.name: {cluster}
discovery.type: single-node
network.host: 127.0.0.1
http.port: {http}
transport.port: {transport}
path.data: {folder}/data
path.logs: {folder}/logs
xpack.security.enabled: true
xpack.security.http.ssl.enabled: false
xpack.security.transport.ssl.enabled: false
resource.reload.interval.high: 500ms
cluster.routing.allocation.disk.threshold_enabled: false
cluster.max_shards_per_node: 10000
action.destructive_requires_name: false
"""


class NodeProcess:
    """A node that is starting or running. `config` is where an Elasticsearch keeps its roles and users."""

    def __init__(self, kind: Kind) -> None:
        """Raises Unavailable where the server or its Java is missing."""
        server, self.java = downloaded(kind), java(kind.java)
        self.kind = kind
        self.folder = Path(tempfile.mkdtemp(prefix=f"busybody-{kind.name}-"))
        self.config = self.folder / "home" / "config" if kind.flavour == "elasticsearch" else None
        self.password = secrets.token_urlsafe(16) if self.config else ""
        self.http, transport = free_ports(2)
        cluster = f"{kind.name}-{secrets.token_hex(4)}"
        try:
            prepare = self._elasticsearch if self.config else self._opensearch
            command = prepare(server, cluster, transport)
            self._hand_over()
            self.process = self._started(command)
        except BaseException:
            shutil.rmtree(self.folder, ignore_errors=True)
            raise

    def _elasticsearch(self, server: Path, cluster: str, transport: int) -> list[str]:
        assert self.config
        home = self.folder / "home"
        shutil.copytree(server, home, copy_function=_link, ignore=shutil.ignore_patterns("config"))
        shutil.copytree(server / "config", self.config)
        for folder in (self.folder / "data", self.folder / "logs", home / "logs", home / "plugins"):
            folder.mkdir(exist_ok=True)
        settings = SETTINGS.format(cluster=cluster, http=self.http, transport=transport, folder=self.folder)
        (self.config / "elasticsearch.yml").write_text(settings)
        (self.config / "users").write_text(user_line(SUPERUSER, self.password))
        (self.config / "users_roles").write_text(f"superuser:{SUPERUSER}\n")
        return [str(home / "bin" / "elasticsearch")]

    def _opensearch(self, server: Path, cluster: str, transport: int) -> list[str]:
        shutil.copytree(server, self.folder / "lib", copy_function=_link)
        program = shutil.copy(HERE / "OpenSearchNode.java", self.folder)
        command = [self.java / "bin" / "java", f"-Xms{HEAP}", f"-Xmx{HEAP}", "-cp", "lib/*", program]
        return [str(word) for word in (*command, self.folder / "node", cluster, self.http, transport)]

    def _hand_over(self) -> None:
        """The folders, and those files that are not the cache's own, to whom the node runs as."""
        if os.geteuid() == 0:
            for path in (self.folder, *self.folder.rglob("*")):
                if path.is_dir() or path.stat().st_nlink == 1:
                    os.chown(path, NOBODY, NOBODY)

    def _started(self, command: list[str]) -> subprocess.Popen[bytes]:
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            "ES_JAVA_HOME": str(self.java),
            "ES_JAVA_OPTS": f"-Xms{HEAP} -Xmx{HEAP}",
        }
        nobody: dict[str, Any] = {"user": NOBODY, "group": NOBODY, "extra_groups": []} if os.geteuid() == 0 else {}
        with (self.folder / "console.log").open("wb") as log:
            return subprocess.Popen(
                command,
                cwd=self.folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C is for the tests; the node is stopped by its id
                **nobody,
            )

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.http}"

    def check(self) -> None:
        """Raises Unavailable with the end of its log where the node has died."""
        if self.process.poll() is not None:
            log = (self.folder / "console.log").read_text(errors="replace").strip()
            raise Unavailable(f"{self.kind.name} did not start (exit code {self.process.returncode}): {log[-2000:]}")

    def stop(self) -> None:
        """Stop it by its id, and remove its folder."""
        self.process.terminate()
        try:
            self.process.wait(SLOWEST_END)
        except subprocess.TimeoutExpired:
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        for _ in range(20):  # a JVM's last files may still be on their way
            shutil.rmtree(self.folder, ignore_errors=True)
            if not self.folder.exists():
                return
            time.sleep(0.1)


def user_line(name: str, password: str) -> str:
    """A line of the file realm's `users`."""
    salt = secrets.token_bytes(32)
    key = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, 1000, 32)
    return f"{name}:{{PBKDF2}}1000${base64.b64encode(salt).decode()}${base64.b64encode(key).decode()}\n"


def free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def _link(source: str, target: str) -> None:
    """A second name for a file of the cache; a copy where that lies on another file system."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)
