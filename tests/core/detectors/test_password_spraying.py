"""Password spraying: many people failed from one network, or from many with one kind of device."""

from __future__ import annotations

import pytest
from attacks import at_home, enter, fail, known, people, words
from builders import HOME, HOSTING, LAPTOP, OFFICE, STRANGE, TOOL, at, finding, live, model, signin
from busybody.scorer import Scorer

NAME = "password_spraying"


def spray(scorer: Scorer, number: int = 20, **fields: object) -> None:
    for place, user in enumerate(["ana", *people(number)]):
        fail(scorer, place, user, **fields)


def test_account_that_gives_way_in_a_spray_is_told_with_the_people_and_the_network() -> None:
    scorer = known()
    spray(scorer)
    assessment = enter(scorer, 30)
    assert words(assessment, NAME) == "after failures of 21 people from 198.18.99.0/24 in 30 min, of this one too"
    assert assessment.hard
    assert assessment.level in ("high", "critical")


@pytest.mark.parametrize("number", [1, 2])
def test_two_or_three_people_who_fail_are_no_crowd(number: int) -> None:
    scorer = known()
    spray(scorer, number)
    assert words(enter(scorer, 30), NAME) is None


def test_the_person_at_home_is_not_doubted_while_a_spray_goes_on() -> None:
    scorer = known()
    spray(scorer)
    assert at_home(scorer, 30).habitual


def test_office_where_people_fail_and_get_in_is_no_attack() -> None:
    scorer = known()
    for place, user in enumerate(["ana", *people(20)]):
        fail(scorer, place, user, **OFFICE, **LAPTOP)
        if place % 3:
            scorer.process(signin(time=at(30, 8) + place * 60.0 + 30.0, user=user, **OFFICE, **LAPTOP))
    assert words(enter(scorer, 60, **OFFICE, **LAPTOP), NAME) is None


def test_network_that_several_people_are_known_to_use_is_no_attack() -> None:
    scorer = model()
    for user in ("ana", *people(5)):
        live(scorer, 30, user=user, **(HOME if user == "ana" else OFFICE))
    spray(scorer, 12, **OFFICE, **LAPTOP)
    assert words(enter(scorer, 60, **OFFICE, **LAPTOP), NAME) is None


def spread(scorer: Scorer, number: int, **device: object) -> None:
    """One failure of each person, each from another network."""
    for place, user in enumerate(["ana", *people(number)]):
        block = f"198.19.{place}"
        fail(scorer, place, user, ip=f"{block}.9", subnet=f"{block}.0/24", asn=65000 + place, **device)


def test_spray_spread_over_many_networks_is_known_by_its_tool() -> None:
    scorer = known()
    spread(scorer, 30, **TOOL)
    found = finding(enter(scorer, 45, **{**HOSTING, "subnet": "198.19.200.0/24"}, **TOOL), NAME)
    assert found is not None
    assert found.evidence["where"] == "many networks with one kind of device"


def test_own_device_at_a_strange_network_is_not_part_of_a_spread_spray() -> None:
    scorer = known()
    spread(scorer, 30, **LAPTOP)
    assert words(enter(scorer, 45, **HOSTING, **LAPTOP), NAME) is None


def test_new_laptop_at_home_is_not_part_of_a_spread_spray() -> None:
    scorer = known()
    spread(scorer, 30, **STRANGE)
    assert words(at_home(scorer, 45, **STRANGE), NAME) is None
