"""Incidents: one per person and cause, sticky for what was not trusted before, one alert each."""

from __future__ import annotations

import re
from typing import Any, Dict

import pytest
from builders import (
    FAR,
    HOME,
    HOSTING,
    LAPTOP,
    PHONE,
    STRANGE,
    TOR,
    at,
    company,
    live,
    model,
    names,
    policy,
    profile_of,
    reloaded,
    settled,
    signin,
)  # fmt: skip
from busybody.policy import Policy
from busybody.profile import incidents
from busybody.risk import person_risk
from busybody.scorer import Scorer

ODD: Dict[str, Any] = {**FAR, **STRANGE}
HOURS = Policy.default().learning.incident_hours


@pytest.fixture
def lived() -> Scorer:
    scorer = model()
    company(scorer, people=6)
    live(scorer, 30)
    return settled(scorer, at(29, 20))


def test_incident_sticks_to_its_untrusted_network_and_device_for_three_days(lived: Scorer) -> None:
    opening = lived.process(signin(30, 9, **ODD))
    settled(lived, at(30, 9))
    for fields in ({**FAR, **LAPTOP}, {**FAR, **PHONE}, {**HOSTING, **STRANGE}):
        soon = lived.score(signin(30, 9 + HOURS - 1, **fields))
        late = lived.score(signin(30, 9 + HOURS + 1, **fields))
        assert soon.incident == opening.incident, fields
        assert soon.risk >= opening.risk - 1e-9
        assert late.incident != opening.incident


def test_new_device_that_comes_home_to_a_trusted_network_belongs_to_the_incident_no_more(lived: Scorer) -> None:
    opening = lived.process(signin(30, 9, **ODD))
    settled(lived, at(30, 9))
    home = lived.score(signin(30, 12, **HOME, **STRANGE))
    assert home.incident != opening.incident
    assert home.log_odds < opening.log_odds


def test_incident_holds_at_once_before_anything_settles(lived: Scorer) -> None:
    opening = lived.process(signin(30, 9, **ODD))
    again = lived.score(signin(30, 9.1, **FAR, **LAPTOP))
    assert again.incident == opening.incident is not None
    assert again.risk >= opening.risk - 1e-9


def test_incident_holds_across_the_store(lived: Scorer) -> None:
    opening = lived.process(signin(30, 9, **ODD))
    assert reloaded(lived).score(signin(30, 9.1, **FAR, **LAPTOP)).incident == opening.incident


def test_attacker_on_the_victims_own_network_does_not_taint_the_victim(lived: Scorer) -> None:
    opening = lived.process(signin(30, 9, **HOME, **STRANGE, flags=("threat",)))
    assert opening.incident is not None
    settled(lived, at(30, 9))
    for hour in (13, 32, 37):
        everyday = lived.score(signin(30, hour, **HOME, **LAPTOP))
        assert "open_incident" not in names(everyday)
        assert everyday.incident is None
    assert lived.score(signin(30, 32, **HOME, **LAPTOP)).level == "none"


def test_attacker_with_the_victims_own_kind_of_device_does_not_taint_the_victim(lived: Scorer) -> None:
    lived.process(signin(30, 9, **FAR, **LAPTOP, flags=("threat",)))
    settled(lived, at(30, 9))
    assert lived.score(signin(30, 13, **HOME, **LAPTOP)).incident is None


def test_country_alone_ties_nothing(lived: Scorer) -> None:
    opening = lived.process(signin(30, 9, **ODD))
    settled(lived, at(30, 9))
    elsewhere = {**FAR, "asn": 65077, "subnet": "10.77.0.0/24", "ip": "10.77.0.1", "as_org": "Another Net"}
    assert lived.score(signin(30, 20, **elsewhere, **PHONE)).incident != opening.incident


def test_one_identifier_across_repeated_sign_ins(lived: Scorer) -> None:
    said = [lived.process(signin(30 + number / 4.0, 9, **ODD)).incident for number in range(8)]
    settled(lived, at(32, 9))
    assert len(set(said)) == 1
    assert said[0] is not None
    rows = profile_of(lived).incidents
    assert [(row["id"], row["count"]) for row in rows] == [(said[0], 8)]
    assert re.fullmatch(r"[0-9a-f]{16}", said[0])


def test_identifier_is_the_same_on_every_surface() -> None:
    said = set()
    for short_path in (True, False):
        scorer = model(short_path=short_path)
        company(scorer, people=6)
        live(scorer, 30)
        said.add(scorer.process(signin(30, 9, **ODD)).incident)
    assert len(said) == 1


def test_incident_grows_and_keeps_its_oddest_sign_in(lived: Scorer) -> None:
    first = lived.process(signin(30, 9, id="first", **ODD))
    worst = lived.process(signin(30, 12, id="worst", **ODD, flags=("threat",)))
    lived.process(signin(30, 15, id="third", **ODD))
    assert worst.log_odds > first.log_odds
    settled(lived, at(30, 15))
    row = profile_of(lived).incidents[0]
    assert (row["opening"], row["event"], row["count"], row["opened"], row["last"]) == (
        "first",
        "worst",
        3,
        at(30, 9),
        at(30, 15),
    )
    assert row["log_odds"] == pytest.approx(worst.log_odds, abs=1e-9)
    assert row["sentence"].startswith("Risk ")


def test_two_causes_are_two_incidents(lived: Scorer) -> None:
    one = lived.process(signin(30, 9, **ODD))
    other = lived.process(signin(31, 9, **TOR, device="android-mobile-chrome"))
    assert one.incident != other.incident


def test_failure_opens_no_incident(lived: Scorer) -> None:
    assessment = lived.process(signin(30, 9, **TOR, **STRANGE, outcome="failure"))
    settled(lived, at(30, 9))
    assert assessment.incident is None
    assert profile_of(lived).incidents == []


def test_number_of_incidents_is_bounded_and_the_oldest_goes_first(lived: Scorer) -> None:
    for number in range(3 * incidents.BOUND):
        place = {**TOR, "asn": 65100 + number, "subnet": f"10.1.{number}.0/24", "ip": f"10.1.{number}.1"}
        lived.process(signin(30 + number, 9, **place, device=f"gadget-{number}"))
    settled(lived, at(30 + 3 * incidents.BOUND))
    rows = profile_of(lived).incidents
    assert len(rows) == incidents.BOUND
    assert [row["last"] for row in rows] == sorted(row["last"] for row in rows)


def test_confirmed_incident_is_not_pushed_out_by_newer_ones(lived: Scorer) -> None:
    from busybody.verdict import Verdict

    event = signin(30, 9, **ODD)
    lived.process(event)
    settled(lived, event.time)
    lived.feedback(Verdict("ana", event.id, "malicious", event.time))
    for number in range(3 * incidents.BOUND):
        place = {**TOR, "asn": 65100 + number, "subnet": f"10.1.{number}.0/24", "ip": f"10.1.{number}.1"}
        lived.process(signin(31 + number, 9, **place, device=f"gadget-{number}"))
    settled(lived, at(31 + 3 * incidents.BOUND))
    assert person_risk(profile_of(lived).incidents, at(60)) == 100.0


def test_open_incident_expires_after_a_month(lived: Scorer) -> None:
    lived.process(signin(30, 9, **ODD))
    for day in range(31, 31 + incidents.HIGH_KEPT_DAYS + 9):
        lived.process(signin(day, 9, **HOME, **LAPTOP))
    settled(lived, at(80))
    assert profile_of(lived).incidents == []


def test_sticky_hours_follow_the_policy() -> None:
    scorer = model(policy(learning={"incident_hours": 5}))
    company(scorer, people=6)
    live(scorer, 30)
    opening = scorer.process(signin(30, 9, **ODD))
    settled(scorer, at(30, 9))
    assert scorer.score(signin(30, 13, **ODD)).incident == opening.incident
    assert scorer.score(signin(30, 15, **ODD)).incident != opening.incident


def test_repetitions_of_an_incident_do_not_make_it_ordinary_here(lived: Scorer) -> None:
    """An open incident's repetitions stay out of the calibration: a noisy attacker must not raise the bar for himself."""
    lived.process(signin(30, 9, **ODD))
    settled(lived, at(31))
    before = sum(lived.organisation.scores.values())
    for hour in range(30, 58):
        lived.process(signin(30, hour, **ODD))
    settled(lived, at(33))
    assert sum(lived.organisation.scores.values()) == before


def test_every_alert_carries_its_incident_so_that_one_can_be_sent_for_each() -> None:
    scorer = model()
    company(scorer)
    live(scorer, 30)
    alerts = []
    for number in range(12):
        alerts.append(scorer.process(signin(30 + number / 6.0, 9, **ODD, flags=("threat",))))
    assert all(assessment.alert for assessment in alerts)
    assert len({assessment.incident for assessment in alerts}) == 1
    assert alerts[0].incident is not None
