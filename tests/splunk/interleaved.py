"""Programs that talk to one splunkd, let on request by request in an order that the test decides."""

from __future__ import annotations

import threading
from typing import Any, Callable, List, Optional

from direct import Direct
from fake_splunkd import Instance

PATIENCE = 20.0  # seconds until a program that hangs fails the test


class Killed(BaseException):
    """What a killed program meets at its next request, and at each one after."""


class Program:
    """`body(splunkd)` in a thread that moves only while `step` lets it; `result` or `error` once it is `done`."""

    def __init__(self, instance: Instance, body: Callable[[Direct], Any]) -> None:
        self.result: Any = None
        self.error: Optional[BaseException] = None
        self.done = False
        self.requests: List[str] = []
        self._killed = False
        self._go, self._stopped = threading.Semaphore(0), threading.Semaphore(0)
        splunkd = Direct(instance, self._before, self._after)
        self._thread = threading.Thread(target=self._run, args=(body, splunkd), daemon=True)
        self._thread.start()
        self._wait()

    def _run(self, body: Callable[[Direct], Any], splunkd: Direct) -> None:
        self._pause()
        try:
            if not self._killed:
                self.result = body(splunkd)
        except BaseException as error:  # noqa: BLE001  a killed program ends like this, too
            self.error = error
        self.done = True
        self._stopped.release()

    def _pause(self) -> None:
        self._stopped.release()
        self._go.acquire()

    def _before(self, method: str, target: str) -> None:
        self._pause()
        if self._killed:
            raise Killed
        self.requests.append(f"{method} {target}")

    def _after(self, method: str, target: str) -> None:
        if self._killed:
            raise Killed

    def step(self) -> None:
        """On to the next request, which is then about to be sent, or to the end."""
        if not self.done:
            self._go.release()
            self._wait()

    def kill(self) -> None:
        """No further request of it gets through; it ends."""
        self._killed = True
        self.run()

    def run(self) -> Program:
        """To the end."""
        while not self.done:
            self.step()
        self._thread.join(PATIENCE)
        return self

    def _wait(self) -> None:
        assert self._stopped.acquire(timeout=PATIENCE), f"hangs after {self.requests[-1:]}"
