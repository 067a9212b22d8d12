"""busyscore: each sign-in of a search gets a risk from 0 to 100, the reasons for it, and one sentence why.

    ... | busyscore                                        scores against what is known; learns nothing, in any order
    ... | sort 0 _time | busyscore update=true cursor=true         scores and learns: one search at a time

Every row passes, in its order. What is no sign-in says why in busy_skipped, what cannot be read in busy_error. Where
nothing can be scored at all (no KV store, no such policy), one message says what to do, and the rows pass marked, with
an empty busy_new. But where scored rows have gone on already and cannot be learned, the search ends there: its scores
must not be written, since the next run gives them once more.
"""

from __future__ import annotations

from contextlib import suppress
from time import time as now
from typing import TYPE_CHECKING, Any, Dict, List, Optional, Sequence

from ..cells import MULTI
from ..chunks import EMPTY, Body, Chunk
from ..columns import PREFIX, Cells, Columns
from ..frames import Fatal
from ..options import Option, UsageError, parse
from ..signins import DEFAULT as CIM
from ..signins import NEEDS, columns_wanted
from .opening import DEFAULT, Opened, prepare

if TYPE_CHECKING:
    from busybody.stream.entries import Payload

    from ..protocol import Messages, Search
    from .engines import Engine

NAME = "busyscore"
OPTIONS = (
    Option("update", "bool", False, "learn what is scored; wants the oldest first, and the capability busybody_write"),
    Option("cursor", "bool", False, "with update=true: remember how far the index was read, for | busycursor"),
    Option("explain", "bool", False, "add busy_explain: what each finding contributes to the log-odds"),
    Option("min_risk", "number", 0.0, "rows of a lower risk stay empty; none is left out", least=0.0, most=100.0),
    Option("prefix", "name", PREFIX, "what the new columns begin with"),
    Option("fields", "name", CIM, "field map; okta, entra and the like read the event's own text in _raw"),
    Option("policy", "text", DEFAULT, "stanza [policy:<name>] of busybody.conf"),
    Option("model", "text", DEFAULT, "name of the model; <name>.csv is a lookup, which is only read"),
)
EXAMPLES = 3  # broken rows that a message quotes


def command() -> Score:
    return Score()


def _parsed(args: Sequence[str]) -> Dict[str, Any]:
    options = parse(OPTIONS, args, NAME)
    if options["prefix"].startswith(MULTI):
        raise UsageError(f"{NAME}: prefix={options['prefix']!r} is Splunk's own. Choose another one, such as {PREFIX}.")
    return options


class Score:
    """The command, with whatever may go wrong in it."""

    kind = "stateful"
    generating = False

    def __init__(self) -> None:
        self._columns = Columns()
        self._fault: Optional[str] = None  # why nothing can be scored
        self._told = self._helped = False
        self._options: Dict[str, Any] = {}
        self._engine: Optional[Engine] = None
        self._opened: Optional[Opened] = None
        self._broken: List[str] = []
        self._aside: Dict[str, int] = {}  # reason -> rows that are no sign-in
        self._rows = self._scored_rows = self._number_broken = 0
        self._gone = 0  # rows that have gone out, and not for want of a score

    def begin(self, search: Search, messages: Messages) -> Optional[Sequence[str]]:
        self._search, self._messages = search, messages
        try:
            options = self._options = _parsed(search.args)
        except UsageError as error:
            self._fault, self._helped = str(error), error.is_help
            return self._columns.names
        self._columns = Columns(options["prefix"], explain=options["explain"], least_risk=options["min_risk"])
        wanted = columns_wanted(options["fields"])
        if wanted is None:
            return None
        more = ["_indextime"] if options["cursor"] else []
        return [*wanted, *more, *self._columns.names]  # the new ones, too: else splunkd may leave them out again

    def take(self, chunk: Chunk) -> Body:
        """Raises Fatal where scored rows have gone out that cannot be learned."""
        from busybody.errors import BusybodyError

        cells: Optional[List[Cells]] = None
        if self._fault is None:
            try:
                cells = self._scored(chunk)
            except BusybodyError as error:
                self._fault = str(error)
            except OSError as error:
                self._fault = f"{error}. Look into search.log, and run the search again."
            if cells is None and self._engine is not None:
                self._engine.close()
                if self._gone and self._options["update"] and not chunk.preview:
                    raise Fatal(f"{self._fault}\nNothing was learned and nothing may be written. Run the search again.")
            self._gone += len(cells or ())
        if self._fault is not None:
            self._tell_fault()
            cells = [self._columns.broken(self._fault)] * len(chunk)
        return self._columns_of(chunk, cells or [])

    def close(self) -> None:
        if self._engine is not None:
            self._engine.close()
        if self._opened is not None:
            with suppress(OSError):
                self._opened.close()

    def _columns_of(self, chunk: Chunk, cells: List[Cells]) -> Body:
        return chunk.extended(self._columns.names, cells) if cells else EMPTY

    def _tell_fault(self) -> None:
        if self._told:
            return
        self._told = True
        if self._helped:
            self._messages.error(f"{self._fault}")
            return
        which = "The rows from here on pass" if self._gone else "The rows pass"
        learned = " Nothing was learned." if self._options.get("update") else ""
        self._messages.error(f"{self._fault}\n{which} unscored; {self._columns.error} says why.{learned}")

    # Scoring --------------------------------------------------------------------------------------------------

    def _scored(self, chunk: Chunk) -> Optional[List[Cells]]:
        """The cells of each row. Raises BusybodyError where nothing can be scored."""
        from busybody.signin import SignIn

        if not len(chunk) and not (chunk.finished and self._options["update"] and not chunk.preview):
            if chunk.finished:
                self._tell_summary()
            return []
        engine = self._engine or self._begun(chunk.preview)
        scored = self._columns.scored
        cells: List[Cells] = []
        add = cells.append
        marks = engine.marks(chunk, self._columns.names)
        for payloads in engine.signins.pieces(chunk):
            signins = [payload for payload in payloads if type(payload) is SignIn]
            assessed = iter(engine.assess(signins))
            for number, (payload, new) in enumerate(zip(payloads, marks(payloads)), self._rows + 1):
                if type(payload) is SignIn:
                    add(scored(payload, new, *next(assessed)))
                else:
                    add(self._other(payload, number, new))
            self._rows += len(payloads)
            self._scored_rows += len(signins)
        if chunk.finished:
            engine.finish()
            self._tell_summary()
        return cells

    def _begun(self, preview: bool) -> Engine:
        from ..signins import SignIns
        from .engines import Reader
        from .learner import Learner

        prepare()
        options = self._options
        opened = self._opened = Opened(self._search)
        policy = opened.policy(options["policy"])
        signins = SignIns(policy, options["fields"], now())
        if options["update"] and not preview:
            self._engine = Learner(opened, policy, signins, options["model"], options["cursor"], self._messages)
        else:
            self._engine = Reader(opened, policy, signins, options["model"], options["min_risk"])
        return self._engine

    def _other(self, payload: Payload, number: int, new: str) -> Cells:
        """The cells of what is no sign-in."""
        if isinstance(payload, str):
            self._aside[payload] = self._aside.get(payload, 0) + 1
            return self._columns.skipped(payload, new)
        told = f"{payload.key}: {payload.message}" if payload.key else payload.message  # type: ignore[union-attr]
        self._number_broken += 1
        if len(self._broken) < EXAMPLES:
            self._broken.append(f"row {number}: {told}")
        return self._columns.broken(told, new)

    def _tell_summary(self) -> None:
        messages = self._messages
        if self._number_broken:
            told = f"{self._number_broken:,} of {self._rows:,} rows could not be read: {' '.join(self._broken)}"
            messages.warn(told + (" ..." if self._number_broken > EXAMPLES else ""))
        if self._aside:
            most = sorted(self._aside.items(), key=lambda row: -row[1])[:EXAMPLES]
            reasons = "; ".join(f"{count:,}: {reason}" for reason, count in most)
            told = f"{sum(self._aside.values()):,} of {self._rows:,} rows are no sign-in ({reasons})."
            if self._scored_rows or self._number_broken:
                messages.info(told)
            else:
                messages.error(f"{told} {NEEDS}")
        if self._engine is not None:
            self._engine.tell(messages)


__all__ = ["OPTIONS", "Score", "command"]
