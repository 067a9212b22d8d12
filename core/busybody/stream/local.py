"""Score and learn in this process: one scorer, one store, lines held until what they say is kept."""

from __future__ import annotations

from typing import Callable, Iterator, List

from ..policy import Policy
from ..scorer import Scorer
from ..signin import SignIn
from ..stores import Store
from .entries import Broken, Entry, Parser
from .render import Describe, Renderer, said_once
from .source import Block, File
from .summary import Summary

COMMIT_EVERY = 20_000  # records
Write = Callable[[List[bytes]], None]
Complain = Callable[[str, int, Broken], None]


class Local:
    """Takes entries in, gives lines out. Every line that was written is true of the store: it is committed first."""

    def __init__(
        self, policy: Policy, store: Store, make_renderer: Callable[[Describe], Renderer], write: Write,
        complain: Complain, *, learn: bool, least_risk: float, name_files: bool,
    ) -> None:  # fmt: skip
        """`complain` hears of broken records; `least_risk` leaves out lines below it and of what is no sign-in."""
        self.summary = Summary()
        self.scorer = Scorer(policy, store)
        self._describe = said_once(self.scorer.describe)
        self.renderer = make_renderer(self._describe)
        self._write = write
        self._complain = complain
        self._learn = learn
        self._least_risk = least_risk
        self._name_files = name_files
        self._held: List[bytes] = []
        self._since = 0
        self._latest, self._gap = float("-inf"), policy.learning.lateness_seconds

    def parsed(self, file: File, parser: Parser, share: int) -> Iterator[List[Entry]]:  # noqa: ARG002  one at a time
        """The entries of a file."""
        for part in file.parts(parser):
            yield parser.block(file.name, part.first, part.lines) if isinstance(part, Block) else part

    def entries(self, batch: List[Entry]) -> List[Entry]:
        """What is in a batch."""
        return batch

    def take(self, batch: List[Entry]) -> None:
        """Score them, in their order."""
        scorer, renderer, summary, held = self.scorer, self.renderer, self.summary, self._held
        process = scorer.process if self._learn else scorer.score
        least, name_files, latest, gap = self._least_risk, self._name_files, self._latest, self._gap
        for file, line, payload in batch:
            if type(payload) is not SignIn:
                self._skip(file, line, payload)
                continue
            time = payload[1]
            if time > latest:
                latest = time
            elif latest - time > gap:
                summary.backwards += 1
            assessment = process(payload)
            summary.count(assessment)
            risk = assessment[3]
            if risk >= summary.floor:
                summary.stands_out(assessment, self._describe(payload, assessment))
            if risk >= least:
                held.append(renderer.signin(payload, assessment, file if name_files else "").encode("utf-8", "replace"))
        self._latest = latest
        summary.records += len(batch)
        self._since += len(batch)
        if self._since >= COMMIT_EVERY or scorer.people.is_full():
            self.commit()

    def commit(self) -> None:
        """Keep what was learned, then write the lines that tell of it."""
        if self._since and self._learn:
            self.scorer.save()
        self._since = 0
        if self._held:
            self._write(self._held)
            self._held.clear()

    def close(self) -> None:
        """Nothing to let go of: the store is the caller's."""

    def _skip(self, file: str, line: int, payload: object) -> None:
        skip(self.summary, file, line, payload, self._complain)
        if self._least_risk <= 0.0:
            broken = isinstance(payload, Broken)
            text = self.renderer.skipped(reason_of(payload), file if self._name_files else "", line, broken)
            self._held.append(text.encode("utf-8", "replace"))


def skip(summary: Summary, file: str, line: int, payload: object, complain: Complain) -> None:
    """Count what is no sign-in, and say so where it is broken."""
    if isinstance(payload, Broken):
        summary.broken += 1
        complain(file, line, payload)
    else:
        summary.skip(str(payload))


def reason_of(payload: object) -> str:
    """What the output says of a record that was not scored."""
    if isinstance(payload, Broken):
        return f"{payload.key}: {payload.message}" if payload.key else payload.message
    return str(payload)
