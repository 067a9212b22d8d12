"""Anonymous network: Tor, VPN, proxy, hosting and the provider's own words, unless they are a habit."""

from __future__ import annotations

from typing import Any, Optional

import pytest
from builders import HOME, HOSTING, LAPTOP, MANAGED, TOR, VPN, adding, at, finding, live, settled, signin
from busybody.detectors.anonymous_network import BY_CLASS, BY_FLAG, HARD, NEVER_HABIT
from busybody.policy import Policy
from busybody.scorer import Scorer
from busybody.sentence import reason
from busybody.signin import FLAGS, NETWORK_CLASSES, Finding

WEIGHT = Policy.default().weights["anonymous_network"]


@pytest.fixture(scope="module")
def lived() -> Scorer:
    scorer = adding()
    live(scorer, 30)
    return settled(scorer, at(29, 13))


def found(scorer: Scorer, **fields: Any) -> Optional[Finding]:
    return finding(scorer.score(signin(30, 8, **{**HOME, **LAPTOP, **fields})), "anonymous_network")


@pytest.mark.parametrize(("flag", "strength", "words"), BY_FLAG)
def test_word_of_the_provider_counts_in_full(lived: Scorer, flag: str, strength: float, words: str) -> None:
    odd = found(lived, flags=(flag,))
    assert odd is not None
    assert odd.contribution == pytest.approx(WEIGHT * strength)
    assert reason(odd) == words
    assert flag in FLAGS


@pytest.mark.parametrize("network", NETWORK_CLASSES)
def test_class_counts_without_any_flag(lived: Scorer, network: str) -> None:
    odd = found(lived, network=network)
    assert (odd is not None) == (network in BY_CLASS)
    if odd is not None:
        assert reason(odd) == BY_CLASS[network][1]


def test_strongest_word_is_said_once(lived: Scorer) -> None:
    odd = found(lived, network="vpn", flags=("vpn", "proxy", "threat"))
    assert odd is not None
    assert odd.evidence["flag"] == "threat"


@pytest.mark.parametrize("flags", [(), ("managed_device",), ("phishing_resistant",)])
def test_harmless_words_say_nothing(lived: Scorer, flags: Any) -> None:
    assert found(lived, flags=flags) is None


def test_needs_no_history_and_no_place() -> None:
    assert finding(adding().score(signin(0, 9, network="tor")), "anonymous_network") is not None


def habitual(**fields: Any) -> Scorer:
    scorer = adding()
    live(scorer, 30, **MANAGED)
    for day in range(30, 60):
        scorer.process(signin(day, 8, **HOME, **MANAGED))
        scorer.process(signin(day, 9, **{**fields, **MANAGED}, mfa="passed"))
    return settled(scorer, at(59, 9))


def test_vpn_that_is_a_habit_is_no_news() -> None:
    scorer = habitual(**VPN)
    assert finding(scorer.score(signin(60, 9, **VPN, **MANAGED)), "anonymous_network") is None


def test_hosting_that_is_a_habit_excuses_no_tor_exit() -> None:
    scorer = habitual(**HOSTING)
    assert finding(scorer.score(signin(60, 9, **TOR, **MANAGED)), "anonymous_network") is not None


@pytest.mark.parametrize("flag", NEVER_HABIT)
def test_threat_is_never_a_habit(flag: str) -> None:
    scorer = habitual(**VPN)
    odd = finding(scorer.score(signin(60, 9, **VPN, **LAPTOP, flags=(flag,))), "anonymous_network")
    assert odd is not None
    assert odd.contribution >= WEIGHT * 2.0


def test_hard_ones_never_become_a_habit_by_patience() -> None:
    assert BY_CLASS["tor"][0] >= HARD
    assert {name: value for name, value, _ in BY_FLAG}["threat"] >= HARD
    scorer = adding()
    live(scorer, 30)
    for day in range(30, 60):
        scorer.process(signin(day, 8, **HOME, **LAPTOP))
        assert finding(scorer.process(signin(day, 9, **TOR, **LAPTOP)), "anonymous_network") is not None
