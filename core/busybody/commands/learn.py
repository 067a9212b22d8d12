"""`busybody learn`: the same as `score`, without its lines."""

from __future__ import annotations

import argparse
from typing import Any

from .inputs import Teller, add_inputs, moment, prepare
from .options import load_policy, store_path

DESCRIPTION = """\
Learns from the logs without printing scores: to begin with a month of history before the first day is scored.
`busybody score` learns, too; both leave the same store behind. A log that was learned before teaches nothing more.
"""


def add(subparsers: Any) -> None:
    """The parser of the command."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "learn",
        help="learn from logs without printing scores",
        description=DESCRIPTION,
        epilog="example: busybody learn 'archive/*.json.gz' && busybody score today.json\n\n"
        "exit codes: 0 done · 1 done, some records were broken · 2 usage or policy · 3 cannot read or write · 130 interrupted",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_inputs(parser)


def run(arguments: argparse.Namespace) -> int:
    """Learn; the exit code says whether records were broken."""
    from ..stream.options import Options
    from ..stream.run import run as run_stream
    from .tables import say

    prepare()
    path = store_path(arguments)
    options = Options(
        inputs=arguments.files, store=path, output="none", format=arguments.format, source=arguments.source,
        jobs=arguments.jobs, strict=arguments.strict, sort=arguments.sort, now=moment(arguments.now),
    )  # fmt: skip
    teller = Teller(arguments.progress, arguments.strict)
    summary = run_stream(options, load_policy(arguments), lambda _: None, teller)
    ways = ", ".join(
        f"{summary.learned[way]:,} {way}" for way in ("trusted", "pending", "withheld") if way in summary.learned
    )
    say(f"{path}: {summary.signins:,} sign-ins of {summary.records:,} records seen: {ways or 'none'}")
    teller.closing(summary)
    return 1 if summary.broken else 0
