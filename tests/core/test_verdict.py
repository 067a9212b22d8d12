"""Verdicts: only a verified "it was me" promotes, exactly what it confirmed; "not me" takes back exactly what was taught."""

from __future__ import annotations

from random import Random
from typing import Any, Dict, List

import pytest
from builders import (
    FAR,
    HOME,
    HOSTING,
    HOTEL,
    LAPTOP,
    PHONE,
    PHONE_NET,
    STRANGE,
    TOR,
    VPN,
    adversarial,
    at,
    company,
    finding,
    live,
    model,
    names,
    people_of,
    policy,
    profile_of,
    reloaded,
    settled,
    signin,
    state_of,
)  # fmt: skip
from busybody.errors import BusybodyError
from busybody.profile.profile import key_of
from busybody.risk import person_risk
from busybody.scorer import Scorer
from busybody.signin import Assessment, SignIn
from busybody.verdict import COUNTRY_AGAIN, REMEMBERED, Verdict

ODD: Dict[str, Any] = {**FAR, **STRANGE}


@pytest.fixture
def lived() -> Scorer:
    scorer = model()
    company(scorer, people=6)
    live(scorer, 30)
    return settled(scorer, at(29, 20))


def odd(scorer: Scorer, day: float = 30, hour: float = 9, **fields: Any) -> SignIn:
    """An odd sign-in that has happened and settled."""
    event = signin(day, hour, **{**ODD, **fields})
    scorer.process(event)
    settled(scorer, event.time)
    return event


def verdict(event: SignIn, answer: str, **fields: Any) -> Verdict:
    return Verdict(event.user, event.id, answer, event.time + 600.0, **fields)


def test_unverified_it_was_me_changes_nothing(lived: Scorer) -> None:
    event = odd(lived)
    before, risk = people_of(lived, ["ana"])["ana"], lived.score(signin(30, 14, **ODD)).risk
    said = lived.feedback(verdict(event, "benign"))
    after = people_of(lived, ["ana"])["ana"]
    assert after[0].pop("verdicts") == {event.id: "benign"}
    assert after == before
    assert lived.score(signin(30, 14, **ODD)).risk == risk
    assert "second factor" in said


def test_verified_it_was_me_silences_the_same_combination_at_the_next_sign_in(lived: Scorer) -> None:
    event = odd(lived)
    assert lived.score(signin(31, 9, **ODD)).risk >= 40.0
    lived.feedback(verdict(event, "benign", verified=True))
    again = lived.score(signin(31, 9, **ODD))
    assert again.level in ("none", "low")
    assert again.learned == "trusted"
    assert not again.alert
    assert "open_incident" not in names(again)


def test_verified_it_was_me_closes_the_incident(lived: Scorer) -> None:
    event = odd(lived)
    assert person_risk(profile_of(lived).incidents, event.time) > 0.0
    lived.feedback(verdict(event, "benign", verified=True))
    assert [row["status"] for row in profile_of(lived).incidents] == ["benign"]
    assert person_risk(profile_of(lived).incidents, event.time) == 0.0


def test_verified_it_was_me_promotes_that_combination_and_no_other(lived: Scorer) -> None:
    event = odd(lived, **HOSTING)
    habits = set(profile_of(lived).habits)
    others = [
        signin(31, 9, **{**HOSTING, "asn": 65001, "subnet": "10.9.9.0/24", "ip": "10.9.9.9"}, **STRANGE),
        signin(31, 9, **TOR, **STRANGE),
        signin(31, 9, **FAR, **PHONE),
    ]
    before = [lived.score(other) for other in others]
    lived.feedback(verdict(event, "benign", verified=True))
    assert set(profile_of(lived).habits) - habits == {key_of(event)}
    for old, other in zip(before, others):
        assert lived.score(other).risk >= 40.0, old
    assert profile_of(lived).pending == {}


def test_analysts_it_was_they_needs_no_second_factor(lived: Scorer) -> None:
    event = odd(lived)
    lived.feedback(verdict(event, "benign", analyst=True))
    assert lived.score(signin(31, 9, **ODD)).learned == "trusted"


def test_second_new_country_within_a_week_needs_an_analyst(lived: Scorer) -> None:
    first, second = odd(lived, 30), odd(lived, 32, **HOTEL)
    lived.feedback(verdict(first, "benign", verified=True))
    said = lived.feedback(verdict(second, "benign", verified=True, signin=second))
    assert "analyst" in said
    assert lived.score(signin(33, 9, **HOTEL, **STRANGE)).learned == "pending"
    lived.feedback(verdict(second, "benign", analyst=True, signin=second))
    assert lived.score(signin(33, 9, **HOTEL, **STRANGE)).learned == "trusted"


def test_second_new_country_after_a_week_may_be_confirmed(lived: Scorer) -> None:
    first = odd(lived, 30)
    lived.feedback(verdict(first, "benign", verified=True))
    second = odd(lived, 31 + COUNTRY_AGAIN / 86400.0, **HOTEL)
    assert lived.feedback(verdict(second, "benign", verified=True)).startswith("confirmed")


def test_not_me_makes_the_person_critical_and_freezes_learning(lived: Scorer) -> None:
    event = odd(lived)
    lived.feedback(verdict(event, "malicious"))
    profile = profile_of(lived)
    assert person_risk(profile.incidents, event.time + 50 * 86400.0) == 100.0
    assert profile.frozen
    count = profile.count
    assert lived.process(signin(31, 9, **HOME, **LAPTOP)).learned == "withheld"
    assert profile_of(settled(lived, at(31, 9))).count == count


def test_disowned_network_and_device_stay_odd_and_withheld(lived: Scorer) -> None:
    event = odd(lived)
    lived.feedback(verdict(event, "malicious"))
    lived.feedback(Verdict("ana", "", "closed", at(31), analyst=True))
    for day in range(31, 60):
        lived.process(signin(day, 8, **HOME, **LAPTOP))
        for fields in (ODD, {**FAR, **LAPTOP}, {**HOME, **STRANGE}):
            assessment = lived.process(signin(day, 14, **fields))
            assert assessment.learned == "withheld"
            assert assessment.findings
    assert not any(key[2] == FAR["asn"] or key[3] == STRANGE["device"] for key in profile_of(lived).habits)


def taught_by(scorer: Scorer, **fields: Any) -> None:
    """An attacker who wins trust slowly: one side known, weeks of patience."""
    for day in range(30, 44):
        scorer.process(signin(day, 8, **HOME, **LAPTOP))
        if fields:
            scorer.process(signin(day, 20, **fields))
    settled(scorer, at(43, 20))


@pytest.mark.parametrize("fields", [{**PHONE_NET, **LAPTOP}, {**HOME, **PHONE}], ids=["network", "device"])
def test_not_me_takes_back_exactly_what_was_taught(fields: Dict[str, Any]) -> None:
    victim, innocent = model(), model()
    for scorer in (victim, innocent):
        live(scorer, 30)
    taught_by(victim, **fields)
    taught_by(innocent)
    assert profile_of(victim).count > profile_of(innocent).count
    event = signin(43, 20, **fields)
    victim.feedback(verdict(event, "malicious", signin=event))
    mine, theirs = profile_of(victim), profile_of(innocent)
    assert {key: habit.count for key, habit in mine.habits.items()} == {
        key: habit.count for key, habit in theirs.habits.items()
    }
    assert mine.hours == theirs.hours
    assert mine.total == theirs.total


@pytest.mark.parametrize("fields", [{**PHONE_NET, **LAPTOP}, {**HOME, **PHONE}], ids=["network", "device"])
def test_not_me_leaves_no_place_pair_or_previous_sign_in_of_the_disowned(fields: Dict[str, Any]) -> None:
    victim = model()
    live(victim, 30)
    taught_by(victim, **fields)
    event = signin(43, 20, **fields)
    victim.feedback(verdict(event, "malicious", signin=event))
    profile = profile_of(victim)
    left = [*profile.anchors, *([profile.previous] if profile.previous is not None else [])]
    assert all((place.asn, place.device) == (HOME["asn"], LAPTOP["device"]) for place in left)
    assert not any(str(PHONE_NET["asn"]) in pair for pair in profile.pairs)


def test_frozen_person_is_still_watched_for_impossible_travel() -> None:
    victim = model()
    live(victim, 30)
    taught_by(victim, **HOME, **PHONE)
    event = signin(43, 20, **HOME, **PHONE)
    victim.feedback(verdict(event, "malicious", signin=event))
    victim.process(signin(44, 8, **HOME, **LAPTOP))
    settled(victim, at(44, 8))
    assert "impossible_travel" in names(victim.score(signin(44, 12, **FAR, **LAPTOP)))


def test_not_me_takes_back_what_a_network_without_asn_taught() -> None:
    bare = {**PHONE_NET, "asn": None, "as_org": None}
    victim = model()
    live(victim, 30)
    taught_by(victim, **bare, **LAPTOP)
    assert any(anchor.subnet == bare["subnet"] for anchor in profile_of(victim).anchors)
    event = signin(43, 20, **bare, **LAPTOP)
    victim.feedback(verdict(event, "malicious", signin=event))
    assert not any(anchor.subnet == bare["subnet"] for anchor in profile_of(victim).anchors)
    assert not any(key[2] == bare["subnet"] for key in profile_of(victim).habits)


def test_not_me_never_disowns_the_victims_own_network(lived: Scorer) -> None:
    event = odd(lived, **HOME)
    lived.feedback(verdict(event, "malicious"))
    assert any(key[2] == HOME["asn"] for key in profile_of(lived).habits)
    assert f"asn:{HOME['asn']}" not in profile_of(lived).denied
    assert f"device:{STRANGE['device']}" in profile_of(lived).denied


def test_not_me_about_a_sign_in_without_incident_needs_the_sign_in_and_works(lived: Scorer) -> None:
    event = odd(lived, **{**PHONE_NET, **LAPTOP})
    lived.feedback(verdict(event, "malicious", signin=event))
    profile = profile_of(lived)
    assert person_risk(profile.incidents, event.time) == 100.0
    assert profile.frozen
    assert any(key[3] == LAPTOP["device"] for key in profile.habits)


def test_analyst_closes_and_learning_goes_on(lived: Scorer) -> None:
    event = odd(lived)
    lived.feedback(verdict(event, "malicious"))
    said = lived.feedback(verdict(event, "closed", analyst=True))
    assert "learning goes on" in said
    assert not profile_of(lived).frozen
    assert person_risk(profile_of(lived).incidents, event.time) == 0.0
    assert lived.process(signin(31, 9, **HOME, **LAPTOP)).learned == "trusted"


def test_closing_one_of_two_confirmed_incidents_leaves_learning_frozen(lived: Scorer) -> None:
    one, other = odd(lived, 30), odd(lived, 35, **{**HOSTING, "device": "android-mobile-chrome"})
    lived.feedback(verdict(one, "malicious"))
    lived.feedback(verdict(other, "malicious"))
    lived.feedback(verdict(one, "closed", analyst=True))
    assert profile_of(lived).frozen
    lived.feedback(verdict(other, "closed", analyst=True))
    assert not profile_of(lived).frozen


@pytest.mark.parametrize(
    ("answer", "fields"),
    [("benign", {"verified": True}), ("malicious", {}), ("closed", {"analyst": True}), ("benign", {})],
)
def test_repeated_verdict_changes_nothing(lived: Scorer, answer: str, fields: Dict[str, Any]) -> None:
    event = odd(lived)
    lived.feedback(verdict(event, answer, **fields))
    before = state_of(lived, ["ana"])
    lived.feedback(verdict(event, answer, **fields))
    assert state_of(lived, ["ana"]) == before


def test_verdict_on_a_sign_in_that_still_waits_is_taken_at_once(lived: Scorer) -> None:
    event = signin(30, 9, **ODD)
    assessment: Assessment = lived.process(event)
    assert assessment.incident is not None
    lived.feedback(verdict(event, "benign", verified=True))
    assert lived.score(signin(30, 9.2, **ODD)).level in ("none", "low")


def test_not_me_on_a_sign_in_that_still_waits_holds_at_once(lived: Scorer) -> None:
    event = signin(30, 9, **ODD)
    lived.process(event)
    lived.feedback(verdict(event, "malicious"))
    assert person_risk(profile_of(lived).incidents, event.time) == 100.0
    assert lived.score(signin(30, 9.2, **ODD)).learned == "withheld"


def test_verdict_survives_the_store(lived: Scorer) -> None:
    event = odd(lived)
    lived.feedback(verdict(event, "malicious"))
    again = reloaded(lived)
    assert state_of(again, ["ana"]) == state_of(lived, ["ana"])
    assert "already known" in again.feedback(verdict(event, "malicious"))


def test_verdict_can_name_the_incident(lived: Scorer) -> None:
    event = odd(lived)
    identity = profile_of(lived).incidents[0]["id"]
    lived.feedback(Verdict("ana", identity, "benign", event.time, verified=True))
    assert lived.score(signin(31, 9, **ODD)).learned == "trusted"


def test_verdict_on_somebody_unknown_teaches_nothing_and_creates_nobody(lived: Scorer) -> None:
    assert "unknown person" in lived.feedback(Verdict("nobody", "e1", "malicious", at(30)))
    assert lived.people.get("nobody") is None


def test_verified_it_was_me_about_a_forgotten_sign_in_confirms_nothing(lived: Scorer) -> None:
    habits = set(profile_of(lived).habits)
    assert "no longer known" in lived.feedback(Verdict("ana", "long ago", "benign", at(30), verified=True))
    assert set(profile_of(lived).habits) == habits


def test_unknown_answer_is_one_clear_error(lived: Scorer) -> None:
    with pytest.raises(BusybodyError, match=r"'maybe' is no verdict\. Say one of: benign, malicious, closed\."):
        lived.feedback(Verdict("ana", "e1", "maybe", at(30)))


def test_number_of_remembered_verdicts_is_bounded(lived: Scorer) -> None:
    for number in range(3 * REMEMBERED):
        lived.feedback(Verdict("ana", f"e{number}", "benign", at(30)))
    assert len(profile_of(lived).verdicts) == REMEMBERED


def test_person_who_says_it_was_me_after_not_me_needs_an_analyst_to_thaw(lived: Scorer) -> None:
    event = odd(lived)
    lived.feedback(verdict(event, "malicious"))
    lived.feedback(verdict(event, "benign", verified=True))
    assert profile_of(lived).frozen
    lived.feedback(verdict(event, "benign", analyst=True))
    assert not profile_of(lived).frozen


def test_confirmed_vpn_is_not_all_vpns(lived: Scorer) -> None:
    event = odd(lived, **{**VPN, **LAPTOP})
    lived.feedback(verdict(event, "benign", verified=True, signin=event))
    other = {**VPN, "asn": 65050, "subnet": "10.3.0.0/24", "ip": "10.3.0.1", "as_org": "Burrow BV"}
    found = finding(lived.score(signin(31, 9, **other, **LAPTOP)), "unusual_network")
    assert found is not None
    assert lived.score(signin(31, 9, **other, **LAPTOP)).learned == "pending"


def test_feedback_of_policy_ignored_people_works_too() -> None:
    scorer = model(policy(people={"ignored": ["ana"]}))
    live(scorer, 30)
    event = odd(scorer)
    scorer.feedback(verdict(event, "malicious", signin=event))
    assert profile_of(scorer).frozen


def judged(scorer: Scorer, seed: int, *, saving: bool) -> List[Any]:
    """A hostile stream with verdicts of all kinds at any time; everything that was answered, and what is known at last."""
    random, answers, seen = Random(seed), [], []
    for event in adversarial(seed, odd=0.4):
        seen.append(event)
        answers.append(scorer.process(event))
        drawn = [random.random() for _ in range(3)]
        if drawn[0] < 0.05:
            about = random.choice(seen[-20:])
            answer = random.choice(("benign", "benign", "malicious", "closed"))
            said = verdict(
                about, answer, verified=drawn[1] < 0.6, analyst=drawn[1] > 0.8, signin=about if drawn[2] < 0.5 else None
            )
            answers.append(scorer.feedback(said._replace(time=event.time)))
        if saving and drawn[2] < 0.2:
            scorer = reloaded(scorer)
    return [*answers, people_of(settled(scorer, seen[-1].time), {event.user for event in seen})]


@pytest.mark.parametrize("seed", range(8))
def test_verdicts_have_the_same_effect_across_the_store_and_on_either_path(seed: int) -> None:
    usual = judged(model(), seed, saving=False)
    assert judged(model(), seed, saving=True) == usual
    assert judged(model(short_path=False), seed, saving=False) == usual


@pytest.mark.parametrize("seed", range(4))
def test_counts_are_never_negative_whatever_is_taken_back(seed: int) -> None:
    for row, _ in judged(model(), 100 + seed, saving=False)[-1].values():
        assert row.get("total", 0) >= 0
        assert row.get("fresh", 0) >= 0
        assert row.get("count", 0) >= 0
        assert min(row.get("hours", [0])) >= 0
        assert all(habit[5] > 0 for habit in row.get("habits", []))
