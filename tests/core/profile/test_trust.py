"""Who may teach: pending values make nobody normal; what earns trust, and what never does."""

from __future__ import annotations

from typing import Any, Dict, List

import pytest
from builders import (
    FAR,
    HOME,
    HOSTING,
    HOTEL,
    LAPTOP,
    MANAGED,
    OFFICE,
    PHONE,
    PHONE_NET,
    STRANGE,
    TOR,
    at,
    company,
    finding,
    live,
    model,
    names,
    people_of,
    policy,
    population_of,
    profile_of,
    settled,
    signin,
)  # fmt: skip
from busybody.policy import Policy
from busybody.profile import known, trust
from busybody.profile.learning import PENDING, TRUSTED, WITHHELD
from busybody.scorer import Scorer

RULE = Policy.default().learning


def holds(scorer: Scorer, kind: str, value: Any) -> bool:
    """Whether a habit holds the value: then it is trusted."""
    part = {"country": 1, "asn": 2, "device": 3, "id": 4}[kind]
    return any(key[part] == value for key in profile_of(scorer).habits)


def days_with(scorer: Scorer, days: List[int], **fields: Any) -> List[str]:
    """One sign-in at 10:00 on each of these days beside an everyday one; what each was said to teach."""
    said = []
    for day in days:
        scorer.process(signin(day, 8, **HOME, **LAPTOP))
        said.append(scorer.process(signin(day, 14, **fields)).learned)
    settled(scorer, at(days[-1], 14))
    return said


@pytest.fixture
def lived() -> Scorer:
    scorer = model()
    company(scorer, people=4)
    live(scorer, 30)
    return settled(scorer, at(30))


def test_everyday_sign_in_teaches_at_once(lived: Scorer) -> None:
    count = profile_of(lived).count
    assert lived.process(signin(30, 8, **HOME, **LAPTOP)).learned == TRUSTED
    assert profile_of(settled(lived, at(30, 8))).count == count + 1


def test_pending_value_enters_no_count_anchor_pair_or_table(lived: Scorer) -> None:
    before, tables = people_of(lived, ["ana"])["ana"][0], population_of(lived)["organisation"]["tables"]
    assert lived.process(signin(30, 9, **HOTEL, **STRANGE)).learned == PENDING
    after = people_of(settled(lived, at(30, 9)), ["ana"])["ana"][0]
    for part in ("habits", "hours", "total", "fresh", "anchors", "previous", "count", "versions", "pairs"):
        assert after.get(part) == before.get(part), part
    assert {row[0] for row in after["pending"]} == {"asn:64520", "country:NL", f"device:{STRANGE['device']}"}
    assert population_of(lived)["organisation"]["tables"] == tables


def test_new_device_on_a_known_network_is_trusted_after_three_days_over_a_week(lived: Scorer) -> None:
    said = days_with(lived, [30, 33], **HOME, **PHONE)
    assert said == [PENDING, PENDING]
    assert not holds(lived, "device", PHONE["device"])
    days_with(lived, [37], **HOME, **PHONE)
    assert holds(lived, "device", PHONE["device"])
    assert lived.score(signin(38, 14, **HOME, **PHONE)).learned == TRUSTED


def test_new_network_on_a_known_device_is_trusted_after_three_days_over_a_week(lived: Scorer) -> None:
    days_with(lived, [30, 33, 37], **PHONE_NET, **LAPTOP)
    assert holds(lived, "asn", PHONE_NET["asn"])


def test_three_days_within_less_than_a_week_are_not_enough(lived: Scorer) -> None:
    days_with(lived, [30, 31, 32], **HOME, **PHONE)
    assert not holds(lived, "device", PHONE["device"])


def test_two_days_a_week_apart_are_not_enough(lived: Scorer) -> None:
    days_with(lived, [30, 38], **HOME, **PHONE)
    assert not holds(lived, "device", PHONE["device"])


def test_many_sign_ins_on_one_day_count_as_one_day(lived: Scorer) -> None:
    for minute in range(40):
        lived.process(signin(30, 9 + minute / 60.0, **HOME, **PHONE))
    settled(lived, at(30, 10))
    row = profile_of(lived).pending[f"device:{PHONE['device']}"]
    assert len(row["days"]) == 1


def test_new_network_with_a_new_device_vouches_for_nothing(lived: Scorer) -> None:
    days_with(lived, list(range(30, 60)), **PHONE_NET, **STRANGE)
    assert not holds(lived, "asn", PHONE_NET["asn"])
    assert not holds(lived, "device", STRANGE["device"])


def test_value_with_hard_evidence_against_it_never_earns_trust(lived: Scorer) -> None:
    days_with(lived, list(range(30, 60)), **TOR, **LAPTOP)
    assert not holds(lived, "asn", TOR["asn"])


def test_span_and_days_follow_the_policy() -> None:
    scorer = model(policy(learning={"trust_days": 2, "trust_span_days": 1}))
    live(scorer, 30)
    days_with(scorer, [30, 31], **HOME, **PHONE)
    assert holds(scorer, "device", PHONE["device"])


def test_at_most_one_new_country_and_two_networks_a_week_without_confirmation(lived: Scorer) -> None:
    places: List[Dict[str, Any]] = [
        {
            **PHONE_NET,
            "asn": 65000 + number,
            "subnet": f"10.0.{number}.0/24",
            "ip": f"10.0.{number}.1",
            "as_org": f"Net {number}",
        }
        for number in range(4)
    ]
    for day in (30, 33, 37):
        lived.process(signin(day, 7, **HOME, **LAPTOP))
        for number, place in enumerate(places):
            lived.process(signin(day, 9 + number, **place, **LAPTOP))
    settled(lived, at(37, 14))
    assert sum(holds(lived, "asn", place["asn"]) for place in places) == trust.PROMOTIONS_A_WEEK["asn"]


def test_strong_factor_on_a_known_device_id_is_trusted_at_once() -> None:
    scorer = model()
    live(scorer, 30, **MANAGED)
    scorer.process(signin(30, 9, **HOTEL, **MANAGED, mfa="passed"))
    assert holds(settled(scorer, at(30, 9)), "asn", HOTEL["asn"])


def test_strong_factor_can_be_switched_off() -> None:
    scorer = model(policy(learning={"strong_factor": False}))
    live(scorer, 30, **MANAGED)
    scorer.process(signin(30, 9, **HOTEL, **MANAGED, mfa="passed"))
    assert not holds(settled(scorer, at(30, 9)), "asn", HOTEL["asn"])


def test_passed_factor_on_an_unknown_device_is_no_strong_factor(lived: Scorer) -> None:
    lived.process(signin(30, 9, **HOTEL, **STRANGE, mfa="passed", device_id="stolen"))
    lived.process(signin(30, 10, **HOTEL, **STRANGE, flags=("phishing_resistant",), method="passkey"))
    settled(lived, at(30, 10))
    assert not holds(lived, "asn", HOTEL["asn"])
    assert not holds(lived, "device", STRANGE["device"])


def test_first_sign_ins_of_a_new_person_are_learned() -> None:
    scorer = model()
    for day in range(3):
        scorer.process(signin(day, 9, **HOME, **LAPTOP))
    settled(scorer, at(2, 9))
    assert profile_of(scorer).count == 3
    assert holds(scorer, "asn", HOME["asn"])
    assert holds(scorer, "device", LAPTOP["device"])


def test_new_person_may_bring_one_new_side_at_a_time_but_not_both() -> None:
    scorer = model()
    for day in range(4):
        scorer.process(signin(day, 9, **HOME, **LAPTOP))
    scorer.process(signin(4, 9, **HOME, **PHONE))
    scorer.process(signin(4, 12, **OFFICE, **LAPTOP))
    scorer.process(signin(4, 15, **HOTEL, **STRANGE))
    settled(scorer, at(4, 15))
    assert holds(scorer, "device", PHONE["device"])
    assert holds(scorer, "asn", OFFICE["asn"])
    assert not holds(scorer, "asn", HOTEL["asn"])
    assert not holds(scorer, "device", STRANGE["device"])


def test_new_person_behind_a_tor_exit_teaches_nothing() -> None:
    scorer = model()
    for day in range(3):
        scorer.process(signin(day, 9, **TOR, **STRANGE))
    assert profile_of(settled(scorer, at(3))).count == 0


@pytest.mark.parametrize("place", [FAR, HOSTING], ids=["far", "hosting"])
def test_daily_attacker_on_his_own_network_and_device_stays_odd_for_a_fortnight(
    lived: Scorer, place: Dict[str, Any]
) -> None:
    risks = []
    for day in range(30, 45):
        lived.process(signin(day, 8, **HOME, **LAPTOP))
        assessment = lived.process(signin(day, 22, **place, **STRANGE))
        assert assessment.learned in (PENDING, WITHHELD)
        risks.append((assessment.risk, assessment.log_odds))
    assert not holds(lived, "asn", place["asn"])
    assert not holds(lived, "device", STRANGE["device"])
    assert min(log_odds for _, log_odds in risks) >= risks[0][1] - 0.1, "he must not become less odd"
    assert min(risk for risk, _ in risks) >= 40.0


def test_attackers_place_never_becomes_a_place_that_travel_starts_from(lived: Scorer) -> None:
    for day in range(30, 40):
        lived.process(signin(day, 8, **HOME, **LAPTOP))
        lived.process(signin(day, 9, **FAR, **STRANGE))
        assert finding(lived.score(signin(day, 9.5, **HOME, **LAPTOP)), "impossible_travel") is None
    assert all(anchor.asn != FAR["asn"] for anchor in profile_of(lived).anchors)


def test_clean_days_give_a_pending_value_some_credit(lived: Scorer) -> None:
    """A person who moved house is less odd with each day, before the week is over."""
    contributions = []
    for day in range(30, 33):
        lived.process(signin(day, 7, **HOME, **LAPTOP))
        found = finding(lived.process(signin(day, 20, **HOTEL, **LAPTOP)), "unusual_network")
        contributions.append(found.contribution if found else 0.0)
    assert contributions == sorted(contributions, reverse=True)
    assert contributions[-1] < contributions[0]


def test_credit_is_given_only_while_the_other_side_vouches(lived: Scorer) -> None:
    before = lived.score(signin(30, 7, **HOTEL, **STRANGE))
    days_with(lived, [30, 31, 32], **HOTEL, **LAPTOP)
    with_known = lived.score(signin(33, 14, **HOTEL, **LAPTOP))
    with_strange = lived.score(signin(33, 14, **HOTEL, **STRANGE))
    assert with_known.log_odds < with_strange.log_odds
    assert with_strange.log_odds == pytest.approx(before.log_odds, abs=0.5)


def test_pending_value_is_forgotten_when_it_does_not_come_again(lived: Scorer) -> None:
    days_with(lived, [30], **HOME, **PHONE)
    day = 30 + trust.PENDING_DAYS + 2
    lived.process(signin(day, 8, **HOME, **LAPTOP))
    lived.process(signin(day, 9, **PHONE_NET, **LAPTOP))
    settled(lived, at(day, 9))
    assert list(profile_of(lived).pending) == ["asn:64511"]


def test_number_of_pending_values_is_bounded(lived: Scorer) -> None:
    for number in range(60):
        lived.process(signin(30 + number / 24.0, **HOME, device=f"gadget-{number}"))
    settled(lived, at(33))
    assert len(profile_of(lived).pending) <= trust.PENDING_BOUND


def test_odd_sign_in_says_that_it_is_odd_while_it_is_pending(lived: Scorer) -> None:
    said = [names(lived.process(signin(30, hour, **HOTEL, **STRANGE))) for hour in (9, 10, 11)]
    assert all("unusual_network" in one and "new_device" in one for one in said)


MOVED: Dict[str, Any] = {**HOME, "ip": "198.18.44.4", "subnet": "198.18.44.0/24", "asn": 64519, "as_org": "Douro Fibre"}


@pytest.mark.parametrize("new", [{**HOME, **STRANGE}, {**HOME, **LAPTOP, "device_id": "B-2"}, {**MOVED, **MANAGED}])
@pytest.mark.parametrize("gap", [0.2, 24.0, 72.0])
def test_what_settles_in_is_below_medium_within_three_sign_ins(new: Dict[str, Any], gap: float) -> None:
    scorer = model()
    company(scorer, people=4)
    live(scorer, 30, **{**MANAGED, "flags": ()})
    said = [scorer.process(signin(30, 9 + gap * number, **new)) for number in range(4)]
    assert said[0].log_odds > said[2].log_odds, "or this tests nothing"
    assert [one.risk < 40.0 for one in said[2:]] == [True, True]
    assert "managed_device" in new.get("flags", ()) or {one.learned for one in said} == {PENDING}


@pytest.mark.parametrize("new", [{**HOSTING, **LAPTOP}, {**FAR, **LAPTOP}, {**MOVED, **STRANGE}])
def test_what_nothing_vouches_for_does_not_settle(new: Dict[str, Any]) -> None:
    scorer = model()
    company(scorer, people=4)
    live(scorer, 30)
    said = [scorer.process(signin(30, 9 + 2.0 * number, id=str(number), **new)) for number in range(4)]
    assert min(one.log_odds for one in said[1:]) >= said[0].log_odds - 2.0
    assert min(one.risk for one in said) >= 40.0


def test_what_brought_an_incident_in_which_more_was_odd_does_not_settle() -> None:
    scorer = model()
    company(scorer, people=4)
    live(scorer, 30)
    profile = profile_of(scorer)
    event = signin(31, 9, **HOME, **STRANGE)
    seen = known(profile, event)
    profile.pending["device:linux-desktop-firefox"] = {"first": at(30), "last": at(30, 5), "days": []}
    assert trust.settled(profile, "device", event, seen)
    profile.incidents.append({"status": "open", "log_odds": 0.5, "values": ["device:linux-desktop-firefox"]})
    assert not trust.settled(profile, "device", event, seen)
    profile.incidents[-1]["status"] = "benign"
    assert trust.settled(profile, "device", event, seen)
    profile.denied["device:linux-desktop-firefox"] = at(31)
    assert not trust.settled(profile, "device", event, seen)
