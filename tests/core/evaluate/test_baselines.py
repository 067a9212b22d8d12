"""Each baseline does what its documentation says."""

from __future__ import annotations

import math
from typing import Any, Dict

import pytest
from busybody.evaluate.baselines import BASELINES, SLOW, BuffaLogs, Elastic, Freeman, Okta, Sum

from .rows import signin

LISBON: Dict[str, Any] = {"lat": 38.7, "lon": -9.1, "city": "Lisbon", "country": "PT"}
TOKYO: Dict[str, Any] = {"lat": 35.7, "lon": 139.7, "city": "Tokyo", "country": "JP"}
HOUR, DAY = 3600.0, 86400.0


def test_the_sum_is_the_surprisal_of_three_fields() -> None:
    model = Sum(travel=False)
    home = {"network": "residential", "asn": 1, "device": "a"}
    assert model.score_and_learn(signin(0, **home)) == pytest.approx(3 * math.log(2))
    assert model.score_and_learn(signin(1, **home)) == pytest.approx(-3 * math.log(1.5 / 2))
    assert model.score_and_learn(signin(2, **{**home, "asn": 2})) == pytest.approx(-2 * math.log(2.5 / 3) + math.log(6))
    assert model.score_and_learn(signin(3)) == 0  # missing weighs nothing


def test_impossible_travel_adds_four_and_a_half_to_the_sum() -> None:
    model = Sum.strong()
    assert model.score_and_learn(signin(0, **LISBON)) == 0
    assert model.score_and_learn(signin(HOUR, **TOKYO)) == pytest.approx(4.6)
    assert model.score_and_learn(signin(HOUR * 40, **LISBON)) == pytest.approx(0, abs=1e-6)


def test_freeman_scores_nobody_without_history_and_the_new_above_the_known() -> None:
    model = Freeman()
    home = {
        "ip": "192.0.2.1",
        "asn": 1,
        "country": "PT",
        "user_agent": "a",
        "device": "windows-desktop-chrome",
        "version": 1,
    }
    assert model.score_and_learn(signin(0, **home)) == 0
    for time in range(1, 9):
        known = model.score_and_learn(signin(time, **home))
    model.score_and_learn(signin(9, "bo", **{**home, "ip": "198.51.100.9", "asn": 2, "country": "JP"}))
    assert model.score_and_learn(signin(10, **{**home, "ip": "198.51.100.9", "asn": 2, "country": "JP"})) > known


def test_buffalogs_alerts_on_travel_and_new_countries_once() -> None:
    model = BuffaLogs()
    assert model.score_and_learn(signin(0, **LISBON)) == 0
    assert int(model.score_and_learn(signin(HOUR, **TOKYO))) == 2
    assert model.score_and_learn(signin(HOUR + 1, **TOKYO)) == 0
    assert int(model.score_and_learn(signin(40 * DAY, **LISBON))) == 1  # not seen for 30 days


def test_okta_knows_the_last_twenty_cities() -> None:
    model = Okta()
    assert model.score_and_learn(signin(0, **LISBON)) == 0
    assert int(model.score_and_learn(signin(30 * DAY, **TOKYO))) == 3  # city, country, position
    for number in range(21):
        model.score_and_learn(signin(30 * DAY + number + 1, **TOKYO))
    assert int(model.score_and_learn(signin(90 * DAY, **LISBON))) == 3


def test_elastic_needs_two_places_within_ninety_minutes() -> None:
    model = Elastic()
    model.score_and_learn(signin(0, asn=1, **LISBON))
    assert model.score_and_learn(signin(HOUR, asn=1, **TOKYO)) == 47
    model = Elastic()
    model.score_and_learn(signin(0, asn=1, **LISBON))
    assert model.score_and_learn(signin(2 * HOUR, asn=2, **TOKYO)) == 21
    assert model.score_and_learn(signin(3 * HOUR, asn=2, method="device_code", **TOKYO)) == 47
    assert model.score_and_learn(signin(4 * HOUR, asn=2, method="device_code", **TOKYO)) == 0


def test_the_forest_finds_what_is_far_from_all() -> None:
    pytest.importorskip("sklearn")
    model = SLOW["forest per person"]()
    for day in range(20):
        agent = ("Firefox", "Safari")[day % 2]
        place = {**LISBON, "lat": 38.7 + day % 3 / 10}
        usual = model.score_and_learn(signin(day * DAY, asn=1 + day % 2, user_agent=agent, **place))
    assert model.score_and_learn(signin(20 * DAY, asn=9, user_agent="curl", **TOKYO)) > usual


@pytest.mark.parametrize("name", BASELINES)
def test_a_baseline_survives_what_is_missing_and_forgets_failures(name: str) -> None:
    model, other = BASELINES[name](), BASELINES[name]()
    events = [signin(0, **LISBON), signin(1), signin(2, network="tor", flags=("proxy",)), signin(3, asn=3, **TOKYO)]
    scores = [model.score_and_learn(one) for one in events]
    assert all(math.isfinite(score) for score in scores)
    for one, score in zip(events, scores):
        other.score_and_learn(one._replace(outcome="failure", asn=9, country="ZZ"))
        assert other.score_and_learn(one) == score
