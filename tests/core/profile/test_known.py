"""What is known of a sign-in's values: the joint table added up, against a slow, obvious reference."""

from __future__ import annotations

from typing import Any, Callable

import pytest
from builders import HOME, LAPTOP, adversarial, model, signin
from busybody.profile import Profile, known
from busybody.profile.known import ANONYMOUS, NOBODY, untrusted, values
from busybody.profile.profile import key_of


@pytest.mark.parametrize("seed", range(4))
def test_known_is_what_adding_up_the_habits_gives(seed: int) -> None:
    scorer = model()
    for event in adversarial(seed, odd=0.2):
        scorer.process(event)
        person = scorer.people.get(event.user)
        if person is None:
            continue
        profile = person.profile
        habits = list(profile.habits.items())

        def of(part: int, value: Any, habits: Any = habits) -> int:
            return sum(habit.count for key, habit in habits if key[part] == value)

        seen, (network, country, operator, device, device_id) = known(profile, event), key_of(event)
        if not habits:
            assert seen == NOBODY
            continue
        assert seen.total == profile.total
        assert (seen.network, seen.asn, seen.device) == (of(0, network), of(2, operator), of(3, device))
        assert seen.country == (of(1, country) if country is not None else 0)
        assert seen.device_id == (of(4, device_id) if device_id is not None else 0)
        assert seen.anonymous == sum(of(0, name) for name in ANONYMOUS)
        assert seen.countries == any(key[1] is not None for key, _ in habits)
        assert seen.device_ids == any(key[4] is not None for key, _ in habits)
        lasts = [habit.last for key, habit in habits if country is not None and key[1] == country]
        assert seen.country_last == (max(lasts) if lasts else None)
        assert seen.subnet == any(key[2] == operator and event.subnet in habit.subnets for key, habit in habits)


def test_nothing_is_known_of_nobody() -> None:
    event = signin(0, 9, **HOME, **LAPTOP)
    assert known(Profile(), event) == NOBODY
    assert (
        untrusted(event, NOBODY) == values(event) == [("asn", 64510), ("country", "PT"), ("device", LAPTOP["device"])]
    )


def test_missing_values_need_no_trust() -> None:
    assert values(signin(0, 9)) == []
    assert values(signin(0, 9, subnet="10.0.0.0/24")) == [("asn", "10.0.0.0/24")]


def test_row_order_is_the_habits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Adding up does not depend on the order in which habits were learned."""
    event = signin(1, 9, **HOME, **LAPTOP)
    answers = []
    for order in (1, -1):
        profile = Profile()
        build: Callable[..., Any] = profile.add
        for number in list(range(5))[::order]:
            build(key_of(event._replace(asn=64510 + number % 3, device=f"d{number}")), event.subnet, event.time, 64)
        answers.append(known(profile, event))
    assert answers[0] == answers[1]
