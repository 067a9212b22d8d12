"""Password guessing: many failures at one account in a day, then a success that is not the person's own."""

from __future__ import annotations

from attacks import at_home, enter, fail, known, words
from builders import HOME, HOTEL, LAPTOP

NAME = "password_guessing"


def test_a_day_of_guesses_from_several_networks_is_told_with_their_number() -> None:
    scorer = known()
    for number in range(14):
        fail(scorer, 40 * number, **(HOTEL if number % 2 else {}))
    assessment = enter(scorer, 600)
    assert words(assessment, NAME) == "after 14 failures at this account in 10 h, from 2 networks"
    assert words(assessment, "failures_then_success") is None, "said once"


def test_guesses_that_failed_are_not_held_against_the_person_at_home() -> None:
    scorer = known()
    for number in range(30):
        fail(scorer, number)
    assert at_home(scorer, 45).habitual


def test_eleven_slips_at_home_are_no_guessing() -> None:
    scorer = known()
    for number in range(11):
        fail(scorer, number, **HOME, **LAPTOP)
    assert at_home(scorer, 12).habitual
