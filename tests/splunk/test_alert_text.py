"""Text of strangers: nothing unseen, no markup that works, never too long; and a log without secrets."""

from __future__ import annotations

import html
import io
import unicodedata

import pytest
from alerting import SYSTEM_KEY
from busybody_splunk.alerts.log import HIDDEN, Log, redacted
from busybody_splunk.alerts.text import clean, cut, cut_markup, escaped, moment, units
from fake_responder import KEY
from fake_slack import HOOK, TOKEN
from hypothesis import given
from hypothesis import strategies as st

ANY = st.text(max_size=80)  # lone surrogates included
NASTY = st.text(alphabet="&<>;@!#|* a\u202e\u200b\U0001f600\ud800\0\n", max_size=80)


@given(ANY | NASTY, st.integers(2, 40))
def test_cleaned_text_is_short_visible_and_encodable(text: str, longest: int) -> None:
    found = clean(text, longest)
    assert len(found.encode("utf-16-le")) // 2 == units(found) <= longest
    assert not {unicodedata.category(letter) for letter in found} & {"Cc", "Cf", "Cs", "Zl", "Zp"}
    assert clean(found, longest) == found


@given(st.text(st.characters(blacklist_categories=("Cs",)), max_size=60), st.integers(2, 40))
def test_cutting_keeps_the_beginning(text: str, longest: int) -> None:
    found = cut(text, longest)
    assert found == text if units(text) <= longest else text.startswith(found[:-1]) and found.endswith("…")
    assert units(found) <= longest


@given(NASTY)
def test_escaped_text_shows_as_it_was_and_has_no_markup(text: str) -> None:
    found = escaped(text)
    assert "<" not in found
    assert ">" not in found
    assert html.unescape(found) == text


@given(NASTY.map(lambda text: clean(text, 80)), st.integers(8, 40))  # what is cut was cleaned before
def test_cut_markup_halves_no_entity(text: str, longest: int) -> None:
    found = cut_markup(escaped(text), longest)
    assert units(found) <= longest
    assert text.startswith(html.unescape(found).rstrip("…")) or found == escaped(text)
    assert "&" not in found.replace("&amp;", "").replace("&lt;", "").replace("&gt;", "")


def test_mentions_links_and_direction_marks_are_dead() -> None:
    assert escaped("<!channel> <@U1> <http://x|y> a&b") == "&lt;!channel&gt; &lt;@U1&gt; &lt;http://x|y&gt; a&amp;b"
    assert clean("a\u202egnp.exe\u2066\x1b[31m\tb\r\nc", 40) == "agnp.exe[31m b  c"


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("1763609529.25", "2025-11-20 03:32 UTC"),
        ("2025-11-20T03:32:09Z", "2025-11-20T03:32:09Z"),
        ("nan", "nan"),
        ("1e300", "1e300"),
        ("", ""),
    ],
)
def test_times_are_readable_or_left_alone(value: str, shown: str) -> None:
    assert moment(value) == shown


@pytest.mark.parametrize(
    "line",
    [
        f"posting with {TOKEN} failed",
        f"POST https://hooks.slack.com{HOOK}: 404",
        f"Authorization: Bearer {KEY}",
        f"Authorization: Splunk {SYSTEM_KEY * 2}",
        "via https://proxy:hunter2hunter2@proxy.example.com:3128",
        "xapp-1-A0000000-11111-abcdef",
        "xoxe.xoxp-1-Mi0yLTEyMzQ1",
    ],
)
def test_what_looks_like_a_secret_is_hidden(line: str) -> None:
    found = redacted(line)
    assert HIDDEN in found
    for secret in (TOKEN, HOOK.split("/", 2)[2], KEY, SYSTEM_KEY * 2, "hunter2", "A0000000", "Mi0yLTEy"):
        assert secret not in found


def test_a_known_secret_is_hidden_whatever_it_looks_like() -> None:
    assert redacted("a pass phrase with blanks", ["pass phrase", "", "a"]) == f"a {HIDDEN} with blanks"


@given(ANY | NASTY)
def test_a_log_line_is_one_line_of_ascii(text: str) -> None:
    stream = io.StringIO()
    Log(stream, ["the-session-key"]).error(text + " the-session-key")
    written = stream.getvalue()
    assert written.startswith("ERROR ")
    assert written.isascii()
    assert written.count("\n") == 1
    assert "the-session-key" not in written
