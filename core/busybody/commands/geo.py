"""`busybody geo`: where an address is, as the model sees it, and which table says so."""

from __future__ import annotations

import argparse
import re
from typing import TYPE_CHECKING, Any, Dict, Iterator, List, Optional

from .options import add_policy, load_policy

if TYPE_CHECKING:
    from ..places import Place

NO_ADDRESS = 1  # exit code
COLUMNS = ("address", "country", "region", "city", "lat", "lon", "accuracy_km", "asn", "as_org", "network")
DESCRIPTION = """\
Looks addresses up in the table that is part of Busybody and works offline, or in the MMDB files that the policy names.
"""
EPILOG = """\
examples:
  busybody geo lookup 198.51.100.7 2001:db8::1
  cut -d' ' -f1 access.log | busybody geo lookup - --output csv
  busybody geo info

exit codes: 0 done · 1 done, but some texts were no addresses · 2 usage or policy · 3 a file cannot be read
"""


def add(subparsers: Any) -> None:
    """The parser of the command."""
    kind = argparse.RawDescriptionHelpFormatter
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "geo", help="look addresses up", description=DESCRIPTION, epilog=EPILOG, formatter_class=kind
    )
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", required=True)
    look = verbs.add_parser(
        "lookup", help="country, city, operator and class of addresses",
        description="Looks addresses up. A city is the largest of its cell; accuracy is the radius that holds the true place in two of three cases.",
        epilog="example: busybody geo lookup 198.51.100.7 2001:db8::1 --output json", formatter_class=kind,
    )  # fmt: skip
    look.add_argument(
        "addresses",
        nargs="+",
        metavar="ADDRESS",
        help="as logs have them: ports and brackets are fine; - reads one a line",
    )
    look.add_argument("--output", choices=("table", "json", "csv"), default="table", help="default: table")
    add_policy(look)
    info = verbs.add_parser(
        "info", help="which table, how old, whose data", description="Says which table looks addresses up, how old it is and whose data it is made of.",
        epilog="example: busybody geo info --output json", formatter_class=kind,
    )  # fmt: skip
    info.add_argument("--output", choices=("table", "json"), default="table", help="default: table")
    add_policy(info)


def run(arguments: argparse.Namespace) -> int:
    """Look up, or tell of the table."""
    return _lookup(arguments) if arguments.verb == "lookup" else _info(arguments)


def _lookup(arguments: argparse.Namespace) -> int:
    from ..errors import shown
    from ..places import Locator
    from ..places.address import parse
    from .tables import csv_line, note, say, say_json, table

    locate = Locator(load_policy(arguments)).locate
    wrong = 0

    def found() -> Iterator[Dict[str, Any]]:
        nonlocal wrong
        for text in _asked(arguments.addresses):
            address = parse(text)
            if address is None:
                wrong += 1
                note(f"busybody: {shown(text)} is no address.")
            else:
                yield _row(address, locate(address))

    if arguments.output == "json":
        for row in found():
            say_json(row)
    elif arguments.output == "csv":
        say(",".join(COLUMNS))
        for row in found():
            say(csv_line(row[name] for name in COLUMNS))
    else:
        rows = (
            (row["address"], row["country"] or "-", _place(row), row["network"] or "-", _operator(row))
            for row in found()
        )
        table(("ADDRESS", "COUNTRY", "PLACE", "CLASS", "OPERATOR"), rows)
    return NO_ADDRESS if wrong else 0


def _asked(texts: List[str]) -> Iterator[str]:
    import sys

    for text in texts:
        if text == "-":
            lines = (line.decode("utf-8", "replace").strip() for line in sys.stdin.buffer)
            yield from (line for line in lines if line)
        else:
            yield text


def _row(address: str, place: Place) -> Dict[str, Any]:
    return {"address": address, **place._asdict()}


def _place(row: Dict[str, Any]) -> str:
    named = ", ".join(row[part] for part in ("city", "region") if row[part])
    if row["lat"] is None:
        return named or "-"
    spot = f"{row['lat']:.2f} {row['lon']:.2f}"
    return " ".join(
        part
        for part in (named, f"({spot} ±{row['accuracy_km']:.0f} km)" if row["accuracy_km"] else f"({spot})")
        if part
    )


def _operator(row: Dict[str, Any]) -> str:
    return "-" if row["asn"] is None else f"{row['as_org'] or 'unknown'} (AS{row['asn']})"


def _info(arguments: argparse.Namespace) -> int:
    import os

    from ..places.locator import table
    from ..places.table import FILE
    from .tables import say, say_json

    packaged = table()
    policy = load_policy(arguments)
    files = {name: getattr(policy.geo, name) for name in ("city_mmdb", "asn_mmdb", "anonymous_mmdb")}
    known = {
        "built_from": packaged.about["built_from"], "date": _date(packaged.about["built_from"]),
        "attribution": packaged.about["attribution"], "modified": packaged.about["modified"],
        "ranges": packaged.ranges(), "bytes": os.path.getsize(FILE) if os.path.exists(FILE) else None,  # noqa: PTH110, PTH202
        "mmdb": {name: path for name, path in files.items() if path}, "prefer": policy.geo.prefer,
    }  # fmt: skip
    if arguments.output == "json":
        say_json(known, indent=2)
        return 0
    say(f"table of {known['date'] or 'unknown date'}, made from {', '.join(known['built_from'])}")
    say(f"  {known['attribution']}")
    say(f"  modified: {known['modified']}")
    for name, number in known["ranges"].items():
        say(f"  {number:>9,}  {name}")
    for name, path in known["mmdb"].items():
        say(f"{name}: {path} goes before the table")
    preferred = "the event" if known["prefer"] == "event" else "the table"
    say(f"where an event carries a place of its own, {preferred} is believed")
    return 0


def _date(packages: List[str]) -> Optional[str]:
    """The day of the oldest package, out of versions such as 2.3.2026060513."""
    days = [match.groups() for match in (re.search(r"\.(\d{4})(\d\d)(\d\d)\d*$", name) for name in packages) if match]
    return "-".join(min(days)) if days else None
