"""The window of recent evidence: looks back, is bounded under any spray, comes back from JSON, knows nobody's name."""

from __future__ import annotations

import json
from random import Random
from typing import List

import pytest
from builders import DAY, at, signin
from busybody.population.crowd import LEAST, MOST, SPAN, Crowd
from busybody.population.evidence import ENTRIES, KEPT, LIFETIME, LIVE, NOTHING, Evidence
from busybody.population.tries import TRIES, Tries
from busybody.signin import SignIn
from busybody.simulate import Organisation, generate
from hypothesis import given
from hypothesis import strategies as st

SUBNET = "192.0.2.0/24"


def failure(user: str, time: float, subnet: str = SUBNET, **fields: object) -> SignIn:
    return signin(time=time, user=user, subnet=subnet, asn=64500, device="linux-tool-curl", outcome="failure", **fields)


def asked(time: float, user: str = "ana", subnet: str = SUBNET) -> SignIn:
    return signin(time=time, user=user, subnet=subnet, asn=64500, device="linux-tool-curl")


def crowd(number: int, time: float = at(0, 9)) -> Evidence:
    evidence = Evidence()
    for place in range(number):
        evidence.observe(failure(f"u{place}", time + place))
    return evidence


def test_nothing_is_known_of_a_quiet_place() -> None:
    evidence = crowd(9)
    evidence.observe(failure("ana", at(0, 9)))
    assert Evidence().about(asked(at(0, 10))) is NOTHING
    assert evidence.about(signin(0, 10, user="bob", subnet="198.51.100.0/24", device="ios-mobile-safari")) is NOTHING
    assert evidence.about(asked(at(0, 8))) is NOTHING
    assert evidence.about(asked(at(5, 10))) is NOTHING


def test_own_failures_and_denials_are_told_apart_in_the_order_of_time() -> None:
    evidence = Evidence()
    for minute, mfa in ((3, "none"), (1, "denied"), (2, "none")):
        evidence.observe(failure("ana", at(0, 9) + 60.0 * minute, mfa=mfa))
    told = evidence.about(asked(at(0, 10)))
    assert told.failed == ((at(0, 9) + 120.0, SUBNET), (at(0, 9) + 180.0, SUBNET))
    assert told.denied == ((at(0, 9) + 60.0, SUBNET),)
    assert evidence.about(asked(at(0, 10), "bob")).failed == ()


def test_crowd_is_told_by_network_family_and_device() -> None:
    told = crowd(9).about(asked(at(0, 10)))
    assert told.source == told.family == told.device == (9, at(0, 9))


def test_operator_and_kind_of_device_are_held_against_nobody_once_the_attack_is_over() -> None:
    told = crowd(9).about(asked(at(0, 9) + LIVE + 60.0))
    assert told.source == (9, at(0, 9))
    assert told.family is told.device is None


def test_fewer_than_a_crowd_say_nothing() -> None:
    assert crowd(LEAST - 1).about(asked(at(0, 10))) is NOTHING
    assert crowd(LEAST).about(asked(at(0, 10))) is not NOTHING


def test_looks_back_a_day_and_never_ahead() -> None:
    evidence = crowd(5, at(1, 9))
    last = at(1, 9) + 4.0
    for time, seen in ((last, 4), (last + 1.0, 5), (at(1, 9) + LIFETIME, 5), (last + LIFETIME + 1.0, 0)):
        many = evidence.about(asked(time)).source
        assert (many.people if many is not None else 0) == seen


def test_people_who_get_in_where_people_fail_are_counted() -> None:
    evidence = crowd(9)
    for number in range(6):
        evidence.observe(asked(at(0, 9.5) + number, f"u{number}"))
    assert evidence.about(asked(at(0, 10))).entered == (6, at(0, 9.5))
    assert evidence.about(asked(at(0, 9.2))).entered is None
    assert evidence.about(asked(at(0, 10), subnet="198.51.100.0/24")).entered is None


def test_people_on_one_hosting_network_or_tool_are_counted() -> None:
    evidence = Evidence()
    for number in range(6):
        evidence.observe(signin(time=at(0, 9) + number, user=f"u{number}", network="hosting", asn=64540))
        evidence.observe(signin(time=at(0, 9) + number, user=f"u{number}", network="residential", asn=64541))
        evidence.observe(signin(time=at(0, 9) + number, user=f"u{number}", device="linux-tool-curl"))
    told = evidence.about(signin(0, 10, network="hosting", asn=64540, device="linux-tool-curl"))
    assert told.arrived == told.tool == (6, at(0, 9))
    assert evidence.about(signin(0, 10, network="residential", asn=64541)) is NOTHING


def test_person_can_be_asked_about_by_the_name_that_is_stored() -> None:
    evidence = Evidence(lambda user: f"pseudonym of {user}")
    evidence.observe(failure("ana", at(0, 9)))
    nameless = asked(at(0, 10))._replace(user="")
    assert evidence.about(nameless) is NOTHING
    assert evidence.about(nameless, "pseudonym of ana").failed


# Bounded, in any order, told twice -----------------------------------------------------------------------------


def attack(seed: int, length: int = 400) -> List[SignIn]:
    random = Random(seed)
    return [
        asked(at(0) + random.randrange(2 * 86400), f"u{random.randrange(60)}")._replace(
            outcome=random.choice(("failure", "failure", "success")), mfa=random.choice(("none", "denied")),
            subnet=f"192.0.{random.randrange(3)}.0/24", network=random.choice(("hosting", "residential")),
        )
        for _ in range(length)
    ]  # fmt: skip


@pytest.mark.parametrize("seed", range(5))
def test_order_and_repetition_change_nothing_that_is_told(seed: int) -> None:
    """But for who got in before the first failure there was heard of: of them nobody knows yet that they matter."""
    events = attack(seed)
    failed = [event for event in events if event.outcome == "failure"]
    others = [event for event in events if event.outcome != "failure"]
    once, otherwise = Evidence(), Evidence()
    for event in failed + others:
        once.observe(event)
    Random(seed).shuffle(failed)
    Random(seed).shuffle(others)
    for event in failed + others + failed + others:
        otherwise.observe(event)
    for event in others:
        assert once.about(event) == otherwise.about(event)


def test_what_comes_later_changes_nothing_that_is_told_of_before() -> None:
    evidence = crowd(20)
    evidence.observe(failure("ana", at(0, 9.5)))
    told = evidence.about(asked(at(0, 10)))
    for place in range(500):
        evidence.observe(failure(f"later{place}", at(0, 10) + place))
        evidence.observe(failure("ana", at(0, 10) + place))
    assert evidence.about(asked(at(0, 10))) == told


@given(st.lists(st.tuples(st.integers(0, 5 * 3600), st.sampled_from("abc"), st.booleans())), st.randoms())
def test_tries_are_the_first_of_each_hour_in_any_order(tries: list[tuple[int, str, bool]], random: Random) -> None:
    one, other = Tries(), Tries()
    for time, place, denied in tries:
        one.add(float(time), place, denied)
    shuffled = tries * 2
    random.shuffle(shuffled)
    for time, place, denied in shuffled:
        other.add(float(time), place, denied)
    for denied in (False, True):
        expected = []
        for hour in range(6):
            distinct = {(float(time), place) for time, place, of in tries if of == denied and time // 3600 == hour}
            expected += sorted(distinct)[:TRIES]
        assert one.between(0.0, 1e9, denied) == other.between(0.0, 1e9, denied) == tuple(expected)
    assert one.size == other.size


@given(st.lists(st.tuples(st.integers(0, 150), st.integers(0, 9000)), max_size=400), st.integers(1, 9000), st.randoms())
def test_a_crowd_is_the_first_people_of_each_span_in_any_order(
    visits: list[tuple[int, int]], until: int, random: Random
) -> None:
    start, one, other = 5 * SPAN, Crowd(), Crowd()
    for who, time in visits:
        one.add(f"p{who}", start + time)
    shuffled = visits * 2
    random.shuffle(shuffled)
    for who, time in shuffled:
        other.add(f"p{who}", start + time)
    first: dict[str, float] = {}
    for who, time in visits:
        first[f"p{who}"] = min(start + time, first.get(f"p{who}", start + time))
    kept = sorted(first, key=lambda name: (first[name], name))[:MOST]
    people = sum(first[name] < start + until for name in kept)
    for crowd in (one, other):
        many = crowd.between(start, start + until)
        assert (many.people if many is not None else 0) == (people if people >= LEAST else 0)
        assert crowd.size == len(kept)


def test_spray_of_a_hundred_thousand_failures_costs_bounded_memory() -> None:
    evidence = Evidence()
    for number in range(100_000):
        time, subnet = at(0) + number * 0.5, f"198.{number % 200}.{number % 251}.0/24"
        evidence.observe(failure(f"u{number % 70_000}", time, subnet if number % 3 else SUBNET))
    for table in (evidence.tries, evidence.failing, evidence.arrived):
        rows = list(table.values())
        assert sum(row.size for row in rows) <= ENTRIES
        assert len(rows) <= ENTRIES
    assert len(json.dumps(evidence.to_json())) < 8_000_000
    many = evidence.about(asked(at(0) + 50_000.0)).source
    assert many is not None
    assert many.people >= MOST


def test_days_of_failures_are_forgotten() -> None:
    evidence = Evidence()
    for day in range(12):
        for number in range(50):
            evidence.observe(failure(f"u{day}.{number}", at(day, 9) + number))
    assert len(evidence.tries) <= 50 * (KEPT / DAY + 1)
    assert sum(row.size for row in evidence.failing.values()) == evidence.sizes[1]


def test_window_comes_back_from_json_and_names_nobody() -> None:
    evidence = Evidence()
    for event in attack(7):
        evidence.observe(event)
    text = json.dumps(evidence.to_json())
    again = Evidence.from_json(json.loads(text))
    assert json.dumps(again.to_json()) == text
    assert again.sizes == evidence.sizes
    for event in attack(7):
        assert again.about(event) == evidence.about(event)
    assert '"u1"' not in text


def test_window_of_the_first_version_is_begun_anew() -> None:
    old = {"v": 1, "latest": 5.0, "addresses": {"192.0.2.1": {"failed": {}, "succeeded": {}}}, "sessions": {}}
    assert Evidence.from_json(old).to_json() == Evidence().to_json()


def test_taking_a_simulated_month_in_again_tells_the_same() -> None:
    events = [event.signin for event in generate(Organisation(people=40, days=14, seed=9, warmup=4))]
    evidence = Evidence()
    for event in events:
        evidence.observe(event)
    before = [evidence.about(event) for event in events[-300:]]
    for event in events[-2000:]:
        evidence.observe(event)
    assert [evidence.about(event) for event in events[-300:]] == before
