"""The window of recent evidence: looks back, is bounded under any spray, comes back from JSON, knows nobody's name."""

from __future__ import annotations

import json
from random import Random

from builders import at, signin
from busybody.population.evidence import ADDRESSES, LIFETIME, NOTHING, PEOPLE, SESSIONS, Evidence
from busybody.population.people import person
from busybody.simulate import Organisation, generate


def failure(number: int, time: float, ip: str = "192.0.2.1"):  # type: ignore[no-untyped-def]
    return signin(time=time, user=f"u{number}", ip=ip, outcome="failure")


def test_nothing_is_known_of_a_quiet_address() -> None:
    assert Evidence().about(signin(0, 9, ip="192.0.2.1", session="s1")) is NOTHING


def test_failures_of_an_address_are_told_by_person_in_the_order_of_time() -> None:
    evidence = Evidence()
    for number in (3, 1, 2):
        evidence.observe(failure(number, at(0, 9) + number))
    told = evidence.about(signin(0, 10, ip="192.0.2.1"))
    assert told.failures == tuple((person(f"u{number}"), at(0, 9) + number) for number in (1, 2, 3))


def test_looks_back_a_day_and_never_ahead() -> None:
    evidence = Evidence()
    evidence.observe(failure(1, at(1, 9)))
    for time, seen in ((at(1, 8.99), 0), (at(1, 9), 1), (at(1, 9) + LIFETIME, 1), (at(1, 9) + LIFETIME + 1, 0)):
        assert len(evidence.about(signin(time=time, ip="192.0.2.1")).failures) == seen


def test_success_from_an_address_that_failed_is_remembered() -> None:
    evidence = Evidence()
    evidence.observe(signin(0, 8, user="early", ip="192.0.2.9"))
    evidence.observe(failure(1, at(0, 9)))
    evidence.observe(signin(0, 9.5, user="victim", ip="192.0.2.1"))
    told = evidence.about(signin(0, 10, ip="192.0.2.1"))
    assert told.succeeded == ((person("victim"), at(0, 9.5)),)


def test_session_is_told_as_it_was_opened() -> None:
    evidence = Evidence()
    evidence.observe(signin(0, 9, session="s1", asn=1, device="a"))
    evidence.observe(signin(0, 10, session="s1", asn=2, device="b"))
    assert evidence.about(signin(0, 11, session="s1")).session == (1, "a", at(0, 9))
    assert evidence.about(signin(0, 8, session="s1")).session is None


def test_session_that_arrives_late_was_opened_earlier() -> None:
    evidence = Evidence()
    evidence.observe(signin(0, 10, session="s1", asn=2, device="b"))
    evidence.observe(signin(0, 9, session="s1", asn=1, device="a"))
    assert evidence.about(signin(0, 11, session="s1")).session == (1, "a", at(0, 9))


def test_observing_twice_changes_nothing() -> None:
    once, twice = Evidence(), Evidence()
    random = Random(3)
    for number in range(300):
        event = signin(
            time=at(0) + number * 60.0, user=f"u{random.randrange(9)}", ip=f"192.0.2.{random.randrange(5)}", session=f"s{random.randrange(9)}",
            outcome=random.choice(("success", "failure")),
        )  # fmt: skip
        once.observe(event)
        for _ in range(2):
            twice.observe(event)
    assert once.to_json() == twice.to_json()


def test_spray_of_a_hundred_thousand_failures_costs_bounded_memory() -> None:
    evidence = Evidence()
    for number in range(100_000):
        evidence.observe(
            failure(
                number, at(0) + number * 0.5, f"198.18.{number % 200}.{number % 251}" if number % 3 else "192.0.2.1"
            )
        )
    assert len(evidence.addresses) <= ADDRESSES
    people = [
        len(part) for address in evidence.addresses.values() for part in address.values() if isinstance(part, dict)
    ]
    assert max(people) <= PEOPLE
    assert len(evidence.about(failure(1, at(0) + 50_000.0)).failures) == PEOPLE


def test_flood_of_sessions_and_addresses_keeps_the_most_recent() -> None:
    evidence = Evidence()
    for number in range(SESSIONS + 500):
        evidence.observe(signin(time=at(0) + number, session=f"s{number}", asn=number))
        evidence.observe(failure(0, at(0) + number, f"ip{number}"))
    assert len(evidence.sessions) <= SESSIONS
    assert len(evidence.addresses) <= ADDRESSES
    late = at(0) + SESSIONS + 500
    assert evidence.about(signin(time=late, session=f"s{SESSIONS + 499}")).session is not None
    assert evidence.about(signin(time=late, session="s0")).session is None


def test_window_comes_back_from_json_and_names_nobody() -> None:
    evidence = Evidence()
    for number in range(50):
        evidence.observe(failure(number, at(0) + number))
        evidence.observe(signin(time=at(0) + number, session=f"s{number}", asn=1))
    text = json.dumps(evidence.to_json())
    again = Evidence.from_json(json.loads(text))
    assert again.to_json() == evidence.to_json()
    assert again.about(signin(0, 1, ip="192.0.2.1", session="s3")) == evidence.about(
        signin(0, 1, ip="192.0.2.1", session="s3")
    )
    assert '"u1"' not in text


def test_taking_the_same_events_in_again_changes_nothing() -> None:
    events = [event.signin for event in generate(Organisation(people=40, days=14, seed=9, warmup=4))]
    evidence = Evidence()
    for event in events:
        evidence.observe(event)
    before = json.dumps(evidence.to_json())
    for event in events:
        evidence.observe(event)
    assert json.dumps(evidence.to_json()) == before
