"""Score and learn over several processes, with the bytes of one.

People are dealt out to workers by a checksum of their name. This process reads the stream in its order, deals its
blocks out to be read, hands what comes back on to all workers, and alone writes the store and the output.
"""

from __future__ import annotations

import json
from collections import deque
from typing import Any, Deque, Dict, Iterator, List, Optional, Union, cast

from ..stores import Row, Store
from .crew import Crew, Slot
from .entries import Entry, Parser
from .local import COMMIT_EVERY, Write, write_out
from .options import Setup
from .scribe import Aside, Complain
from .shorthand import FIRST, OTHER, Packed, Shorthand, others, pack, unpack
from .source import Block, File
from .summary import Summary
from .worker import ENDED, IN_MEMORY, Shards

BLOCK = 1 << 16  # bytes
AHEAD = 24  # blocks read ahead for each worker
Batch = Union[List[Entry], Packed]


class Sharded:
    """Takes entries in, gives lines out, as `local.Local` does."""

    def __init__(self, setup: Setup, write: Write, complain: Complain) -> None:
        """Starts the workers. Open the store after this and hand it to `begin`: a lock must not be inherited."""
        self.summary = Summary()
        self._keeps = setup.options.learn and setup.options.store != IN_MEMORY
        self._aside = Aside(setup, self.summary, complain)
        self._write = write
        self._shards = Shards(setup)
        self._shorthand = Shorthand()
        self._lines: List[List[bytes]] = [[] for _ in range(setup.options.jobs)]
        self._others: List[bytes] = []  # the lines of what is no sign-in
        self._order: List[bytes] = []  # whose lines come next
        self._since = 0
        self._full = False
        self._store: Optional[Store] = None
        self._crew = Crew(setup, self._take_lines)

    def begin(self, store: Store) -> None:
        """The store is open: the workers may read it."""
        self._store = store
        self._crew.ask(b"O")

    def parsed(self, file: File, parser: Parser, share: int) -> Iterator[Batch]:
        """The entries of a file, read by the workers ahead of need. `share` is by how many the window is divided."""
        parts = file.parts(parser, BLOCK)
        slots: Deque[Union[Slot, List[Entry]]] = deque()
        window = max(2, AHEAD * self._crew.jobs // share)
        more = True
        while True:
            while more and len(slots) < window and (not slots or file.ready()):
                part = next(parts, None)
                if part is None:
                    more = False
                elif isinstance(part, Block):
                    slots.append(self._crew.read(file.name, part.first, part.lines))
                else:
                    slots.append(part)
            if not slots:
                return
            slot = slots.popleft()
            yield slot if isinstance(slot, list) else Packed(*self._crew.result(slot).split(b"\n", 3))

    def entries(self, batch: Batch) -> List[Entry]:
        """What is in a batch."""
        return unpack(batch, self._shorthand) if isinstance(batch, Packed) else batch

    def take(self, batch: Batch) -> None:
        """Have them scored, in their order."""
        packed = batch if isinstance(batch, Packed) else pack(batch, self._shards.of, self._shorthand)
        if packed.lines:
            self._crew.tell(b"S" + b"\n".join((packed.owners, packed.files, packed.lines)))
        if OTHER in packed.owners:
            self._others += [self._aside.line(*entry) for entry in others(packed)]
        self._order.append(packed.owners)
        self.summary.records += len(packed.owners)
        self._since += len(packed.owners)
        if self._since >= COMMIT_EVERY or self._full:
            self.commit()

    def _take_lines(self, shard: int, body: bytes) -> None:
        full, *lines = body.split(ENDED)
        self._full = self._full or full == b"1"
        self._lines[shard] += lines

    # Keep -----------------------------------------------------------------------------------------------------

    def commit(self) -> None:
        """Wait for all, keep what was learned, then write the lines that tell of it."""
        if not self._since:
            return
        rows = [json.loads(text) for text in self._crew.ask(b"K")]
        for row in rows:
            self.summary.add(row["summary"])
        if self._keeps:
            self._keep(rows)
            self._crew.tell(b"L")
        self._since, self._full = 0, False
        following = {FIRST + shard: iter(lines) for shard, lines in enumerate(self._lines)}
        following[OTHER] = iter(self._others)
        lines = [next(following[owner]) for owners in self._order for owner in owners]
        self._lines, self._others, self._order = [[] for _ in self._lines], [], []
        write_out(lines, self._write)

    def _keep(self, rows: List[Dict[str, Any]]) -> None:
        profiles: Dict[str, Optional[Row]] = {}
        journals: Dict[str, Optional[str]] = {}
        for row in rows:
            profiles.update((key, Row(*profile)) for key, profile in row["profiles"].items())
            journals.update(row["journals"])
        cast("Store", self._store).commit(profiles, journals, rows[0]["population"], {})

    def close(self) -> None:
        """End the workers."""
        self._crew.close()
