"""Counted levels beside the risk: what is counted, what is not, and when it is told."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
from builders import DAY, FAR, HOME, LAPTOP, START, STRANGE, company, live, model, policy, signin
from busybody.filters.levels import Levels, Rise
from busybody.filters.rules import Rules
from busybody.signin import SignIn


def test_assessments_are_counted_by_their_findings() -> None:
    rules = policy(levels={"threshold_user_risk_alert": "low"})
    scorer, levels = model(rules), Levels(rules)
    company(scorer)
    live(scorer)
    event = signin(30, 9, **FAR, **STRANGE)
    assert levels.take(scorer.process(signin(30, 8, **HOME, **LAPTOP))) is None
    assert levels.take(scorer.process(event)) == Rise("ana", event.id, "none", "low")
    assert (levels.level("ana"), levels.level("nobody")) == ("low", "none")


def test_filtered_findings_are_not_counted_unless_only_the_minimum_filters_them() -> None:
    odd = signin(30, 9, **FAR, **STRANGE)
    for filters, number in (({"allowed_countries": ["JP"]}, 0), ({"alert_minimum_risk_score": "critical"}, 1)):
        rules = policy(
            filters=filters, levels={"risk_score_increment_alerts": ["new_country"]}, alerts={"threshold": 1}
        )
        scorer, levels = model(rules), Levels(rules)
        company(scorer)
        live(scorer)
        levels.take(scorer.score(odd))
        assert levels.number("ana") == number


def test_old_alerts_are_counted_no_more_and_the_level_falls_in_silence() -> None:
    levels = Levels(policy(levels={"alert_max_days": 10}))
    for day in range(4):
        rise = levels.add("ana", str(day), START + day * DAY, ["new_country"])
    assert rise == Rise("ana", "3", "low", "medium")
    assert levels.add("ana", "late", START + 20 * DAY, ["new_country"]) is None
    assert levels.level("ana") == "low"


# BuffaLogs' rules, where theirs were defects ------------------------------------------------------------------


def at_home(day: float, hour: float = 9.0, **fields: object) -> SignIn:
    return signin(day, hour, **{**HOME, **LAPTOP, **fields})


def kinds(rules: Rules, event: SignIn) -> list[str]:
    return [alert.type for alert in rules.alerts(event) if alert.type != "User Risk Threshold"]


def test_known_address_is_checked_for_travel_again() -> None:
    rules = Rules(policy())
    for hour, place in ((8.0, HOME), (9.0, FAR), (10.0, HOME)):
        told = kinds(rules, signin(1, hour, **place, **LAPTOP))
    assert told == ["Imp Travel"]


def test_late_event_is_compared_with_what_came_before_it_and_moves_nobody() -> None:
    rules = Rules(policy())
    kinds(rules, at_home(1, 8))
    kinds(rules, at_home(3, 8))
    assert kinds(rules, signin(2, 20, **FAR, **LAPTOP)) == ["New Country"]
    assert kinds(rules, at_home(3, 9)) == []


def test_stale_account_is_real_and_every_case_of_a_country_is_one() -> None:
    rules = Rules(policy())
    kinds(rules, at_home(1))
    assert kinds(rules, at_home(61)) == ["Atypical Country", "Stale account"]


def test_place_at_the_equator_and_the_meridian_is_a_place() -> None:
    rules = Rules(policy())
    kinds(rules, at_home(1, 8, lat=0.0, lon=0.0))
    assert kinds(rules, at_home(1, 9, lat=0.0, lon=40.0)) == ["Imp Travel"]
