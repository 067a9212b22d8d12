"""A simulated month as the dashboards see it, out of the commands themselves.

Sign-ins come from `busybody simulate`. Day by day busyscore scores and learns them, people and analysts answer some hours
after an alert by busyverdict, mostly rightly, and what the commands write is what the searches read: scores, risk events,
the collections of the fake splunkd, the audit log, and the answers of busyrisk, busyprofile and busycursor.
"""

from __future__ import annotations

import random
import re
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Dict, Iterator, List, Mapping, NamedTuple, Tuple
from unittest import mock

from busybody.simulate import ATTACKS, Event, Organisation, generate
from dashboards_table import Row
from fake_splunkd import FakeSplunkd
from searching import Head, events_of

DAY = 86400.0
RUN = 2 * DAY  # between two searches that score: every five minutes would take a test too long
ATTACKED = 0.4  # of the share of people that the simulator attacks
ANSWERED, BY_PERSON = 0.85, 0.6  # shares of the alerts, and of the answers
SOURCES = {
    "sso": "okta:im2:log",
    "password": "azure:aad:signin",
    "legacy": "o365:management:activity",
}  # where a sign-in was logged
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
