"""Same history, same event, same score: the order of arrival, repetition, lateness and sources."""

from __future__ import annotations

from random import Random
from typing import Any, Iterable, List

import pytest
from builders import (
    DAY,
    FAR,
    HOME,
    HOTEL,
    HOUR,
    LAPTOP,
    PHONE,
    PHONE_NET,
    STRANGE,
    adversarial,
    at,
    company,
    displaced,
    live,
    model,
    people_of,
    policy,
    population_of,
    profile_of,
    reloaded,
    settled,
    signin,
    state_of,
)  # fmt: skip
from busybody.scorer import Scorer
from busybody.signin import Assessment, SignIn
from busybody.simulate import Organisation, generate
from busybody.stores.memory import MemoryStore

USERS = ("user0", "user1", "user2")
BOUND = HOUR  # the policy's default


def learned(stream: Iterable[SignIn]) -> Scorer:
    scorer, last = model(), 0.0
    for event in stream:
        scorer.process(event)
        last = max(last, event.time)
    return settled(scorer, last)


def assert_same(one: Any, other: Any, where: str = "") -> None:
    """Equal, numbers to 1e-9."""
    if isinstance(one, dict):
        assert one.keys() == other.keys(), where
        for key in one:
            assert_same(one[key], other[key], f"{where}.{key}")
    elif isinstance(one, list):
        assert len(one) == len(other), where
        for place, (mine, theirs) in enumerate(zip(one, other)):
            assert_same(mine, theirs, f"{where}[{place}]")
    elif isinstance(one, float) and isinstance(other, (int, float)):
        assert other == pytest.approx(one, abs=1e-9), where
    else:
        assert one == other, where


@pytest.mark.parametrize("seed", range(12))
def test_order_of_arrival_within_the_bound_changes_nothing_that_is_learned(seed: int) -> None:
    stream = adversarial(seed, odd=(0.1, 0.3)[seed % 2])
    in_order, otherwise = learned(stream), learned(displaced(stream, BOUND, Random(seed)))
    assert_same(people_of(in_order, USERS), people_of(otherwise, USERS))
    assert_same(population_of(in_order)["organisation"], population_of(otherwise)["organisation"])


def test_order_of_arrival_changes_nothing_in_a_simulated_organisation() -> None:
    stream = [event.signin for event in generate(Organisation(people=20, days=14, seed=5, warmup=4))]
    users = {event.user for event in stream}
    in_order, otherwise = learned(stream), learned(displaced(stream, BOUND, Random(5)))
    assert_same(people_of(in_order, users), people_of(otherwise, users))
    assert_same(population_of(in_order)["organisation"], population_of(otherwise)["organisation"])


def test_late_sign_in_is_scored_marked_and_not_learned() -> None:
    scorer = model()
    live(scorer, 20)
    before = people_of(scorer, ["ana"])
    late = signin(time=at(19, 13) - BOUND - 1.0, **FAR, **STRANGE)
    assessment = scorer.process(late)
    assert assessment.late
    assert assessment.learned == "withheld"
    assert not assessment.alert
    assert assessment.findings
    assert assessment.risk > 0.0
    assert people_of(scorer, ["ana"]) == before


def test_sign_in_at_the_very_bound_is_not_late() -> None:
    scorer = model()
    live(scorer, 20)
    assessment = scorer.process(signin(time=at(19, 13) - BOUND, **HOME_AGAIN))
    assert not assessment.late


HOME_AGAIN = {**HOME, **LAPTOP}


def test_another_person_is_not_late_because_somebody_else_was_early() -> None:
    scorer = model()
    live(scorer, 20)
    assessment = scorer.process(signin(time=at(19, 9), user="ben", **HOME_AGAIN))
    assert not assessment.late
    assert scorer.people.get("ben") is not None


def test_lateness_of_a_source_is_its_own() -> None:
    scorer = model(policy(sources={"slow": {"lateness_seconds": 86400}}))
    for day in range(20):
        for source in ("test", "slow"):
            scorer.process(signin(day, 9, source=source, **HOME_AGAIN))
    assert scorer.score(signin(19, 6, source="test", **HOME_AGAIN)).late
    assert not scorer.score(signin(19, 6, source="slow", **HOME_AGAIN)).late


@pytest.mark.parametrize("seed", range(4))
def test_second_pass_over_the_same_log_learns_nothing_more(seed: int) -> None:
    stream = adversarial(seed, odd=0.2)
    scorer = learned(stream)
    before = people_of(scorer, USERS), population_of(scorer)["organisation"]
    for event in stream:
        scorer.process(event)
    settled(scorer, stream[-1].time)
    assert (people_of(scorer, USERS), population_of(scorer)["organisation"]) == before


def test_second_pass_with_a_store_in_between_learns_nothing_more() -> None:
    stream = adversarial(9, odd=0.2)
    scorer = learned(stream)
    again = reloaded(scorer)
    for event in stream:
        again.process(event)
    settled(again, stream[-1].time)
    assert people_of(again, USERS) == people_of(scorer, USERS)


def test_log_of_another_source_of_the_same_weeks_can_still_be_learned() -> None:
    scorer = model()
    live(scorer, 20, source="one")
    settled(scorer, at(20))
    count = profile_of(scorer).count
    assessments = [scorer.process(signin(day, 20.5, source="two", **PHONE_NET, **LAPTOP)) for day in range(20)]
    settled(scorer, at(22))
    assert not any(assessment.late for assessment in assessments)
    assert profile_of(scorer).count > count
    assert any(key[2] == PHONE_NET["asn"] for key in profile_of(scorer).habits)


def test_repeated_sign_in_is_learned_once() -> None:
    once, thrice = model(), model()
    for day in range(25):
        event = signin(day, 9, **HOME_AGAIN)
        once.process(event)
        assessments = [thrice.process(event) for _ in range(3)]
        assert [assessment.learned for assessment in assessments[1:]] == ["withheld", "withheld"]
    assert state_of(settled(once, at(25)), ["ana"]) == state_of(settled(thrice, at(25)), ["ana"])


def test_same_id_of_two_sources_are_two_sign_ins() -> None:
    scorer = model()
    live(scorer, 5)
    count = profile_of(settled(scorer, at(4, 20))).count
    for source in ("okta", "entra"):
        scorer.process(signin(5, 9, id="17", source=source, **HOME_AGAIN))
    assert profile_of(settled(scorer, at(5, 9))).count == count + 2


def test_habit_of_the_last_hour_does_not_need_to_settle_to_anchor_a_journey() -> None:
    scorer = model()
    live(scorer, 20)
    scorer.process(signin(20, 9, **HOME_AGAIN))
    assessment = scorer.score(signin(20, 9.3, **FAR, **LAPTOP))
    assert any(found.detector == "impossible_travel" for found in assessment.findings)


@pytest.mark.parametrize("seed", [*range(4), 1009])
def test_saving_and_reloading_anywhere_changes_no_score(seed: int) -> None:
    stream = adversarial(seed + 50, odd=0.3)
    random, kept, saved = Random(seed), model(), model()
    for event in displaced(stream, BOUND, random):
        if random.random() < 0.15:
            saved = reloaded(saved)
        assert kept.process(event) == saved.process(event)
    assert state_of(kept, USERS) == state_of(saved, USERS)


@pytest.mark.parametrize("seed", range(4))
def test_people_written_down_ahead_are_saved_as_they_are_in_the_end(seed: int) -> None:
    random, stores = Random(seed), (MemoryStore(), MemoryStore())
    at_once, ahead = (model(store=store) for store in stores)
    for event in displaced(adversarial(seed + 60, odd=0.3), BOUND, random):
        assert at_once.process(event) == ahead.process(event)
        if random.random() < 0.3:
            ahead.people.prepare(random.randrange(4))
        if random.random() < 0.05:
            at_once.save()
            ahead.save()
    at_once.save()
    ahead.save()
    everything = [{user: (store.profile(user), store.journal(user)) for user in store.users()} for store in stores]
    assert everything[0] == everything[1]


def test_saving_before_each_sign_in_changes_no_score_of_a_simulated_organisation() -> None:
    company = Organisation(people=6, days=12, seed=21, warmup=2)
    kept, saved = model(), model()
    for event, _ in generate(company):
        saved = reloaded(saved)
        assert kept.process(event) == saved.process(event)


@pytest.mark.parametrize("size", [1, 7, 50, 1000])
def test_chunk_boundaries_change_nothing(size: int) -> None:
    """A surface may score and learn in pieces of any size, saving between them."""
    stream = adversarial(77, odd=0.2)
    whole = list(answers(model(), stream))
    scorer: Scorer = model()
    pieces: List[Assessment] = []
    for start in range(0, len(stream), size):
        pieces += answers(scorer, stream[start : start + size])
        scorer = reloaded(scorer)
    assert pieces == whole


def answers(scorer: Scorer, stream: Iterable[SignIn]) -> List[Assessment]:
    return [scorer.process(event) for event in stream]


def test_person_ignored_by_policy_stays_ignored_after_reloading() -> None:
    rules = policy(people={"ignored": ["ana"]})
    kept, saved = model(rules), model(rules)
    for scorer in (kept, saved):
        company(scorer)
        live(scorer, 30)
        scorer.process(signin(30, 9, **FAR, **STRANGE, flags=("threat",)))
    saved = reloaded(saved)
    for scorer in (kept, saved):
        settled(scorer, at(30, 9))
    assert people_of(kept, ["ana"]) == people_of(saved, ["ana"])
    assert profile_of(saved).incidents == []


def test_silence_of_months_is_settled_as_if_time_had_passed_slowly() -> None:
    jumped, slow = model(), model()
    for scorer in (jumped, slow):
        live(scorer, 10)
    for day in range(10, 200):
        slow.advance(at(day))
    event = signin(200, 9, **HOTEL, **PHONE)
    for scorer in (jumped, slow):
        scorer.process(event)
        settled(scorer, event.time + DAY)
    assert people_of(jumped, ["ana"]) == people_of(slow, ["ana"])
