"""Calibration: 50 means one sign-in in a hundred here, at any size of organisation; monotone, finite, bounded."""

from __future__ import annotations

import json
import math
from functools import lru_cache
from random import Random
from typing import Dict, List

import pytest
from busybody.population.calibration import (
    BASE,
    BINS,
    BLEND,
    HIGHEST,
    LOWEST,
    REFERENCE,
    WIDTH,
    Calibration,
    Survival,
    bin_of,
    rarity_of,
    risk_of,
    shipped,
)  # fmt: skip
from hypothesis import given, settings
from hypothesis import strategies as st

log_odds = st.floats(-1e6, 1e6)
counts = st.dictionaries(st.integers(0, BINS - 1), st.floats(1, 1e7), max_size=40)


def survival_of(scores: List[float]) -> Survival:
    table: Dict[int, float] = {}
    for score in scores:
        table[bin_of(score)] = table.get(bin_of(score), 0.0) + 64.0
    return Survival(table, float(len(scores)))


@lru_cache(maxsize=8)
def honest(number: int, seed: int = 1) -> List[float]:
    """Most sign-ins are everyday ones, the others thin out exponentially."""
    random = Random(seed)
    return [BASE if random.random() < 0.8 else BASE + random.expovariate(0.8) for _ in range(number)]


def like_the_reference(number: int, seed: int) -> List[float]:
    """Sign-ins that are spread as the shipped ones are."""
    bins: Dict[str, int] = json.loads(REFERENCE.read_text(encoding="utf-8"))["bins"]
    drawn = Random(seed).choices([int(index) for index in bins], weights=list(bins.values()), k=number)
    return [LOWEST + (index + 0.5) * WIDTH for index in drawn]


@pytest.mark.parametrize(
    ("rarity", "risk"),
    [(1.0, 0.0), (0.1, 25.0), (0.01, 50.0), (0.001, 75.0), (0.0001, 100.0), (1e-9, 100.0), (0.0, 100.0), (2.0, 0.0)],
)
def test_risk_of_rarity_is_what_the_design_says(rarity: float, risk: float) -> None:
    assert risk_of(rarity) == pytest.approx(risk)


@given(st.floats(0.0001, 1.0))
def test_rarity_is_the_inverse_of_risk(rarity: float) -> None:
    assert rarity_of(risk_of(rarity)) == pytest.approx(rarity)


@settings(max_examples=40)
@given(counts, st.floats(1, 1e7), log_odds, log_odds)
def test_risk_is_monotone_finite_and_bounded_for_any_history(
    table: Dict[int, float], signins: float, one: float, other: float
) -> None:
    calibration = Calibration(Survival(table, signins))
    low, high = sorted((one, other))
    assert 0.0 <= calibration.risk(low) <= calibration.risk(high) + 1e-9 <= 100.0 + 1e-9
    assert 0.0 <= calibration.rarity(high) <= calibration.rarity(low) * (1.0 + 1e-9) <= 1.0 + 1e-8
    assert math.isfinite(calibration.rarity(high))


@pytest.mark.parametrize("promised", [25.0, 40.0, 50.0, 60.0, 75.0])
def test_in_a_large_organisation_risk_is_the_rate_of_its_own_sign_ins(promised: float) -> None:
    sample = honest if promised <= 50.0 else like_the_reference  # whose bins are too few to tell 1 in 10 from 1 in 8
    calibration = Calibration(survival_of(sample(100_000, 4)))
    fresh = sample(100_000, 2)
    rate = sum(calibration.risk(score) >= promised for score in fresh) / len(fresh)
    chance = 4.0 / (len(fresh) * rarity_of(promised)) ** 0.5
    assert rate == pytest.approx(rarity_of(promised), rel=0.1 + chance)


def test_the_tail_promises_no_more_than_comes() -> None:
    """Above what was counted the fitted tail continues: one in ten thousand of another sample is about that rare."""
    calibration = Calibration(survival_of(like_the_reference(20_000, 1)))
    fresh = like_the_reference(250_000, 3)
    rate = sum(calibration.risk(score) >= 95.0 for score in fresh) / len(fresh)
    assert rarity_of(95.0) / 3.0 < rate < rarity_of(95.0) * 3.0


def test_without_history_the_shipped_reference_rules() -> None:
    calibration = Calibration(Survival({}, 0.0))
    for score in (-8.0, BASE, -3.0, 0.0, 5.0, 50.0):
        assert calibration.rarity(score) == shipped().share(score)


@pytest.mark.parametrize("signins", [10, 500, 5000])
def test_small_organisation_is_blended_with_the_reference_by_its_size(signins: int) -> None:
    own = survival_of(honest(signins))
    calibration = Calibration(own)
    weight = signins / (signins + BLEND)
    for score in (-5.0, -4.0, -2.0):
        assert calibration.rarity(score) == pytest.approx(
            weight * own.share(score) + (1 - weight) * shipped().share(score)
        )


def test_attackers_among_the_rarest_hundredth_do_not_raise_the_bar_for_themselves() -> None:
    clean = like_the_reference(20_000, 5)
    attacked = Calibration(survival_of(clean + [3.0] * 60))
    assert attacked.risk(3.0) >= Calibration(survival_of(clean)).risk(3.0) - 10.0


def test_small_organisation_can_still_see_a_critical_sign_in() -> None:
    calibration = Calibration(survival_of(honest(300)))
    assert calibration.risk(8.0) >= 90.0


def test_everyday_sign_in_is_no_risk() -> None:
    for history in ([], honest(100), honest(100_000)):
        assert Calibration(survival_of(history)).risk(BASE) < 5.0


def test_decayed_weights_stand_for_sign_ins() -> None:
    """Counts of any unit give the same shares, if they stand for the same number of sign-ins."""
    one = Survival({bin_of(BASE): 900.0, bin_of(0.0): 100.0}, 1000.0)
    other = Survival({bin_of(BASE): 900.0 * 77, bin_of(0.0): 100.0 * 77}, 1000.0)
    for score in (-7.0, -1.0, 0.5, 3.0, 20.0):
        assert other.share(score) == pytest.approx(one.share(score))


@given(log_odds)
def test_every_score_has_a_bin(score: float) -> None:
    assert 0 <= bin_of(score) < BINS


@given(st.floats(LOWEST, HIGHEST - WIDTH))
def test_bins_cover_the_range_in_order(score: float) -> None:
    assert bin_of(score) * WIDTH + LOWEST <= score + 1e-9
    assert score - 1e-9 <= (bin_of(score) + 1) * WIDTH + LOWEST


def test_shipped_reference_is_a_survival_function() -> None:
    shares = [shipped().share(LOWEST + index * WIDTH / 3.0) for index in range(3 * BINS)]
    assert shares[0] == pytest.approx(1.0)
    assert shares == sorted(shares, reverse=True)
    assert 0.0 < shares[-1] < 1e-4
