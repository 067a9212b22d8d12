"""A run: files in, lines out. What `busybody score` and `busybody learn` do."""

from __future__ import annotations

import time
from itertools import chain
from typing import TYPE_CHECKING, Any, Iterator, List, Optional, Protocol, Tuple

from ..policy import Policy
from ..stores import open as open_store
from .entries import Broken, Entry, Parser, parser_for
from .local import Local, Write
from .options import Options, Setup
from .order import LOOKED_AT, batches, by_time, newest_first, sorted_by_time
from .source import File, expand
from .summary import Summary

if TYPE_CHECKING:
    from .shards import Sharded

Batch = Any  # entries, as the engine holds them


class Hearer(Protocol):
    """Who hears how it goes: standard error, or a test."""

    def broken(self, file: str, line: int, what: Broken) -> None: ...

    def notice(self, words: str) -> None: ...

    def progress(self, done: float, records: int) -> None:
        """`done` is the share of the input that was read, 0 to 1; 0 where nobody knows."""


class Engine(Protocol):
    """Who scores: `local.Local` or `shards.Sharded`, which differ in how they hold a batch of entries."""

    summary: Summary

    def parsed(self, file: File, parser: Parser, share: int) -> Iterator[Batch]:
        """The entries of a file. `share` is by how many what may be read ahead is divided."""

    def entries(self, batch: Batch) -> List[Entry]:
        """What is in a batch."""

    def take(self, batch: Batch) -> None:
        """Score them, in their order."""

    def commit(self) -> None:
        """Keep what was learned, then write the lines that tell of it."""

    def close(self) -> None:
        """Let go of whatever is held."""


def run(options: Options, policy: Policy, write: Write, hearer: Hearer) -> Summary:
    """Read everything, score and learn it, write the lines. Raises BusybodyError and OSError."""
    files = [File(path, options.format, options.now) for path in expand(options.inputs)]
    engine: Optional[Engine] = None
    try:
        now = time.time() if options.now is None else options.now
        setup = Setup(options, policy, now, len(files) > 1)
        parser = parser_for(setup)
        shards = _sharded(setup, write, hearer) if options.jobs > 1 else None
        engine = shards
        with open_store(options.store, read_only=not options.learn) as store:
            if shards is not None:
                shards.begin(store)
            else:
                engine = Local(setup, store, write, hearer.broken)
            assert engine is not None
            for file in files:
                file.idle = engine.commit
            try:
                _drive(engine, files, parser, options, policy, hearer)
            finally:
                engine.close()  # first the readers of the store, then its writer
            return engine.summary
    finally:
        if engine is not None:
            engine.close()
        for file in files:
            file.close()


def _sharded(setup: Setup, write: Write, hearer: Hearer) -> Sharded:
    from .shards import Sharded

    return Sharded(setup, write, hearer.broken)


def _drive(engine: Engine, files: List[File], parser: Parser, options: Options, policy: Policy, hearer: Hearer) -> None:
    """Take all streams through the engine, in order."""
    streams = [engine.parsed(file, parser, len(files)) for file in files]
    size = sum(file.size for file in files) if all(file.regular for file in files) else 0
    for batch in _ordered(engine, streams, files, options, policy, hearer):
        stop = _first_broken(engine.entries(batch)) if options.strict else None
        engine.take(batch if stop is None else engine.entries(batch)[: stop + 1])
        hearer.progress(sum(file.position() for file in files) / size if size else 0.0, engine.summary.records)
        if stop is not None:
            break
    engine.commit()
    for file in files:
        if file.empty:
            hearer.notice(f"{file.name}: is empty; nothing to read there.")
        elif file.bare and not engine.summary.broken:
            hearer.notice(f"{file.name}: there is no record in it, only empty lines or an empty list.")


def _ordered(
    engine: Engine, streams: List[Iterator[Batch]], files: List[File], options: Options, policy: Policy, hearer: Hearer
) -> Iterator[Batch]:
    """The streams as one, sorted where that was asked for or a log turns out to be written newest first."""
    gap = policy.learning.lateness_seconds
    flat: List[Iterator[Entry]] = []
    plain = True
    for stream, file in zip(streams, files):
        backwards = False
        if file.regular and not options.sort:
            backwards, stream = _looked_at(engine, stream, gap)  # noqa: PLW2901
            if backwards:
                hearer.notice(f"{file.name}: is written newest first; it is sorted by time before it is scored.")
        entries: Iterator[Entry] = chain.from_iterable(map(engine.entries, stream))
        if options.sort or backwards:
            entries, plain = sorted_by_time(entries), False
        flat.append(entries)
        if len(files) == 1 and plain:
            return stream
    return batches(by_time(flat) if len(flat) > 1 else flat[0])


def _looked_at(engine: Engine, stream: Iterator[Batch], gap: float) -> Tuple[bool, Iterator[Batch]]:
    """Whether the stream is written newest first; and all of it again."""
    start: List[Batch] = []
    seen: List[Entry] = []
    for batch in stream:
        start.append(batch)
        seen += engine.entries(batch)
        if len(seen) >= LOOKED_AT:
            break
    return newest_first(seen, gap), chain(start, stream)


def _first_broken(entries: List[Entry]) -> Optional[int]:
    return next((place for place, entry in enumerate(entries) if isinstance(entry[2], Broken)), None)
