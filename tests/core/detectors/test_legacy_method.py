"""Legacy method: the first sign-in by an old protocol or a device code, also where all else is habit."""

from __future__ import annotations

import pytest
from attacks import at_home, known, words
from builders import at, profile_of, reloaded, settled

NAME = "legacy_method"


@pytest.mark.parametrize(
    ("method", "said"),
    [("legacy", "an old protocol without second factor"), ("device_code", "a device code")],
)
def test_first_use_is_told_even_at_home(method: str, said: str) -> None:
    assessment = at_home(known(), method=method)
    assert words(assessment, NAME) == f"first sign-in by {said}"
    assert not assessment.habitual


def test_what_was_learned_is_no_news_nor_after_a_restart() -> None:
    scorer = known()
    at_home(scorer, 0, method="legacy")
    settled(scorer, at(31))
    assert profile_of(scorer).methods == ["legacy"]
    for model in (scorer, reloaded(scorer)):
        assert at_home(model, 24 * 60, method="legacy").habitual
    assert words(at_home(scorer, 25 * 60, method="device_code"), NAME) is not None


@pytest.mark.parametrize("method", ["password", "sso", "token", "passkey", None])
def test_other_methods_are_not_asked_about(method: str) -> None:
    assert at_home(known(), method=method).habitual
