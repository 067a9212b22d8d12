"""What goes out, whole: the JSON line, the ECS document, the Splunk risk row, held by golden files.

`python tests/core/test_contracts.py` writes the golden files anew; read the difference before keeping it.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any, Callable, Dict

sys.path.insert(0, str(Path(__file__).parent))

import pytest
from builders import FAR, HOME, STRANGE, at, signin
from busybody import contracts
from busybody.detectors import CATALOGUE
from busybody.risk import LEVELS
from busybody.signin import Assessment, Finding

GOLDEN = Path(__file__).parent / "golden"
EVENT = signin(
    30, 9, id="e-1", **FAR, **STRANGE, app="mail", method="password", user_agent="Mozilla/5.0 (X11; Linux x86_64) Firefox/128.0",
    region="Hokkaido",
)  # fmt: skip
PREVIOUS: Dict[str, Any] = {
    "time": at(30, 8), "country": "PT", "city": "Lisbon", "lat": 38.72, "lon": -9.14, "asn": 64510, "as_org": "Tejo Cable",
    "network": "residential", "ip": HOME["ip"], "device": "windows-desktop-chrome", "app": "mail",
}  # fmt: skip
FINDINGS = (
    Finding(
        "unusual_network",
        4.0,
        {
            "novelty": "never used before:",
            "network": "residential",
            "operator": "Yuki Net",
            "asn": 64530,
            "usual": "Tejo Cable",
        },
    ),
    Finding("new_country", 1.25, {"country": "JP", "usual": "PT"}),
    Finding("strong_proof", -2.0, {"what": "a factor that cannot be phished"}),
)
ALERT = Assessment(
    "e-1",
    EVENT.time,
    "ana",
    91.23456,
    "critical",
    -2.75,
    -6.0,
    FINDINGS,
    "pending",
    PREVIOUS,
    "habit-1",
    "0123456789abcdef",
    False,
    True,
)
CALM = Assessment("e-2", at(30, 10), "ana", 3.0, "none", -6.0, -6.0, (), "trusted", None, "habit-1")
SENTENCE = "Risk 91 (1 in 4,500 sign-ins here): never used before: residential network Yuki Net (usually Tejo Cable)."
CALM_EVENT = signin(30, 10, id="e-2", outcome="success")
FORMS: Dict[str, Callable[..., Dict[str, Any]]] = {
    "line": contracts.line,
    "ecs": contracts.ecs,
    "splunk": contracts.splunk,
}


def written(form: str) -> str:
    documents = [FORMS[form](EVENT, ALERT, SENTENCE), FORMS[form](CALM_EVENT, CALM, "")]
    return json.dumps(documents, indent=2, ensure_ascii=False) + "\n"


@pytest.mark.parametrize("form", sorted(FORMS))
def test_form_is_the_golden_one(form: str) -> None:
    assert written(form) == (GOLDEN / f"{form}.json").read_text(encoding="utf-8")


def test_line_holds_every_key_that_the_contract_names() -> None:
    assert list(contracts.line(EVENT, ALERT, SENTENCE)) == [
        "event_id", "time", "user", "risk", "level", "log_odds", "base", "findings", "sentence", "learned", "previous", "model",
        "incident", "late", "alert", "signin",
    ]  # fmt: skip


def test_line_adds_up_after_json() -> None:
    row = json.loads(json.dumps(contracts.line(EVENT, ALERT, SENTENCE)))
    assert (
        row["base"] + sum(found["contribution"] for found in row["findings"]) == row["log_odds"] + 0.0
        or ALERT.log_odds == -2.75
    )
    assert row["risk"] == ALERT.risk


@pytest.mark.parametrize(
    ("level", "severity"), [("low", 21), ("medium", 47), ("high", 73), ("critical", 99), ("none", None)]
)
def test_ecs_severity_is_elastics_for_each_level(level: str, severity: Any) -> None:
    document = contracts.ecs(EVENT, ALERT._replace(level=level), SENTENCE)
    assert document["event"].get("severity") == severity
    assert level in [name for name, _ in LEVELS]


def test_splunk_risk_fields_only_with_an_alert() -> None:
    row = contracts.splunk(EVENT, ALERT._replace(alert=False), SENTENCE)
    assert not any(name.startswith(("risk_", "threat_")) for name in row)
    assert contracts.splunk(EVENT, ALERT, SENTENCE)["risk_score"] == 91


def test_missing_values_are_left_out_of_ecs_and_empty_in_splunk() -> None:
    bare = signin(30, 10, id="e-2")
    document = contracts.ecs(bare, CALM, "")
    assert not {"source", "user_agent", "threat", "message"} & set(document)
    assert contracts.splunk(bare, CALM, "")["src"] == ""


def test_techniques_are_those_of_what_raised_the_odds_each_once() -> None:
    assert contracts.techniques_of(ALERT) == ["T1078", "T1078.004"]
    assert contracts.techniques_of(CALM) == []


def test_filtered_finding_says_by_what() -> None:
    row = contracts.finding_row(FINDINGS[0]._replace(filtered_by=("people.ignored",)))
    assert row["filtered_by"] == ["people.ignored"]
    assert row["techniques"] == list(CATALOGUE[0].techniques)


@pytest.mark.parametrize(
    ("time", "text"),
    [
        (0.0, "1970-01-01T00:00:00.000Z"),
        (1772409600.25, "2026-03-02T00:00:00.250Z"),
        (-1.5, "1969-12-31T23:59:58.500Z"),
    ],
)
def test_time_is_iso_8601_in_utc_with_milliseconds(time: float, text: str) -> None:
    assert contracts.iso(time) == text


def test_evidence_of_a_journey_is_json() -> None:
    from builders import LAPTOP, company, live, model, settled

    scorer = model()
    company(scorer)
    live(scorer, 30)
    settled(scorer, at(30))
    event = signin(30, 0.5, **FAR, **LAPTOP)
    assessment = scorer.score(event)
    assert "impossible_travel" in [found.detector for found in assessment.findings]
    for form in FORMS.values():
        document = form(event, assessment, scorer.describe(event, assessment))
        assert json.loads(json.dumps(document, allow_nan=False)) == document


if __name__ == "__main__":
    for name in FORMS:
        (GOLDEN / f"{name}.json").write_text(written(name), encoding="utf-8")
