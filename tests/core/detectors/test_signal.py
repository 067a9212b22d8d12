"""Surprisal: zero from FAMILIAR on, growing as the probability falls, bounded."""

from __future__ import annotations

from math import log

import pytest
from busybody.detectors.signal import FAMILIAR, surprisal
from hypothesis import given
from hypothesis import strategies as st

probabilities = st.floats(1e-12, 1.0)


@given(probabilities)
def test_familiar_is_exactly_no_surprise(probability: float) -> None:
    assert (surprisal(probability, 5.0) == 0.0) == (probability >= FAMILIAR)


@given(probabilities, probabilities, st.floats(0.1, 10))
def test_rarer_is_never_less_surprising_and_never_above_the_bound(one: float, other: float, highest: float) -> None:
    rare, common = sorted((one, other))
    assert 0.0 <= surprisal(common, highest) <= surprisal(rare, highest) <= highest


def test_surprisal_is_in_nats_against_the_familiar() -> None:
    assert surprisal(FAMILIAR / 10.0, 9.0) == pytest.approx(log(10.0))
