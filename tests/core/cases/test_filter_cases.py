"""BuffaLogs' filters, lists, configuration and counted levels. A case with "adopt": false is a defect: ours does better."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, Dict, List

import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.insert(0, str(Path(__file__).parent))
from buffalogs import filters_of, of, policy_of, told
from builders import DAY, FAR, HOME, LAPTOP, START, STRANGE, company, live, model, policy, signin
from busybody.devices import parse
from busybody.errors import PolicyError
from busybody.fields.values import country
from busybody.filters.filters import Filters
from busybody.filters.levels import Levels, between, is_rise, level_named, level_of
from busybody.filters.rules import Rules
from busybody.policy import Policy
from busybody.policy.old_buffalogs import RULES, TYPES
from busybody.policy.schema import catalogue_weights
from busybody.watch import Watch


def reasons(rules: Policy, alert: Dict[str, Any], age_days: float) -> Any:
    """What sets aside an alert of somebody of that age and counted level."""
    event = signin(
        time=START, user=alert.get("user", "somebody"), ip=alert.get("ip"), country=country(alert.get("country")),
        as_org=alert.get("organization"), device=parse(alert.get("agent", "")).fingerprint,
    )  # fmt: skip
    detector, first = TYPES[alert.get("type", "New Device")], START - age_days * DAY
    found = Filters(rules).reasons(detector, event, first, Watch(rules).lists(event.user), country(alert.get("start")))
    return told((*found, *Rules(rules).below(level_named(alert.get("user_risk", "High")))))


@pytest.mark.parametrize("case", of("alert_filters"))
def test_alert_is_filtered_where_buffalogs_filtered_it(case: Dict[str, Any]) -> None:
    config = {} if isinstance(case["input"]["config"], str) else dict(case["input"]["config"])
    age = config.pop("user_age_days", 45)
    for alert, expected in zip(case["input"]["alerts"], case["expected"]["filters"]):
        found = reasons(policy_of(config), alert, alert.get("user_age_days", age))
        assert found == (filters_of(expected) if case["adopt"] else {"filters.ignored_ips"})


@pytest.mark.parametrize("case", of("impossible_travel_country_filters"))
def test_travel_is_filtered_where_buffalogs_filtered_it(case: Dict[str, Any]) -> None:
    config = dict(case["input"]["config"])
    couples = {"ignored_impossible_travel_countries_couples": config.pop("couples", [])}
    alert = {"type": "Imp Travel", "country": case["input"]["country"], "start": case["input"]["start_country"]}
    assert reasons(policy_of({**config, **couples}), alert, 45) == filters_of(case["expected"]["filters"])


@pytest.mark.parametrize("case", of("user_list_match"))
def test_entry_of_a_list_matches_the_whole_name_in_any_case(case: Dict[str, Any]) -> None:
    rules = policy_of({"ignored_users": [case["input"]["pattern"]]})
    expected = case["expected"]
    right = expected["match"] if case["adopt"] else expected.get("recommended_match", not expected["match"])
    assert rules.people.ignored.matches(case["input"]["user"]) == right


@pytest.mark.parametrize("case", of("config_defaults"))
def test_each_field_has_a_key_and_an_empty_configuration_is_buffalogs_as_it_comes(case: Dict[str, Any]) -> None:
    assert {field: rule.default for field, rule in RULES.items()} == case["expected"]
    assert policy_of({}) == policy_of({**case["expected"], "filtered_alerts_types": ["New Device"]})


@pytest.mark.parametrize("case", of("alert_type_catalogue"))
def test_each_alert_type_is_a_detector_and_the_stale_account_is_real(case: Dict[str, Any]) -> None:
    assert set(case["expected"]["types"]) - {"User Risk Threshold"} < set(TYPES)
    assert set(TYPES.values()) <= set(catalogue_weights())
    assert TYPES["Stale account"] == "dormant_account"


FIELDS = {
    "country_couples": "ignored_impossible_travel_countries_couples",
    "ip_or_network_list": "ignored_ips",
    "country_list": "allowed_countries",
    "string_or_regex_list": "ignored_users",
}


@pytest.mark.parametrize("case", of("config_validation"))
def test_value_is_refused_where_buffalogs_refused_it(case: Dict[str, Any]) -> None:
    validator, value = case["input"]["validator"], case["input"]["value"]
    try:
        if validator == "risk_score_query":
            level_named(value)
        else:
            key, rule = RULES[FIELDS[validator]].key or "", RULES[FIELDS[validator]]
            Policy.from_mapping({key: rule.convert(value)})
        valid = True
    except PolicyError:
        valid = False
    assert valid == case["expected"]["valid"]


# Counted levels ----------------------------------------------------------------------------------------------


def named(level: str) -> str:
    return {"none": "No risk"}.get(level, level.capitalize())


@pytest.mark.parametrize("case", of("risk_level_of_alert_count"))
def test_level_of_a_number_of_alerts(case: Dict[str, Any]) -> None:
    assert named(level_of(case["input"]["alerts_counted"])) == case["expected"]["risk"]


@pytest.mark.parametrize("case", of("user_risk_threshold_alert"))
def test_only_a_rise_to_the_threshold_is_an_alert(case: Dict[str, Any]) -> None:
    before, now, threshold = (
        level_named(case["input"][key]) for key in ("current", "new", "threshold_user_risk_alert")
    )
    assert is_rise(before, now, threshold) == case["expected"]["alert"]


@pytest.mark.parametrize("case", of("risk_range_query"))
def test_range_of_levels_has_both_its_ends(case: Dict[str, Any]) -> None:
    least, most = (None if case["input"][key] == "None" else case["input"][key] for key in ("min", "max"))
    expected = set(case["expected"]["levels"]) | (set() if case["adopt"] else {"High"})
    assert {named(level) for level in between(least, most)} == expected


def counting(increments: List[str]) -> Policy:
    return policy(
        levels={
            "threshold_user_risk_alert": "none",
            "risk_score_increment_alerts": [TYPES[name] for name in increments],
        }
    )


def test_level_is_counted_anew_at_each_alert_and_may_fall_in_silence() -> None:
    first, second = (case.values[0] for case in of("risk_transition_sequence"))
    given, expected = first["input"], first["expected"]["after_each_evaluation"]
    levels, seen = Levels(counting(given["increments"])), []
    for what, *rest in given["steps"]:
        if what == "config":
            levels.rule = counting(rest[1]).levels
            continue
        for _ in range(3 if what == "alerts_x3" else 1):
            before, rise = levels.level("ana"), levels.add("ana", "e", START, [TYPES[rest[0]]])
        seen.append((named(levels.level("ana")), None if rise is None else f"{named(before)}->{named(rise.level)}"))
    assert seen == [(level, told and told.partition(": ")[2]) for level, told in expected]
    levels.rule = counting(second["input"]["risk_score_increment_alerts"]).levels
    rises = [levels.add("ana", "e", START, ["impossible_travel"]) for _ in range(4)]
    assert levels.level("ana") == "high"
    assert [rise and f"{named(rise.before)}->{named(rise.level)}" for rise in rises] == [
        "Medium->High",
        None,
        None,
        None,
    ]


@pytest.mark.parametrize("case", of("vip_flag"))
def test_assessment_of_a_vip_says_so(case: Dict[str, Any]) -> None:
    boss = case["input"]["alert_for"]
    scorer = model(policy_of({"vip_users": case["input"]["vip_users"]}))
    company(scorer)
    live(scorer, user=boss)
    assert scorer.score(signin(30, **FAR, **STRANGE, user=boss)).lists == ("people.vip",)
    assert scorer.score(signin(30, **{**HOME, **LAPTOP, **FAR}, user="colleague1")).lists == ()
