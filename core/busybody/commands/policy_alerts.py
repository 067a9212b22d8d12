"""`busybody policy alerts`: what BuffaLogs' rules alert on in a log, by one's own policy, and the levels that follow."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any, Dict, Iterator, List, Tuple

from .options import add_policy, load_policy

if TYPE_CHECKING:
    from ..filters.rules import Alert
    from ..signin import SignIn

COLUMNS = ("TIME (UTC)", "PERSON", "ALERT", "WHAT", "FILTERED BY")
WIDTHS = (16, 28, 19, 24, 0)  # characters
DESCRIPTION = """\
Shows what the rules of BuffaLogs alert on in a log, without their defects: alert type, filters that apply, and the level
of a person by the number of their alerts (policy: levels). The scores do not rest on it; it is for who comes from there.
Sign-ins are taken in the order in which they stand.
"""


def add(verbs: Any) -> None:
    """The parser of the verb."""
    parser: argparse.ArgumentParser = verbs.add_parser(
        "alerts", help="show BuffaLogs' alerts and counted levels of a log", description=DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="example: busybody policy alerts logins.jsonl --policy policy.yaml --output json",
    )  # fmt: skip
    parser.add_argument(
        "files", nargs="+", metavar="FILE", help="log, pattern ('logs/*.json.gz') or - for standard input"
    )
    add_policy(parser)
    parser.add_argument("--output", choices=("table", "json"), default="table", help="default: table")


def run(arguments: argparse.Namespace) -> int:
    """Show."""
    from ..filters.rules import Rules
    from .tables import note, say_json, table

    policy = load_policy(arguments)
    rules, people = Rules(policy), set()
    found: Iterator[Tuple[SignIn, Alert]] = (
        (signin, alert) for signin in _signins(policy, arguments.files) for alert in rules.alerts(signin)
    )
    if arguments.output == "json":
        for signin, alert in found:
            people.add(signin.user)
            say_json(_row(signin, alert))
    else:
        rows = [(signin.user, _cells(signin, alert)) for signin, alert in found]
        people.update(user for user, _ in rows)
        table(COLUMNS, (cells for _, cells in rows), widths=WIDTHS, empty="Nothing to alert on.")
    counts: Dict[str, int] = {}
    for user in people:
        level = rules.levels.level(user)
        counts[level] = counts.get(level, 0) + 1
    told = ", ".join(f"{counts[level]:,} {level}" for level in ("high", "medium", "low", "none") if level in counts)
    note(f"People with an alert, by counted level: {told or 'nobody'}.")
    return 0


def _signins(policy: Any, files: List[str]) -> Iterator[SignIn]:
    """The sign-ins of all files; what is none is left out."""
    from time import time

    from ..fields.intake import Intake
    from ..places import Locator
    from ..signin import SignIn
    from ..stream.entries import DAY, Parser
    from ..stream.source import Block, File, expand

    parser = Parser(Intake(policy, Locator(policy)), time() + DAY)
    for path in expand(files):
        file = File(path, None)
        try:
            for part in file.parts(parser):
                entries = parser.block(path, part.first, part.lines) if isinstance(part, Block) else part
                yield from (payload for _, _, payload in entries if isinstance(payload, SignIn))
        finally:
            file.close()


def _what(alert: Alert) -> str:
    if alert.speed_kmh is not None:
        return f"from {alert.start or '?'}, {alert.speed_kmh:,} km/h"
    return alert.change


def _cells(signin: SignIn, alert: Alert) -> Tuple[str, ...]:
    from ..moments import minute

    who = f"{alert.user} (VIP)" if alert.vip else alert.user
    return minute(signin.time), who, alert.type, _what(alert), ", ".join(alert.filtered_by) or "-"


def _row(signin: SignIn, alert: Alert) -> Dict[str, Any]:
    return {"time": signin.time, **alert._asdict(), "country": signin.country, "ip": signin.ip}
