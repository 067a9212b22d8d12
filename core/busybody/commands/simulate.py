"""`busybody simulate`: the sign-ins of a made-up organisation, attacks included, and the truth about them apart."""

from __future__ import annotations

import argparse
from typing import Any, Sequence, Tuple

DESCRIPTION = """\
Writes the sign-ins of a made-up organisation: people with their places, providers, devices and working hours, trips,
VPNs, new phones and forgotten passwords; and among them attacks, labelled. The same options give the same sign-ins on
every machine. With --labels the truth about each record goes into a file of its own, to measure against.
"""


def add(subparsers: Any) -> None:
    """The parser of the command."""
    from ..simulate.config import ATTACKS, SHAPES
    from ..simulate.writers import FORMATS, WITHHELD

    parser: argparse.ArgumentParser = subparsers.add_parser(
        "simulate",
        help="write the sign-ins of a made-up organisation, attacks included",
        description=DESCRIPTION,
        epilog=f"""\
formats:  {", ".join(FORMATS)}
attacks:  {", ".join(ATTACKS)}
shapes:   {", ".join(SHAPES)}

examples:
  busybody simulate --output month.jsonl --labels truth.csv
  busybody simulate --people 50 --days 14 --format okta --attacks vpn,spraying --output okta.jsonl
  busybody simulate --format cim --withhold geo,device | busybody score - --store :memory:

exit codes: 0 done · 2 usage · 3 cannot write · 130 interrupted · 141 the reader went away
""",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--people", type=whole, default=200, metavar="N", help="people and service accounts (200)")
    parser.add_argument(
        "--days", type=whole, default=30, metavar="N", help="days, of which the first 10 are without attacks (30)"
    )
    parser.add_argument("--seed", type=int, default=7, metavar="N", help="another seed, another organisation (7)")
    parser.add_argument("--shape", choices=tuple(SHAPES), default="mixed", help="how they live and work (mixed)")
    parser.add_argument("--start", metavar="TIME", help="first day, epoch seconds or ISO 8601 (2026-03-02)")
    parser.add_argument(
        "--format",
        choices=tuple(FORMATS),
        default="ecs",
        metavar="NAME",
        help="how the records are written, see below (ecs)",
    )
    parser.add_argument("--output", default="-", metavar="FILE", help="the log; - is standard output (-)")
    parser.add_argument(
        "--labels",
        metavar="FILE",
        help="the truth, a row for each record: CSV, or JSON Lines where the name ends in .jsonl",
    )
    parser.add_argument(
        "--attacks", type=names, default=("all",), metavar="NAMES", help="attacks, separated by commas; all, none (all)"
    )
    parser.add_argument(
        "--scale", type=factor, default=1.0, metavar="X", help="so many times the usual share of people attacked (1)"
    )
    parser.add_argument(
        "--misclassified", type=factor, default=0.25, metavar="SHARE",
        help="share of the hosting and VPN providers whose class a table would get wrong, 0 to 1 (0.25)",
    )  # fmt: skip
    parser.add_argument(
        "--withhold",
        type=names,
        default=(),
        metavar="WHAT",
        help=f"leave out of the records: {', '.join(WITHHELD)}, separated by commas",
    )


def whole(text: str) -> int:
    """A whole number from 1 up."""
    if not text.isdigit() or not int(text):
        raise argparse.ArgumentTypeError(f"{text!r} is no count. Give a whole number from 1.")
    return int(text)


def factor(text: str) -> float:
    """A number from 0 up."""
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0.0 <= value < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is no factor. Give a number from 0, such as 0.5.")
    return value


def names(text: str) -> Tuple[str, ...]:
    """Names separated by commas."""
    return tuple(name.strip() for name in text.split(",") if name.strip())


def run(arguments: argparse.Namespace) -> int:
    """Write the log, then say on standard error what is in it."""
    from ..errors import PolicyError
    from ..moments import moment_of
    from ..simulate import run as simulate
    from ..simulate.config import START
    from ..simulate.writers import WITHHELD
    from .tables import note

    if arguments.misclassified > 1.0:
        raise PolicyError("is a share. Give a number from 0 to 1.", key="--misclassified")
    _check(arguments.withhold, tuple(WITHHELD), "--withhold")
    start = moment_of(arguments.start, "--start")
    written = simulate(
        arguments.people, arguments.days, arguments.seed, arguments.format, arguments.output, arguments.labels,
        arguments.attacks, scale=arguments.scale, shape=arguments.shape, start=START if start is None else start,
        misclassified=arguments.misclassified, withhold=arguments.withhold,
    )  # fmt: skip
    note(
        f"{written.events:,} sign-ins of {arguments.people:,} people in {arguments.days:,} days; "
        f"{written.attacks:,} of them are part of an attack, {written.incidents:,} accounts were taken."
    )
    return 0


def _check(given: Sequence[str], known: Sequence[str], option: str) -> None:
    from ..errors import PolicyError, shown

    for name in given:
        if name not in known:
            raise PolicyError(f"{shown(name)} cannot be withheld. Use some of {', '.join(known)}.", key=option)
