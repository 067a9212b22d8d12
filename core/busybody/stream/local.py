"""Score and learn in this process: one scorer, one store, lines held until what they say is kept."""

from __future__ import annotations

from typing import Callable, Iterator, List

from ..scorer import Scorer
from ..signin import SignIn
from ..stores import Store
from .entries import Entry, Parser
from .options import Setup
from .scribe import Aside, Complain, Scribe
from .source import Block, File

COMMIT_EVERY = 40_000  # records; what everybody learned is written each time, and the lines wait for it
PIECE = 2_000  # lines written at once
Write = Callable[[List[bytes]], None]


class Local:
    """Takes entries in, gives lines out. Every line that was written is true of the store: it is committed first."""

    def __init__(self, setup: Setup, store: Store, write: Write, complain: Complain) -> None:
        self._scorer = Scorer(setup.policy, store)
        self._scribe = Scribe(setup, self._scorer)
        self.summary = self._scribe.summary
        self._aside = Aside(setup, self.summary, complain)
        self._learn = setup.options.learn
        self._write = write
        self._held: List[bytes] = []
        self._since = 0

    def parsed(self, file: File, parser: Parser, share: int) -> Iterator[List[Entry]]:  # noqa: ARG002  one at a time
        """The entries of a file."""
        for part in file.parts(parser):
            yield parser.block(file.name, part.first, part.lines) if isinstance(part, Block) else part

    def entries(self, batch: List[Entry]) -> List[Entry]:
        """What is in a batch."""
        return batch

    def take(self, batch: List[Entry]) -> None:
        """Score them, in their order."""
        signin_line, other_line = self._scribe.line, self._aside.line
        self._held += [
            signin_line(payload, file) if type(payload) is SignIn else other_line(file, line, payload)
            for file, line, payload in batch
        ]
        self.summary.records += len(batch)
        self._since += len(batch)
        if self._since >= COMMIT_EVERY or self._scorer.people.is_full():
            self.commit()

    def commit(self) -> None:
        """Keep what was learned, then write the lines that tell of it."""
        if self._since and self._learn:
            self._scorer.save()
        self._since = 0
        write_out(self._held, self._write)
        self._held.clear()

    def close(self) -> None:
        """Nothing to let go of: the store is the caller's."""


def write_out(lines: List[bytes], write: Write) -> None:
    """Write lines piece by piece: the whole of them is not to stand in memory twice."""
    for start in range(0, len(lines), PIECE):
        write(lines[start : start + PIECE])
