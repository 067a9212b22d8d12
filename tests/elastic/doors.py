"""What the tests of the doors share: a router over one scorer in memory, a configuration, a server in a thread."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import Any, Iterator, Mapping, Sequence

import uvicorn
from busybody.contracts import verdict
from busybody.errors import RecordError
from busybody.fields.intake import Intake, Skipped
from busybody.policy import Policy
from busybody.scorer import Scorer
from busybody.stores.memory import MemoryStore
from busybody_elastic.app import serve
from busybody_elastic.config import Config
from busybody_elastic.records import BROKEN, KNOWN, SCORED, SKIPPED, UNSCORED, Answer, Batch, Incoming
from busybody_elastic.stamps import Stamps


class LocalRouter:
    """The router's promises kept in the plainest way: one scorer, and after a rejection all is learned anew."""

    def __init__(self) -> None:
        self.policy = Policy.default()
        self._intake = Intake(self.policy, None)
        self._scorer = Scorer(self.policy, MemoryStore())
        self._learned: dict[str, Any] = {}  # identity -> sign-in, in order
        self._open: dict[str, list[tuple[str, Any] | None]] = {}
        self._busy: set[str] = set()
        self._turn = threading.Condition()
        self.commits = 0
        self.deaf = False  # does not answer in time
        self.settled: list[tuple[bool, ...]] = []
        self.stamps = Stamps()

    def score(
        self, incoming: Sequence[Incoming], *, learn: bool = True, provisional: bool = False,
        deadline: float | None = None,
    ) -> Batch:  # fmt: skip
        read = [self._read(one) for one in incoming]
        people = {found.user for found in read if not isinstance(found, Answer)}
        if self.deaf:
            time.sleep(0 if deadline is None else deadline * 3)
        with self._turn:
            if self.deaf or not self._turn.wait_for(lambda: not people & self._busy, deadline):
                return Batch([found if isinstance(found, Answer) else Answer(one.identity, UNSCORED, "no answer in time")
                              for one, found in zip(incoming, read, strict=True)])  # fmt: skip
            answers, held = [], []
            for one, found in zip(incoming, read, strict=True):
                if isinstance(found, Answer):
                    answers.append(found)
                    held.append(None)
                elif one.identity in self._learned:
                    answers.append(Answer(one.identity, KNOWN))
                    held.append(None)
                else:
                    answers.append(self._score(one, found, learn))
                    held.append((one.identity, found) if learn else None)
            ticket = None
            if provisional and any(held):
                ticket = str(id(held))
                self._open[ticket] = held
                self._busy |= people
            return Batch(answers, ticket)

    def settle(self, ticket: str, accepted: Sequence[bool]) -> None:
        with self._turn:
            held = self._open.pop(ticket)
            self.settled.append(tuple(accepted))
            assert len(held) == len(accepted)
            rejected = [entry[0] for entry, taken in zip(held, accepted, strict=True) if entry and not taken]
            self._busy -= {entry[1].user for entry in held if entry}
            if rejected:
                for identity in rejected:
                    del self._learned[identity]
                self._scorer = Scorer(self.policy, MemoryStore())
                for signin in self._learned.values():
                    self._scorer.process(signin)
            self._turn.notify_all()

    def commit(self, notes: Mapping[str, str] | None = None) -> None:
        self.commits += 1

    @property
    def learned(self) -> list[str]:
        """The ids of the sign-ins that it was taught, in order."""
        return [signin.id for signin in self._learned.values()]

    def _read(self, one: Incoming) -> Any:
        try:
            found = self._intake.read(one.document)
        except RecordError as error:
            return Answer(one.identity, BROKEN, str(error))
        return Answer(one.identity, SKIPPED, found.reason) if isinstance(found, Skipped) else found

    def _score(self, one: Incoming, signin: Any, learn: bool) -> Answer:
        if learn:
            assessment = self._scorer.process(signin)
            self._learned[one.identity] = signin
        else:
            assessment = self._scorer.score(signin)
        sentence = self._scorer.describe(signin, assessment)
        found = {"identity": one.identity, "status": SCORED, **verdict(assessment, sentence)}
        return Answer(one.identity, SCORED, "", found, assessment.alert)


def config(**sections: Any) -> Config:
    """A configuration for the tests, of the sections that differ."""
    return Config.from_mapping({name: dict(section) for name, section in sections.items()}, env={"KEY": "secret"})


def ready() -> Mapping[str, Any]:
    return {"ready": True, "state": "ok", "lag_seconds": 0.5}


@contextmanager
def running(app: Any, **options: Any) -> Iterator[str]:
    """The address of an ASGI application that listens on a port of its own."""
    settings = {"host": "127.0.0.1", "port": 0, "log_config": None, "access_log": False, "server_header": False,
                "date_header": False, "ws": "none", **options}  # fmt: skip
    server = uvicorn.Server(uvicorn.Config(app, **settings))
    thread = threading.Thread(target=lambda: asyncio.run(server.serve()), daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive(), "the server did not start"
        thread.join(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    scheme = "https" if "ssl_certfile" in settings else "http"
    try:
        yield f"{scheme}://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(30)
        assert not thread.is_alive(), "the server did not stop"


@contextmanager
def serving(app: Any, made: Config) -> Iterator[int]:
    """The port where the service's own runner listens; it is asked to stop at the end."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    stop = threading.Event()
    thread = threading.Thread(target=serve, args=(app, replace(made.server, port=port), stop))
    thread.start()
    try:
        while thread.is_alive():
            with suppress(OSError), socket.create_connection(("127.0.0.1", port)):
                break
            thread.join(0.01)
        yield port
    finally:
        stop.set()
        thread.join(30)


def signin(number: int = 0, user: str = "ana", **event: Any) -> dict[str, Any]:
    """A sign-in as an ECS document."""
    return {
        "@timestamp": f"2026-03-02T08:{number // 60 % 60:02d}:{number % 60:02d}.000Z",
        "event": {"category": ["authentication"], "type": ["start"], "outcome": "success", "id": f"{user}-{number}",
                  "dataset": "okta.system", **event},
        "user": {"name": user},
        "source": {"ip": "203.0.113.7", "geo": {"country_iso_code": "DE", "location": {"lat": 52.5, "lon": 13.4}}},
    }  # fmt: skip
