"""The processes behind `--jobs`, and the post between them.

Each worker has a pipe; a thread for each reads what comes back, so that neither side ever waits for the other to read.
"""

from __future__ import annotations

import sys
import threading
from collections import deque
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, Callable, Deque, List, Optional, Tuple

from .. import errors
from ..errors import BusybodyError
from .options import Setup
from .worker import main

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

PATIENCE = 2.0  # seconds that a worker gets to end


class Slot:
    """A block that is being read somewhere, or what is in it."""

    __slots__ = ("reply",)

    def __init__(self) -> None:
        self.reply: Optional[bytes] = None


class Crew:
    """Starts workers, sends and receives. After `close` none is left."""

    def __init__(self, setup: Setup, lines: Callable[[int, bytes], None]) -> None:
        """`lines` gets the output of a worker; everything else is asked for."""
        import multiprocessing

        method = "fork" if sys.platform == "linux" and threading.active_count() == 1 else "spawn"
        context: Any = multiprocessing.get_context(method)
        self.jobs = jobs = setup.options.jobs
        self._lines = lines
        self._inbox: SimpleQueue[Tuple[int, bytes]] = SimpleQueue()
        self._connections: List[Connection] = []
        self._processes: List[Any] = []
        self._reading: List[Deque[Slot]] = [deque() for _ in range(jobs)]
        self._replies: List[Deque[bytes]] = [deque() for _ in range(jobs)]
        self._shared: List[Deque[bytes]] = [deque() for _ in range(jobs)]
        try:
            for number in range(jobs):
                mine, theirs = context.Pipe()
                self._connections.append(mine)
                inherited = list(self._connections) if method == "fork" else []
                process = context.Process(
                    target=main, args=(theirs, setup._replace(number=number), inherited), daemon=True
                )
                process.start()
                theirs.close()
                self._processes.append(process)
        except BaseException:
            self.close()
            raise
        for number, connection in enumerate(self._connections):
            threading.Thread(target=self._listen, args=(number, connection), daemon=True).start()

    def _listen(self, number: int, connection: Connection) -> None:
        try:
            while True:
                self._inbox.put((number, connection.recv_bytes()))
        except (EOFError, OSError):
            self._inbox.put((number, b""))

    def read(self, name: str, first: int, block: bytes) -> Slot:
        """Have a block of lines read by whoever has the least to read."""
        number = min(range(self.jobs), key=lambda worker: len(self._reading[worker]))
        slot = Slot()
        self._reading[number].append(slot)
        self._send(number, b"R" + name.encode("utf-8", "surrogateescape") + b"\0%d\0" % first + block)
        return slot

    def result(self, slot: Slot) -> bytes:
        """Wait for a block."""
        while slot.reply is None:
            self._receive()
        return slot.reply

    def tell(self, message: bytes) -> None:
        """Tell every worker."""
        for number in range(self.jobs):
            self._send(number, message)

    def ask(self, message: bytes) -> List[bytes]:
        """Ask every worker, and wait for all answers."""
        self.tell(message)
        while not all(self._replies):
            self._receive()
        return [replies.popleft() for replies in self._replies]

    def _send(self, number: int, message: bytes) -> None:
        while not self._inbox.empty():  # workers may be waiting for each other
            self._receive()
        self._post(number, message)

    def _post(self, number: int, message: bytes) -> None:
        try:
            self._connections[number].send_bytes(message)
        except (BrokenPipeError, ConnectionError) as error:
            raise _ended() from error

    def _receive(self) -> None:
        number, message = self._inbox.get()
        kind, body = message[:1], message[1:]
        if kind == b"s":
            self._lines(number, body)
        elif kind == b"r":
            self._reading[number].popleft().reply = body
        elif kind == b"x":
            self._share(number, body)
        elif kind == b"h":
            self._replies[number].append(body)
        else:
            raise _error(body) if kind == b"e" else _ended()

    def _share(self, number: int, text: bytes) -> None:
        """When all workers have said something, everybody hears it."""
        self._shared[number].append(text)
        if all(self._shared):
            message = b"G" + b"\n".join([texts.popleft() for texts in self._shared])
            for worker in range(self.jobs):
                self._post(worker, message)

    def close(self) -> None:
        """End the workers. They hold nothing that could be lost: only the one who asks writes."""
        for process in self._processes:
            process.terminate()
        for process in self._processes:
            process.join(PATIENCE)
            if process.is_alive():
                process.kill()
                process.join()
        for connection in self._connections:
            connection.close()
        self._processes.clear()


def _ended() -> BusybodyError:
    return BusybodyError(
        "a worker process ended before its time (killed, or out of memory?). What was printed is kept; "
        "run the same command again, with a smaller --jobs where memory is short."
    )


def _error(body: bytes) -> BusybodyError:
    import json

    kind, message, source, line, key = json.loads(body)
    found: Any = getattr(errors, kind, BusybodyError)
    if found is errors.MissingExtra:
        found = BusybodyError
    error: BusybodyError = found(message, source=source, line=line, key=key)
    return error
