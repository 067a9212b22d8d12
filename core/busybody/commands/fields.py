"""`busybody fields`: does my log fit? Record by record, which field became what, and why."""

from __future__ import annotations

import argparse
from contextlib import ExitStack
from itertools import islice
from typing import TYPE_CHECKING, Any, Dict, Iterator, Optional

from ..errors import PolicyError, shown
from .files import open_input
from .options import add_policy, load_policy

if TYPE_CHECKING:
    from ..fields.containers import Record
    from ..fields.explain import Explanation
    from ..fields.intake import Intake

SHOWN = 5  # records
DESCRIPTION = """\
Shows what Busybody makes of the records of a log: which field map reads them and why, and for each field of the
sign-in where it was found, what stood there and what it became. Where no map fits, it names those that nearly do and
what they miss; docs/sources.md shows how to write one.
"""
EPILOG = """\
examples:
  busybody fields okta.json
  busybody fields export.csv --limit 1 --output json
  head -100 auth.log | busybody fields - --format syslog --limit 0     all of them
  busybody fields --maps                                               the maps there are

exit codes: 0 done · 1 done, but some records are broken · 2 usage or policy · 3 the file cannot be read
"""


WRITE_ONE = "docs/sources.md shows how to write a map of your own."


def add(subparsers: Any) -> None:
    """The parser of the command."""
    from ..fields.containers import FORMATS

    parser: argparse.ArgumentParser = subparsers.add_parser(
        "fields", help="show which field of a log became what, and why", description=DESCRIPTION, epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    parser.add_argument("file", nargs="?", metavar="FILE", help="log, plain or packed; - is standard input")
    parser.add_argument("--maps", action="store_true", help="list the field maps, the policy's own included, and stop")
    parser.add_argument(
        "--limit", type=_number, default=SHOWN, metavar="N", help=f"so many records; 0 is all ({SHOWN})"
    )
    parser.add_argument("--source", metavar="NAME", help="data set, such as okta.system; default: what the records say")
    parser.add_argument("--format", choices=FORMATS, help="container of the records, where it is not recognised")
    parser.add_argument("--output", choices=("table", "json"), default="table", help="default: table")
    add_policy(parser)


def _number(text: str) -> int:
    if not text.isdigit():
        raise argparse.ArgumentTypeError(f"{text!r} is no number of records. Give a whole number from 0.")
    return int(text)


def run(arguments: argparse.Namespace) -> int:
    """Explain; the exit code says whether records are broken."""
    from ..fields.intake import Intake
    from ..places import Locator

    policy = load_policy(arguments)
    intake = Intake(policy, Locator(policy), source=arguments.source)
    if arguments.maps:
        return _maps(intake, arguments.output)
    if arguments.file is None:
        raise PolicyError("is missing: name a log, or say --maps.", key="FILE")
    return _explain(arguments, intake)


def _maps(intake: Intake, output: str) -> int:
    from .tables import say_json, table

    found = sorted((reader.map for reader in intake.registry.readers), key=lambda one: (not one.own, one.name))
    if output == "json":
        for one in found:
            say_json(
                {
                    "map": one.name,
                    "source": one.source,
                    "title": one.title,
                    "documented_at": list(one.documented_at),
                    "own": one.own,
                }
            )
        return 0
    rows = [
        (one.name + (" (yours)" if one.own else ""), one.source, one.title + ": " + " ".join(one.documented_at))
        for one in found
    ]
    table(("MAP", "SOURCE", "WHAT IT READS, AND WHERE THAT IS DOCUMENTED"), rows)
    return 0


def _explain(arguments: argparse.Namespace, intake: Intake) -> int:
    from ..fields.containers import records
    from .tables import note, say, say_json

    broken = shown = 0
    counts: Dict[str, int] = {}
    with ExitStack() as stack:
        stream = open_input(arguments.file, stack)
        name = "<stdin>" if arguments.file == "-" else arguments.file
        found = records(stream, name, arguments.format)
        for number, record in enumerate(islice(found, arguments.limit or None), 1):
            shown = number
            explained = None if record.value is None else intake.explain(record.value)
            result = "broken" if explained is None else explained.result
            is_broken = explained is None or result.startswith("error")
            broken += is_broken
            kind = "broken" if is_broken else result.partition(":")[0]
            counts[kind] = counts.get(kind, 0) + 1
            if arguments.output == "json":
                say_json(_row(record, explained))
            else:
                for line in _page(number, record, explained):
                    say(line)
        more = next(found, None) is not None
    if not shown:
        note(f"busybody: {name}: there is no record in it.")
    elif arguments.output == "table":
        parts = ", ".join(
            f"{count:,} {'sign-ins' if kind == 'sign-in' and count > 1 else kind}" for kind, count in counts.items()
        )
        note(
            f"{shown:,} record{'s' if shown > 1 else ''}{' from the start' if more else ''}: {parts}."
            + (" --limit 0 shows all." if more else "")
        )
    return 1 if broken else 0


def _row(record: Record, explained: Optional[Explanation]) -> Dict[str, Any]:
    if explained is None:
        return {
            "line": record.line,
            "map": None,
            "result": f"broken: {_fault(record)}",
            "why": "",
            "fields": [],
            "nearly": [],
        }
    return {
        "line": record.line, "map": explained.map, "result": explained.result, "why": explained.why,
        "fields": [
            {"field": line.field, "path": line.path, "raw": _plain(line.raw), "value": _plain(line.value), "why": line.why}
            for line in explained.lines
        ],
        "nearly": list(explained.nearly),
    }  # fmt: skip


def _plain(value: Any) -> Any:
    """As JSON has it; what JSON has not (a NaN somewhere within), in words."""
    import json

    try:
        json.dumps(value, allow_nan=False)
    except (ValueError, TypeError, RecursionError):
        return shown(value)
    return value


def _fault(record: Record) -> str:
    error = record.error
    if error is None:
        return "is no record"
    return f"{error.key}: {error.message}" if error.key else error.message


def _page(number: int, record: Record, explained: Optional[Explanation]) -> Iterator[str]:
    """One record, to read."""
    from ..report.words import plain

    head = f"record {number}, line {record.line}: "
    if explained is None:
        yield head + "broken: " + plain(_fault(record), 400)
        yield ""
        return
    yield head + plain(explained.result, 400) + (f", read by {plain(explained.map)}" if explained.map else "")
    yield "  " + plain(explained.why, 400)
    for nearly in explained.nearly:
        yield "  nearly: " + plain(nearly, 600)
    if explained.map is None:
        yield "  " + ("" if explained.nearly else "no map comes near. ") + WRITE_ONE
    rows = [
        (line.field, plain(_text(line.value), 36), plain(_from(line.path, line.raw), 60), plain(line.why, 160))
        for line in explained.lines
    ]
    if rows:
        rows.insert(0, ("FIELD", "VALUE", "FROM", "WHY"))
    widths = [max([len(row[column]) for row in rows], default=0) for column in range(3)]
    for row in rows:
        cells = (f"{cell:<{width}}" for cell, width in zip(row, widths))
        yield "    " + "  ".join((*cells, row[3])).rstrip()
    yield ""


def _text(value: Any) -> str:
    if value is None or value == ():
        return "-"
    return ", ".join(value) if isinstance(value, tuple) else str(value)


def _from(path: Optional[str], raw: Any) -> str:
    if path is None:
        return ""
    import json

    return f"{path} = {json.dumps(raw, ensure_ascii=False, default=str)}"
