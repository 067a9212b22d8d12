"""A worker of `--jobs`: reads blocks of lines, and scores the people that are its own.

It hears of every sign-in in its order: of other people's only what recent evidence is made of. So it knows by itself
when an hour of event time is over, and what all workers have to know of each other then goes round: each gives a text,
and gets the texts of all. While it waits it reads blocks ahead. Messages are one letter and text:

    R file, line, block of lines   -> r a batch of entries
    O open the store               -> h
    S a batch of entries           -> s whether it is time to keep, and the lines of output
    K                              -> h what goes to the store, and counts
    L (no answer)                     it is there: let go of it
    G the texts of all, in the order of the workers, for each x with a text
    whatever fails                 -> e what happened
"""

from __future__ import annotations

import json
import zlib
from collections import deque
from itertools import cycle
from typing import TYPE_CHECKING, Any, Deque, Dict, Iterator, List, Optional, Set

from ..errors import BusybodyError
from ..identity import Identity
from ..people import population_text
from ..population.delta import Delta
from ..scorer import DAY, HOUR, Scorer
from ..stores import open as open_store
from .entries import Entry, parser_for
from .options import Setup
from .scribe import Scribe
from .shorthand import FIRST, OTHER, Shorthand, pack
from .summary import Summary

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

IN_MEMORY = ":memory:"
STEP = 1 << 14  # bytes of lines that are read before looking whether something is urgent
ENDED = b"\0"  # between two lines of output: no line holds one
_encode = json.JSONEncoder(separators=(",", ":"), check_circular=False).encode


class Alone(Exception):
    """Nobody is left to talk to."""


def main(connection: Connection, setup: Setup, others: List[Connection]) -> None:
    """The worker's life. `others` are ends of pipes that it inherited and must not keep open."""
    import signal

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the one who started it decides when it ends
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    for other in others:
        other.close()
    worker = Worker(connection, setup)
    try:
        try:
            worker.work()
        except BusybodyError as error:
            row = [type(error).__name__, error.message, error.source, error.line, error.key]
            worker.send(b"e", _encode(row).encode())
        except Alone:
            raise
        except Exception as error:  # noqa: BLE001  whatever it is, the one who started it must hear of it
            worker.send(b"e", _encode(["BusybodyError", _unexpected(error), None, None, None]).encode())
    except Alone:
        return


def _unexpected(error: Exception) -> str:
    from traceback import format_exception

    trace = "".join(format_exception(type(error), error, error.__traceback__))
    return f"a worker failed; this is a defect of Busybody. Run with --jobs 1, and report this: {trace}"


class Shards:
    """Which worker a person belongs to."""

    def __init__(self, setup: Setup) -> None:
        policy = setup.policy
        self._identity = Identity(policy)
        self._private = bool(policy.identity.pseudonym_key_file or policy.identity.pseudonym_key_env)
        self._jobs = setup.options.jobs
        self._known: Dict[str, int] = {}

    def of(self, user: str) -> int:
        shard = self._known.get(user)
        if shard is None:
            shard = self.of_key(self._identity.pseudonym(user) if self._private else user)
            if len(self._known) > 200_000:
                self._known.clear()
            self._known[user] = shard
        return shard

    def of_key(self, key: str) -> int:
        """The same for the name under which the person is stored."""
        return zlib.crc32(key.encode("utf-8", "surrogatepass")) % self._jobs


class Worker:
    def __init__(self, connection: Connection, setup: Setup) -> None:
        self._connection = connection
        self._setup = setup
        self._shards = Shards(setup)
        self._shorthand = Shorthand()
        self._letters: Deque[bytes] = deque()
        self._gathered: Deque[bytes] = deque()
        self._blocks: Deque[bytes] = deque()
        self._reading: Optional[Iterator[None]] = None

    def work(self) -> None:
        """Do what is asked, one thing after the other. Raises Alone at the end."""
        self._parser = parser_for(self._setup)
        while True:
            message = self._next(self._letters)
            kind, body = message[:1], message[1:]
            if kind == b"S":
                self.send(b"s", self._score(body))
            elif kind == b"K":
                self.send(b"h", _encode(self._hand_over()).encode())
            elif kind == b"L":
                self._scorer.people.let_go()
            else:
                self._open()
                self.send(b"h", b"")

    # Post -----------------------------------------------------------------------------------------------------

    def send(self, kind: bytes, body: bytes) -> None:
        try:
            self._connection.send_bytes(kind + body)
        except OSError as error:
            raise Alone from error

    def _next(self, queue: Deque[bytes]) -> bytes:
        """The next message of a queue. While there is none, blocks are read."""
        queues = {b"R": self._blocks, b"G": self._gathered}
        while not queue:
            if self._reading is None and self._blocks:
                self._reading = self._read(self._blocks.popleft())
            try:
                if self._reading is None or self._connection.poll():
                    message = self._connection.recv_bytes()
                    queues.get(message[:1], self._letters).append(message)
                    continue
            except (EOFError, OSError) as error:
                raise Alone from error
            if next(self._reading, self) is self:
                self._reading = None
        return queue.popleft()

    def _gather(self, text: str) -> List[str]:
        """Tell all workers, and hear what all tell."""
        self.send(b"x", text.encode("ascii"))
        return self._next(self._gathered)[1:].decode("ascii").split("\n")

    # Read -----------------------------------------------------------------------------------------------------

    def _read(self, message: bytes) -> Iterator[None]:
        """Read a block in small steps, then send what is in it."""
        file, line, block = message[1:].split(b"\0", 2)
        name, first, start = file.decode("utf-8", "surrogateescape"), int(line), 0
        entries: List[Entry] = []
        while start < len(block):
            end = block.find(b"\n", start + STEP) + 1 or len(block)
            step = block[start:end]
            entries += self._parser.block(name, first, step)
            first, start = first + step.count(b"\n"), end
            yield
        self.send(b"r", b"\n".join(pack(entries, self._shards.of, self._shorthand)))

    # Score ----------------------------------------------------------------------------------------------------

    def _open(self) -> None:
        setup, path = self._setup, self._setup.options.store
        self._scorer = scorer = Scorer(setup.policy, open_store(path, read_only=path != IN_MEMORY))
        scorer.keep_share(lambda key: self._shards.of_key(key) == setup.number, first=setup.number == 0)
        self._scribe = Scribe(setup, scorer)
        self._next_hour = float("-inf" if setup.options.learn else "inf")

    def _score(self, body: bytes) -> bytes:
        """The lines of the worker's own people; of the others recent evidence hears."""
        setup, scribe, shorthand = self._setup, self._scribe, self._shorthand
        owners, files, sent = body.split(b"\n", 2)
        texts = iter(sent.decode("ascii").split("\n"))
        mine, lines = FIRST + setup.number, [b""]
        learn, evidence = setup.options.learn, self._scorer.evidence
        for owner, file in zip(owners, cycle(json.loads(files))):
            if owner == OTHER:
                continue
            text = next(texts)
            time = float(text.partition("\t")[0])
            if time >= self._next_hour:
                self._next_hour = self._advance(time)
            if owner == mine:
                lines.append(scribe.line(shorthand.signin(text), file))
                continue
            if time > scribe.latest:
                scribe.latest = time
            if learn:
                evidence.reach(time)
                if evidence.asks(*shorthand.glimpse(text)):
                    evidence.observe(shorthand.signin(text))
        lines[0] = b"1" if self._scorer.people.is_full() else b"0"
        return ENDED.join(lines)

    def _advance(self, time: float) -> float:
        """Event time reaches an hour. With a new day all settle, and the sum of what that taught holds from here on.

        Returns when the next hour begins.
        """
        scorer, today = self._scorer, int(time // DAY)
        epochs = {today} if today > scorer.organisation.epoch else set()
        if today > scorer.organisation.epoch + 1:  # time jumps: each day before which anybody settles, by itself
            for text in self._gather(_encode(scorer.epochs(today))):
                epochs.update(json.loads(text))
        for epoch in sorted(epochs):
            mine, total = scorer.settle(epoch), Delta()
            for number, text in enumerate(self._gather(_encode(mine.to_json()))):
                total.add(mine if number == self._setup.number else Delta.from_json(json.loads(text)))
            scorer.apply(total, epoch)
        scorer.advance(time)
        return (time // HOUR + 1.0) * HOUR

    # Keep -----------------------------------------------------------------------------------------------------

    def _hand_over(self) -> Dict[str, Any]:
        """What goes to the store, and counts. The first worker hands over what is known of everybody."""
        options, scorer = self._setup.options, self._scorer
        summary, self._scribe.summary = self._scribe.summary, Summary()
        row: Dict[str, Any] = {"summary": summary.to_json()}
        if options.learn and options.store == IN_MEMORY:  # nobody else can read it: each worker keeps its own
            scorer.save()
        elif options.learn:
            changes, mine, waiting = scorer.hand_over()
            row.update(profiles=changes.profiles, journals=changes.journals)
            counts = [mine.to_json(), [[epoch, sorted(keys)] for epoch, keys in waiting.items()]]
            texts = self._gather(_encode(counts))
            if self._setup.number == 0:
                delta = Delta()
                ripe: Dict[int, Set[str]] = {}
                for rows, hours in map(json.loads, texts):
                    delta.add(Delta.from_json(rows))
                    for epoch, keys in hours:
                        ripe.setdefault(epoch, set()).update(keys)
                hour = scorer.hour  # the first worker speaks for all
                row["population"] = population_text(scorer.organisation, scorer.evidence, delta, ripe, hour)
        return row
