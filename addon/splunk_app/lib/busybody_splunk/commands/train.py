"""busytrain: learns people and the organisation from history, in whatever order the search gives it.

    `busybody_signins` earliest=-30d | busytrain                                   into the model in the KV store
    `busybody_signins` earliest=-30d | busytrain output=model | outputlookup usual.csv        as a lookup: model=usual.csv

The sign-ins are spooled to a file beside the search's own results, sorted by time, and learned. What is learned shows
when all of it is there: until then, and where the search is ended before, the model stays as it was.
"""

from __future__ import annotations

from itertools import chain
from time import time as now
from typing import TYPE_CHECKING, Dict, List, NamedTuple, Optional, Sequence, Tuple

from ..chunks import EMPTY, Body, Chunk, table
from ..options import Option, parse
from ..signins import DEFAULT as CIM
from ..signins import NEEDS, SignIns, columns_wanted
from .opening import DEFAULT, Opened, prepare

if TYPE_CHECKING:
    from busybody.policy import Policy

    from ..cells import Cell
    from ..protocol import Messages, Search
    from .spool import Spool
    from .training import Result

NAME = "busytrain"
OPTIONS = (
    Option("fields", "name", CIM, "field map; okta, entra and the like read the event's own text in _raw"),
    Option("policy", "text", DEFAULT, "stanza [policy:<name>] of busybody.conf"),
    Option("model", "text", DEFAULT, "name of the model that learns"),
    Option(
        "output", "choice", "summary", "summary, or the model itself as rows for | outputlookup", ("summary", "model")
    ),
)
COLUMNS = (
    "model", "people", "signins", "taught", "late", "rows", "skipped", "broken", "reasons", "first", "last", "bytes",
    "resumed",
)  # fmt: skip
MOST_REASONS = 10


def command() -> Train:
    return Train()


class Train:
    """Reads with each chunk, learns with the last."""

    kind = "reporting"
    generating = False

    def __init__(self) -> None:
        self._opened: Optional[Opened] = None
        self._spool: Optional[Spool] = None
        self._counts = Counts({}, {})
        self._rows = 0

    def begin(self, search: Search, messages: Messages) -> Optional[Sequence[str]]:
        self._options = parse(OPTIONS, search.args, NAME)
        self._search, self._messages = search, messages
        return columns_wanted(self._options["fields"])

    def take(self, chunk: Chunk) -> Body:
        if chunk.preview or not (len(chunk) or chunk.finished):
            return EMPTY
        spool = self._begun() if self._spool is None else self._spool
        if len(chunk):
            self._read(chunk, spool)
        return self._learned(spool) if chunk.finished else EMPTY

    def close(self) -> None:
        if self._spool is not None:
            self._spool.close()
        if self._opened is not None:
            self._opened.close()

    def _begun(self) -> Spool:
        from .spool import Spool

        prepare()
        self._opened = Opened(self._search)
        if self._options["output"] == "summary":
            self._opened.writable(self._options["model"])  # whoever may not write hears so before all is read
        self._policy: Policy = self._opened.policy(self._options["policy"])
        self._signins = SignIns(self._policy, self._options["fields"], now())
        self._spool = Spool(self._search.dispatch_dir)
        return self._spool

    def _read(self, chunk: Chunk, spool: Spool) -> None:
        from busybody.signin import SignIn

        for payload in chain.from_iterable(self._signins.pieces(chunk)):
            if type(payload) is SignIn:
                spool.add(payload)
            elif isinstance(payload, str):
                self._counts.skipped[payload] = self._counts.skipped.get(payload, 0) + 1
            else:
                told = f"{payload.key}: {payload.message}" if payload.key else payload.message  # type: ignore[union-attr]
                self._counts.broken[told] = self._counts.broken.get(told, 0) + 1
        self._rows += len(chunk)
        self._messages.info(f"Read {self._rows:,} rows: {len(spool):,} sign-ins so far.")

    def _learned(self, spool: Spool) -> Body:
        from .training import into_lookup, into_model

        assert self._opened is not None
        if self._rows and not len(spool):
            reasons = "; ".join(reason for reason, _ in _most({**self._counts.skipped, **self._counts.broken}))
            self._messages.error(f"None of {self._rows:,} rows is a sign-in ({reasons}). {NEEDS}")
        if self._counts.broken:
            worst = next(iter(self._counts.broken))
            self._messages.warn(f"{sum(self._counts.broken.values()):,} rows could not be read, such as: {worst}")
        if self._options["output"] == "model":
            rows = into_lookup(self._policy, spool, self._messages)
            return table(("kind", "key", "text"), rows)
        result = into_model(self._opened, self._policy, spool, self._options["model"], self._messages)
        return table(COLUMNS, [self._summary(result)])

    def _summary(self, result: Result) -> List[Cell]:
        skipped, broken = self._counts
        reasons = [f"{count:,} {reason}" for reason, count in _most({**skipped, **broken})]
        return [
            self._options["model"], str(result.people), str(result.signins), str(result.taught), str(result.late),
            str(self._rows), str(sum(skipped.values())), str(sum(broken.values())), reasons,
            "" if result.first is None else f"{result.first:.3f}", "" if result.last is None else f"{result.last:.3f}",
            str(result.bytes), str(result.resumed),
        ]  # fmt: skip


class Counts(NamedTuple):
    """What was not learned: reason -> rows."""

    skipped: Dict[str, int]
    broken: Dict[str, int]


def _most(reasons: Dict[str, int]) -> List[Tuple[str, int]]:
    return sorted(reasons.items(), key=lambda row: (-row[1], row[0]))[:MOST_REASONS]


__all__ = ["OPTIONS", "Train", "command"]
