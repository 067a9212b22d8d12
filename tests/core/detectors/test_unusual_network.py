"""Unusual network: class first, then operator, then subnet."""

from __future__ import annotations

from typing import Any, Dict, Optional

import pytest
from builders import (
    FAR,
    HOME,
    HOME_RENUMBERED,
    HOSTING,
    HOTEL,
    LAPTOP,
    OFFICE,
    PHONE_NET,
    at,
    company,
    finding,
    live,
    model,
    settled,
    signin,
)  # fmt: skip
from busybody.scorer import Scorer
from busybody.sentence import reason
from busybody.signin import Finding


@pytest.fixture(scope="module")
def lived() -> Scorer:
    scorer = model()
    company(scorer)
    live(scorer, 30)
    return settled(scorer, at(29, 13))


def found(scorer: Scorer, place: Dict[str, Any], **fields: Any) -> Optional[Finding]:
    return finding(scorer.score(signin(30, 8, **{**LAPTOP, **place, **fields})), "unusual_network")


def test_usual_network_is_no_news(lived: Scorer) -> None:
    assert found(lived, HOME) is None


def test_network_never_used_is_surprising_and_says_so(lived: Scorer) -> None:
    odd = found(lived, FAR)
    assert odd is not None
    assert odd.contribution > 2.0
    assert reason(odd) == "never used before: residential network Yuki Net (usually Tejo Cable)"


def test_class_never_used_is_more_surprising_than_another_operator_of_the_usual_class(lived: Scorer) -> None:
    same_class, other_class = found(lived, HOTEL), found(lived, HOSTING)
    assert same_class is not None
    assert other_class is not None
    assert other_class.contribution > same_class.contribution


def test_network_that_colleagues_use_is_less_surprising(lived: Scorer) -> None:
    stranger = {**OFFICE, "asn": 65001, "as_org": "Foreign Works"}
    ours, theirs = found(lived, OFFICE), found(lived, stranger)
    assert ours is not None
    assert theirs is not None
    assert ours.contribution < theirs.contribution


def test_new_subnet_of_whose_subnet_never_changed_is_a_lesser_surprise() -> None:
    scorer = model()
    live(scorer, 90, first=-60)
    settled(scorer, at(29, 13))
    renumbered, elsewhere = found(scorer, HOME_RENUMBERED), found(scorer, HOTEL)
    assert renumbered is not None
    assert elsewhere is not None
    assert 0.0 < renumbered.contribution < elsewhere.contribution
    assert reason(renumbered) == "rarely used residential network Tejo Cable (usually Tejo Cable)"


def test_whose_subnets_always_change_is_not_surprised_by_another() -> None:
    scorer = model()
    for day in range(30):
        place = {**PHONE_NET, "subnet": f"10.{day}.0.0/24", "ip": f"10.{day}.0.1"}
        scorer.process(signin(day, 9, **place, **LAPTOP))
    settled(scorer, at(29, 9))
    assert found(scorer, {**PHONE_NET, "subnet": "10.99.0.0/24"}) is None


def test_network_without_asn_is_known_by_its_subnet() -> None:
    bare = {**HOME, "asn": None, "as_org": None}
    scorer = model()
    live(scorer, 30, asn=None, as_org=None)
    settled(scorer, at(29, 13))
    assert found(scorer, bare) is None
    other = found(scorer, {**bare, "subnet": "10.5.5.0/24"})
    assert other is not None
    assert "10.5.5.0/24" in reason(other)


def test_missing_network_says_nothing(lived: Scorer) -> None:
    assert found(lived, HOSTING, asn=None, subnet=None) is None


def test_growing_habit_is_ever_less_surprising() -> None:
    """One sign-in a week from the office among everyday ones: from rare to familiar."""
    scorer = model()
    live(scorer, 14)
    contributions = []
    for day in range(14, 60):
        for hour in (8.0, 13.0):
            scorer.process(signin(day, hour, **HOME, **LAPTOP))
        if day % 4 == 0:
            odd = finding(scorer.process(signin(day, 15, **OFFICE, **LAPTOP)), "unusual_network")
            contributions.append(odd.contribution if odd is not None else 0.0)
    assert contributions[0] > 2.0
    assert contributions[-1] == 0.0


def test_peer_groups_network_is_less_surprising_than_to_others() -> None:
    scorer = model()
    for day in range(30):
        for number in range(6):
            place, group = (OFFICE, "field") if number < 3 else (HOME, "desk")
            scorer.process(signin(day, 8 + number / 10.0, user=f"p{number}", group=group, **place, **LAPTOP))
    settled(scorer, at(29, 12))
    odd = {
        group: found(scorer, {**OFFICE, "asn": OFFICE["asn"]}, user="p5", group=group) for group in ("field", "desk")
    }
    assert odd["desk"] is not None
    assert odd["field"] is None or odd["field"].contribution < odd["desk"].contribution
