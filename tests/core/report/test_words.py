"""Nothing that a log holds leaves as markup, as an invisible mark, or at any length."""

from __future__ import annotations

import html as standard

import pytest
from busybody.report import words
from hypothesis import given
from hypothesis import strategies as st

ANYTHING = st.text(st.characters(), max_size=200)  # lone surrogates included


@given(ANYTHING)
def test_no_markup_survives(text: str) -> None:
    said = words.html(text)
    assert not set(said) & set("<>\"'")
    assert words.UNSEEN.search(said) is None
    said.encode("utf-8")


@given(st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=80))
def test_plain_text_reads_as_it_was(text: str) -> None:
    assert standard.unescape(words.html(text)) == text


@given(st.floats(allow_nan=False))
def test_every_moment_has_words(time: float) -> None:
    assert words.moment(time)
    assert words.machine_time(time).endswith("Z")


def test_marks_that_turn_the_direction_are_shown_and_not_obeyed() -> None:
    assert words.plain("adm\u202enimda") == "adm⟨U+202E⟩nimda"


def test_right_to_left_names_keep_their_letters() -> None:
    assert words.name("דנה") == "<bdi>דנה</bdi>"


def test_long_names_are_cut() -> None:
    assert words.plain("x" * 10_000) == "x" * 79 + "…"


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0, "0 s"),
        (59, "59 s"),
        (61, "1 min"),
        (7_200, "2 h"),
        (7_500, "2 h 5 min"),
        (90_000, "1 d 1 h"),
        (-60, "1 min"),
    ],
)
def test_durations_are_said_in_two_units(seconds: float, said: str) -> None:
    assert words.duration(seconds) == said
