"""The short path is a short cut, not an opinion: it says what the long one says, whatever is thrown at it."""

from __future__ import annotations

from random import Random
from typing import Iterable, List

import pytest
from builders import HOME, HOUR, LAPTOP, adversarial, displaced, live, model, policy, signin, state_of
from busybody.policy import Policy
from busybody.signin import SignIn
from busybody.simulate import Organisation, generate


def assert_both_say_the_same(stream: Iterable[SignIn], rules: Policy) -> int:
    """Run both; returns how often the short path was taken, so that a test can tell it was tested."""
    short, long = model(rules), model(rules, short_path=False)
    events: List[SignIn] = list(stream)
    taken = 0
    for number, event in enumerate(events):
        one, other = short.process(event), long.process(event)
        assert one == other, f"sign-in {number}"
        taken += one.habitual
    users = {event.user for event in events}
    assert state_of(short, users) == state_of(long, users)
    return taken


def test_both_paths_agree_on_a_simulated_organisation() -> None:
    company = Organisation(people=25, days=20, seed=11, warmup=6)
    stream = [event.signin for event in generate(company)]
    assert assert_both_say_the_same(stream, Policy.default()) > len(stream) / 3


@pytest.mark.parametrize("seed", range(20))
def test_both_paths_agree_on_hostile_streams(seed: int) -> None:
    assert_both_say_the_same(adversarial(seed, users=1 + seed % 3, odd=(0.1, 0.25, 0.6)[seed % 3]), Policy.default())


@pytest.mark.parametrize("seed", range(20, 30))
def test_both_paths_agree_when_sign_ins_arrive_out_of_order_and_twice(seed: int) -> None:
    stream = adversarial(seed, users=2, odd=0.15)
    random = Random(seed)
    arrivals = displaced(stream, random.choice((HOUR, 30 * HOUR)), random)
    arrivals += random.sample(arrivals, 20)
    assert_both_say_the_same(arrivals, Policy.default())


@pytest.mark.parametrize("seed", range(30, 36))
def test_both_paths_agree_under_other_rules(seed: int) -> None:
    rules = policy(
        learning={"half_life_days": 7, "lateness_seconds": 7200, "trust_days": 1, "trust_span_days": 1, "new_person_signins": 1},
        countries={"atypical_days": 2}, dormant={"days": 3}, travel={"min_distance_km": 30, "max_speed_kmh": 50},
    )  # fmt: skip
    assert_both_say_the_same(adversarial(seed, users=2, odd=0.2), rules)


def test_an_everyday_sign_in_takes_the_short_path() -> None:
    scorer = model()
    live(scorer, 30)
    assert scorer.score(signin(30, 8.0, **HOME, **LAPTOP)).habitual
