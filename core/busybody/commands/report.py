"""`busybody report`: scored sign-ins, or the logs themselves, as one HTML page."""

from __future__ import annotations

import argparse
import sys
from itertools import islice
from typing import Any, BinaryIO, Dict, Iterator, List, Mapping, Optional, Tuple

from .inputs import Teller
from .options import add_policy, load_policy

LOOKED_AT = 50  # records from which scores are told from logs
LOOKED_INTO = 1 << 16  # bytes of a pipe
PAGE = "report.html"
DESCRIPTION = """\
Draws one self-contained HTML page: who is at risk and why, the findings with the previous sign-in beside, risk over
time, a map of the journeys, levels, and how good the data was. It needs no network to be read.

FILE is what `busybody score --output jsonl` printed, or a log; a log is scored on the way, from nothing (nothing is
kept), or with --store against what a store knows (which stays as it is).
"""
EPILOG = """\
examples:
  busybody score 'logs/*.json.gz' --output jsonl > scores.jsonl
  busybody report scores.jsonl --output month.html
  busybody report okta.json > report.html              the log itself, scored on the way

exit codes: 0 done · 1 done, some records were broken · 2 usage or policy · 3 cannot read or write · 130 interrupted
"""


def add(subparsers: Any) -> None:
    """The parser of the command."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "report",
        help="draw the scored sign-ins as one HTML page",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("files", nargs="+", metavar="FILE", help="scores or logs, not both; - is standard input")
    parser.add_argument(
        "--output",
        metavar="FILE",
        help=f"the page; - is standard output. Default: {PAGE} on a terminal, else standard output",
    )
    parser.add_argument("--title", metavar="TEXT", help="heading of the page")
    parser.add_argument(
        "--store",
        metavar="PATH",
        help="for logs: score against this store; it stays as it is. Default: learn from nothing",
    )
    add_policy(parser)
    parser.add_argument("--source", metavar="NAME", help="for logs: data set, such as okta.system")


def run(arguments: argparse.Namespace) -> int:
    """Draw; the exit code says whether records were broken."""
    from ..stream.source import expand

    files = expand(arguments.files)
    teller = Teller(False)
    if _are_scores(files):
        _draw(arguments, _scores(files, teller))
        broken = teller.told
    else:
        broken = _score_and_draw(arguments, files, teller)
    return 1 if broken else 0


def _are_scores(files: List[str]) -> bool:
    """Whether the first file is what `score` printed. Standard input is looked at without being used up."""
    with _Opened(files[0]) as stream:
        if files[0] == "-":
            head = _unpacked(stream.peek(1))  # type: ignore[attr-defined]
            return b'"log_odds"' in head or head.lstrip().startswith((b'{"skipped":', b'{"file":'))
        values = [value for value, _, _ in islice(_lines(stream, files[0]), LOOKED_AT)]
    return any(value is not None and ("log_odds" in value or set(value) >= {"skipped", "line"}) for value in values)


def _unpacked(head: bytes) -> bytes:
    """The start of a stream, out of gzip where it is packed."""
    import zlib

    try:
        return zlib.decompressobj(zlib.MAX_WBITS | 16).decompress(head, LOOKED_INTO)
    except zlib.error:
        return head[:LOOKED_INTO]


class _Opened:
    """A file for reading, or standard input, which stays open."""

    def __init__(self, path: str) -> None:
        self._path = path

    def __enter__(self) -> BinaryIO:
        from ..errors import InputError

        if self._path == "-":
            return sys.stdin.buffer
        try:
            self._stream = open(self._path, "rb")
        except OSError as error:
            raise InputError(
                f"cannot be read: {error.strerror}. Check the name and the permissions.", source=self._path
            ) from error
        return self._stream

    def __exit__(self, *_: object) -> None:
        if self._path != "-":
            self._stream.close()


def _lines(stream: BinaryIO, name: str) -> Iterator[Tuple[Optional[Mapping[str, Any]], int, Optional[Any]]]:
    """(value, line, what is wrong) for each line; packed files are unpacked."""
    from ..fields.containers import records

    for record in records(stream, name, "jsonl", reference_time=0.0):
        yield record.value, record.line, record.error


def _scores(files: List[str], teller: Teller) -> Iterator[Mapping[str, Any]]:
    """What was scored, from all files; a line that is none is named, and counted by the page as unreadable."""
    from ..stream.entries import Broken

    for path in files:
        with _Opened(path) as stream:
            for value, line, error in _lines(stream, path):
                if value is None:
                    teller.broken(
                        path, line, Broken(error.key, error.message) if error else Broken(None, "is no record.")
                    )
                yield {} if value is None else value


def _score_and_draw(arguments: argparse.Namespace, files: List[str], teller: Teller) -> int:
    """Score the logs into a temporary file, then draw that: a month does not fit into memory. Says how many were broken."""
    import json
    import tempfile

    from ..stream.options import Options
    from ..stream.run import run as run_stream

    options = Options(
        inputs=files,
        store=arguments.store or ":memory:",
        output="jsonl",
        source=arguments.source,
        learn=arguments.store is None,
    )
    with tempfile.TemporaryFile() as scores:
        summary = run_stream(options, load_policy(arguments), scores.writelines, teller)
        scores.seek(0)
        _draw(arguments, (json.loads(line) for line in scores))
    teller.closing(summary)
    return summary.broken


def _draw(arguments: argparse.Namespace, scores: Iterator[Mapping[str, Any]]) -> None:
    from ..report import render
    from .files import write_whole
    from .tables import note

    options: Dict[str, Any] = {"title": arguments.title} if arguments.title else {}
    output = arguments.output or (PAGE if sys.stdout.isatty() else "-")
    pieces = (piece.encode("utf-8", "replace") for piece in render(scores, **options))
    if output == "-":
        sys.stdout.buffer.writelines(pieces)
        return
    write_whole(output, pieces)
    note(f"{output}: written. Open it in a browser.")
