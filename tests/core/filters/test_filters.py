"""Filters in the scorer: the reasons stay on the finding, and what is set aside counts for nothing at all."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any, Dict, List, Tuple

import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))
from builders import (
    FAR,
    HOME,
    LAPTOP,
    OFFICE,
    PHONE,
    STRANGE,
    VPN,
    company,
    live,
    model,
    policy,
    profile_of,
    reloaded,
    settled,
    signin,
    sum_of_parts,
)  # fmt: skip
from busybody import contracts
from busybody.policy import Policy
from busybody.scorer import Scorer
from busybody.signin import Assessment, SignIn
from busybody.stream.render import renderer

ODD = signin(30, 9, **FAR, **STRANGE, flags=("threat", "anonymous"))


def lived(**sections: Any) -> Scorer:
    scorer = model(policy(**sections))
    company(scorer)
    live(scorer)
    return scorer


def reasons(assessment: Assessment) -> Dict[str, Tuple[str, ...]]:
    return {found.detector: found.filtered_by for found in assessment.findings}


WHOLE = [
    ({"people": {"ignored": ["ANA"]}}, "people.ignored"),
    ({"people": {"enabled": ["/colleague.*/"]}}, "people.enabled"),
    ({"filters": {"alert_is_vip_only": True}, "people": {"vip": ["boss"]}}, "filters.alert_is_vip_only"),
    ({"filters": {"user_learning_period": 90}}, "filters.user_learning_period"),
    ({"filters": {"ignored_ips": ["198.19.0.0/16"]}}, "filters.ignored_ips"),
    ({"filters": {"allowed_countries": ["Japan"]}}, "filters.allowed_countries"),
    ({"filters": {"ignored_ISPs": ["yuki NET"]}}, "filters.ignored_ISPs"),
]


@pytest.mark.parametrize(("sections", "reason"), WHOLE, ids=[reason for _, reason in WHOLE])
def test_what_is_filtered_whole_counts_for_no_risk_no_alert_and_no_incident(sections: Any, reason: str) -> None:
    plain, scorer = lived(), lived(**sections)
    before, after = plain.process(ODD), scorer.process(ODD)
    everyday = scorer.score(signin(30, 9.5, **HOME, **LAPTOP)).risk
    assert before.risk > 40.0
    assert after.risk == everyday
    assert not after.alert
    assert set(reasons(after).values()) == {(reason,)}
    assert after.log_odds == before.log_odds == pytest.approx(sum_of_parts(after), abs=0)
    settled(plain, ODD.time)
    settled(scorer, ODD.time)
    assert profile_of(plain).incidents
    assert not profile_of(scorer).incidents


def test_all_filters_that_apply_are_recorded() -> None:
    scorer = lived(
        people={"ignored": ["ana"]}, filters={"allowed_countries": ["JP"], "filtered_alerts_types": ["new_device"]}
    )
    found = reasons(scorer.score(ODD))
    assert found["new_device"] == ("people.ignored", "filters.allowed_countries", "filters.filtered_alerts_types")
    assert found["new_country"] == ("people.ignored", "filters.allowed_countries")


def test_with_only_vips_alerting_the_other_lists_are_not_asked() -> None:
    scorer = lived(filters={"alert_is_vip_only": True}, people={"vip": ["ana"], "ignored": ["ana"]})
    assert set(reasons(scorer.score(ODD)).values()) == {()}


def test_filtered_type_leaves_the_other_findings_and_their_risk() -> None:
    odd = signin(30, 9, **OFFICE, **PHONE)
    everything, some = lived().score(odd), lived(filters={"filtered_alerts_types": ["new_device"]}).score(odd)
    marked = [name for name, filtered in reasons(some).items() if filtered]
    assert marked == ["new_device"]
    assert some.log_odds == everything.log_odds
    assert 10.0 < some.risk < everything.risk


def test_mobile_sign_in_is_set_aside_and_a_desktop_is_not() -> None:
    scorer = lived(filters={"ignore_mobile_logins": True})
    mobile, desktop = (scorer.score(signin(30, 9, **FAR, **device)) for device in (PHONE, STRANGE))
    assert set(reasons(mobile).values()) == {("filters.ignore_mobile_logins",)}
    assert set(reasons(desktop).values()) == {()}


@pytest.mark.parametrize(
    ("rule", "is_set_aside"),
    [
        ({"ignored_impossible_travel_all_same_country": True}, False),
        ({"ignored_impossible_travel_countries_couples": [["Japan", "Portugal"]]}, True),
        ({"ignored_impossible_travel_countries_couples": [["PT", "PT"]]}, False),
    ],
)
def test_only_travel_between_the_named_countries_is_set_aside(rule: Dict[str, Any], is_set_aside: bool) -> None:
    scorer = lived(filters=rule)
    scorer.process(signin(30, 8, **HOME, **LAPTOP))
    found = reasons(scorer.process(signin(30, 9, **FAR, **LAPTOP)))
    assert bool(found["impossible_travel"]) == is_set_aside
    assert not found["new_country"]


def test_service_account_may_travel_at_any_hour_but_not_change_its_network() -> None:
    scorer = lived(people={"service": ["/an.*/"]})
    scorer.process(signin(30, 8, **HOME, **LAPTOP))
    found = reasons(scorer.process(signin(30, 9, **FAR, **LAPTOP)))
    assert found["impossible_travel"] == ("people.service",)
    assert found["unusual_network"] == ()
    assert reasons(scorer.process(signin(31, 3, **HOME, **LAPTOP)))["unusual_hour"] == ("people.service",)


def test_minimum_risk_holds_the_alert_back_but_lets_the_person_rise_to_it() -> None:
    sections = {"alerts": {"threshold": 30}, "filters": {"alert_minimum_risk_score": "critical"}}
    scorer = lived(**sections)
    odd = signin(30, 9, **OFFICE, **PHONE)
    first = scorer.process(odd)
    assert not first.alert
    assert 40.0 <= first.risk < 90.0
    assert set(reasons(first).values()) == {("filters.alert_minimum_risk_score",)}
    settled(scorer, odd.time)
    assert profile_of(scorer).incidents  # it counts, or nobody would ever rise
    assert lived(alerts={"threshold": 30}).score(odd).alert


def test_leaver_alerts_by_signing_in_however_usual_it_is() -> None:
    scorer = lived()
    scorer = reloaded(scorer)
    gone = Scorer(policy(people={"leavers": ["/ANA/"]}), scorer.people._store)
    event = signin(30, 8, **HOME, **LAPTOP)
    assert not scorer.score(event).findings
    assessment = gone.process(event)
    assert assessment.alert
    assert assessment.level == "critical"
    assert gone.describe(event, assessment).partition(" Before:")[0].endswith(": the account is of somebody who left.")
    assert not gone.score(event._replace(outcome="failure", id="x")).findings
    settled(gone, event.time)
    assert [row["risk"] for row in profile_of(gone).incidents] == [assessment.risk]


def test_leaver_is_known_after_a_restart_though_the_window_keeps_no_name() -> None:
    scorer = model(policy(people={"leavers": ["ana"]}))
    company(scorer)
    scorer.process(signin(30, 8, **HOME, **LAPTOP))
    again = settled(reloaded(scorer), signin(30, 8).time)
    assert [round(row["risk"]) for row in profile_of(again).incidents] == [100]


def test_habitual_sign_in_is_not_asked_about_any_filter() -> None:
    scorer = lived(filters={"allowed_countries": ["PT"]}, people={"ignored": ["x"]})
    assessment = scorer.process(signin(30, 8, **HOME, **LAPTOP))
    assert assessment.habitual
    assert assessment.lists == ()


# Outputs -----------------------------------------------------------------------------------------------------


def outputs(scorer: Scorer, event: SignIn, assessment: Assessment) -> Dict[str, str]:
    kinds = ("jsonl", "ecs", "splunk", "csv", "table")
    return {kind: renderer(kind, scorer.describe, 200).signin(event, assessment, "") for kind in kinds}


def test_every_output_keeps_the_reason_or_leaves_the_finding_out() -> None:
    scorer = lived(filters={"filtered_alerts_types": ["new_device"]}, people={"vip": ["ana"]})
    assessment = scorer.score(ODD)
    shown = outputs(scorer, ODD, assessment)
    for found in (json.loads(shown["jsonl"])["findings"], json.loads(shown["ecs"])["busybody"]["findings"]):
        assert [row["filtered_by"] for row in found if row["detector"] == "new_device"] == [
            ["filters.filtered_alerts_types"]
        ]
    assert json.loads(shown["jsonl"])["lists"] == ["people.vip"]
    for text in (shown["table"], shown["csv"], json.loads(shown["splunk"])["busy_sentence"]):
        assert "Firefox" not in text


def test_sentence_of_what_is_set_aside_whole_says_by_what() -> None:
    scorer = lived(people={"ignored": ["ana"]})
    told = scorer.describe(ODD, scorer.score(ODD))
    assert told.startswith("Risk 0, set aside by people.ignored: never used before: residential network Yuki Net")


def test_csv_and_splunk_name_the_filter_beside_the_detector() -> None:
    scorer = lived(filters={"filtered_alerts_types": ["new_device"]})
    shown = outputs(scorer, ODD, scorer.score(ODD))
    assert "new_device [filters.filtered_alerts_types]" in shown["csv"]
    row = json.loads(shown["splunk"])
    assert row["busy_filtered_by"] == ["filters.filtered_alerts_types"]
    assert "new_device" not in row["busy_findings"]


def test_techniques_are_those_of_what_counts() -> None:
    silent = lived(people={"ignored": ["ana"]}).score(ODD)
    assert contracts.techniques_of(silent) == []
    assert contracts.techniques_of(lived().score(ODD))


def test_stream_order_does_not_change_what_a_filter_does() -> None:
    """Two sign-ins within the lateness bound, in either order, one of them filtered: the same is learned."""
    rules = policy(filters={"allowed_countries": ["CH"]})
    events: List[SignIn] = [signin(30, 9, **VPN, **STRANGE), signin(30, 9.2, **FAR, **STRANGE)]
    states = []
    for order in (events, events[::-1]):
        scorer = model(rules)
        company(scorer)
        live(scorer)
        for event in order:
            scorer.process(event)
        settled(scorer, events[-1].time)
        states.append([(row["opening"], row["risk"]) for row in profile_of(scorer).incidents])
    assert states[0] == states[1] != []


def test_default_policy_sets_nothing_aside() -> None:
    assert set(reasons(model(Policy.default()).score(ODD)).values()) <= {()}
