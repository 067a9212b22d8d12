"""What the searches of the dashboards can ask for: a simulated month, or the day of the installation."""

from __future__ import annotations

import csv
import random
from bisect import bisect_left
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, Callable, Iterator, Mapping, Tuple

from busybody.places import Locator
from busybody.policy import Policy
from content import conf
from dashboards_month import DAY, SIGNIN, Month
from dashboards_table import Row, Sources, SplError, Table
from searching import Head

ROOT = Path(__file__).resolve().parents[2]
LOOKUPS = ROOT / "addon" / "splunk_app" / "lookups"
SCHEDULER = ("_time", "sourcetype", "app", "savedsearch_name", "status", "run_time", "result_count")
AUDIT = (
    "action",
    "actor",
    "model",
    "number",
    "signins",
    "verdicts",
    "reports",
    "cursor",
    "answer",
    "event_id",
    "person",
    "verdict",
)
MESSAGES = ("sid", "log_level", "message")


def sources(found: Month) -> Sources:
    """The month as the sources of searches."""
    macros = {name: stanza["definition"] for name, stanza in conf("macros").items()}
    lookups = {
        name: _collection(found, stanza) for name, stanza in conf("transforms").items() if "collection" in stanza
    }
    lookups.update(
        {
            name: _csv(LOOKUPS / stanza["filename"])
            for name, stanza in conf("transforms").items()
            if "filename" in stanza
        }
    )
    lookups["busybody_land.csv"] = _csv(ROOT / "tools" / "splunk" / "dashboards" / "busybody_land.csv")
    commands = {
        "busyrisk": lambda options: _generated(found, "busyrisk", {"at": f"{found.now:.0f}", **options}),
        "busyprofile": lambda options: _generated(found, "busyprofile", options),
        "busycursor": lambda options: _generated(found, "busycursor", options),
    }
    return Sources(macros, lookups, lambda index: _events(found, index), commands, _locator())


def empty(found: Month) -> Sources:
    """The same on the day of the installation: nothing scored, nothing known."""
    full = sources(found)
    lookups = {
        name: table if ".csv" in name or name == "busybody_detectors" else Table(table.columns, [])
        for name, table in full.lookups.items()
    }
    columns = {
        "busyrisk": full.commands["busyrisk"]({}).columns,
        "busyprofile": ["section", "item", "detail", "share", "last"],
        "busycursor": ["search"],
    }
    commands = {name: lambda options, names=names: Table(list(names), []) for name, names in columns.items()}
    return full._replace(lookups=lookups, events=lambda index: Table(full.events(index).columns, []), commands=commands)


def _generated(found: Month, command: str, options: Mapping[str, str]) -> Table:
    table = _run(found.head, command, tuple(f"{name}={value}" for name, value in options.items()))
    return Table(table.columns, [dict(row) for row in table.rows])


@cache
def _run(head: Head, command: str, options: Tuple[str, ...]) -> Table:
    done = head.run(command, (), *options)
    columns = list(getattr(import_module(f"busybody_splunk.commands.{command[4:]}"), "COLUMNS", ("search",)))
    return Table(columns, done.rows)


def _collection(found: Month, stanza: Mapping[str, str]) -> Table:
    columns = [name.strip() for name in stanza["fields_list"].split(",")]
    rows = [dict(row) for row in found.head.fake.kv.collections.get(stanza["collection"], {}).values()]
    for row in rows:
        if row.get("kind") == "end":
            row["time"] = found.now - 70.0  # commits carry the time of the machine that runs the tests
    return Table(columns, rows)


def _events(found: Month, index: str) -> Table:
    if index == "busybody":
        return Table(list(dict.fromkeys((*SIGNIN, *found.columns, "search_name"))), [*found.scores, *found.risk])
    if index == "_internal":
        return Table(
            list(dict.fromkeys((*SCHEDULER, *AUDIT, *MESSAGES))), [*_scheduled(found), *found.audit, *found.said]
        )
    raise SplError(f"no index {index}")


def _scheduled(found: Month) -> Iterator[Row]:
    """What Splunk's scheduler logs of a week: the one thing here that no command of ours says."""
    chance, times = random.Random(11), sorted(row["_time"] for row in found.scores)
    for run in range(int(7 * DAY / 300)):
        time = found.now - run * 300.0 - 4
        signins = bisect_left(times, time) - bisect_left(times, time - 300)
        base: Row = {
            "_time": time,
            "sourcetype": "scheduler",
            "app": "busybody",
            "savedsearch_name": "Busybody: score sign-ins",
        }
        seconds = round(0.9 + signins * 0.02 + chance.expovariate(3), 2)
        skipped = chance.random() < 0.002
        yield (
            {**base, "status": "skipped"}
            if skipped
            else {**base, "status": "success", "run_time": seconds, "result_count": signins}
        )
    for hour in range(7 * 24):
        for name, usual in (("Busybody: risk of people", 0.4), ("Busybody: no sign-in arrives", 0.2)):
            run_time = round(usual + chance.random() / 5, 2)
            told = {
                "sourcetype": "scheduler",
                "app": "busybody",
                "savedsearch_name": name,
                "status": "success",
                "run_time": run_time,
            }
            yield {"_time": found.now - hour * 3600 - 200, **told}


def _csv(path: Path) -> Table:
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        return Table(list(reader.fieldnames or ()), [dict(row) for row in reader])


def _locator() -> Callable[[str], Mapping[str, Any]]:
    locate = Locator(Policy.default()).locate

    def of(ip: str) -> Mapping[str, Any]:
        try:
            place = locate(ip)
        except ValueError:
            return {}
        return (
            {}
            if place.lat is None
            else {
                "lat": place.lat,
                "lon": place.lon,
                "City": place.city,
                "Country": place.country,
                "Region": place.region,
            }
        )

    return of
