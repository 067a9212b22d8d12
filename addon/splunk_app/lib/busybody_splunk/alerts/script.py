"""What splunkd starts: `busybody_slack.py --execute`, the payload on standard input, lines for splunkd.log on stderr."""

from __future__ import annotations

import os
import random
import sys
import time
from pathlib import Path
from typing import BinaryIO, Iterator, Optional, Sequence, TextIO

from busybody.errors import BusybodyError, shown

from ..rest import Splunkd
from . import ask, slack
from .log import ActionLog, Log
from .payload import Alert, read_alert
from .relay import TIMEOUT, Relay, original
from .report import ALL, MISUSED, Report
from .results import Results, read_results
from .tries import Budget, Clock

CLOCK = Clock(time.monotonic, time.sleep, random.random)
SECONDS = {slack.ACTION: slack.SECONDS, ask.ACTION: ask.SECONDS}
WORDS = {slack.ACTION: "message", ask.ACTION: "title"}  # the parameter with the author's own words
MOST_LINES = 50  # about people who were not reached; a search for the _modalert.log finds all of them


def main(action: str) -> int:
    """Run the alert action on the process's own streams. Returns the exit code."""
    return run(action, sys.argv[1:], sys.stdin.buffer, sys.stderr, CLOCK)


def run(action: str, arguments: Sequence[str], stdin: BinaryIO, stderr: TextIO, clock: Clock) -> int:
    """Run the alert action: 0 everything went out, 1 some did not, 2 nothing did, 3 it was started wrongly."""
    say = Log(stderr)
    if list(arguments) != ["--execute"]:
        say.error(
            "Splunk starts this script with the argument --execute. Choose the action in an alert, or use sendalert."
        )
        return MISUSED
    budget = Budget(SECONDS[action], clock)
    try:
        alert = read_alert(stdin)
        say = Log(stderr, [alert.session_key])
        splunkd = Splunkd(alert.server_uri, alert.session_key, timeout=TIMEOUT, sleep=clock.sleep)
    except BusybodyError as error:
        say.error(str(error))
        return MISUSED
    results = read_results(alert)
    for warning in (*results.warnings, *_doubts(action, alert, results)):
        say.warn(warning)
    try:
        report = _done(action, alert, results, splunkd, budget)
    finally:
        splunkd.close()
    _tell(report, say)
    _tell_rows(report, ActionLog(log_folder(), action, alert), say)
    return report.exit_code()


def log_folder() -> Optional[Path]:
    """Where Splunk keeps its logs and indexes them from; None outside of Splunk."""
    home = os.environ.get("SPLUNK_HOME", "")
    folder = Path(home, "var", "log", "splunk")
    return folder if home and folder.is_dir() else None


def _doubts(action: str, alert: Alert, results: Results) -> Iterator[str]:
    """What the alert's author should look at: parameters that are not understood, fields that are in no row."""
    yield from ask.doubts(alert) if action == ask.ACTION else slack.doubts(alert)
    named = [alert.setting(name) for name in ("user_field", "email_field")]
    for field in filter(None, [*named, *(part.strip() for part in alert.setting("dedup_fields").split(","))]):
        if results.rows and not any(field in row for row in results.rows):
            yield f"No row has the field {shown(field)}, which the alert names."


def _done(action: str, alert: Alert, results: Results, splunkd: Splunkd, budget: Budget) -> Report:
    relay = Relay(splunkd)
    words = WORDS[action]
    written = original(splunkd, alert, action, words) if alert.setting(words) else None
    if action == ask.ACTION:
        return ask.ask(alert, results, written, relay, budget)
    return slack.post(alert, results, slack.words_of(alert, written, len(results.rows)), relay, budget)


def _tell(report: Report, say: Log) -> None:
    for part in report.parts:
        if part.note and not part.error and part.note not in ("created", "duplicate"):
            say.warn(f'person="{part.about}" rows={len(part.rows)} {part.note}')
    for part in report.failed[:MOST_LINES]:
        say.error(f'person="{part.about}" rows={len(part.rows)} was not told: {part.error}')
    sent = [part for part in report.parts if not part.error]
    told = f"sent={len(sent)} failed={len(report.failed)} rows={sum(len(part.rows) for part in sent)}"
    (say.info if report.exit_code() == ALL else say.error)(told)


def _tell_rows(report: Report, file: ActionLog, say: Log) -> None:
    try:
        for part in report.parts:
            signature = part.error or part.note or "sent"
            file.write(part.rows, not part.error, signature, time.time())
    except OSError as error:
        say.warn(f"The log for Enterprise Security cannot be written ({error.strerror}).")
