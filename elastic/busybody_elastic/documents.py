"""Every document that the service writes, as a plain dictionary. No I/O, no clock.

Numbers are the core's, unrounded, under `busybody`; what others read (`event.risk_score`, `user.risk.*`) is rounded to
two places. `user.risk` is a person's, so it stands in documents of risk alone. A score has no event.category: nobody's rules shall count a sign-in twice. What is not known is left out.
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from hashlib import sha256
from typing import Any, Mapping
from urllib.parse import quote

from busybody import __version__
from busybody.contracts import SEVERITY, finding_row, iso, techniques_of
from busybody.filters.marks import counts
from busybody.risk import SERIES, level_of
from busybody.signin import Assessment, SignIn

from . import parts
from .names import Names, objects_prefix
from .records import Incoming

Document = dict[str, Any]
ECS = {"version": "8.17.0"}
TITLE = "Unusual sign-in"  # of alerts; a rule that reads them takes `message` for its name
OPEN, BENIGN, MALICIOUS, CLOSED = "open", "benign", "malicious", "closed"  # states of an incident
RISK_LEVELS = {"none": "Unknown", "low": "Low", "medium": "Moderate", "high": "High", "critical": "Critical"}
INPUTS = 10  # of a person's risk, as Elastic's engine stores
DESCRIPTION = 200  # characters of such an input
LEAST = SEVERITY["low"]  # what pages has a severity, whatever its level


class Documents:
    """Makes the documents of one instance in one namespace. Times are UTC epoch seconds."""

    def __init__(
        self, namespace: str = "default", instance: str = "", *, kibana: str = "", space: str = "default"
    ) -> None:
        """`kibana` is where analysts open it, such as https://kibana.example.com; alerts link there."""
        self.names = Names(namespace)
        self._instance = instance
        self._kibana, self._space = kibana.rstrip("/"), space
        stream = {"type": "logs", "namespace": namespace}
        self._score = {**stream, "dataset": "busybody.score"}
        self._alert = {**stream, "dataset": "busybody.alert"}
        self._heartbeat = {**stream, "dataset": "busybody.heartbeat"}

    def busybody(self, signin: SignIn, assessment: Assessment, sentence: str, origin: Incoming, epoch: int) -> Document:
        """What is said of one sign-in; `epoch` is that of the organisation's tables it was judged by."""
        findings = assessment.findings
        body: Document = {
            "identity": origin.identity,
            "status": "scored",
            "risk": assessment.risk,
            "level": assessment.level,
            "log_odds": assessment.log_odds,
            "base": assessment.base,
            "findings": [finding_row(found) for found in findings] if findings else [],
            "detectors": [found.detector for found in findings if counts(found)] if findings else [],
            "learned": assessment.learned,
            "late": assessment.late,
            "alert": assessment.alert,
            "model": assessment.model,
            "epoch": epoch,
            "entrance": origin.entrance,
            "instance": self._instance,
            "backfill": origin.quiet,
            "mfa": signin.mfa,
            "origin": {"index": origin.index, "id": origin.id, "dataset": signin.source},
        }
        if sentence:
            body["sentence"] = sentence
        if assessment.previous is not None:
            body["previous"] = assessment.previous
        if assessment.incident is not None:
            body["incident"] = assessment.incident
        if assessment.lists:
            body["lists"] = list(assessment.lists)
        if signin.app is not None:
            body["app"] = signin.app
        if signin.device is not None:
            body["device"] = signin.device
        if signin.method is not None:
            body["method"] = signin.method
        if signin.network is not None:
            body["network"] = signin.network
        return body

    def score(
        self, signin: SignIn, assessment: Assessment, body: Document, scored: float, origin: Mapping[str, Any]
    ) -> Document:
        """The document of one scored sign-in; `body` is its `busybody`, `origin` the source's document."""
        risk, level, user = round(assessment.risk, 2), assessment.level, assessment.user
        moment, own = stamp(scored), parts.own_user(origin)
        event: Document = {
            "kind": "event", "module": "busybody", "dataset": "busybody.score", "type": ["info"],
            "id": assessment.event_id, "outcome": signin.outcome, "risk_score": risk, "risk_score_norm": risk,
            "created": moment, "ingested": moment,
        }  # fmt: skip
        document: Document = {
            "@timestamp": stamp(assessment.time),
            "ecs": ECS,
            "data_stream": self._score,
            "event": event,
            "user": parts.user(user, person_id(user), own),
            "related": {"user": parts.related(user, own)},
            "busybody": body,
        }
        if level in SEVERITY:
            event["severity"] = SEVERITY[level]
        if "sentence" in body:
            document["message"] = body["sentence"]
        source = parts.source(signin)
        if source:
            document["source"] = source
            if signin.ip is not None:
                document["related"]["ip"] = [signin.ip]
        if signin.user_agent is not None:
            document["user_agent"] = {"original": signin.user_agent}
        if assessment.findings:
            techniques = techniques_of(assessment)
            if techniques:
                document["threat"] = parts.threat(techniques)
        return document

    def alert(
        self, score: Mapping[str, Any], revision: int, incident: Mapping[str, Any] | None, written: float
    ) -> Document:
        """A revision of an incident, from the score document of the sign-in that makes it grow.

        `incident` is the core's row of it, where the model holds one. What is back-filled is an event and no alert.
        """
        body = dict(score["busybody"])
        body["incident"] = incident_of(score)
        time = score["@timestamp"]
        body.update(
            revision=revision,
            state=incident["status"] if incident is not None else OPEN,
            opened=iso(incident["opened"]) if incident is not None else time,
            last=iso(incident["last"]) if incident is not None else time,
            count=incident["count"] if incident is not None else 1,
        )
        event = {
            **score["event"],
            "kind": "event" if body["backfill"] else "alert",
            "dataset": "busybody.alert",
            "category": ["intrusion_detection"],
            "ingested": iso(written),
        }
        event.setdefault("severity", LEAST)
        if self._kibana:
            event["url"] = self._url(score["user"]["hash"])
        message = _titled(TITLE, body.get("sentence"))
        return {**score, "data_stream": self._alert, "event": event, "message": message, "busybody": body}

    def judged(self, latest: Mapping[str, Any], verdict: Mapping[str, Any], written: float) -> Document:
        """The next revision of an incident, which a verdict makes: {answer, verified, channel, by, time, state}.

        "Not me" pages, at the highest severity; what ends an incident is an event and no alert.
        """
        body = dict(latest["busybody"])
        body.update(revision=body["revision"] + 1, state=verdict["state"])
        body["verdict"] = {name: value for name, value in verdict.items() if name != "state" and value is not None}
        disowned = verdict["state"] == MALICIOUS
        event = {**latest["event"], "kind": "alert" if disowned else "event", "ingested": iso(written)}
        if disowned:
            event.update(severity=SEVERITY["critical"], risk_score=100.0, risk_score_norm=100.0)
        message = _titled(parts.judgement(verdict), body.get("sentence"))
        return {**latest, "event": event, "message": message, "busybody": body}

    def digest(
        self, id: str, first: float, last: float, signins: int, levels: Mapping[str, int], written: float
    ) -> Document:
        """What one back-fill found, in counts: it names nobody and pages nobody. `levels` count its incidents."""
        incidents = sum(levels.values())
        told = ", ".join(f"{levels[level]} {level}" for level in reversed(RISK_LEVELS) if levels.get(level))
        return {
            "@timestamp": iso(written),
            "ecs": ECS,
            "data_stream": self._alert,
            "event": {
                "kind": "event", "module": "busybody", "dataset": "busybody.alert", "category": ["intrusion_detection"],
                "type": ["info"], "severity": LEAST, "created": iso(written), "ingested": iso(written),
            },
            "message": f"Back-fill: {signins:,} sign-ins scored, {incidents:,} incidents{f' ({told})' if told else ''}",
            "busybody": {
                "incident": id, "revision": 1, "state": CLOSED, "opened": iso(first), "last": iso(last),
                "count": incidents, "backfill": True, "instance": self._instance,
            },
        }  # fmt: skip

    def risk(
        self, user: str, standing: Mapping[str, Any], now: float, reason: str, written: float | None = None
    ) -> Document:
        """A person's risk at `now`, from `standing.standing` of the core; `reason` says why it is written.

        As Elastic's engine has it, scores are the series' sum, 0 to 259.24, and `_norm` is 0 to 100. `calculated_level`
        follows that number; `static_level` is ours, the worse of it and of the worst open incident. Everything is in
        category_1, its alerts.
        """
        rows, norm = standing["incidents"], standing["risk"]
        total = round(norm * SERIES, 2)
        inputs = [
            {
                "id": row["id"], "index": self.names.incident, "category": "category_1",
                "description": parts.cut(_titled(TITLE, row["sentence"]), DESCRIPTION),
                "risk_score": row["risk"], "timestamp": iso(row["last"]),
            }
            for row in rows[:INPUTS]
        ]  # fmt: skip
        risk = {
            "static_level": standing["level"], "static_score": total, "static_score_norm": norm,
            "calculated_level": RISK_LEVELS[level_of(norm)], "calculated_score": total, "calculated_score_norm": norm,
            "category_1_score": norm, "category_1_count": len(rows),
            "id_field": "user.name", "id_value": user, "inputs": inputs,
        }  # fmt: skip
        body: Document = {"incidents": len(rows), "reason": reason}
        if standing["last_seen"] is not None:
            body["last_seen"] = iso(standing["last_seen"])
        if rows and rows[0]["sentence"]:
            body["sentence"] = rows[0]["sentence"]
        return {
            "@timestamp": iso(now),
            "ecs": ECS,
            "data_stream": {"type": "busybody", "dataset": "risk", "namespace": self.names.namespace},
            "event": {"kind": "metric", "module": "busybody", "dataset": "busybody.risk",
                      "ingested": iso(now if written is None else written)},
            "user": {"name": user, "hash": person_id(user), "risk": risk},
            "busybody": body,
        }  # fmt: skip

    def heartbeat(self, now: float, state: Mapping[str, Any]) -> Document:
        """That the instance lives; `state` as the heartbeat's fields, times as epoch seconds."""
        beat = {"instance": self._instance, "version": __version__, **state}
        for name in ("last_signin", "last_scored"):
            if beat.get(name) is not None:
                beat[name] = iso(beat[name])
        return {
            "@timestamp": iso(now),
            "ecs": ECS,
            "data_stream": self._heartbeat,
            "event": {"kind": "metric", "module": "busybody", "dataset": "busybody.heartbeat", "ingested": iso(now)},
            "busybody": {"heartbeat": {name: value for name, value in beat.items() if value is not None}},
        }

    def _url(self, person: str) -> str:
        """The person's dashboard, found by their hash: no name may stand in a URL."""
        default = self._space == "default"
        view = f"{objects_prefix(self.names.namespace, self._space)}person"
        query = quote(f'user.hash : "{person}"', safe=":")
        return (
            f"{self._kibana}{'' if default else f'/s/{self._space}'}/app/dashboards#/view/{view}"
            f"?_g=(time:(from:now-30d,to:now))&_a=(query:(language:kuery,query:'{query}'))"
        )


@lru_cache(maxsize=4096)
def _minute(minute: int) -> str:
    return iso(minute * 60.0)[:17]


def stamp(time: float) -> str:
    """The core's `iso`, sooner: sign-ins come by the minute."""
    minute, rest = divmod(time, 60.0)
    micros = round(rest * 1e6)
    if micros >= 60_000_000 or time < 0.0:
        return iso(time)
    seconds, micros = divmod(micros, 1_000_000)
    return f"{_minute(int(minute))}{seconds:02d}.{micros // 1000:03d}Z"


def moment(found: Any, default: float) -> float:
    """Epoch seconds of an ISO time, or of milliseconds; without a zone it is UTC."""
    try:
        if isinstance(found, (int, float)):
            return float(found) / 1000.0
        read = datetime.fromisoformat(str(found))
        return (read if read.tzinfo is not None else read.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return default


def incident_of(score: Mapping[str, Any]) -> str:
    """The incident of a sign-in that alerts; one of its own where the risk opens none, as of an account that left."""
    body = score["busybody"]
    return str(body.get("incident") or body["identity"][:16])


@lru_cache(maxsize=20_000)
def person_id(user: str) -> str:
    """user.hash, and the _id of a person's latest risk."""
    return sha256(user.encode("utf-8", "surrogatepass")).hexdigest()


def _titled(title: str, sentence: str | None) -> str:
    return f"{title}: {sentence}" if sentence else title


__all__ = ["Document", "Documents", "Names", "incident_of", "moment", "person_id", "stamp"]
