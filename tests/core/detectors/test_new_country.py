"""New country: surprising until trusted; never for whom no country is known."""

from __future__ import annotations

from typing import Any, Optional

import pytest
from builders import (
    FAR,
    HOME,
    HOSTING,
    HOTEL,
    LAPTOP,
    STRANGE,
    adding,
    at,
    company,
    finding,
    live,
    policy,
    settled,
    signin,
)  # fmt: skip
from busybody.scorer import Scorer
from busybody.sentence import reason
from busybody.signin import Finding


@pytest.fixture(scope="module")
def lived() -> Scorer:
    scorer = adding()
    company(scorer)
    live(scorer, 30)
    return settled(scorer, at(29, 13))


def found(scorer: Scorer, **fields: Any) -> Optional[Finding]:
    return finding(scorer.score(signin(30, 8, **{**HOME, **LAPTOP, **fields})), "new_country")


def test_first_sign_in_from_a_country_is_surprising(lived: Scorer) -> None:
    odd = found(lived, **HOTEL)
    assert odd is not None
    assert odd.contribution > 0.5
    assert reason(odd) == "first sign-in from NL (usually PT)"
    assert odd.evidence == {"country": "NL", "usual": "PT"}


def test_usual_country_is_no_news(lived: Scorer) -> None:
    assert found(lived) is None


def test_first_country_is_surprising_until_trusted_and_less_when_it_comes_again() -> None:
    scorer = adding()
    live(scorer, 30)
    contributions = []
    for day in range(30, 38):
        scorer.process(signin(day, 7, **HOME, **LAPTOP))
        odd = found_on(scorer, day)
        contributions.append(odd.contribution if odd is not None else 0.0)
        scorer.process(signin(day, 20, **HOTEL, **LAPTOP))
    settled(scorer, at(37, 20))
    assert contributions[0] > 0.5
    assert all(0.0 < later < contributions[0] for later in contributions[2:])
    assert found_on(scorer, 39) is None


def test_country_stays_as_surprising_as_ever_where_nothing_vouches_for_it() -> None:
    scorer = adding()
    live(scorer, 30)
    contributions = []
    for day in range(30, 38):
        scorer.process(signin(day, 7, **HOME, **LAPTOP))
        odd = finding(scorer.process(signin(day, 20, **HOTEL, **STRANGE)), "new_country")
        contributions.append(odd.contribution if odd is not None else 0.0)
    assert min(contributions) >= contributions[0] - 1e-9 > 0.5


def found_on(scorer: Scorer, day: int) -> Optional[Finding]:
    return finding(scorer.score(signin(day, 20, **HOTEL, **LAPTOP)), "new_country")


def test_country_of_colleagues_is_less_surprising() -> None:
    scorer = adding()
    for day in range(30):
        for number in range(8):
            place = HOTEL if number % 2 else HOME
            scorer.process(signin(day, 8 + number / 10.0, user=f"p{number}", **place, **LAPTOP))
    settled(scorer, at(29, 12))
    ours, theirs = found(scorer, user="p0", **HOTEL), found(scorer, user="p0", **FAR)
    assert ours is not None
    assert theirs is not None
    assert ours.contribution < theirs.contribution


def test_countries_of_anonymous_networks_change_more_freely(lived: Scorer) -> None:
    as_home = found(lived, country="DE")
    as_exit = found(lived, **HOSTING)
    assert as_home is not None
    assert as_exit is not None
    assert as_exit.contribution <= as_home.contribution


def test_who_has_no_country_yet_has_no_new_one() -> None:
    scorer = adding()
    live(scorer, 10, country=None)
    settled(scorer, at(9, 13))
    assert found(scorer) is None
    assert finding(adding().score(signin(0, 9, **HOME)), "new_country") is None


def test_missing_country_says_nothing(lived: Scorer) -> None:
    assert found(lived, country=None) is None


def test_country_that_the_policy_trusts_is_no_news() -> None:
    scorer = adding(policy(countries={"trusted": ["NL"]}))
    live(scorer, 30)
    settled(scorer, at(29, 13))
    assert found(scorer, **HOTEL) is None
    assert found(scorer, **FAR) is not None
