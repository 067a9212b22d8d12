"""The cases of BuffaLogs in our words: its configuration as a policy, its filters by our keys, its logins as records."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Dict, List, Mapping, Set

import pytest
from busybody.policy import Policy
from busybody.policy.json_text import Document
from busybody.policy.old_buffalogs import converted

CASES: List[Dict[str, Any]] = json.loads(
    (Path(__file__).parents[2] / "data" / "predecessor_cases.json").read_text(encoding="utf-8")
)
FILTERS = {  # what BuffaLogs writes beside an alert -> what we write beside a finding
    "is_vip_filter": "filters.alert_is_vip_only",
    "alert_minimum_risk_score filter": "filters.alert_minimum_risk_score",
    "user_learning_period": "filters.user_learning_period",
    "ignored_ips filter": "filters.ignored_ips",
    "allowed_countries filter": "filters.allowed_countries",
    "ignored_ISPs filter": "filters.ignored_ISPs",
    "ignore_mobile_logins filter": "filters.ignore_mobile_logins",
    "filtered_alerts_types filter": "filters.filtered_alerts_types",
    "ignored_all_same_country": "filters.ignored_impossible_travel_all_same_country",
    "ignored_country_couple": "filters.ignored_impossible_travel_countries_couples",
}
USERS = {"people.ignored", "people.enabled"}  # both are "ignored_users filter" there


def of(kind: str) -> List[Any]:
    return [pytest.param(case, id=case["id"]) for case in CASES if case["kind"] == kind]


def policy_of(config: Mapping[str, Any]) -> Policy:
    """The policy that `busybody policy import` makes of a BuffaLogs configuration."""
    imported = converted(Document(config, {}))
    lost = {note.path[0] for note in imported.notes if "not carried over" in note.text}
    assert lost <= {"user_max_days", "ip_max_days"}, imported.notes
    return Policy.from_mapping(imported.policy)


def filters_of(names: List[str]) -> Set[str]:
    return {"ignored_users filter" if name == "ignored_users filter" else FILTERS[name] for name in names}


def told(reasons: Any) -> Set[str]:
    """Our reasons, with the two lists of people as one."""
    return {"ignored_users filter" if reason in USERS else reason for reason in reasons}
