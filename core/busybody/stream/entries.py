"""Entries: what a stream consists of after reading. Each has its file, its line, and what the line held."""

from __future__ import annotations

import io
from typing import Any, Iterable, List, NamedTuple, Optional, Tuple, Union

from ..errors import RecordError
from ..fields.containers import Record, records
from ..fields.envelopes import MARKS
from ..fields.intake import Intake, Skipped
from ..fields.json_text import fastest
from ..places import Locator
from ..signin import SignIn
from .options import Setup

DAY = 86400.0


class Broken(NamedTuple):
    """A record that cannot be read: the field, where it is known, and what is wrong with it."""

    key: Optional[str]
    message: str


Payload = Union[SignIn, str, Broken]  # a text is the reason why the record was skipped
Entry = Tuple[str, int, Payload]


class Parser:
    """Records -> entries, by the maps and the policy; times after `latest` are broken."""

    def __init__(self, intake: Intake, latest: float) -> None:
        self._read = intake.read
        self._loads = fastest()
        self._latest = latest

    def block(self, file: str, first: int, block: bytes) -> List[Entry]:
        """The entries of whole lines of JSON, of which the first has the number `first`."""
        read, latest, loads = self._read, self._latest, self._loads
        entries: List[Entry] = []
        add = entries.append
        texts = block.split(b"\n")
        if not texts[-1]:
            texts.pop()  # behind the last end of line
        for line, text in enumerate(texts, first):
            try:
                value = loads(text)
                if type(value) is dict and len(value) > 1 and MARKS.isdisjoint(value):
                    signin = read(value)
                    if type(signin) is SignIn and signin.time <= latest:
                        add((file, line, signin))
                        continue
                    if type(signin) is Skipped:
                        add((file, line, signin.reason))
                        continue
            except (ValueError, RecordError):
                pass
            if text:  # wrapped, broken or no record: the long way knows
                # The empty line in front keeps what follows from being taken for the start of a packed file.
                found = records(io.BytesIO(b"\n" + text), file, "jsonl", reference_time=0.0)
                entries += self.entries(file, found, line - 2)
        return entries

    def entries(self, file: str, found: Iterable[Record], before: int = 0) -> List[Entry]:
        """The entries of records; `before` is added to their line numbers."""
        read, latest = self._read, self._latest
        entries: List[Entry] = []
        add = entries.append
        for line, value, error in found:
            if value is None:
                add((file, line + before, Broken(error.key, error.message) if error else Broken(None, "is no record.")))
                continue
            try:
                signin = read(value)
            except RecordError as problem:
                add((file, line + before, Broken(problem.key, problem.message)))
                continue
            if type(signin) is Skipped:
                add((file, line + before, signin.reason))
            elif signin.time > latest:  # type: ignore[union-attr]
                add((file, line + before, _future(signin)))  # type: ignore[arg-type]
            else:
                add((file, line + before, signin))  # type: ignore[arg-type]
        return entries


def parser_for(setup: Setup) -> Parser:
    """The parser of a run. Times without a year are dated by the moment that was given as now."""
    options, policy = setup.options, setup.policy
    intake = Intake(policy, Locator(policy), source=options.source, reference_time=options.now)
    return Parser(intake, setup.now + DAY)


def _future(signin: SignIn) -> Broken:
    from ..contracts import iso

    told = iso(signin.time) if signin.time < 253402300800.0 else str(signin.time)
    return Broken(
        "time", f"{told} is in the future. Check the clock and time zone of its source (sources.<source>.timezone)."
    )


def time_of(payload: Payload) -> Optional[float]:
    """When it happened; None for what is no sign-in."""
    return payload.time if type(payload) is SignIn else None


def payload_of(row: Union[str, List[Any]]) -> Payload:
    """A payload that is no sign-in, back from JSON."""
    return row if isinstance(row, str) else Broken._make(row)
