"""Shared newcomer: a hosting network or tool that is new here, and several people are on it."""

from __future__ import annotations

import pytest
from attacks import enter, known, people, words
from builders import HOME, HOSTING, HOTEL, LAPTOP, STRANGE, TOOL, at, live, model, signin

NAME = "shared_newcomer"


def test_people_on_a_new_hosting_network_are_counted() -> None:
    scorer = known()
    for minute, user in enumerate(people(5)):
        enter(scorer, minute, user=user)
    assert words(enter(scorer, 10), NAME) == "5 people today on the network Rack Farm, which nobody here is known for"


def test_people_with_a_new_tool_are_counted() -> None:
    scorer = known()
    for minute, user in enumerate(people(6)):
        enter(scorer, minute, user=user, **HOTEL, **TOOL)
    said = words(enter(scorer, 10, **HOTEL, **TOOL), NAME)
    assert said == "6 people today on the tool linux-tool-curl, which nobody here is known for"


@pytest.mark.parametrize("number", [0, 1, 3])
def test_a_few_people_are_no_crowd(number: int) -> None:
    scorer = known()
    for minute, user in enumerate(people(number)):
        enter(scorer, minute, user=user)
    assert words(enter(scorer, 10), NAME) is None


def test_network_that_people_here_are_known_for_is_no_newcomer() -> None:
    scorer = model()
    for user in ("ana", *people(5)):
        live(scorer, 30, user=user, **(HOME if user == "ana" else HOSTING))
    for minute, user in enumerate(people(5)):
        scorer.process(signin(time=at(30, 9) + minute, user=user, **HOSTING, **LAPTOP))
    assert words(enter(scorer, 10, **HOSTING, **STRANGE), NAME) is None
