"""The nodes of the tests: one start for a run, however many processes ask, and no node left when they die."""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
import sys
import time
from pathlib import Path

import having
import nodes
import pytest
from having import have
from node_downloads import Unavailable, java

HERE = Path(__file__).parent
ASK = "from nodes import shared; import sys; print(shared('os2').pid, flush=True); sys.stdin.read()"


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.node
@pytest.mark.slow
def test_processes_share_a_node_that_ends_with_the_last_of_them() -> None:
    have("os2")  # or skip, or fail in CI
    env = {**os.environ, "PYTEST_XDIST_TESTRUNUID": secrets.token_hex(8)}
    env.pop("BUSYBODY_NODES", None)
    askers = [
        subprocess.Popen([sys.executable, "-c", ASK], cwd=HERE, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        for _ in range(3)
    ]
    try:
        pids = {int(asker.stdout.readline()) for asker in askers if asker.stdout}
        assert len(pids) == 1
        (pid,) = pids
        askers[0].communicate()
        askers[1].send_signal(signal.SIGKILL)
        askers[1].wait()
        time.sleep(1)  # the keeper would have had the time
        assert alive(pid)
    finally:
        for asker in askers:
            asker.kill()
            asker.communicate()
    end = time.monotonic() + 30
    while alive(pid):
        assert time.monotonic() < end, "the node outlived whoever asked for it"
        time.sleep(0.1)


def test_what_is_missing_is_said() -> None:
    with pytest.raises(Unavailable, match="Java 99 is missing: install openjdk-99-jdk-headless, or name its folder"):
        java(99)


def test_a_missing_node_skips_aloud_and_fails_in_ci(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "nodes.json").write_text("{}")
    monkeypatch.setenv("BUSYBODY_NODES", str(tmp_path / "nodes.json"))
    monkeypatch.setattr(nodes, "shared", nodes.shared.__wrapped__)  # nothing remembered of earlier tests
    for ci, outcome, words in ((False, pytest.skip.Exception, "NOT tested"), (True, pytest.fail.Exception, "In CI")):
        monkeypatch.setattr(having, "IN_CI", ci)
        with pytest.raises(outcome, match=f"has no node os3.*{words}"):
            having.have("os3")
