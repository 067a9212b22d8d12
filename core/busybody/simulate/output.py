"""Files of simulated sign-ins and, apart, of their truth."""

from __future__ import annotations

import sys
from contextlib import ExitStack
from typing import IO, Any, Dict, Iterable, NamedTuple, Optional

from ..errors import InputError
from .config import START, Event, Organisation, attacks_named
from .stream import generate
from .writers import format_named, lines

LABELS = ("event_id", "line", "user", "time", "label", "attack", "incident", "victim")


class Written(NamedTuple):
    """What a run has written."""

    events: int
    attacks: int  # sign-ins, successful or not, that are part of an attack
    incidents: int  # accounts that an attacker got into, counted once per attack


def write(
    config: Organisation,
    path: str,
    format: str = "ecs",  # noqa: A002 - the word of the command line
    labels_path: Optional[str] = None,
    withhold: Iterable[str] = (),
) -> Written:
    """Writes the log to `path` ("-" is standard output) and the truth, one row per record, to `labels_path`.

    Labels are CSV, or JSON Lines where the name ends in .jsonl. `line` is the record's line in the log, from 1.
    Raises PolicyError for an unknown format and InputError for a file that cannot be written.
    """
    form = format_named(format)
    with ExitStack() as stack:
        log = _opened(path, stack)
        labels = None if labels_path is None else _opened(labels_path, stack)
        as_json = labels_path is not None and labels_path.endswith(".jsonl")
        number = events = attacks = 0
        incidents = set()
        if form.csv:
            log.write(",".join(form.csv) + "\n")
            number = 1
        if labels is not None and not as_json:
            labels.write(",".join(LABELS) + "\n")
        for text, event_id, event in lines(generate(config), format, withhold):
            log.write(text + "\n")
            number, events, attacks = number + 1, events + 1, attacks + event.truth.attack
            if event.truth.victim:
                incidents.add(event.truth.incident)
            if labels is not None:
                labels.write(_label(event_id, number, event, as_json))
    return Written(events, attacks, len(incidents))


def run(
    people: int = 200,
    days: int = 30,
    seed: int = 7,
    format: str = "ecs",  # noqa: A002
    output: str = "-",
    labels: Optional[str] = None,
    attacks: Iterable[str] = ("all",),
    *,
    scale: float = 1.0,
    shape: str = "mixed",
    start: float = START,
    misclassified: float = 0.25,
    withhold: Iterable[str] = (),
) -> Written:
    """`busybody simulate`: the arguments are those of the command line. `scale` multiplies the share of people attacked."""
    config = Organisation(
        people=people, days=days, seed=seed, start=start, shape=shape, misclassified=misclassified,
        attacks=attacks_named(tuple(attacks), scale),
    )  # fmt: skip
    return write(config, output, format, labels, withhold)


def _opened(path: str, stack: ExitStack) -> IO[str]:
    if path == "-":
        return sys.stdout
    try:
        return stack.enter_context(open(path, "w", encoding="utf-8", newline="\n"))
    except OSError as error:
        raise InputError(f"cannot be written: {error.strerror}. Choose another path.", source=path) from error


def _label(event_id: str, line: int, event: Event, as_json: bool) -> str:
    signin, truth = event
    row: Dict[str, Any] = dict(
        zip(LABELS, (event_id, line, signin.user, signin.time, truth.label, truth.attack, truth.incident, truth.victim))
    )
    if as_json:
        import json

        return json.dumps(row) + "\n"
    row.update(attack=int(truth.attack), victim=int(truth.victim))
    return ",".join(str(value) for value in row.values()) + "\n"
