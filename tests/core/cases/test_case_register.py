"""No case of a predecessor is skipped in silence: each kind runs in a test file, or waits for a named issue."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Dict

HERE = Path(__file__).parent
CASES = json.loads((HERE.parents[1] / "data" / "predecessor_cases.json").read_text(encoding="utf-8"))

RUN: Dict[str, str] = {  # kind -> the file that runs its cases
    "impossible_travel_decision": "test_model_cases.py",
    "new_country": "test_model_cases.py",
    "atypical_country": "test_model_cases.py",
    "new_device": "test_model_cases.py",
    "geo_unit_vector": "test_model_cases.py",
    "device_fingerprint": "test_device_cases.py",
    "user_agent_version_stripping": "test_device_cases.py",
    "ecs_normalisation": "test_fields_cases.py",
    "username_normalisation": "test_fields_cases.py",
    "preprocess": "test_fields_cases.py",
    "alert_filters": "test_filter_cases.py",
    "alert_type_catalogue": "test_filter_cases.py",
    "config_defaults": "test_filter_cases.py",
    "config_validation": "test_filter_cases.py",
    "impossible_travel_country_filters": "test_filter_cases.py",
    "risk_level_of_alert_count": "test_filter_cases.py",
    "risk_range_query": "test_filter_cases.py",
    "risk_transition_sequence": "test_filter_cases.py",
    "user_list_match": "test_filter_cases.py",
    "user_risk_threshold_alert": "test_filter_cases.py",
    "vip_flag": "test_filter_cases.py",
    "login_sequence_alerts": "test_sequence_cases.py",
    "batch_vs_sequential": "test_profile_cases.py",
    "exponential_decay_analyzer": "test_profile_cases.py",
    "feature_count_update": "test_profile_cases.py",
    "message_get": "test_profile_cases.py",
    "message_keys": "test_profile_cases.py",
    "readme_end_to_end": "test_profile_cases.py",
    "reporter_score": "test_profile_cases.py",
    "isolation_blind_spot": "test_forest_cases.py",
    "isolation_decision": "test_forest_cases.py",
}
SURFACES = "the dashboards, the services and the responder"
WAITING: Dict[str, str] = {  # kind -> what it waits for
    "alerts_timeline_aggregation": SURFACES,
    "batching": SURFACES,
    "business_hours": SURFACES,
    "command_parsing": SURFACES,
    "conversation_fsm": SURFACES,
    "escalation_deadline": SURFACES,
    "fsm_engine": SURFACES,
    "geo_distribution_api": SURFACES,
    "ignore_command": SURFACES,
    "index_label": SURFACES,
    "notification_window_lag": SURFACES,
    "risk_pie_aggregation": SURFACES,
    "task_routing": SURFACES,
    "valid_user": SURFACES,
    "world_map_aggregation": SURFACES,
}


def test_every_kind_runs_or_waits_and_none_does_both() -> None:
    kinds = {case["kind"] for case in CASES}
    assert set(RUN) | set(WAITING) == kinds, "run the new kind, or say what it waits for; strike out one that is gone"
    assert not set(RUN) & set(WAITING)


def test_every_kind_that_runs_is_run_by_its_file() -> None:
    for kind, name in RUN.items():
        text = (HERE / name).read_text(encoding="utf-8")
        assert re.search(rf'of(_kind)?\("{kind}"\)', text), f"{name} does not run {kind}"


def test_every_case_says_what_it_needs_to() -> None:
    assert len({case["id"] for case in CASES}) == len(CASES)
    for case in CASES:
        assert {"id", "project", "kind", "input", "expected", "adopt"} <= set(case), case["id"]
