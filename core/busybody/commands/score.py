"""`busybody score`: sign-ins in, assessments out."""

from __future__ import annotations

import argparse
import shutil
import sys
from typing import Any, List

from .inputs import Teller, add_inputs, moment, prepare
from .options import load_policy, store_path

OUTPUTS = ("jsonl", "table", "csv", "ecs", "splunk")
TABLE_FROM = 20.0  # risk from which the table shows a sign-in, unless --min-risk says else
DESCRIPTION = """\
Scores every sign-in of the logs from 0 to 100 against what is usual for the person and the organisation, says why,
and learns each person on the way: no training is needed before. What was learned is kept in the store; the same log
a second time teaches nothing more.
"""
EPILOG = """\
outputs:
  jsonl   one line for each record, in their order; what is no sign-in as {"skipped": reason, "line": n}
  table   the odd ones, to read (default on a terminal)
  csv     for a spreadsheet        ecs   Elastic documents        splunk   rows of the risk framework

examples:
  busybody score okta.json
  busybody score 'logs/*.json.gz' --output jsonl > scores.jsonl
  journalctl -o json -f -t sshd | busybody score - --min-risk 50

exit codes: 0 done · 1 done, some records were broken · 2 usage or policy · 3 cannot read or write · 130 interrupted
"""


def add(subparsers: Any) -> None:
    """The parser of the command."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "score",
        help="score sign-ins from logs, learning each person on the way",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_inputs(parser)
    parser.add_argument("--output", choices=OUTPUTS, help="default: table on a terminal, else jsonl")
    parser.add_argument(
        "--no-learn", dest="learn", action="store_false", help="score against the store as it is; write nothing to it"
    )
    parser.add_argument(
        "--min-risk", type=risk, default=None, metavar="N",
        help="only sign-ins of risk N and more, and no line for what is no sign-in; default: 0, for the table 20",
    )  # fmt: skip


def risk(text: str) -> float:
    """A risk, 0 to 100."""
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0.0 <= value <= 100.0:
        raise argparse.ArgumentTypeError(f"{text!r} is no risk. Give a number from 0 to 100.")
    return value


def run(arguments: argparse.Namespace) -> int:
    """Score; the exit code says whether records were broken."""
    from ..stream.options import Options
    from ..stream.render import heading
    from ..stream.run import run as run_stream
    from ..stream.table import closing

    prepare()
    output = arguments.output or ("table" if sys.stdout.isatty() else "jsonl")
    least = arguments.min_risk
    options = Options(
        inputs=arguments.files, store=store_path(arguments), output=output, format=arguments.format,
        source=arguments.source, learn=arguments.learn,
        least_risk=(TABLE_FROM if output == "table" else 0.0) if least is None else least,
        jobs=arguments.jobs, strict=arguments.strict, sort=arguments.sort, now=moment(arguments.now),
        width=shutil.get_terminal_size((120, 25)).columns,
    )  # fmt: skip
    policy = load_policy(arguments)
    teller = Teller(arguments.progress, arguments.strict)
    out = sys.stdout.buffer
    out.write(heading(output).encode("utf-8"))

    def write(lines: List[bytes]) -> None:
        out.write(b"".join(lines))
        out.flush()

    summary = run_stream(options, policy, write, teller)
    if output == "table":
        write([closing(summary).encode("utf-8", "replace")])
    teller.closing(summary)
    return 1 if summary.broken else 0
