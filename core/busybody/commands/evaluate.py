"""`busybody evaluate`: how well attacks of known truth are found, and what a change of policy would change."""

from __future__ import annotations

import argparse
from typing import Any, Dict, List, Optional

from .options import add_policy, load_policy

DESCRIPTION = """\
Replays a log whose truth is known, judging each sign-in before it is learned, and says what was found at which price:
incidents (person x 24 hours x cause), budgets of false incidents, attack class by class, beside the methods that are
usually used. Labels are what `busybody simulate --labels` writes: event_id (or line), label, attack, incident, victim.

With --scores the scores of another product are measured on the same log. With --compare no labels are needed: it lists
who would alert under one policy and not under the other.
"""
EPILOG = """\
examples:
  busybody simulate --people 400 --output month.jsonl --labels truth.csv
  busybody evaluate --events month.jsonl --labels truth.csv
  busybody evaluate --events month.jsonl --labels truth.csv --page evaluation.html --output json > evaluation.json
  busybody evaluate --events month.jsonl --labels truth.csv --scores theirs.csv
  busybody evaluate --events month.jsonl --compare now.json proposed.json

exit codes: 0 done · 1 done, some records were broken · 2 usage or policy · 3 cannot read or write · 130 interrupted
"""
QUICK = ("busybody", "sum + travel")
SHOWN = 50  # rows of a comparison in the table


def add(subparsers: Any) -> None:
    """The parser of the command."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "evaluate",
        help="measure what is found in a log of known truth, or compare two policies",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--events", required=True, metavar="FILE", help="the log, in any format that `busybody fields` reads"
    )
    parser.add_argument("--labels", metavar="FILE", help="its truth: CSV with a heading, or JSON Lines")
    parser.add_argument(
        "--scores", metavar="FILE", help="scores of another product: CSV or JSON Lines of event_id and score"
    )
    parser.add_argument(
        "--compare", nargs=2, metavar="FILE", help="two policies: who would alert under one and not under the other"
    )
    add_policy(parser)
    parser.add_argument("--source", metavar="NAME", help="data set, such as okta.system; default: what the records say")
    parser.add_argument(
        "--learn-days", type=days, metavar="N", help="days that only teach; default: a third of the log"
    )
    parser.add_argument("--tune-days", type=days, default=0.0, metavar="N",
                        help="days after them from which a cut is set, to see how it holds in the rest (0)")  # fmt: skip
    parser.add_argument("--quick", action="store_true", help="Busybody and the strongest sum alone, nothing twice")
    parser.add_argument("--forest", action="store_true", help="also a forest for each person; slow, needs scikit-learn")
    parser.add_argument("--output", choices=("table", "json"), default="table", help="how it is said (table)")
    parser.add_argument("--page", metavar="FILE", help="also an HTML page with the curves")


def days(text: str) -> float:
    """A number of days, 0 or more."""
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0.0 <= value < 36_500.0:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of days. Give a number from 0.")
    return value


def run(arguments: argparse.Namespace) -> int:
    """Measure or compare; the exit code says whether records were broken."""
    from ..errors import PolicyError
    from .inputs import prepare

    prepare()
    if arguments.compare:
        for option in ("labels", "scores", "page", "policy"):
            if getattr(arguments, option):
                raise PolicyError("does not go with --compare.", key=f"--{option}")
        return _compare(arguments)
    if not arguments.labels:
        raise PolicyError("is needed: the truth of the log. `busybody simulate` writes both.", key="--labels")
    return _evaluate(arguments)


def _evaluate(arguments: argparse.Namespace) -> int:
    from ..errors import InputError
    from ..evaluate.baselines import BASELINES
    from ..evaluate.blocks import text
    from ..evaluate.log import Given, read
    from ..evaluate.replay import split
    from ..evaluate.study import study, summary
    from .tables import note, say, say_json

    policy = load_policy(arguments)
    log = read(arguments.events, arguments.labels, policy, arguments.source)
    when = split(log.start, log.end, arguments.learn_days, arguments.tune_days)
    if when.days <= 0:
        raise InputError(f"covers {(log.end - log.start) / 86400:g} days: none is left to test. Lower --learn-days.",
                         source=arguments.events)  # fmt: skip
    methods: List[str] = [*QUICK] if arguments.quick else ["busybody", *BASELINES]
    others = {}
    given: Optional[Given] = None
    if arguments.scores:
        given = Given(arguments.scores)
        others["yours"] = lambda: given
        methods.insert(1, "yours")
    if arguments.forest:
        methods.append("forest per person")
    told = summary([study(arguments.events, log.events, when, methods, policy, others, deep=not arguments.quick)])
    if log.unlabelled:
        note(f"{log.unlabelled:,} of {len(log.events):,} sign-ins have no label; they count as honest.")
    if given is not None and given.missing:
        note(f"{given.missing:,} successful sign-ins have no score in {arguments.scores}; they rank last.")
    if arguments.page:
        _draw(arguments.page, told)
    if arguments.output == "json":
        say_json(told, indent=1)
    else:
        for line in text(told):
            say(line)
    return _broken(log.broken)


def _draw(path: str, told: Dict[str, Any]) -> None:
    from ..evaluate.page import render
    from .files import write_whole
    from .tables import note

    write_whole(path, (piece.encode("utf-8", "replace") for piece in render(told)))
    note(f"{path}: written. Open it in a browser.")


def _compare(arguments: argparse.Namespace) -> int:
    from ..evaluate.compare import compare
    from ..policy import Policy
    from ..report.words import moment
    from .tables import say, say_json, table

    first, second = arguments.compare
    told = compare(arguments.events, Policy.load(first), Policy.load(second), arguments.source)
    if arguments.output == "json":
        say_json(told, indent=1)
        return _broken(told["broken"])
    rates = told["per_1000_people_per_day"]
    for name, count, rate in zip((first, second), told["alerts"], rates):
        say(f"{name}: {count:,} person-days with an alert, {rate:.2f} per 1,000 people per day")
    say(f"both: {told['both']:,}")
    for name, key in ((first, "only_first"), (second, "only_second")):
        rows = told[key]
        say(f"\nonly under {name}: {len(rows):,}")
        if rows:
            table(
                ("time (UTC)", "person", "risk", "because"),
                [(moment(row["time"]), row["user"], f"{row['risk']:.0f}", ", ".join(row["causes"])) for row in rows[:SHOWN]],
                right=(2,),
            )  # fmt: skip
        if len(rows) > SHOWN:
            say(f"… and {len(rows) - SHOWN:,} more; --output json has them all")
    return _broken(told["broken"])


def _broken(count: int) -> int:
    from .tables import note

    if count:
        note(f"{count:,} records were broken and left out; `busybody fields` shows them.")
    return 1 if count else 0
