"""Options of the search commands: what is accepted, and what whoever mistypes one is told."""

from __future__ import annotations

from contextlib import suppress
from typing import Any, Dict, Sequence

import pytest
from busybody_splunk.options import REQUIRED, Option, UsageError, parse, usage
from hypothesis import given
from hypothesis import strategies as st

OPTIONS = (
    Option("update", "bool", False, "learn from the events, too"),
    Option("min_risk", "number", 0.0, "rows below this risk stay empty", least=0.0, most=100.0),
    Option("days", "number", None, "how far back", least=1.0),
    Option("fields", "name", "splunk_cim", "the field map"),
    Option("prefix", "text", "busy_", "what the new columns begin with"),
    Option("sort", "choice", "risk", "the order of the rows", choices=("risk", "name")),
)
DEFAULTS = {"update": False, "min_risk": 0.0, "days": None, "fields": "splunk_cim", "prefix": "busy_", "sort": "risk"}
NEEDED = (Option("user", "text", REQUIRED, "the person, as in the events"),)


def parsed(*args: str, options: Sequence[Option] = OPTIONS) -> Dict[str, Any]:
    return parse(options, args, "busyscore")


def refused(*args: str, options: Sequence[Option] = OPTIONS) -> str:
    with pytest.raises(UsageError) as caught:
        parse(options, args, "busyscore")
    assert caught.value.is_help is False
    return str(caught.value)


def test_what_is_not_given_has_its_default() -> None:
    assert parsed() == parsed("") == DEFAULTS


@pytest.mark.parametrize(
    ("word", "value"),
    [
        ("update=t", True),
        ("update=TRUE", True),
        ("update=1", True),
        ("update=off", False),
        ("min_risk=12.5", 12.5),
        ("min_risk=1e1", 10.0),
        ("days=1", 1.0),
        ("fields=okta-2.x", "okta-2.x"),
        ("prefix=a = b", "a = b"),
        ("sort=Name", "name"),
        ("sort = name", "name"),
    ],
)
def test_a_good_value_is_taken(word: str, value: object) -> None:
    name = word.partition("=")[0].strip()
    assert parsed(word) == {**DEFAULTS, name: value}


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["updte=true"], "busyscore: there is no option 'updte=true'. Did you mean update? `| busyscore help` explains them all."),
        (["UPDATE=true"], "busyscore: there is no option 'UPDATE=true'. Did you mean update? `| busyscore help` explains them all."),
        (["xyz"], "busyscore: there is no option 'xyz'. It has update, min_risk, days, fields, prefix, sort. `| busyscore help` explains them all."),
        (["update"], "busyscore: update has no value. Write update=<bool>. `| busyscore help` explains them all."),
        (["update=maybe"], "busyscore: update='maybe' is not true or false."),
        (["update=ture"], "busyscore: update='ture' is not true or false. Did you mean true?"),
        (["min_risk=101"], "busyscore: min_risk='101' is not a number from 0 to 100."),
        (["min_risk=nan"], "busyscore: min_risk='nan' is not a number from 0 to 100."),
        (["days=0"], "busyscore: days='0' is not a number from 1 on."),
        (["days=inf"], "busyscore: days='inf' is not a number from 1 on."),
        (["fields=../x"], "busyscore: fields='../x' is not a name of letters, digits, '_', '.' and '-'."),
        (["prefix="], "busyscore: prefix='' is not a text that is not empty."),
        (["sort=rsik"], "busyscore: sort='rsik' is not risk or name. Did you mean risk?"),
        (["update=t", "update=t"], "busyscore: update is given twice. Keep one of them."),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_with_the_way_out(words: Sequence[str], told: str) -> None:
    assert refused(*words) == told


def test_a_required_option_is_missed() -> None:
    assert refused(options=NEEDED) == (
        "busyscore: user= is missing: the person, as in the events. `| busyscore help` explains them all."
    )
    assert parsed("user=ana", options=NEEDED) == {"user": "ana"}


def test_a_command_without_options_says_so() -> None:
    assert (
        refused("x=1", options=())
        == "busyscore: there is no option 'x=1'. It has none. `| busyscore help` explains them all."
    )


def test_a_long_value_is_cut() -> None:
    assert len(refused("min_risk=" + "9" * 10_000)) < 200


@pytest.mark.parametrize("word", ["help", "HELP", "--help", "-h", "?"])
def test_help_explains_every_option(word: str) -> None:
    with pytest.raises(UsageError) as caught:
        parsed("nonsense", word)
    assert caught.value.is_help
    assert str(caught.value) == usage(OPTIONS, "busyscore") == (
        "usage: | busyscore [update=<bool>] [min_risk=<number>] [days=<number>] [fields=<name>] [prefix=<text>] [sort=<choice>]\n"
        "update: learn from the events, too (true or false; false if not given).\n"
        "min_risk: rows below this risk stay empty (a number from 0 to 100; 0 if not given).\n"
        "days: how far back (a number from 1 on).\n"
        "fields: the field map (a name of letters, digits, '_', '.' and '-'; splunk_cim if not given).\n"
        "prefix: what the new columns begin with (a text that is not empty; busy_ if not given).\n"
        "sort: the order of the rows (risk or name; risk if not given)."
    )  # fmt: skip


@given(st.lists(st.text(max_size=12)))
def test_any_words_are_taken_or_refused_in_words(words: Sequence[str]) -> None:
    with suppress(UsageError):
        assert set(parse(OPTIONS, words, "busyscore")) == set(DEFAULTS)
