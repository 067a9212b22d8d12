"""Sequences of logins, as BuffaLogs was run on them: by its rules on our policy, and by the scorer for somebody known.

A case with "adopt": false is a defect there; what is right stands in its notes, and here beside its id.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, Dict, List, Mapping, Tuple

import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.insert(0, str(Path(__file__).parent))
from buffalogs import CASES, filters_of, of, policy_of
from builders import DAY, model, names
from busybody.fields.intake import Intake
from busybody.fields.values import country
from busybody.filters.rules import Alert, Rules
from busybody.policy import Policy
from busybody.signin import SignIn

PARTS = {1: "buffalogs-532655", 2: "buffalogs-e502d3", 3: "buffalogs-457e6c"}
BY_ID = {case["id"]: case for case in CASES}
NEW_INDEX = "buffalogs-f116b3"
ALLOWED = "buffalogs-f09e8e"  # its alert comes from an allowed country: filtered, so that it cannot raise the level
SPEED = 0.006  # relative: a sphere or an ellipsoid


def logins(case: Mapping[str, Any]) -> List[SignIn]:
    intake = Intake(Policy.default(), None)
    read = [intake.read(record(login)) for login in case["input"]["logins"]]
    return [one for one in read if isinstance(one, SignIn)]


def record(login: Mapping[str, Any]) -> Dict[str, Any]:
    return {
        "_id": str(login["id"]), "@timestamp": login["timestamp"], "user": {"name": "ana"},
        "event": {"category": "authentication", "outcome": "success", "type": "start"},
        "source": {
            "ip": login["ip"], "intelligence_category": login.get("intelligence_category", ""),
            "geo": {"country_name": login["country"], "location": {"lat": login["lat"], "lon": login["lon"]}},
        },
        "user_agent": {"original": login["agent"]},
    }  # fmt: skip


def run(case: Mapping[str, Any]) -> Tuple[List[Alert], Rules]:
    """The alerts of a case, after the parts that come before it."""
    config = dict(case["input"]["config"])
    age = config.pop("user_age_days")
    if case["id"] == ALLOWED:
        config["allowed_countries"] = []
    rules = Rules(policy_of(config))
    before = [BY_ID[PARTS[part]] for part in case["input"].get("preceded_by_parts", [])]
    for number, part in enumerate([*before, case]):
        events = logins(part)
        if not number:
            rules.know("ana", events[0].time - age * DAY)
        told = [alert for event in events for alert in rules.alerts(event)]
    return told, rules


def expected(case: Mapping[str, Any]) -> List[Dict[str, Any]]:
    """What is right: what BuffaLogs did, with its defects mended."""
    right = case["expected"]
    if case["id"] == NEW_INDEX:
        kinds = ("New Country", "Imp Travel")
        return [{"type": kind, "login_id": "2"} for kind in kinds] + [{"type": "User Risk Threshold", "login_id": "2"}]
    alerts = right.get("recommended_alerts", right["alerts"])
    rows = [dict(row) if isinstance(row, dict) else {"login_id": row[0], "type": row[1]} for row in alerts]
    for row in rows:
        if "recommended_login_5" in right and (row["type"], row["login_id"]) == ("Imp Travel", 5):
            row.update(right["recommended_login_5"])
    return rows


@pytest.mark.parametrize("case", of("login_sequence_alerts"))
def test_rules_alert_as_buffalogs_did_or_should_have(case: Dict[str, Any]) -> None:
    told, rules = run(case)
    wanted = expected(case)
    key = [(str(row["login_id"]), row["type"]) for row in wanted]
    assert sorted((alert.event_id, alert.type) for alert in told) == sorted(key)
    assert list(dict.fromkeys(alert.event_id for alert in told)) == list(dict.fromkeys(one for one, _ in key))
    for row in wanted:
        alert = next(one for one in told if (one.event_id, one.type) == (str(row["login_id"]), row["type"]))
        assert set(alert.filtered_by) == filters_of(row.get("filters", []))
        assert "start_country" not in row or alert.start == country(row["start_country"])
        assert "avg_speed" not in row or alert.speed_kmh == pytest.approx(row["avg_speed"], rel=SPEED)
        assert "desc" not in row or alert.change == row["desc"].replace("No risk", "none").replace("->", "to").lower()
    if "risk" in case["expected"]:
        assert rules.levels.level("ana") == case["expected"]["risk"].lower()


def test_scorer_finds_the_same_of_somebody_who_is_known() -> None:
    """A month of life at the first login's place; then the sequence, all of it within an hour."""
    case = BY_ID[PARTS[1]]
    first, *others = logins(case)
    scorer = model()
    home = first._replace(ip="203.0.113.37", subnet="203.0.113.0/24", asn=64510, as_org="Home", network="residential")
    for day in range(30, 0, -1):
        scorer.process(home._replace(time=first.time - day * DAY, id=f"home {day}"))
    scorer.process(home)
    found = {}
    for number, login in enumerate(others):
        away = {"asn": 64900 + number, "as_org": f"Net {number}", "subnet": f"192.0.{number}.0/24"}
        found[login.id] = set(names(scorer.process(login._replace(**away))))
    assert {"new_device", "new_country", "impossible_travel"} <= found["2"]
    assert {"anonymous_network", "new_country", "impossible_travel"} <= found["3"]
    assert {"new_country", "impossible_travel"} <= found["4"]


def test_first_address_of_all_may_be_anonymous_for_the_scorer_too() -> None:
    (login,) = logins(BY_ID["buffalogs-f09e8e"])
    assert "anonymous_network" in names(model().process(login))
