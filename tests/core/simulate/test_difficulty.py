"""The simulator is neither too easy nor hopeless: the baseline that a model must beat finds .55 to .78 of the attacks."""

from __future__ import annotations

import importlib.util
import math
import sys
from pathlib import Path
from typing import Any

import pytest
from busybody.signin import SignIn
from busybody.simulate import Event, Organisation, Truth, generate

PATH = Path(__file__).resolve().parents[3] / "benchmarks" / "baseline_sum.py"


@pytest.fixture(scope="module")
def baseline() -> Any:
    spec = importlib.util.spec_from_file_location("baseline_sum", PATH)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["baseline_sum"] = module
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(("seed", "found"), [(7, 0.55), (11, 0.67)])
def test_the_sum_finds_what_it_found_at_the_freeze(seed: int, found: float, baseline: Any) -> None:
    config = Organisation(people=800, days=30, seed=seed)
    run = baseline.evaluate(generate(config), config, baseline.Sum())
    assert run.found(1.0) == pytest.approx(found, abs=0.006)
    assert 0.545 <= run.found(1.0) <= 0.78


def signin(time: float, **fields: Any) -> SignIn:
    return SignIn(str(time), time, "ana", "success", **fields)


def test_the_sum_is_the_surprisal_of_three_fields(baseline: Any) -> None:
    model = baseline.Sum(travel=False)
    home = {"network": "residential", "asn": 1, "device": "a"}
    assert model.score_and_learn(signin(0, **home)) == pytest.approx(3 * math.log(2))
    assert model.score_and_learn(signin(1, **home)) == pytest.approx(-3 * math.log(1.5 / 2))
    assert model.score_and_learn(signin(2, **dict(home, asn=2))) == pytest.approx(-2 * math.log(2.5 / 3) + math.log(6))
    assert model.score_and_learn(signin(3, network=None, asn=None, device=None)) == 0  # missing weighs nothing


def test_impossible_travel_adds_four_and_a_half(baseline: Any) -> None:
    model = baseline.Sum()
    lisbon, tokyo = {"lat": 38.7, "lon": -9.1}, {"lat": 35.7, "lon": 139.7}
    assert model.score_and_learn(signin(0, **lisbon)) == 0
    assert model.score_and_learn(signin(3600, **tokyo)) == pytest.approx(4.6)
    assert model.score_and_learn(signin(3600 * 40, **lisbon)) == pytest.approx(0, abs=1e-6)


def test_incidents_count_a_person_a_day_and_a_cause_once(baseline: Any) -> None:
    run = baseline.Incidents(people=10, days=100)  # one false incident is allowed at 1 per 1,000
    for day, score in ((1, 5.0), (1, 9.0), (2, 7.0), (3, 1.0)):
        run.add(Event(signin(day), Truth("usual", False, "", False)), day, score)
    for day, score, label in ((1, 8.0, "naive"), (1, 2.0, "naive"), (1, 6.0, "vpn")):
        run.add(Event(signin(day), Truth(label, True, "x", True)), day, score)
    assert len(run.honest) == 3
    assert len(run.attacks) == 2
    assert run.threshold(1.0) == 7.0
    assert run.found(1.0) == 0.5
    assert run.found(1.0, "naive") == 1.0
    assert run.average_precision() == pytest.approx((1 / 2 + 2 / 4) / 2)
