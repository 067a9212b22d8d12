"""Failed attempt: whoever it was is not in."""

from __future__ import annotations

import pytest
from builders import FAR, HOME, LAPTOP, STRANGE, at, finding, live, model, settled, signin
from busybody.detectors.failed_attempt import RELIEF
from busybody.policy import Policy
from busybody.scorer import Scorer
from busybody.sentence import reason


@pytest.fixture(scope="module")
def lived() -> Scorer:
    scorer = model()
    live(scorer, 30)
    return settled(scorer, at(29, 13))


def test_failure_lowers_the_odds_of_what_is_odd(lived: Scorer) -> None:
    failed = lived.score(signin(30, 9, **FAR, **STRANGE, outcome="failure"))
    succeeded = lived.score(signin(30, 9, **FAR, **STRANGE))
    relief = finding(failed, "failed_attempt")
    assert relief is not None
    assert relief.contribution == -RELIEF * Policy.default().weights["failed_attempt"]
    assert reason(relief) == "the attempt failed"
    assert failed.log_odds == pytest.approx(succeeded.log_odds + relief.contribution)
    assert failed.risk < succeeded.risk


@pytest.mark.parametrize("outcome", ["success", "unknown"])
def test_anything_but_a_failure_is_no_relief(lived: Scorer, outcome: str) -> None:
    assert finding(lived.score(signin(30, 9, **FAR, **STRANGE, outcome=outcome)), "failed_attempt") is None


def test_mistyped_password_at_home_is_no_news(lived: Scorer) -> None:
    assert lived.score(signin(30, 8, **HOME, **LAPTOP, outcome="failure")).findings == ()
