"""Score and learn over several processes, with the bytes of one.

People are dealt out to workers by a checksum of their name. This process reads the stream in order, sends each sign-in
to the person's worker and what it tells the window of recent evidence to all, so that each worker has the whole window,
holds all workers at every hour of event time while their deltas are added up, and alone writes the store and the output.
"""

from __future__ import annotations

import json
from collections import deque
from typing import Any, Callable, Deque, Dict, Iterator, List, Optional, Set, Union, cast

from ..people import Changes, population_text
from ..population.delta import Delta
from ..scorer import HOUR, Scorer
from ..signin import SignIn
from ..stores import Row, Store
from .crew import Crew, Slot
from .entries import Broken, Entry, Parser, Routed, payload_of, routed
from .local import COMMIT_EVERY, Complain, Write, reason_of, skip
from .render import Renderer
from .source import Block, File
from .summary import Summary
from .worker import ENDED, IN_MEMORY, TOLD, Setup, Shards

BATCH = 100  # sign-ins sent at once
BLOCK = 1 << 14  # bytes; a worker reads one in a millisecond or two, and what is urgent waits no longer
AHEAD = 40  # blocks read ahead for each worker
_encode = json.JSONEncoder(separators=(",", ":"), check_circular=False).encode


class Sharded:
    """Takes entries in, gives lines out, as `local.Local` does."""

    def __init__(
        self, setup: Callable[[int], Setup], jobs: int, renderer: Renderer, write: Write, complain: Complain
    ) -> None:
        """Starts the workers. Open the store after this and hand it to `begin`: a lock must not be inherited."""
        self.summary = Summary()
        mine = setup(0)
        self._policy, self._learn, self._least_risk = mine.policy, mine.learn, mine.least_risk
        self._in_memory = mine.store == IN_MEMORY
        self._numbers = {name: number for number, name in enumerate(mine.names)}
        self._renderer = renderer
        self._write = write
        self._complain = complain
        self._shards = Shards(mine.policy, jobs)
        self._outgoing: List[List[str]] = [[] for _ in range(jobs)]
        self._lines: List[List[bytes]] = [[] for _ in range(jobs)]
        self._order: List[Union[int, bytes]] = []  # whose line comes next, or the line itself
        self._since = 0
        self._full = False
        self._next_hour = float("-inf")
        self._scorer: Optional[Scorer] = None
        self._crew = Crew(jobs, setup, self._take_lines)

    def begin(self, store: Store) -> None:
        """The store is open: the workers may read it."""
        self._scorer = Scorer(self._policy, store)
        self._scorer.keep_share(lambda _: False, first=False)
        self._hour_begins()
        self._crew.ask(b"O")

    @property
    def scorer(self) -> Scorer:
        assert self._scorer is not None
        return self._scorer

    # Read -----------------------------------------------------------------------------------------------------

    def parsed(self, file: File, parser: Parser, share: int) -> Iterator[List[Entry]]:
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
            yield slot if isinstance(slot, list) else _entries(file.name, self._crew.result(slot))

    # Score ----------------------------------------------------------------------------------------------------

    def take(self, entries: List[Entry]) -> None:
        """Send them on, in their order."""
        outgoing, order, learn = self._outgoing, self._order, self._learn
        numbers = self._numbers
        for file, line, payload in entries:
            if type(payload) is SignIn:
                payload = routed(payload, self._shards.of(payload.user))  # noqa: PLW2901
            if type(payload) is not Routed:
                self._skip(file, line, payload)
                continue
            if payload.time >= self._next_hour:
                self._advance(payload.time)
            shard = payload.shard
            if learn and self._tells(payload):
                told = _encode(payload[:TOLD])
                for other, batch in enumerate(outgoing):
                    if other != shard:
                        batch.append(told)
            order.append(shard)
            batch = outgoing[shard]
            batch.append(f"[{numbers.get(file, 0)},{payload.text}]")
            if len(batch) >= BATCH:
                for other in range(len(outgoing)):
                    self._send(other)
        self.summary.records += len(entries)
        self._since += len(entries)
        if self._since >= COMMIT_EVERY or self._full:
            self.commit()

    def _tells(self, payload: Routed) -> bool:
        """Take it into the recent evidence; whether that may be else now. Then every worker has to hear of it."""
        evidence = self.scorer.evidence
        evidence.observe(cast("SignIn", payload))  # it has all that evidence reads
        return payload.ip in evidence.addresses or (payload.session is not None and payload.outcome == "success")

    def _send(self, shard: int) -> None:
        batch = self._outgoing[shard]
        if batch:
            self._crew.send(shard, b"S[" + ",".join(batch).encode("ascii") + b"]")
            batch.clear()

    def _take_lines(self, shard: int, body: bytes) -> None:
        full, *lines = body.split(ENDED)
        self._full = self._full or full == b"1"
        self._lines[shard] += lines

    def _skip(self, file: str, line: int, payload: object) -> None:
        skip(self.summary, file, line, payload, self._complain)
        if self._least_risk <= 0.0:
            name = file if self._numbers else ""
            text = self._renderer.skipped(reason_of(payload), name, line, isinstance(payload, Broken))
            self._order.append(text.encode("utf-8", "replace"))

    # Time -----------------------------------------------------------------------------------------------------

    def _advance(self, time: float) -> None:
        """All workers settle what came before this hour; the sum of what that taught holds for all from here on."""
        scorer, crew, until = self.scorer, self._crew, int(time // HOUR)
        for shard in range(crew.jobs):
            self._send(shard)
        epochs = {until}
        if until > scorer.organisation.epoch + 1:  # time jumps: each hour at which anybody settles, by itself
            for text in crew.ask(b"E%d" % until):
                epochs.update(json.loads(text))
        for epoch in sorted(epochs):
            total = scorer.settle(epoch)  # of nobody: the people are the workers'
            for text in crew.ask(b"T%d" % epoch):
                total.add(Delta.from_json(json.loads(text)))
            scorer.apply(total, epoch)
            crew.tell(b"A" + _encode([epoch, total.to_json()]).encode("ascii"))
        self._hour_begins()

    def _hour_begins(self) -> None:
        epoch = self.scorer.organisation.epoch
        self._next_hour = float("inf") if not self._learn else (epoch + 1) * HOUR if epoch else float("-inf")

    # Keep -----------------------------------------------------------------------------------------------------

    def commit(self) -> None:
        """Wait for all, keep what was learned, then write the lines that tell of it."""
        if not self._since:
            return
        for shard in range(self._crew.jobs):
            self._send(shard)
        rows = [json.loads(text) for text in self._crew.ask(b"H")]
        for row in rows:
            self.summary.add(row["summary"])
        if self._learn and not self._in_memory:
            self._keep(rows)
            self._crew.tell(b"L")
        self._since, self._full = 0, False
        following = [iter(lines) for lines in self._lines]
        lines = [next(following[place]) if type(place) is int else place for place in self._order]
        self._order.clear()
        self._lines = [[] for _ in following]
        self._write(cast("List[bytes]", lines))

    def _keep(self, rows: List[Dict[str, Any]]) -> None:
        scorer, delta = self.scorer, Delta()
        ripe: Dict[int, Set[str]] = {}
        profiles: Dict[str, Optional[Row]] = {}
        journals: Dict[str, Optional[str]] = {}
        for row in rows:
            profiles.update((key, Row(*profile)) for key, profile in row["profiles"].items())
            journals.update(row["journals"])
            delta.add(Delta.from_json(row["delta"]))
            for epoch, keys in row["ripe"]:
                ripe.setdefault(epoch, set()).update(keys)
        population = population_text(scorer.organisation, scorer.evidence, delta, ripe)
        scorer.people.commit(Changes(profiles, journals), population, {})

    def finish(self) -> None:
        """The end of the stream."""
        self.commit()

    def close(self) -> None:
        """End the workers."""
        self._crew.close()


def _entries(name: str, reply: bytes) -> List[Entry]:
    """What a worker read."""
    head, *texts = reply.decode("ascii").split("\n")
    following = iter(texts)
    entries: List[Entry] = []
    for row in json.loads(head):
        if len(row) == 2:
            entries.append((name, row[0], payload_of(row[1])))
        else:
            entries.append((name, row[0], Routed._make((*row[1:], next(following)))))
    return entries
