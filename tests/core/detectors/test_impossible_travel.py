"""Impossible travel: a probability, from several places, with error radii, VPN habits and shared egress."""

from __future__ import annotations

from math import asin, cos, radians, sin, sqrt
from typing import Any, Dict, Optional

import pytest
from builders import (
    FAR,
    HOME,
    HOSTING,
    HOTEL,
    LAPTOP,
    NO_ASN,
    OFFICE,
    PHONE_NET,
    STRANGE,
    VPN,
    adding,
    at,
    finding,
    live,
    policy,
    profile_of,
    settled,
    signin,
)  # fmt: skip
from busybody.detectors.impossible_travel import SEEN, beyond, feasible_km
from busybody.policy import Policy
from busybody.scorer import Scorer
from busybody.sentence import reason
from busybody.signin import Finding
from hypothesis import given
from hypothesis import strategies as st

RULES = Policy.default()


@pytest.fixture
def lived() -> Scorer:
    """Last seen at home at 8:00 on day 30."""
    scorer = adding()
    live(scorer, 30)
    scorer.process(signin(30, 8, **HOME, **LAPTOP))
    return settled(scorer, at(30, 8))


def found(scorer: Scorer, place: Dict[str, Any], hours: float = 1.0, **fields: Any) -> Optional[Finding]:
    return finding(scorer.score(signin(30, 8 + hours, **{**LAPTOP, **place, **fields})), "impossible_travel")


def test_far_journey_in_an_hour_is_impossible_and_says_so(lived: Scorer) -> None:
    odd = found(lived, FAR)
    assert odd is not None
    assert odd.contribution > 0.9 * SEEN * RULES.weights["impossible_travel"]
    assert reason(odd) == "Lisbon to Sapporo, 10,448 km in 60 min (feasible 212 km)"


def test_distance_and_speed_are_always_in_the_evidence(lived: Scorer) -> None:
    odd = found(lived, FAR, 2.0)
    assert odd is not None
    assert odd.evidence["distance_km"] == pytest.approx(kilometres(HOME, FAR), rel=0.005)
    assert odd.evidence["hours"] == 2.0
    assert odd.evidence["speed_kmh"] == pytest.approx(odd.evidence["distance_km"] / 2.0)


def kilometres(one: Dict[str, Any], other: Dict[str, Any]) -> float:
    """The haversine, written plainly."""
    up = sin(radians(other["lat"] - one["lat"]) / 2) ** 2
    across = sin(radians(other["lon"] - one["lon"]) / 2) ** 2
    return 2 * 6371.0 * asin(sqrt(up + cos(radians(one["lat"])) * cos(radians(other["lat"])) * across))


def test_identical_times_are_impossible_and_have_no_speed(lived: Scorer) -> None:
    odd = found(lived, FAR, 0.0, id="zz later by id")
    assert odd is not None
    assert odd.evidence["speed_kmh"] is None


def test_journey_that_a_plane_makes_is_not_doubted(lived: Scorer) -> None:
    assert found(lived, HOTEL, 12.0) is None
    assert found(lived, FAR, 34.0) is None


def test_less_time_is_never_less_surprising(lived: Scorer) -> None:
    told = [found(lived, HOTEL, hours) for hours in (0.2, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 6.0)]
    contributions = [odd.contribution if odd is not None else 0.0 for odd in told]
    assert contributions == sorted(contributions, reverse=True)
    assert contributions[0] > 1.0
    assert contributions[-1] == 0.0


def test_vague_place_is_doubted_less(lived: Scorer) -> None:
    hours = 2.2
    sharp, vague = found(lived, HOTEL, hours, accuracy_km=5.0), found(lived, HOTEL, hours, accuracy_km=900.0)
    assert sharp is not None
    assert vague is None or vague.contribution < sharp.contribution


def test_short_distance_is_never_doubted(lived: Scorer) -> None:
    assert found(lived, OFFICE, 0.01) is None


def test_same_subnet_is_never_doubted_however_its_place_was_guessed(lived: Scorer) -> None:
    assert found(lived, {**FAR, "subnet": HOME["subnet"]}) is None


@pytest.mark.parametrize("fields", [{"lat": None}, {"lon": None}, {"network": "private"}, {"interactive": False}])
def test_missing_place_private_address_and_unattended_sign_in_say_nothing(
    lived: Scorer, fields: Dict[str, Any]
) -> None:
    assert found(lived, FAR, **fields) is None


def test_unknown_interactivity_is_taken_for_a_person(lived: Scorer) -> None:
    assert found(lived, FAR, interactive=None) is not None


def test_places_beyond_the_window_are_forgotten(lived: Scorer) -> None:
    antipodes = {**FAR, "lat": -38.72, "lon": 170.86}
    assert found(lived, antipodes, RULES.travel.window_hours + 1.0) is None


def test_several_places_count_and_not_only_the_last(lived: Scorer) -> None:
    """An attacker's sign-in from a place without coordinates in between does not hide where the person was."""
    lived.process(signin(30, 8.5, **NO_ASN, **LAPTOP))
    settled(lived, at(30, 8.5))
    assert found(lived, FAR) is not None


def test_untrusted_place_is_no_place_to_travel_from(lived: Scorer) -> None:
    lived.process(signin(30, 8.5, **FAR, **STRANGE))
    settled(lived, at(30, 8.5))
    assert found(lived, HOME, 1.0) is None
    assert found(lived, PHONE_NET, 1.0) is None


def test_phone_at_either_end_halves_the_doubt(lived: Scorer) -> None:
    fixed, mobile = found(lived, FAR), found(lived, {**FAR, "network": "mobile"})
    assert fixed is not None
    assert mobile is not None
    assert mobile.contribution < 0.6 * fixed.contribution


def test_hosting_without_a_habit_is_doubted_a_little_less(lived: Scorer) -> None:
    far_rack = {**HOSTING, "lat": FAR["lat"], "lon": FAR["lon"]}
    fixed, rack = found(lived, FAR), found(lived, far_rack)
    assert fixed is not None
    assert rack is not None
    assert 0.5 * fixed.contribution < rack.contribution < fixed.contribution


def test_whose_vpn_is_a_habit_is_not_travelling() -> None:
    scorer = adding()
    live(scorer, 30)
    for day in range(30, 60):
        scorer.process(signin(day, 8, **HOME, **LAPTOP))
        scorer.process(signin(day, 9, **VPN, **LAPTOP))
    settled(scorer, at(59, 9))
    without = adding()
    live(without, 60)
    another = {**VPN, "asn": 65060, "subnet": "10.60.0.0/24", "lat": FAR["lat"], "lon": FAR["lon"]}
    for one in (scorer, without):
        one.process(signin(60, 8, **HOME, **LAPTOP))
        settled(one, at(60, 8))
    habit, none = (
        finding(one.score(signin(60, 9, **another, **LAPTOP)), "impossible_travel") for one in (scorer, without)
    )
    assert none is not None
    assert habit is None or habit.contribution < 0.2 * none.contribution


def test_attacker_cannot_buy_a_habit_by_going_to_and_fro(lived: Scorer) -> None:
    """The prototype counted pairs while scoring: two alternations bought .90."""
    first = found(lived, FAR)
    for number in range(6):
        lived.process(signin(30, 8.1 + number / 10.0, **(FAR if number % 2 else HOME), **LAPTOP))
    settled(lived, at(30, 9))
    lived.process(signin(30, 13, **HOME, **LAPTOP))
    settled(lived, at(30, 13))
    again = found(lived, FAR, 6.0)
    assert first is not None
    assert again is not None
    assert again.contribution == pytest.approx(first.contribution, rel=0.05)
    assert not any(str(FAR["asn"]) in pair for pair in profile_of(lived).pairs)


def test_egress_that_several_people_share_is_not_travel() -> None:
    scorer = adding()
    for day in range(20):
        for number in range(6):
            scorer.process(signin(day, 8 + number / 10, user=f"p{number}", **OFFICE, **LAPTOP))
            scorer.process(signin(day, 14 + number / 10, user=f"p{number}", **HOSTING, **LAPTOP))
    settled(scorer, at(19, 15))
    live(scorer, 25, user="p9")
    scorer.process(signin(30, 8, user="p9", **HOME, **LAPTOP))
    settled(scorer, at(30, 8))
    odd = finding(scorer.score(signin(30, 9, user="p9", **HOSTING, **LAPTOP)), "impossible_travel")
    assert odd is None or odd.contribution < 0.1 * SEEN


def test_way_home_is_not_the_suspicious_leg() -> None:
    scorer = adding()
    live(scorer, 60)
    day = 60
    for hours in (10, 34, 58, 82, 106, 130, 154, 178):
        scorer.process(signin(day, hours, **HOTEL, **LAPTOP))
        scorer.process(signin(day, hours + 12, **HOME, **LAPTOP))
    settled(scorer, at(day, 190))
    last = signin(day, 202, **HOTEL, **LAPTOP)
    scorer.process(last)
    settled(scorer, last.time)
    away = finding(scorer.score(signin(day, 203, **FAR, **LAPTOP)), "impossible_travel")
    home = finding(scorer.score(signin(day, 203, **HOME, **LAPTOP)), "impossible_travel")
    assert away is not None
    assert home is None or home.contribution < 0.2 * away.contribution


def test_limits_are_the_policys() -> None:
    scorer = adding(policy(travel={"min_distance_km": 5000, "max_speed_kmh": 300}))
    live(scorer, 30)
    scorer.process(signin(30, 8, **HOME, **LAPTOP))
    settled(scorer, at(30, 8))
    assert found(scorer, HOTEL, 0.5) is None
    assert found(scorer, FAR, 0.5) is not None


@given(st.floats(0, 20_000), st.floats(0, 36))
def test_beyond_is_longer_and_faster_than_the_limits(distance: float, hours: float) -> None:
    assert beyond(distance, hours, RULES) == (distance > 100.0 and distance > 300.0 * hours)


@given(st.floats(0, 36), st.floats(0, 36))
def test_feasible_distance_grows_with_time(one: float, other: float) -> None:
    short, long = sorted((one, other))
    assert 30.0 <= feasible_km(short, RULES) <= feasible_km(long, RULES)
    assert feasible_km(12.0, RULES) == pytest.approx(850.0 * 11.25)
