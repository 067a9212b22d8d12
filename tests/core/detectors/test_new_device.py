"""New device: an id decides first, then the kind of device, then the browser's version."""

from __future__ import annotations

from math import log
from typing import Any, Optional

import pytest
from builders import HOME, LAPTOP, MANAGED, PHONE, STRANGE, adding, at, company, finding, live, settled, signin
from busybody.detectors.new_device import BACK, NO_ID_HIGHEST, OTHER_VERSION, UNKNOWN_ID
from busybody.policy import Policy
from busybody.scorer import Scorer
from busybody.sentence import reason
from busybody.signin import Finding

WEIGHT = Policy.default().weights["new_device"]


@pytest.fixture(scope="module")
def lived() -> Scorer:
    scorer = adding()
    company(scorer)
    live(scorer, 30)
    live(scorer, 30, user="managed", **MANAGED)
    return settled(scorer, at(29, 13))


def found(scorer: Scorer, **fields: Any) -> Optional[Finding]:
    return finding(scorer.score(signin(30, 8, **{**HOME, **fields})), "new_device")


def test_usual_device_is_no_news(lived: Scorer) -> None:
    assert found(lived, **LAPTOP) is None


def test_device_never_used_is_surprising_and_says_so(lived: Scorer) -> None:
    odd = found(lived, **STRANGE)
    assert odd is not None
    assert odd.contribution > 1.0
    assert reason(odd) == "never used before: Firefox on Linux (usually Chrome on Windows)"


def test_device_that_colleagues_use_is_less_surprising(lived: Scorer) -> None:
    common, rare = found(lived, **PHONE), found(lived, **STRANGE)
    assert common is not None
    assert rare is not None
    assert common.contribution < rare.contribution


def test_missing_device_says_nothing(lived: Scorer) -> None:
    assert found(lived, device=None, version=128) is None


def test_known_device_id_is_no_news_whatever_its_browser(lived: Scorer) -> None:
    assert found(lived, user="managed", **STRANGE, device_id=MANAGED["device_id"]) is None


def test_unknown_device_id_is_news_even_on_the_usual_browser(lived: Scorer) -> None:
    odd = found(lived, user="managed", **LAPTOP, device_id="B-99")
    assert odd is not None
    assert odd.contribution == pytest.approx(WEIGHT * UNKNOWN_ID)
    assert reason(odd) == "another device, of a known kind: Chrome on Windows"


def test_unknown_device_id_without_a_browser_is_news(lived: Scorer) -> None:
    odd = found(lived, user="managed", device_id="B-99")
    assert odd is not None
    assert odd.contribution == pytest.approx(WEIGHT * UNKNOWN_ID)


def test_first_device_id_of_somebody_whose_log_never_had_one_is_no_news(lived: Scorer) -> None:
    assert found(lived, **LAPTOP, device_id="B-99") is None


@pytest.mark.parametrize("step", [-BACK, 0, 1, 6, 60])
def test_update_of_the_browser_is_no_news(lived: Scorer, step: int) -> None:
    assert found(lived, device=LAPTOP["device"], version=LAPTOP["version"] + step) is None


@pytest.mark.parametrize("step", [-BACK - 1, -40])
def test_version_that_went_back_is_a_lesser_surprise(lived: Scorer, step: int) -> None:
    odd = found(lived, device=LAPTOP["device"], version=LAPTOP["version"] + step)
    assert odd is not None
    assert odd.contribution == pytest.approx(WEIGHT * OTHER_VERSION)
    assert reason(odd).startswith(f"browser version {LAPTOP['version'] + step} o")
    assert "Chrome on Windows" in reason(odd)


def test_missing_version_says_nothing(lived: Scorer) -> None:
    assert found(lived, device=LAPTOP["device"]) is None


def test_versions_are_learned_as_the_browser_updates() -> None:
    scorer = adding()
    for day in range(30):
        scorer.process(signin(day, 9, **HOME, device=LAPTOP["device"], version=100 + day))
    settled(scorer, at(29, 9))
    assert found(scorer, device=LAPTOP["device"], version=130) is None
    assert found(scorer, device=LAPTOP["device"], version=100) is not None


@pytest.mark.parametrize("odd_version", [999, 145])
def test_one_odd_version_does_not_make_every_later_sign_in_odd(odd_version: int) -> None:
    """A canary build, a borrowed user agent, or a reinstalled browser: after two weeks the everyday one is no news again."""
    scorer = adding()
    live(scorer, 30)
    scorer.process(signin(30, 8, **HOME, device=LAPTOP["device"], version=odd_version))
    live(scorer, 14, first=31)
    settled(scorer, at(45))
    assert finding(scorer.score(signin(45, 8, **HOME, **LAPTOP)), "new_device") is None


ELSEWHERE = {"ip": "198.51.100.7", "subnet": "198.51.100.0/24"}  # at the person's own provider


def test_a_missing_id_is_news_where_every_machine_of_the_kind_had_one(lived: Scorer) -> None:
    odd = found(lived, user="managed", **LAPTOP, **ELSEWHERE)
    assert odd is not None
    times = 60  # sign-ins of a month, older ones counting less
    assert log(1 + times / 3) < odd.contribution <= min(log(1 + times), NO_ID_HIGHEST)
    assert reason(odd).startswith("without the device id that it always had: Chrome on Windows")


def test_a_machine_of_another_make_without_an_id_is_both(lived: Scorer) -> None:
    both, new = found(lived, user="managed", **STRANGE, **ELSEWHERE), found(lived, **STRANGE, **ELSEWHERE)
    assert both is not None
    assert new is not None
    assert both.contribution > new.contribution + 2.0
    assert reason(both).startswith("never used before, and without a device id: Firefox on Linux")


def test_a_missing_id_says_nothing_at_home_nor_of_a_kind_that_never_had_one(lived: Scorer) -> None:
    assert found(lived, user="managed", **LAPTOP) is None
    phone, usual = found(lived, user="managed", **PHONE, **ELSEWHERE), found(lived, **PHONE, **ELSEWHERE)
    assert phone is not None
    assert usual is not None
    assert phone.contribution == pytest.approx(usual.contribution, abs=0.3)
    assert found(lived, **LAPTOP, **ELSEWHERE) is None


def test_the_weight_of_the_policy_scales_what_a_missing_id_says(lived: Scorer) -> None:
    policy = Policy.default()
    quiet = adding(policy._replace(weights={**policy.weights, "new_device": WEIGHT / 2}))
    company(quiet)
    live(quiet, 30, user="managed", **MANAGED)
    settled(quiet, at(29, 13))
    full, half = (found(scorer, user="managed", **LAPTOP, **ELSEWHERE) for scorer in (lived, quiet))
    assert full is not None
    assert half is not None
    assert half.contribution == pytest.approx(full.contribution / 2, rel=0.05)


def test_a_copy_of_the_agent_without_an_id_does_not_teach_and_vouches_for_no_network(lived: Scorer) -> None:
    assessment = lived.score(signin(30, 8, user="managed", **{**HOME, **LAPTOP, **ELSEWHERE}))
    assert assessment.learned == "pending"
