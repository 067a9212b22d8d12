"""Session reuse: a session goes on with another kind of device."""

from __future__ import annotations

from attacks import at_home, enter, known, words
from builders import HOME, HOTEL, LAPTOP, PHONE, PHONE_NET, VPN, at, finding, reloaded, settled

NAME = "session_reuse"


def test_session_that_changes_its_device_is_told_with_both() -> None:
    scorer = known()
    at_home(scorer, 0, session="s1")
    assessment = enter(scorer, 90, session="s1")
    assert words(assessment, NAME) == (
        "session opened 1.5 h earlier goes on with another device: Firefox on Linux (opened with Chrome on Windows)"
    )
    assert assessment.hard


def test_a_stolen_session_is_known_days_later_and_after_a_restart() -> None:
    scorer = known()
    at_home(scorer, 0, session="s1")
    settled(scorer, at(33))
    again = reloaded(scorer)
    assert words(enter(again, 4 * 24 * 60, session="s1"), NAME) is not None


def test_another_browser_on_the_same_system_may_be_another_app() -> None:
    scorer = known()
    at_home(scorer, 0, session="s1")
    other = finding(enter(scorer, 9, session="s1", device="windows-desktop-firefox"), NAME)
    system = finding(enter(scorer, 9, session="s1"), NAME)
    assert other is not None
    assert system is not None
    assert other.contribution < system.contribution


def test_laptop_that_travels_or_turns_on_a_vpn_within_its_session_says_nothing() -> None:
    scorer = known()
    at_home(scorer, 0, session="s1")
    for minutes, place in ((20, VPN), (600, HOTEL), (900, PHONE_NET)):
        assert words(enter(scorer, minutes, session="s1", **place, **LAPTOP), NAME) is None


def test_session_of_unknown_opening_and_sign_in_without_one_say_nothing() -> None:
    scorer = known()
    assert words(enter(scorer, 0, session="s7"), NAME) is None
    assert words(enter(scorer, 9), NAME) is None


def test_refreshed_token_on_known_devices_says_nothing() -> None:
    scorer = known()
    for minutes in range(0, 90, 15):
        assert at_home(scorer, minutes, session="s1", method="token", interactive=False).habitual
    assert words(at_home(scorer, 91, session="s2", **PHONE), NAME) is None


def test_order_of_arrival_does_not_move_the_opening() -> None:
    scorer = known()
    at_home(scorer, 30, session="s1", device="macos-desktop-safari")
    at_home(scorer, 0, session="s1")
    assert words(enter(scorer, 40, session="s1", **HOME), NAME) == (
        "session opened 40 min earlier goes on with another device: Firefox on Linux (opened with Chrome on Windows)"
    )
