"""The sentence: what shows an attack first, then the strongest reason, the previous sign-in last, values printable and short."""

from __future__ import annotations

from typing import Any, Dict

import pytest
from builders import FAR, HOME, LAPTOP, STRANGE, adversarial, at, company, live, model, settled, signin
from busybody.detectors import CATALOGUE
from busybody.population.calibration import risk_of
from busybody.sentence import LONGEST_VALUE, LOW, NOTICEABLE, elapsed, ranked, reason, sentence
from busybody.signin import Finding
from hypothesis import given
from hypothesis import strategies as st

EVENT = signin(30, 9, **FAR, **STRANGE)
COUNTRY = Finding("new_country", 1.25, {"country": "JP", "usual": "PT"})
NETWORK = Finding(
    "unusual_network",
    4.0,
    {
        "novelty": "never used before:",
        "network": "residential",
        "operator": "Yuki Net",
        "asn": 64530,
        "usual": "Tejo Cable",
    },
)
DEVICE = Finding(
    "new_device",
    2.0,
    {"novelty": "never used before:", "device": "linux-desktop-firefox", "usual": "windows-desktop-chrome"},
)
TRAVEL = Finding(
    "impossible_travel", 4.5,
    {"origin": "Lisbon", "place": "Sapporo", "distance_km": 10980.4, "speed_kmh": 10980.4, "hours": 1.0, "feasible_km": 212.5, "from": None},
)  # fmt: skip
PROOF = Finding("strong_proof", -2.0, {"what": "a factor that cannot be phished"})
PREVIOUS: Dict[str, Any] = {
    "time": at(30, 8),
    "country": "PT",
    "city": "Lisbon",
    "as_org": "Tejo Cable",
    "device": "windows-desktop-chrome",
}


def test_whole_sentence() -> None:
    told = sentence([NETWORK, COUNTRY, DEVICE, TRAVEL, PROOF], 88.0, 10 ** (-88 / 25), EVENT, PREVIOUS)
    assert told == (
        "Risk 88 (1 in 3,300 sign-ins here): never used before: residential network Yuki Net (usually Tejo Cable); "
        "never used before: Firefox on Linux (usually Chrome on Windows); "
        "Lisbon to Sapporo, 10,980 km in 60 min (feasible 212 km); "
        "first sign-in from JP (usually PT); but a factor that cannot be phished. "
        "Before: 60 min earlier from Lisbon, PT on Tejo Cable with Chrome on Windows."
    )


SPRAY = Finding("password_spraying", 2.5, {"people": 40, "where": "203.0.113.0/24", "minutes": 90})


def test_what_shows_an_attack_is_named_before_what_is_merely_unlike_the_person() -> None:
    told = sentence([NETWORK, TRAVEL, SPRAY], 88.0, 10 ** (-88 / 25), EVENT, None)
    assert told.index("failures of 40 people") < told.index("Yuki Net") < told.index("Lisbon to Sapporo")


def test_evidence_that_weighs_less_than_two_fifths_of_the_strongest_waits_for_its_turn() -> None:
    assert ranked([SPRAY._replace(contribution=1.79), TRAVEL, NETWORK])[2].detector == "password_spraying"
    assert ranked([SPRAY._replace(contribution=1.81), TRAVEL, NETWORK])[0].detector == "password_spraying"


def test_where_from_with_what_and_how_far_are_named_in_that_order_unless_one_says_little() -> None:
    assert ranked([TRAVEL, DEVICE, NETWORK, COUNTRY]) == [NETWORK, DEVICE, TRAVEL, COUNTRY]
    assert ranked([TRAVEL, NETWORK._replace(contribution=1.7)])[0] == TRAVEL


def test_devices_are_named_in_words_and_evidence_keeps_their_fingerprints() -> None:
    several = Finding("new_device", 2.0, {**DEVICE.evidence, "usual": "macos-desktop-chrome, ios-mobile-safari"})
    assert reason(several).endswith("Firefox on Linux (usually Chrome on macOS, Safari on iPhone)")
    assert several.evidence["device"] == "linux-desktop-firefox"
    bare = Finding("new_device", 2.0, {"novelty": "never used before:", "device": "device id", "usual": "nothing yet"})
    assert reason(bare) == "never used before: device id (usually nothing yet)"


def test_nothing_odd_says_nothing() -> None:
    assert sentence([], 0.0, 1.0, EVENT, PREVIOUS) == ""
    assert sentence([PROOF], 0.0, 1.0, EVENT, PREVIOUS) == ""
    assert sentence([COUNTRY._replace(contribution=NOTICEABLE / 2)], 12.0, 0.3, EVENT, None) == ""


def test_reasons_of_equal_strength_stand_in_catalogue_order() -> None:
    told = sentence([DEVICE._replace(contribution=1.25), COUNTRY], 50.0, 0.01, EVENT, None)
    assert told == (
        "Risk 50 (1 in 100 sign-ins here): first sign-in from JP (usually PT); "
        "never used before: Firefox on Linux (usually Chrome on Windows)."
    )


def test_previous_sign_in_of_which_little_is_known() -> None:
    bare = {"time": at(28, 9), "country": None, "city": None, "as_org": None, "device": None}
    assert sentence([COUNTRY], 50.0, 0.01, EVENT, bare).endswith("(usually PT). Before: 48.0 h earlier.") or sentence(
        [COUNTRY], 50.0, 0.01, EVENT, bare
    ).endswith("Before: 2 days earlier.")


@pytest.mark.parametrize(
    ("rarity", "words"),
    [(1.0, "an everyday sign-in here"), (0.4, "1 in 2 sign-ins here"), (0.01, "1 in 100 sign-ins here"), (1 / 3311.3, "1 in 3,300 sign-ins here"), (1e-5, "1 in 100,000 sign-ins here")],
)  # fmt: skip
def test_rarity_in_words(rarity: float, words: str) -> None:
    risk = risk_of(rarity)
    assert (
        sentence([COUNTRY], risk, rarity, EVENT, None)
        == f"Risk {risk:.0f} ({words}): first sign-in from JP (usually PT)."
    )


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "0 s"), (60, "60 s"), (600, "10 min"), (5400, "1.5 h"), (172_799, "48.0 h"), (172_800, "2 days"), (86400 * 40, "40 days"), (-600, "10 min")],
)  # fmt: skip
def test_elapsed_time_as_people_say_it(seconds: float, words: str) -> None:
    assert elapsed(seconds) == words


EVIDENCE: Dict[str, Dict[str, Any]] = {
    "unusual_network": dict(NETWORK.evidence),
    "new_country": dict(COUNTRY.evidence),
    "atypical_country": {"country": "NL", "days": 41, "usual": "PT"},
    "new_device": dict(DEVICE.evidence),
    "impossible_travel": dict(TRAVEL.evidence),
    "anonymous_network": {"what": "a Tor exit", "flag": "tor", "network": "tor"},
    "unusual_hour": {"hour": 3},
    "dormant_account": {"days": 75},
    "failures_then_success": {"tries": 6, "minutes": 4, "origin": "203.0.113.7"},
    "password_guessing": {"tries": 21, "period": 6, "places": 4},
    "password_spraying": {"people": 31, "where": "203.0.113.7", "minutes": 40},
    "credential_stuffing": {"people": 31, "where": "203.0.113.7", "minutes": 40},
    "mfa_fatigue": {"denials": 7, "minutes": 9, "origin": "203.0.113.7"},
    "session_reuse": {"hours": 2.5, "device": "tool-curl", "usual": "macos-desktop-safari"},
    "legacy_method": {"what": "a device code"},
    "concurrent_sessions": {"hours": 0.05, "device": "windows-desktop-edge", "usual": "ios-mobile-safari"},
    "shared_newcomer": {"people": 5, "what": "network Yuki Net"},
    "person_risk": {"person_risk": 61.2},
    "outlier": {"causes": "network and device", "rarity": 0.002, "one_in": 500, "algorithm": "hbos"},
    "strong_proof": dict(PROOF.evidence),
    "failed_attempt": {},
    "open_incident": {"incident": "0123456789abcdef", "opened": at(29, 9.5), "why": "a Tor exit"},
}
WORDS = {
    "unusual_network": "never used before: residential network Yuki Net (usually Tejo Cable)",
    "new_country": "first sign-in from JP (usually PT)",
    "atypical_country": "NL again after 41 days (usually PT)",
    "new_device": "never used before: Firefox on Linux (usually Chrome on Windows)",
    "impossible_travel": "Lisbon to Sapporo, 10,980 km in 60 min (feasible 212 km)",
    "anonymous_network": "a Tor exit",
    "unusual_hour": "at 03:00 UTC, an hour they hardly use",
    "dormant_account": "first sign-in after 75 days of silence",
    "failures_then_success": "after 6 failures in 4 min from 203.0.113.7",
    "password_guessing": "after 21 failures at this account in 6 h, from 4 networks",
    "password_spraying": "after failures of 31 people from 203.0.113.7 in 40 min, of this one too",
    "credential_stuffing": "right at the first try where 31 people failed in 40 min: 203.0.113.7",
    "mfa_fatigue": "second factor accepted after 7 denials in 9 min, from 203.0.113.7",
    "session_reuse": "session opened 2.5 h earlier goes on with another device: curl (opened with Safari on macOS)",
    "legacy_method": "first sign-in by a device code",
    "concurrent_sessions": "Edge on Windows 3 min after a sign-in elsewhere with another device (Safari on iPhone)",
    "shared_newcomer": "5 people today on the network Yuki Net, which nobody here is known for",
    "person_risk": "the person's risk is already 61",
    "outlier": "rare for its network and device: 1 in 500 sign-ins of the training look as odd",
    "strong_proof": "a factor that cannot be phished",
    "failed_attempt": "the attempt failed",
    "open_incident": "part of the incident opened 2026-03-31 09:30 UTC: a Tor exit",
}


@pytest.mark.parametrize("name", [row.name for row in CATALOGUE])
def test_reason_of_each_detector(name: str) -> None:
    assert name in WORDS, "a new detector needs its words here"
    assert reason(Finding(name, 1.0, EVIDENCE[name])) == WORDS[name]


@given(st.text(max_size=500))
def test_value_of_a_log_stays_on_one_line_printable_and_short(text: str) -> None:
    told = reason(Finding("new_country", 1.0, {"country": text, "usual": text}))
    assert told.isprintable()
    assert len(told) <= len("first sign-in from  (usually )") + 2 * LONGEST_VALUE


def test_braces_in_a_value_are_text() -> None:
    assert (
        reason(Finding("new_country", 1.0, {"country": "{usual.__class__}", "usual": ""}))
        == "first sign-in from {usual.__class__}"
    )


@pytest.mark.parametrize("seed", range(4))
def test_every_finding_of_a_hostile_stream_has_words(seed: int) -> None:
    scorer = model()
    for event in adversarial(seed, odd=0.6):
        assessment = scorer.process(event)
        told = scorer.describe(event, assessment)
        assert told.isprintable()
        assert "None" not in told, told
        least = 0.001 if assessment.risk >= LOW else NOTICEABLE  # from low on there is always a reason given
        assert bool(told) == any(found.contribution >= least for found in assessment.findings)


def test_sentence_of_a_stolen_account_as_an_analyst_reads_it() -> None:
    scorer = model()
    company(scorer)
    live(scorer, 30)
    scorer.process(signin(30, 8, **HOME, **LAPTOP))
    settled(scorer, at(30, 8))
    event = signin(30, 9, **FAR, **STRANGE)
    told = scorer.describe(event, scorer.score(event))
    assert "Lisbon to Sapporo, 10,448" in told
    assert " km in 60 min (feasible " in told
    assert "never used before: residential network Yuki Net (usually Tejo Cable)" in told
    assert told.endswith(" Before: 60 min earlier from Lisbon, PT on Tejo Cable with Chrome on Windows.")


def test_rarity_is_said_to_be_here_only_where_it_was_seen_here() -> None:
    assert "(1 in 3,300 sign-ins)" in sentence([COUNTRY], 87.0, 1 / 3300, EVENT, None, 120.0)
    assert "(1 in 3,300 sign-ins here)" in sentence([COUNTRY], 87.0, 1 / 3300, EVENT, None, 4000.0)


def test_risk_that_rarity_alone_does_not_carry_says_so() -> None:
    assert "held lower for want of evidence" in sentence([COUNTRY], 69.0, 1e-4, EVENT, None)
