"""A worker of `--jobs`: reads blocks of lines, and scores the people that are its own.

It answers one message after the other, blocks of lines last, and ends when nobody is left to ask. Messages are JSON behind one letter:

    P block of lines   -> p heads of entries, then the sign-ins as text
    O open the store   -> h
    S sign-ins         -> s their lines of output
    E hour             -> h the hours until then at which somebody settles
    T hour             -> h what that hour taught about the organisation
    A hour, sum        (no answer) the organisation's next hour begins
    H                  -> h what goes to the store, and counts
    L                  (no answer) it is there: let go of it
    whatever fails     -> e what happened
"""

from __future__ import annotations

import json
import zlib
from collections import deque
from typing import TYPE_CHECKING, Any, Deque, Dict, List, NamedTuple, Optional, Tuple, cast

from ..errors import BusybodyError
from ..identity import Identity
from ..policy import Policy
from ..population.delta import Delta
from ..scorer import Scorer
from ..signin import SignIn
from ..stores import open as open_store
from .entries import Routed, parser_for, payload_row, signin_of, signin_text
from .render import Renderer, renderer, said_once
from .summary import Summary

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

IN_MEMORY = ":memory:"
TOLD = 7  # fields of a Routed that recent evidence reads
ENDED = b"\0"  # between two lines of output: no line holds one
_encode = json.JSONEncoder(separators=(",", ":"), check_circular=False).encode


class Setup(NamedTuple):
    """What a worker is told when it starts."""

    number: int
    jobs: int
    policy: Policy
    source: Optional[str]
    now: float
    reference_time: Optional[float]
    store: str
    output: str
    width: int
    learn: bool
    least_risk: float
    names: Tuple[str, ...]  # of the files; empty where lines do not name theirs


def main(connection: Connection, setup: Setup, others: List[Connection]) -> None:
    """The worker's life. `others` are ends of pipes that it inherited and must not keep open."""
    import signal

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the one who started it decides when it ends
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    for other in others:
        other.close()
    worker = Worker(setup)
    urgent: Deque[bytes] = deque()
    blocks: Deque[bytes] = deque()  # to be read when nobody waits for anything else
    try:
        while True:
            while connection.poll() or not (urgent or blocks):
                message = connection.recv_bytes()
                (blocks if message[:1] == b"P" else urgent).append(message)
            answer = _answer(worker, urgent.popleft() if urgent else blocks.popleft())
            if answer:
                connection.send_bytes(answer)
    except (EOFError, OSError):
        return


def _answer(worker: Worker, message: bytes) -> bytes:
    try:
        return worker.answer(message[:1], message[1:])
    except BusybodyError as error:
        return b"e" + _encode([type(error).__name__, error.message, error.source, error.line, error.key]).encode()
    except Exception as error:  # noqa: BLE001  whatever it is, the one who asked must hear of it
        return b"e" + _encode(["BusybodyError", _unexpected(error), None, None, None]).encode()


def _unexpected(error: Exception) -> str:
    from traceback import format_exception

    trace = "".join(format_exception(type(error), error, error.__traceback__))
    return f"a worker failed; this is a defect of Busybody. Run with --jobs 1, and report this: {trace}"


class Shards:
    """Which worker a person belongs to."""

    def __init__(self, policy: Policy, jobs: int) -> None:
        self._identity = Identity(policy)
        self._private = bool(policy.identity.pseudonym_key_file or policy.identity.pseudonym_key_env)
        self._jobs = jobs
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
    def __init__(self, setup: Setup) -> None:
        self._setup = setup
        self._shards = Shards(setup.policy, setup.jobs)
        self._parser = parser_for(setup.policy, setup.source, setup.now, setup.reference_time)
        self._scorer: Optional[Scorer] = None
        self._renderer: Optional[Renderer] = None
        self._summary = Summary()

    def answer(self, kind: bytes, body: bytes) -> bytes:
        """The answer to one message; empty where none is expected."""
        if kind == b"P":
            return b"p" + self._parse(body)
        if kind == b"S":
            return b"s" + self._score(json.loads(body))
        if kind == b"O":
            self._open()
            return b"h"
        scorer = self._scorer
        assert scorer is not None
        if kind == b"E":
            return b"h" + _encode(scorer.epochs(int(body))).encode()
        if kind == b"T":
            return b"h" + _encode(scorer.settle(int(body)).to_json()).encode()
        if kind == b"A":
            epoch, delta = json.loads(body)
            scorer.apply(Delta.from_json(delta), epoch)
            return b""
        if kind == b"H":
            return b"h" + _encode(self._hand_over(scorer)).encode()
        scorer.people.let_go()
        return b""

    def _parse(self, body: bytes) -> bytes:
        name, first, block = body.split(b"\n", 2)
        entries = self._parser.block(name.decode("utf-8", "surrogateescape"), int(first), block)
        heads: List[Any] = []
        texts: List[str] = [""]
        shard = self._shards.of
        for _, line, payload in entries:
            if isinstance(payload, SignIn):
                signin = payload
                heads.append(
                    (line, signin.time, signin.user, signin.outcome, signin.ip, signin.session, signin.asn, signin.device,
                     shard(signin.user))
                )  # fmt: skip
                texts.append(signin_text(signin))
            else:
                heads.append((line, payload_row(payload)))
        texts[0] = _encode(heads)
        return "\n".join(texts).encode("ascii")

    def _open(self) -> None:
        setup = self._setup
        in_memory = setup.store == IN_MEMORY
        self._scorer = scorer = Scorer(setup.policy, open_store(setup.store, read_only=not in_memory))
        scorer.keep_share(lambda key: self._shards.of_key(key) == setup.number, first=setup.number == 0)
        self._describe = said_once(scorer.describe)
        self._renderer = renderer(setup.output, self._describe, setup.width)

    def _score(self, rows: List[Any]) -> bytes:
        scorer, renderer, summary = self._scorer, self._renderer, self._summary
        assert scorer is not None
        assert renderer is not None
        least, answer = self._setup.least_risk, scorer.process if self._setup.learn else scorer.score
        names = self._setup.names
        lines: List[str] = ["1" if scorer.people.is_full() else "0"]
        observe = scorer.evidence.observe
        for sent in rows:
            if len(sent) == TOLD:  # somebody else's: only what it tells all
                observe(cast("SignIn", Routed._make((*sent, 0, ""))))
                continue
            file, row = sent
            signin = signin_of(row)
            assessment = answer(signin)
            if assessment.risk >= least:
                lines.append(renderer.signin(signin, assessment, names[file] if names else ""))
            else:
                lines.append("")
            summary.count(assessment)
            if assessment.risk >= summary.floor:
                summary.stands_out(assessment, self._describe(signin, assessment))
        return ENDED.join([line.encode("utf-8", "replace") for line in lines])

    def _hand_over(self, scorer: Scorer) -> Dict[str, Any]:
        summary, self._summary = self._summary, Summary()
        if not self._setup.learn:
            return {"summary": summary.to_json()}
        if self._setup.store == IN_MEMORY:  # nobody else can read it: each worker keeps its own
            scorer.save()
            return {"summary": summary.to_json()}
        changes, delta, ripe = scorer.hand_over()
        return {
            "summary": summary.to_json(), "profiles": changes.profiles, "journals": changes.journals,
            "delta": delta.to_json(), "ripe": [[epoch, sorted(keys)] for epoch, keys in ripe.items()],
        }  # fmt: skip
