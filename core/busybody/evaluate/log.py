"""Logs and their truth, out of files: whatever the intake reads, and the labels that `busybody simulate` writes beside it.

Labels are CSV with a heading or JSON Lines: `event_id` (or `line` where records have no id), `label` (attack class or
honest kind), `attack`, and where known `incident` (one attack on one person) and `victim`. Only `attack` and one of
`event_id` and `line` are needed.
"""

from __future__ import annotations

import json
from typing import Any, Dict, Iterator, List, Mapping, NamedTuple, Optional, Union

from ..errors import InputError, RecordError, shown
from ..fields.intake import Intake
from ..places import Locator
from ..policy import Policy
from ..signin import SignIn
from ..simulate.config import Event, Truth
from .replay import DAY

YES, NO = ("1", "true", "yes"), ("0", "false", "no", "")
UNLABELLED = Truth("usual", False, "", False)
FOREVER = float("inf")


class Log(NamedTuple):
    """The sign-ins of a log by time, and what could not be used."""

    events: List[Event]
    broken: int
    unlabelled: int

    @property
    def start(self) -> float:
        """Midnight (UTC) before the first sign-in."""
        return self.events[0].signin.time // DAY * DAY

    @property
    def end(self) -> float:
        """Midnight after the last."""
        return (self.events[-1].signin.time // DAY + 1) * DAY


def read(path: str, labels: Optional[str], policy: Policy, source: Optional[str] = None) -> Log:
    """All sign-ins of a log. Raises InputError for a file that holds none, and for labels that name none of them."""
    truths = None if labels is None else _truths(labels)
    events: List[Event] = []
    broken = unlabelled = 0
    for line, payload in entries(path, policy, source):
        if payload is None:
            broken += 1
            continue
        truth = None if truths is None else truths.get(payload.id) or truths.get(line)
        unlabelled += truth is None
        events.append(Event(payload, truth or UNLABELLED))
    if not events:
        raise InputError("holds no sign-in. `busybody fields` shows what became of its records.", source=path)
    if truths is not None and unlabelled == len(events):
        raise InputError("no label names a record of the log. Compare event_id and line with it.", source=labels)
    events.sort(key=lambda event: (event.signin.time, event.signin.id))
    return Log(events, broken, unlabelled)


def entries(path: str, policy: Policy, source: Optional[str]) -> Iterator[Any]:
    """(line, sign-in) for each record that is one, (line, None) for each that is broken."""
    from ..stream.entries import Broken, Parser
    from ..stream.source import Block, File

    parser = Parser(Intake(policy, Locator(policy), source=source), FOREVER)
    file = File(path, None)
    try:
        for part in file.parts(parser):
            for _, line, payload in parser.block(path, part.first, part.lines) if isinstance(part, Block) else part:
                if isinstance(payload, SignIn):
                    yield line, payload
                elif isinstance(payload, Broken):
                    yield line, None
    finally:
        file.close()


def rows(path: str) -> Iterator[Mapping[str, Any]]:
    """The rows of a CSV file with a heading, or of JSON Lines. Raises InputError."""
    import csv

    try:
        with open(path, encoding="utf-8-sig", newline="") as stream:
            first = stream.readline()
            stream.seek(0)
            if not first.lstrip().startswith("{"):
                yield from csv.DictReader(stream)
                return
            for number, line in enumerate(stream, 1):
                if line.strip():
                    yield _object(line, path, number)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise InputError(f"cannot be read: {reason}. Give CSV with a heading, or JSON Lines.", source=path) from error


def _object(line: str, path: str, number: int) -> Mapping[str, Any]:
    try:
        value = json.loads(line)
    except ValueError as error:
        raise RecordError("is no JSON object.", source=path, line=number) from error
    if not isinstance(value, dict):
        raise RecordError("is no JSON object.", source=path, line=number)
    return value


def _truths(path: str) -> Dict[Union[str, int], Truth]:
    """Event id, or line where there is none, -> truth."""
    truths: Dict[Union[str, int], Truth] = {}
    for number, row in enumerate(rows(path), 1):
        if row.get("attack") is None:
            raise RecordError("names no `attack`, 1 or 0.", source=path, line=number, key="attack")
        attack = _flag(row["attack"], path, number)
        victim = attack if row.get("victim") is None else _flag(row["victim"], path, number)
        label = str(row.get("label") or ("attack" if attack else "usual"))
        truth = Truth(label, attack, str(row.get("incident") or ""), victim)
        name, line = row.get("event_id"), row.get("line")
        if name:
            truths[str(name)] = truth
        elif line:
            truths[int(line)] = truth
        else:
            raise RecordError("has neither event_id nor line.", source=path, line=number)
    return truths


def _flag(value: Any, path: str, number: int) -> bool:
    text = str(value).strip().lower()
    if text not in YES and text not in NO:
        raise RecordError(f"{shown(value)} is neither 1 nor 0.", source=path, line=number, key="attack")
    return text in YES


class Given:
    """Anybody's scores as a method: by event id; a sign-in without a score has the lowest."""

    def __init__(self, path: str) -> None:
        """Reads `event_id` and `score` (or `log_odds`, or `risk`). Raises InputError, also where nothing is scored."""
        self._scores: Dict[str, float] = {}
        self.missing = 0
        for number, row in enumerate(rows(path), 1):
            value = next((row[name] for name in ("score", "log_odds", "risk") if row.get(name) not in (None, "")), None)
            if value is None or not row.get("event_id"):
                if "skipped" in row:
                    continue
                raise RecordError("needs event_id and score.", source=path, line=number)
            try:
                self._scores[str(row["event_id"])] = float(value)
            except (TypeError, ValueError) as error:
                raise RecordError(f"{shown(value)} is no number.", source=path, line=number, key="score") from error
        if not self._scores:
            raise InputError("holds no score. Give event_id and score.", source=path)

    def score_and_learn(self, signin: SignIn) -> float:
        score = self._scores.get(signin.id)
        if score is None:
            self.missing += signin.outcome != "failure"
            return float("-inf")
        return score
