"""The responder's POST /api/v1/alerts: keys, idempotency, duplicates and rejections as its contract has them."""

from __future__ import annotations

from typing import Any, Dict, List, Set

from fake_service import Answer, Call, FakeService, as_json

KEY = "bbk_" + "0123456789abcdef" * 4
REQUIRED = ("source", "rule_id", "title", "severity", "subject")
SEVERITIES = ("low", "medium", "high", "critical")


class FakeResponder(FakeService):
    """`alerts` are those taken, by id; `answered` the replies by idempotency key; `unanswered` ids are left out."""

    def __init__(self, **service: Any) -> None:
        super().__init__(**service)
        self.key = KEY
        self.alerts: Dict[str, Dict[str, Any]] = {}
        self.seen: Dict[str, int] = {}
        self.answered: Dict[str, Any] = {}
        self.poison: Set[str] = set()  # people whose finding spoils the whole request, as a strict schema would
        self.skip = 0  # so many findings of the next request are neither taken nor answered

    def answer(self, call: Call) -> Answer:
        if call.path != "/api/v1/alerts":
            return as_json({"title": "Not Found"}, 404)
        if call.headers.get("authorization") != f"Bearer {self.key}":
            return as_json({"title": "Unauthorized", "detail": "unknown key"}, 401)
        once = call.headers.get("idempotency-key", "")
        if once not in self.answered:
            found = call.json()["alerts"]
            if any(alert["subject"]["key"] in self.poison for alert in found):
                return as_json({"title": "Unprocessable", "detail": "subject.key: not a principal"}, 422)
            if self.skip:
                found, self.skip = found[: -self.skip], 0
                return as_json({"items": [self._take(alert) for alert in found]}, 202)
            items = [self._take(alert) for alert in found]
            self.answered[once] = items
        return as_json({"items": self.answered[once]}, 202)

    def _take(self, alert: Dict[str, Any]) -> Dict[str, Any]:
        wrong = _wrong(alert)
        if wrong:
            return {"id": None, "result": "rejected", "error": wrong}
        identity = alert["id"]
        self.seen[identity] = self.seen.get(identity, 0) + 1
        if identity in self.alerts:
            return {"id": identity, "result": "duplicate"}
        self.alerts[identity] = alert
        return {"id": identity, "result": "created"}

    @property
    def people(self) -> List[str]:
        return [alert["subject"]["key"] for alert in self.alerts.values()]


def _wrong(alert: Dict[str, Any]) -> str:
    for name in REQUIRED:
        if not alert.get(name):
            return f"{name} is missing"
    if alert["severity"] not in SEVERITIES:
        return "severity is unknown"
    return "event_time is missing" if "event_time" not in alert else ""
