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
}
DETECTION = "Detection that earns its place"
SURFACES = "the dashboards, the services and the responder"
WAITING: Dict[str, str] = {  # kind -> what it waits for
    "alert_filters": DETECTION,
    "alert_type_catalogue": DETECTION,
    "batch_vs_sequential": DETECTION,
    "config_defaults": DETECTION,
    "config_validation": DETECTION,
    "exponential_decay_analyzer": DETECTION,
    "feature_count_update": DETECTION,
    "impossible_travel_country_filters": DETECTION,
    "isolation_blind_spot": DETECTION,
    "isolation_decision": DETECTION,
    "login_sequence_alerts": DETECTION,
    "readme_end_to_end": DETECTION,
    "reporter_score": DETECTION,
    "risk_level_of_alert_count": DETECTION,
    "risk_range_query": DETECTION,
    "risk_transition_sequence": DETECTION,
    "user_list_match": DETECTION,
    "user_risk_threshold_alert": DETECTION,
    "vip_flag": DETECTION,
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
    "message_get": SURFACES,
    "message_keys": SURFACES,
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
