"""A simulated month as the dashboards see it, out of the commands themselves.

Sign-ins come from `busybody simulate`. Day by day busyscore scores and learns them, people and analysts answer some hours
after an alert by busyverdict, mostly rightly, and what the commands write is what the searches read: scores, risk events,
the collections of the fake splunkd, the audit log, and the answers of busyrisk, busyprofile and busycursor.
"""

from __future__ import annotations

import csv
import random
import re
import tempfile
from bisect import bisect_left
from contextlib import contextmanager
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, Callable, Dict, Iterator, List, Mapping, NamedTuple, Tuple
from unittest import mock

from busybody.places import Locator
from busybody.policy import Policy
from busybody.simulate import ATTACKS, Event, Organisation, generate
from content import conf
from dashboards_table import Row, Sources, SplError, Table
from fake_splunkd import FakeSplunkd
from searching import Head, events_of

ROOT = Path(__file__).resolve().parents[2]
LOOKUPS = ROOT / "addon" / "splunk_app" / "lookups"
DAY = 86400.0
RUN = 2 * DAY  # between two searches that score: every five minutes would take a test too long
ATTACKED = 0.4  # of the share of people that the simulator attacks
ANSWERED, BY_PERSON = 0.85, 0.6  # shares of the alerts, and of the answers
SOURCES = {
    "sso": "okta:im2:log",
    "password": "azure:aad:signin",
    "legacy": "o365:management:activity",
}  # where a sign-in was logged
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
SIGNIN = (
    "_time",
    "host",
    "source",
    "sourcetype",
    "orig_sourcetype",
    "user",
    "src",
    "app",
    "action",
    "user_agent",
    "Country",
    "City",
    "lat",
    "lon",
)


class Month(NamedTuple):
    """What a month left behind."""

    now: float
    scores: List[Row]
    risk: List[Row]
    audit: List[Row]
    said: List[Row]  # messages of the searches
    columns: List[str]  # that busyscore adds
    head: Head


@contextmanager
def lived(people: int = 200, days: int = 36, seed: int = 7) -> Iterator[Month]:
    """Simulates, scores and answers it."""
    attacks = {name: share * ATTACKED for name, share in ATTACKS.items()}
    organisation = Organisation(people=people, days=days, seed=seed, attacks=attacks)
    by_run: Dict[int, List[Event]] = {}
    for event in generate(organisation):
        by_run.setdefault(int((event.signin.time - organisation.start) // RUN), []).append(event)
    with tempfile.TemporaryDirectory(prefix="busybody-month-") as folder, FakeSplunkd() as fake:
        home = Path(folder) / "splunk"
        with mock.patch.dict("os.environ", {"SPLUNK_HOME": str(home)}):
            lived = _Lived(Head(fake, home))
            for run, events in sorted(by_run.items()):
                lived.run(events, organisation.start + (run + 1) * RUN)
            yield lived.done(organisation.start + days * DAY)


class _Lived:
    """The month, day by day."""

    def __init__(self, head: Head) -> None:
        self.head, self.random = head, random.Random(7)
        self.scores: List[Row] = []
        self.risk: List[Row] = []
        self.audit: List[Row] = []
        self.said: List[Row] = []
        self.answers: List[Tuple[float, str, str, str, bool]] = []  # when, user, event id, answer, asked of the person
        self.columns: List[str] = []

    def run(self, events: List[Event], end: float) -> None:
        """One search, after the answers that came before it."""
        self._answer(end - RUN)
        rows = [
            {
                **row,
                "_indextime": f"{signin.time + 4:.0f}",
                "sourcetype": SOURCES.get(signin.method or "", "azure:aad:signin"),
            }
            for signin, row in zip((event.signin for event in events), events_of([event.signin for event in events]))
        ]
        _spoil(rows, self.random)
        found = self.head.run("busyscore", rows, "update=true", "cursor=true")
        assert len(found.rows) == len(rows), found.messages
        self.columns = [
            name
            for name in found.configuration["required_fields"]
            if name.startswith(("busy_", "risk_", "threat_", "annotations"))
        ]
        for event, row in zip(events, found.rows):
            score = _written(row, self.columns)
            self.scores.append(score)
            if row.get("busy_report") == "1":
                self.risk.append(
                    {
                        **score,
                        "sourcetype": "busybody:risk",
                        "source": row["busy_source"],
                        "search_name": row["busy_source"],
                    }
                )
                self._ask(event, row)
        self._note(end, found.messages)

    def _ask(self, event: Event, row: Mapping[str, Any]) -> None:
        if self.random.random() < ANSWERED:
            when = event.signin.time + self.random.uniform(0.1, 9) * 3600
            said = "malicious" if event.truth.attack else "benign"
            self.answers.append((when, row["user"], row["busy_event_id"], said, self.random.random() < BY_PERSON))

    def _answer(self, until: float) -> None:
        due = sorted(answer for answer in self.answers if answer[0] <= until)
        self.answers = [answer for answer in self.answers if answer[0] > until]
        for when, user, event_id, said, asked in due:
            with mock.patch("busybody_splunk.commands.verdict.now", return_value=when):
                flags = ("verified=true", "analyst=false") if asked else ()
                who = "responder" if asked else "j.doe"
                done = self.head.run(
                    "busyverdict", (), f"user={user}", f"event_id={event_id}", f"verdict={said}", *flags, username=who
                )
            self._note(when, done.messages)

    def _note(self, time: float, messages: List[Tuple[str, str]]) -> None:
        """The audit lines and messages that came since the last time, as of that time."""
        for line in self.head.audit()[len(self.audit) :]:
            pairs = {name: quoted or plain for name, quoted, plain in re.findall(r'(\w+)=(?:"([^"]*)"|(\S+))', line)}
            self.audit.append({"_time": time, "sourcetype": "busybody:audit", **pairs})
        for level, text in messages:
            said = {"_time": time, "sourcetype": "splunk_search_messages", "app": "busybody", "sid": f"{time:.0f}.1"}
            self.said.append({**said, "log_level": level, "message": f"busyscore: {text}"})

    def done(self, now: float) -> Month:
        self._answer(now)
        return Month(now, self.scores, self.risk, self.audit, self.said, self.columns, self.head)


def _spoil(rows: List[Dict[str, str]], chance: random.Random) -> None:
    """Some rows that are no sign-in, or cannot be read: as in every log."""
    for row in rows:
        lot = chance.random()
        if lot < 0.0008:
            row["src"] = "unknown-host-17"
        elif lot < 0.0012:
            row["_time"] = "Thu 7:41"
        elif lot < 0.003:
            row.pop("user", None)


def _written(row: Mapping[str, Any], columns: List[str]) -> Row:
    """The event that the macro busybody_write_scores collects of a row."""
    score: Row = {name: row[name] for name in (*SIGNIN, *columns) if row.get(name) not in (None, "")}
    try:
        time = float(row["_time"])
    except ValueError:
        time = float(row["_indextime"])
    return {
        **score,
        "_time": time,
        "source": "busybody",
        "sourcetype": "busybody:score",
        "orig_sourcetype": row["sourcetype"],
    }


# What searches can ask for ----------------------------------------------------------------------------------


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
