"""One instance of the service for the crash proofs, as a process of its own; faults and defects by its orders alone.

It reads orders, one JSON object a line, and forks for each, so that Python is started once. It prints the child's
process id, and the way it ended when asked to `wait` for it.

    {"config": {…}, "verb": "once" | "follow" | "serve", "end": "kill" | "stop", "write": 7, "defect": "order"}

`end` comes before the `write`th write of reader and commit to the cluster; large bulk requests are several writes.
"""

# ruff: noqa: E402, T201, BLE001 - it makes its path first, speaks on standard output, and outlives whatever fails

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[3]
sys.path[:0] = [str(ROOT / "core"), str(ROOT / "elastic"), str(ROOT / "tests" / "elastic")]

import busybody_elastic.app  # so that children need not
import busybody_elastic.service
import crash.defects as defects
from busybody_elastic import log
from busybody_elastic.cluster import connect
from busybody_elastic.cluster.protocol import Cluster, Doc, Document, Item
from busybody_elastic.config import Config
from busybody_elastic.reader import follow

PIECE = 40  # operations of a bulk request that count as one write
PATIENCE = 180.0  # seconds that a child may take to end
ENDS = {"kill": signal.SIGKILL, "stop": signal.SIGSTOP}


class Failing:
    """A cluster before whose nth write the process ends, or stands still.

    Only writes of reader and commit count, so that the nth is the same one in every run; what
    renews the lease meanwhile comes in between as it likes.
    """

    def __init__(self, cluster: Cluster, end: str, write: int) -> None:
        self._cluster, self._signal, self._left = cluster, ENDS[end], write

    def _write(self) -> None:
        name = threading.current_thread().name
        if name.startswith(("MainThread", follow.COMMITTER)):
            self._left -= 1
            if self._left == 0:
                os.kill(os.getpid(), self._signal)

    def put(self, *given: Any, **named: Any) -> Doc | None:
        self._write()
        return self._cluster.put(*given, **named)

    def delete(self, *given: Any) -> bool:
        self._write()
        return self._cluster.delete(*given)

    def bulk(self, operations: Iterable[tuple[Document, Document | None]], **named: Any) -> list[Item]:
        items: list[Item] = []
        whole = list(operations)
        for start in range(0, len(whole), PIECE):
            self._write()
            items += self._cluster.bulk(whole[start : start + PIECE], **named)
        return items

    def __getattr__(self, name: str) -> Any:
        return getattr(self._cluster, name)


def obey(order: dict[str, Any]) -> None:
    """What the child does."""
    config = Config.from_mapping(order["config"], env=order.get("env", {}))
    log.start("text", "warning")
    defects.take_out(order.get("defect", ""))
    follow.COMMIT_DOCUMENTS = order.get("commit", follow.COMMIT_DOCUMENTS)
    if "end" in order:
        end, write = order["end"], order["write"]
        busybody_elastic.service.connect = lambda settings: Failing(connect(settings), end, write)
    busybody_elastic.service.run(config, doors=order["verb"] == "serve", once=order["verb"] == "once")


def ended(pid: int) -> int:
    """The exit code of a child; one that does not end is made to, and says by SIGABRT that it was."""
    end = time.monotonic() + PATIENCE
    while True:
        done, status = os.waitpid(pid, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        if time.monotonic() > end:
            os.kill(pid, signal.SIGABRT)
            end = float("inf")
        time.sleep(0.02)


def main() -> None:
    for line in sys.stdin:
        order = json.loads(line)
        if "wait" in order:
            print(ended(order["wait"]), flush=True)
            continue
        child = os.fork()
        if child == 0:
            os.setsid()
            code = 70
            try:
                obey(order)
                code = 0
            except BaseException as error:
                print(f"{type(error).__name__}: {error}", file=sys.stderr, flush=True)
            finally:
                os._exit(code)
        print(child, flush=True)


if __name__ == "__main__":
    main()
