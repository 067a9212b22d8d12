"""What `score` and `learn` share: the options of reading, and what is said on standard error meanwhile."""

from __future__ import annotations

import argparse
import sys
import time
from typing import Optional

from ..errors import PolicyError, RecordError
from ..fields.containers import FORMATS
from ..stream.entries import Broken
from ..stream.summary import Summary
from .options import add_policy, add_store

SHOWN_IN_FULL = 20  # broken records named one by one
EVERY = 0.25  # seconds between two lines of progress


def add_inputs(parser: argparse.ArgumentParser) -> None:
    """Files and how to read them."""
    parser.add_argument(
        "files",
        nargs="+",
        metavar="FILE",
        help="log, pattern ('logs/*.json.gz') or - for standard input; several are merged by time",
    )
    add_store(parser)
    add_policy(parser)
    parser.add_argument("--format", choices=FORMATS, help="container of the records, where it is not recognised")
    parser.add_argument("--source", metavar="NAME", help="data set, such as okta.system; default: what the records say")
    parser.add_argument("--sort", action="store_true", help="sort by time first; for logs that are far out of order")
    parser.add_argument(
        "--jobs", type=count, default=1, metavar="N", help="processes; the answer is the same for any number"
    )
    parser.add_argument("--strict", action="store_true", help="stop at the first broken record")
    parser.add_argument(
        "--now", metavar="TIME", help="the time that counts as now (epoch seconds or ISO 8601); default: the clock"
    )
    parser.add_argument(
        "--progress", dest="progress", action="store_true", default=None, help="say how far it is, on standard error"
    )
    parser.add_argument(
        "--no-progress", dest="progress", action="store_false", help="do not; default: only on a terminal"
    )


def count(text: str) -> int:
    """A whole number from 1 to 64."""
    if not text.isdigit() or not 1 <= int(text) <= 64:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of processes. Give 1 to 64.")
    return int(text)


def moment(text: Optional[str]) -> Optional[float]:
    """Epoch seconds of `--now`."""
    if text is None:
        return None
    from ..fields.times import TimeReader

    try:
        return TimeReader(None, None).read(float(text) if text.replace(".", "", 1).isdigit() else text)
    except (ValueError, OverflowError) as error:
        raise PolicyError(f"{error}.", key="--now") from error


def prepare() -> None:
    """Set this process up for a long run."""
    import gc
    import signal
    import threading

    # Records come and go without cycles: looking for some as often as Python does takes a tenth of the time.
    gc.set_threshold(20_000, 20, 100)
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, _end)  # so that workers and temporary files go, too


def _end(_number: int, _frame: object) -> None:
    raise SystemExit(143)


class Teller:
    """Tells standard error what is broken, what is noticed, and how far it is."""

    def __init__(self, progress: Optional[bool], strict: bool = False) -> None:
        self._progress = sys.stderr.isatty() if progress is None else progress
        self._start = self._last = time.monotonic()
        self._line_open = False
        self.told = 0
        self.strict = strict

    def broken(self, file: str, line: int, what: Broken) -> None:
        self.told += 1
        if self.told > SHOWN_IN_FULL:
            return
        self._say(str(RecordError(what.message, source=file, line=line, key=what.key)))
        if self.told == SHOWN_IN_FULL:
            self._say("further broken records are only counted")

    def notice(self, words: str) -> None:
        self._say(f"busybody: {words}")

    def progress(self, done: float, records: int) -> None:
        now = time.monotonic()
        if not self._progress or now - self._last < EVERY:
            return
        self._last = now
        share = f"{done:4.0%}  " if done else ""
        sys.stderr.write(f"\r{share}{records:,} records, {records / (now - self._start):,.0f}/s ")
        sys.stderr.flush()
        self._line_open = True

    def closing(self, summary: Summary) -> None:
        """What has to be said at the end."""
        if self._progress:
            seconds = time.monotonic() - self._start
            self._say(f"{summary.records:,} records, {summary.signins:,} sign-ins in {seconds:.1f} s")
        if summary.broken:
            stopped = "; stopped there, as --strict asks" if self.strict else ""
            self._say(
                f"busybody: {summary.broken:,} of {summary.records:,} records were broken{stopped}. `busybody fields FILE` shows each of them."
            )
        if summary.late:
            hint = " The log is out of order: sort it by time, or use --sort."
            self._say(
                f"busybody: {summary.late:,} sign-ins are older than what was learned of their person and source before: "
                "a log read a second time, or one out of order. They were scored, and not learned."
                + (hint if summary.backwards > summary.signins * 0.01 else "")
            )
        if summary.records and not summary.signins:
            reason = (
                max(summary.skipped, key=lambda name: summary.skipped[name])
                if summary.skipped
                else "every record is broken"
            )
            self._say(
                f"busybody: no record is a sign-in: {reason}. `busybody fields FILE` shows what was made of each, and which "
                "field maps come near; docs/sources.md, how to write one."
            )

    def _say(self, words: str) -> None:
        if self._line_open:
            sys.stderr.write("\r\x1b[K" if sys.stderr.isatty() else "\n")
            self._line_open = False
        sys.stderr.write("".join(letter if letter.isprintable() else " " for letter in words) + "\n")
