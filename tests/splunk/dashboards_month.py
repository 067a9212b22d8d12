"""A simulated month as the dashboards see it: scores, risk, incidents, verdicts, models, and what the commands answer.

Sign-ins come from `busybody simulate`, scores from the core's scorer, and both are written into the columns that
busyscore, busyrisk and busyprofile write. Analysts and people answer some hours after an alert, mostly rightly.
"""

from __future__ import annotations

import csv
import json
import random
from functools import lru_cache
from pathlib import Path
from typing import Any, Callable, Dict, Iterator, List, Mapping, NamedTuple, Optional, Tuple

from dashboards_table import Row, Sources, SplError, Table

from busybody.commands.risk import person as risk_row
from busybody.contracts import splunk
from busybody.people import Person
from busybody.places import Locator
from busybody.policy import Policy
from busybody.profile.codec import decode
from busybody.profile.described import described
from busybody.risk import level_of
from busybody.scorer import Scorer
from busybody.signin import Assessment, SignIn
from busybody.simulate import Organisation, Truth, generate
from busybody.stores.memory import MemoryStore
from busybody.verdict import Verdict

ROOT = Path(__file__).resolve().parents[2]
DAY = 86400.0
SCORE = (
    "_time", "host", "source", "sourcetype", "orig_sourcetype", "user", "src", "app", "action", "user_agent", "Country", "City", "lat", "lon",
    "busy_risk", "busy_level", "busy_sentence", "busy_findings", "busy_techniques", "busy_previous_time", "busy_previous_country",
    "busy_previous_city", "busy_previous_ip", "busy_previous_device", "busy_learned", "busy_incident", "busy_report", "busy_event_id",
    "busy_error", "busy_source", "risk_object", "risk_object_type", "risk_score", "risk_message", "threat_object",
    "threat_object_type", "annotations.mitre_attack", "search_name",
)  # fmt: skip
INCIDENT = (
    "_key", "user", "opened", "last", "risk", "level", "status", "detector", "sentence", "count", "reported_risk", "event_id",
)  # fmt: skip
VERDICT = ("_key", "user", "event_id", "answer", "flags", "given_by", "given_at", "applied")
MODEL = ("_key", "model", "number", "base", "state", "expires", "owner", "meta")
RISK = ("user", "risk", "level", "worst", "incidents", "status", "last_seen", "sentence")
PROFILE = ("kind", "value", "share", "first", "last", "note")


class Month(NamedTuple):
    """What a month left behind."""

    now: float
    events: List[Row]
    incidents: Dict[str, Row]
    verdicts: List[Row]
    store: MemoryStore
    policy: Policy


@lru_cache(maxsize=1)
def month(people: int = 200, days: int = 30, seed: int = 7) -> Month:
    """Simulates and scores it."""
    made = _Made()
    organisation = Organisation(people=people, days=days, seed=seed)
    for signin, truth in generate(organisation):
        made.take(signin, truth)
    made.scorer.save()
    now = organisation.start + days * DAY
    made.answer(now)
    return Month(now, made.events, made.incidents, made.verdicts, made.store, made.policy)


class _Made:
    """What busyscore update=true keeps, while the month goes by."""

    def __init__(self) -> None:
        self.policy, self.store = Policy.default(), MemoryStore()
        self.scorer = Scorer(self.policy, self.store)
        self.events: List[Row] = []
        self.incidents: Dict[str, Row] = {}
        self.verdicts: List[Row] = []
        self.answers: List[Tuple[float, Verdict, str]] = []  # when, what, incident
        self.random = random.Random(7)  # noqa: S311

    def take(self, signin: SignIn, truth: Truth) -> None:
        self.answer(signin.time)
        assessment = self.scorer.process(signin)
        sentence = self.scorer.describe(signin, assessment)
        row = score_row(signin, assessment, sentence)
        self.events.append(row)
        if assessment.incident and assessment.risk >= 40:
            self._grow(signin, truth, assessment, row)
        if row["busy_report"] == 1:
            self.events.append({**row, "sourcetype": "busybody:risk", "source": row["busy_source"], "search_name": row["busy_source"]})

    def _grow(self, signin: SignIn, truth: Truth, assessment: Assessment, row: Row) -> None:
        known = self.incidents.get(str(assessment.incident))
        reported = 0 if known is None else known["reported_risk"]
        if assessment.alert and level_of(assessment.risk) != level_of(reported) and assessment.risk > reported:
            row["busy_report"], reported = 1, assessment.risk
            if known is None or not known["reported_risk"]:
                self._ask(signin, truth, str(assessment.incident))
        best = known is None or assessment.risk >= known["risk"]
        incident = known or {"_key": assessment.incident, "user": signin.user, "opened": signin.time, "status": "open", "count": 0, "risk": 0.0}
        incident.update(last=signin.time, count=incident["count"] + 1, reported_risk=reported)
        if best:
            incident.update(
                risk=assessment.risk, level=assessment.level, detector=row["busy_source"], sentence=row["busy_sentence"], event_id=signin.id
            )
        self.incidents[str(assessment.incident)] = incident

    def _ask(self, signin: SignIn, truth: Truth, incident: str) -> None:
        if self.random.random() < 0.15:
            return  # nobody answers
        answer = "malicious" if truth.attack else "benign"
        when = signin.time + self.random.uniform(0.1, 9) * 3600
        asked = self.random.random() < 0.6
        verdict = Verdict(signin.user, signin.id, answer, when, verified=asked, analyst=not asked, signin=signin)
        self.answers.append((when, verdict, incident))
        self.answers.sort(key=lambda row: row[0])

    def answer(self, now: float) -> None:
        while self.answers and self.answers[0][0] <= now:
            when, verdict, incident = self.answers.pop(0)
            self.scorer.feedback(verdict)
            self.incidents[incident]["status"] = verdict.answer
            flags, by = ("analyst", "j.doe") if verdict.analyst else ("verified", "responder")
            self.verdicts.append({
                "_key": f"v{len(self.verdicts)}", "user": verdict.user, "event_id": verdict.event_id, "answer": verdict.answer,
                "flags": flags, "given_by": by, "given_at": when, "applied": len(self.verdicts) + 1,
            })  # fmt: skip


def score_row(signin: SignIn, assessment: Assessment, sentence: str) -> Row:
    """The row that busyscore writes for a sign-in."""
    row = dict.fromkeys(SCORE)
    row.update({name: value for name, value in splunk(signin, assessment, sentence).items() if name in row and value not in ("", [])})
    speaking = max(assessment.findings, key=lambda found: found.contribution, default=None)
    row.update({
        "host": "idp-1", "source": "busybody", "sourcetype": "busybody:score", "orig_sourcetype": signin.source, "lat": signin.lat, "lon": signin.lon,
        "Country": signin.country, "City": signin.city, "user_agent": signin.user_agent, "busy_report": 0, "busy_event_id": signin.id,
        "busy_source": speaking.detector if speaking and assessment.risk >= 20 else None,
    })  # fmt: skip
    if assessment.previous:
        row.update({f"busy_previous_{name}": assessment.previous[name] for name in ("time", "country", "city", "ip", "device")})
    return row


# What searches can ask for ----------------------------------------------------------------------------------


def sources(found: Month, macros: Mapping[str, str]) -> Sources:
    """The month as the sources of searches."""
    return Sources(
        macros,
        {
            "busybody_incidents": Table(list(INCIDENT), list(found.incidents.values())),
            "busybody_verdicts": Table(list(VERDICT), found.verdicts),
            "busybody_models": Table(list(MODEL), []),
            "busybody_detectors": _csv(ROOT / "addon/splunk_app/lookups/busybody_detectors.csv"),
            "busybody_land.csv": _csv(ROOT / "tools/splunk/dashboards/busybody_land.csv"),
        },
        lambda index: _events(found, index),
        {"busyrisk": lambda options: _risk(found), "busyprofile": lambda options: _profile(found, options.get("user", ""))},
        _locator(),
    )


def _events(found: Month, index: str) -> Table:
    if index == "busybody":
        return Table(list(SCORE), found.events)
    raise SplError(f"no index {index}")


def _csv(path: Path) -> Table:
    if not path.is_file():
        return Table([], [])
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        return Table(list(reader.fieldnames or ()), [dict(row) for row in reader])


def _locator() -> Callable[[str], Mapping[str, Any]]:
    locate = Locator().locate

    def of(ip: str) -> Mapping[str, Any]:
        place = locate(ip) if ip else None
        if place is None or place.lat is None:
            return {}
        return {"lat": place.lat, "lon": place.lon, "City": place.city, "Country": place.country, "Region": place.region}

    return of


def _risk(found: Month) -> Table:
    rows = []
    for user in found.store.users():
        known = risk_row(user, str(found.store.profile(user)), found.policy, found.now)
        worst: Optional[Dict[str, Any]] = known["incidents"][0] if known["incidents"] else None
        if known["risk"] > 0:
            rows.append({
                "user": user, "risk": known["risk"], "level": known["level"], "worst": known["worst"], "incidents": len(known["incidents"]),
                "status": worst and worst["status"], "last_seen": known["last_seen"], "sentence": worst and worst["sentence"],
            })  # fmt: skip
    return Table(list(RISK), rows)


def _profile(found: Month, user: str) -> Table:
    text = found.store.profile(user)
    if text is None:
        return Table(list(PROFILE), [])
    return Table(list(PROFILE), list(_rows(described(user, Person(user, decode(text, user), found.policy.learning.incident_hours)))))


def _rows(known: Mapping[str, Any]) -> Iterator[Row]:
    yield {"kind": "summary", "value": json.dumps(known["signins"])}
