"""A simulated month as the dashboards see it: the documents that the service would have written, in order.

Sign-ins come from the simulator, assessments from the core's scorer, documents from the service's own builders. Some
incidents are answered a few hours later. Two instances send heartbeats for the last day: one restarts and falls behind once.
"""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple

from busybody.policy import spellings
from busybody.scorer import Scorer
from busybody.signin import Assessment, SignIn
from busybody.simulate import ATTACKS, Organisation, generate
from busybody.standing import standing
from busybody.stores.memory import MemoryStore
from busybody.verdict import Verdict
from busybody_elastic.documents import BENIGN, MALICIOUS, OPEN, Documents, person_id
from busybody_elastic.identity import identity_of
from busybody_elastic.records import READER, Incoming

Document = dict[str, Any]
DAY, HOUR = 86400.0, 3600.0
DATASETS = {"sso": "okta.system", "legacy": "o365.audit"}  # by method; else azure.signinlogs
QUIET_SOURCE, QUIET_DAYS = "o365.audit", (20, 21, 22)  # nothing came from there on these days
POLICY = '{"alerts": {"budget": 8}}'  # enough to have incidents of every level that can be open
BACKFILLED = 10 * DAY  # learned silently, before the service began to follow


class Month(NamedTuple):
    """Documents by data view, each with its _id where it has one; `now` is the end of the month."""

    now: float
    documents: dict[str, list[tuple[str | None, Document]]]

    def of(self, view: str) -> list[Document]:
        """The documents of one view."""
        return [document for _, document in self.documents[view]]


@cache
def lived(namespace: str = "default", people: int = 120, days: int = 30, seed: int = 7) -> Month:
    """Simulates, scores, answers and builds the documents; a few seconds."""
    return _Life(namespace, Organisation(people, days, seed, attacks=dict(ATTACKS))).month()


class _Life:
    def __init__(self, namespace: str, organisation: Organisation) -> None:
        self.organisation = organisation
        self.end = organisation.start + organisation.days * DAY
        self.store = MemoryStore()
        self.scorer = Scorer(spellings.loads(POLICY, "json"), self.store)
        self.made = Documents(namespace, "node-1", kibana="https://kibana.example.com")
        self.scores: list[tuple[str | None, Document]] = []
        self.alerts: list[tuple[str | None, Document]] = []
        self.incidents: dict[str, Document] = {}
        self.risk: list[tuple[str | None, Document]] = []
        self.latest: dict[str, Document] = {}
        self.waiting: list[tuple[float, str]] = []  # when an incident is answered

    def month(self) -> Month:
        next_day = self.organisation.start + DAY
        for signin, _ in generate(self.organisation):
            if signin.time >= next_day:
                self._evening(next_day)
                next_day += DAY
            self._signin(signin)
        self._evening(self.end)
        return Month(
            self.end,
            {
                "score": self.scores,
                "alert": self.alerts,
                "incident": list(self.incidents.items()),
                "risk": self.risk,
                "risk_latest": [(person_id(user), document) for user, document in self.latest.items()],
                "heartbeat": [(None, document) for document in self._heartbeats()],
            },
        )

    def _signin(self, signin: SignIn) -> None:
        dataset = DATASETS.get(signin.method or "", "azure.signinlogs")
        if dataset == QUIET_SOURCE and int((signin.time - self.organisation.start) // DAY) in QUIET_DAYS:
            return
        signin = signin._replace(source=dataset)
        assessment = self.scorer.process(signin)
        quiet = signin.time < self.organisation.start + BACKFILLED
        origin = Incoming({}, "", READER, f".ds-logs-{dataset}-default-000001", signin.id, quiet)
        raw = {"event": {"id": signin.id, "dataset": dataset}}
        origin = origin._replace(identity=identity_of(raw, origin.index, origin.id))
        body = self.made.busybody(
            signin, assessment, self.scorer.describe(signin, assessment), origin, self.scorer.organisation.epoch
        )
        document = self.made.score(signin, assessment, body, signin.time + 3, raw)
        self.scores.append((origin.identity, document))
        if assessment.alert and assessment.incident is not None:
            self._alert(document, assessment, signin)

    def _alert(self, document: Document, assessment: Assessment, signin: SignIn) -> None:
        key = str(assessment.incident)
        before = self.incidents.get(key)
        revision = 1 if before is None else before["busybody"]["revision"] + 1
        if before is not None and before["event"]["risk_score"] >= document["event"]["risk_score"]:
            return
        person = self.scorer.people.get(signin.user)
        rows = [row for row in (person.incidents if person is not None else []) if row["id"] == key]
        alert = self.made.alert(document, revision, rows[0] if rows else None, signin.time + 3)
        self._revised(key, alert)
        if before is None and int(key[:2], 16) % 5 < 2:  # two in five are answered
            self.waiting.append((signin.time + 6 * HOUR, key))

    def _revised(self, key: str, alert: Document) -> None:
        self.alerts.append((f"{key}-{alert['busybody']['revision']}", alert))
        self.incidents[key] = alert

    def _evening(self, now: float) -> None:
        """Answers that came, then everybody's risk who has or had some."""
        self.scorer.advance(now)
        for when, key in [row for row in self.waiting if row[0] < now]:
            self.waiting.remove((when, key))
            self._answer(key, when)
        self.scorer.save()
        touched = {document["user"]["name"] for document in self.incidents.values()}
        for user in sorted(touched):
            text = self.store.profile(self.scorer.people.key(user))
            if text is None:
                continue
            document = self.made.risk(user, standing(user, text, self.scorer.policy, now), now, "day")
            self.risk.append((None, document))
            self.latest[user] = document

    def _answer(self, key: str, when: float) -> None:
        latest = self.incidents[key]
        malicious = int(key[2:4], 16) % 3 == 0
        answer = "malicious" if malicious else "benign"
        self.scorer.feedback(Verdict(latest["user"]["name"], latest["event"]["id"], answer, when, analyst=True))
        state = MALICIOUS if malicious else BENIGN
        verdict = {
            "answer": answer,
            "by": "analyst-1",
            "channel": "kibana",
            "time": latest["@timestamp"],
            "state": state,
        }
        if latest["busybody"]["state"] == OPEN:
            self._revised(key, self.made.judged(latest, verdict, when))

    def _heartbeats(self) -> list[Document]:
        """Every minute of the last 26 hours; node-1 restarts ten hours before the end and is behind for half an hour."""
        beats = []
        counters = {"node-1": 120_000, "node-2": 90_000}
        unscored, broken = {"node-1": 0, "node-2": 4}, {"node-1": 2, "node-2": 0}
        for minute in range(26 * 60):
            now = self.end - 26 * HOUR + minute * 60
            for instance in ("node-1", "node-2"):
                if instance == "node-1" and minute == 16 * 60:
                    counters[instance] = unscored[instance] = broken[instance] = 0
                behind = instance == "node-1" and 16 * 60 <= minute < 16 * 60 + 30
                counters[instance] += 5 + minute % 7
                unscored[instance] += int(behind)
                broken[instance] += int(minute % 400 == 399)
                state = {
                    "instance": instance, "entrances": ["reader"], "partitions": [0],
                    "state": "lagging" if behind else "ok", "lag_seconds": 900.0 - 30 * (minute - 960) if behind else 2.0,
                    "last_signin": now - 2, "last_scored": now - 1, "scored": counters[instance],
                    "unscored": unscored[instance], "broken": broken[instance], "skipped": minute, "epoch": int(now // DAY),
                }  # fmt: skip
                beats.append(self.made.heartbeat(now, state))
        return beats
