"""A run: files in, lines out. What `busybody score` and `busybody learn` do."""

from __future__ import annotations

import time
from itertools import chain
from typing import Callable, Iterator, List, NamedTuple, Optional, Protocol

from ..fields.intake import Intake
from ..places import Locator
from ..policy import Policy
from ..scorer import Scorer
from ..stores import open as open_store
from .entries import Broken, Entry, Parser
from .local import Local, Write
from .order import LOOKED_AT, batches, by_time, newest_first, sorted_by_time
from .render import Renderer, renderer
from .source import Block, File, expand
from .summary import Summary

DAY = 86400.0


class Options(NamedTuple):
    """What a run is to do."""

    inputs: List[str]
    store: str
    output: str = "jsonl"  # jsonl, table, csv, ecs, splunk, none
    format: Optional[str] = None  # of the container
    source: Optional[str] = None  # data set
    learn: bool = True
    least_risk: float = 0.0
    jobs: int = 1
    strict: bool = False
    sort: bool = False
    now: Optional[float] = None  # epoch seconds
    width: int = 120  # of a table


class Hearer(Protocol):
    """Who hears how it goes: standard error, or a test."""

    def broken(self, file: str, line: int, what: Broken) -> None: ...

    def notice(self, words: str) -> None: ...

    def progress(self, done: float, records: int) -> None:
        """`done` is the share of the input that was read, 0 to 1; 0 where nobody knows."""


def run(options: Options, policy: Policy, write: Write, hearer: Hearer) -> Summary:
    """Read everything, score and learn it, write the lines. Raises BusybodyError and OSError."""
    files = [File(path, options.format, options.now) for path in expand(options.inputs)]
    try:
        with open_store(options.store, read_only=not options.learn) as store:
            engine = Local(
                policy, store, renderer_for(options), write, hearer.broken, learn=options.learn,
                least_risk=options.least_risk, name_files=len(files) > 1,
            )  # fmt: skip
            parser = parser_for(options, policy)
            for file in files:
                file.idle = engine.commit
            _drive(engine, [_parsed(file, parser) for file in files], files, options, policy, hearer)
            return engine.summary
    finally:
        for file in files:
            file.close()


def parser_for(options: Options, policy: Policy) -> Parser:
    """Reads records as the options and the policy say."""
    now = time.time() if options.now is None else options.now
    return Parser(Intake(policy, Locator(policy), source=options.source, reference_time=options.now), now + DAY)


def renderer_for(options: Options) -> Callable[[Scorer], Renderer]:
    """What makes the renderer, once there is a scorer to describe what it found."""
    return lambda scorer: renderer(options.output, scorer.describe, options.width)


def _parsed(file: File, parser: Parser) -> Iterator[List[Entry]]:
    for part in file.parts(parser):
        yield parser.block(file.name, part.first, part.lines) if isinstance(part, Block) else part


def _drive(
    engine: Local,
    streams: List[Iterator[List[Entry]]],
    files: List[File],
    options: Options,
    policy: Policy,
    hearer: Hearer,
) -> None:
    """Take all streams through the engine, in order."""
    size = sum(file.size for file in files) if all(file.regular for file in files) else 0
    for entries in _ordered(streams, files, options, policy, hearer):
        stop = _first_broken(entries) if options.strict else None
        engine.take(entries if stop is None else entries[: stop + 1])
        hearer.progress(sum(file.position() for file in files) / size if size else 0.0, engine.summary.records)
        if stop is not None:
            break
    engine.finish()
    for file in files:
        if file.empty:
            hearer.notice(f"{file.name}: is empty; nothing to read there.")


def _ordered(
    streams: List[Iterator[List[Entry]]], files: List[File], options: Options, policy: Policy, hearer: Hearer
) -> Iterator[List[Entry]]:
    """The streams as one, sorted where that was asked for or a log turns out to be written newest first."""
    gap = policy.learning.lateness_seconds
    flat: List[Iterator[Entry]] = []
    plain = True
    for stream, file in zip(streams, files):
        backwards = False
        if file.regular and not options.sort:
            backwards, stream = _looked_at(stream, gap)  # noqa: PLW2901
            if backwards:
                hearer.notice(f"{file.name}: is written newest first; it is sorted by time before it is scored.")
        entries = chain.from_iterable(stream)
        if options.sort or backwards:
            entries, plain = sorted_by_time(entries), False
        flat.append(entries)
        if len(files) == 1 and plain:
            return stream
    return batches(by_time(flat) if len(flat) > 1 else flat[0])


def _looked_at(stream: Iterator[List[Entry]], gap: float) -> "tuple[bool, Iterator[List[Entry]]]":
    """Whether the stream is written newest first; and all of it again."""
    start: List[List[Entry]] = []
    number = 0
    for entries in stream:
        start.append(entries)
        number += len(entries)
        if number >= LOOKED_AT:
            break
    return newest_first(chain.from_iterable(start), gap), chain(start, stream)


def _first_broken(entries: List[Entry]) -> Optional[int]:
    return next((place for place, entry in enumerate(entries) if isinstance(entry[2], Broken)), None)
