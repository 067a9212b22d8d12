"""Forward decay in whole numbers: a half-life halves, an era keeps ratios, an update can be taken back exactly."""

from __future__ import annotations

import pytest
from busybody.decay import HALF_LIVES, UNIT, Decay, shifted
from hypothesis import given
from hypothesis import strategies as st

half_lives = st.floats(1, 3650)
days = st.integers(0, 60_000)


@given(half_lives, days)
def test_weight_at_the_start_of_an_era_is_the_unit(half_life: float, day: int) -> None:
    decay = Decay(half_life)
    era = decay.era(day)
    assert decay.weight(era, era) == UNIT


@given(half_lives, days)
def test_weight_follows_its_formula_within_rounding(half_life: float, day: int) -> None:
    decay = Decay(half_life)
    era = decay.era(day)
    exact = UNIT * 2.0 ** ((day - era) / half_life)
    assert isinstance(decay.weight(day, era), int)
    assert decay.weight(day, era) == pytest.approx(exact, abs=0.5)
    assert decay.weight(day, era) / exact == pytest.approx(1.0, abs=0.01)


@given(st.integers(2, 3650), days)
def test_a_half_life_later_a_sign_in_weighs_twice_as_much(half_life: int, day: int) -> None:
    decay = Decay(half_life)
    era = decay.era(day)
    assert decay.weight(day + half_life, era) == pytest.approx(2 * decay.weight(day, era), abs=1.5)


@given(half_lives, days)
def test_everybody_changes_era_on_the_same_days(half_life: float, day: int) -> None:
    decay = Decay(half_life)
    era = decay.era(day)
    assert era <= day < era + decay.era_days
    assert decay.era(era) == era
    assert decay.era(era + decay.era_days) == era + decay.era_days


@given(half_lives, days)
def test_one_era_later_counts_shrink_by_ten_half_lives(half_life: float, day: int) -> None:
    decay = Decay(half_life)
    era = decay.era(day)
    assert decay.shift(era, era + decay.era_days) == HALF_LIVES
    assert decay.shift(era, era) == 0


@given(st.lists(st.integers(0, 2**40), min_size=2, max_size=20), st.integers(0, 40))
def test_a_new_era_keeps_ratios_to_the_rounding_of_one(counts: list[int], bits: int) -> None:
    for count in counts:
        assert abs(shifted(count, bits) - count / 2**bits) <= 0.5


@given(half_lives, days)
def test_weight_of_today_is_the_same_in_the_old_era_shifted_and_in_the_new(half_life: float, day: int) -> None:
    """Moving to a new era changes nothing that a score can see: old counts and new units shrink alike."""
    decay = Decay(half_life)
    era = decay.era(day)
    later = era + decay.era_days
    in_old, in_new = decay.weight(later, era), decay.weight(later, later)
    assert shifted(in_old, decay.shift(era, later)) == pytest.approx(in_new, rel=0.6 / half_life + 0.02)


def test_weight_is_never_nothing() -> None:
    decay = Decay(30.0)
    assert decay.weight(0, 20_400) == 1


@given(half_lives, st.lists(st.tuples(days, days), max_size=50))
def test_weights_do_not_depend_on_what_was_asked_before(half_life: float, asked: list[tuple[int, int]]) -> None:
    one = Decay(half_life)
    for day, other in asked:
        era = one.era(min(day, other))
        if day - era < 2 * one.era_days:
            assert one.weight(day, era) == Decay(half_life).weight(day, era)
