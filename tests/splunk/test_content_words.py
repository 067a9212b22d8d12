"""What our events say in their text, so that a search finds them by what people type: the macros, run over rows of every shape."""

from __future__ import annotations

from typing import Any, Dict

import pytest
from busybody_splunk.columns import RISK_EVENT, names
from conf_files import is_true
from content import conf
from dashboards_table import pieces
from dashboards_words import read
from pipeline import expanded

Row = Dict[str, Any]
SCORE: Row = {
    "user": "ana", "src": "203.0.113.7", "dest": "vpn", "app": "mail", "action": "success", "Country": "Singapore", "City": "Singapore",
    "user_agent": "curl/8.5.0", "busy_risk": "87.123", "busy_level": "high", "busy_source": "impossible_travel",
    "busy_findings": ["impossible_travel", "new_device"], "busy_techniques": ["T1078.004", "T1550.004"], "busy_learned": "no",
    "busy_report": "1", "busy_incident": "i1", "busy_event_id": "e1", "orig_sourcetype": "OktaIM2:log", "busy_sentence": "Risk 87: why.",
    "risk_object": "ana", "risk_object_type": "user", "risk_score": "87.123", "risk_message": "Risk 87: why.",
    "threat_object": ["203.0.113.7", "curl/8.5.0"], "threat_object_type": ["ip_address", "http_user_agent"],
    "annotations.mitre_attack": ["T1078.004", "T1550.004"],
}  # fmt: skip
# Written as fields of the event, looked for by nobody: coordinates for the map.
NOT_IN_TEXT = {"lat", "lon"}
# Splunk keeps these of every event.
SPLUNKS_OWN = {"_time", "host", "sourcetype", "source"}


def text(row: Row, macro: str = "busybody_raw") -> str:
    """What the macro makes the text of a row."""
    step = next(part for part in pieces(expanded(f"`{macro}`"), "|") if "_raw=" in part)
    return str(read(step.partition("_raw=")[2], 0.0).of(row))


def written() -> set[str]:
    """The fields that busybody_write_scores chooses."""
    steps = pieces(conf("macros")["busybody_write_scores"]["definition"], "|")
    chosen = next(step for step in steps if step.startswith("fields ")).partition(" ")[2]
    plain = {name.strip() for name in chosen.replace("\\", " ").split(",")}
    return {name for name in plain if not name.endswith("*")} | {"orig_sourcetype"}


def test_names_of_our_own_are_looked_for_in_the_index() -> None:
    stanzas = conf("fields")
    assert "fields - busy_new" in conf("macros")["busybody_write_scores"]["definition"]
    written = {name for name in names() if name.startswith("busy_")} - {"busy_new"}
    assert set(stanzas) == written, "a name counts for the source types of others, too"
    assert all(is_true(stanza["INDEXED"]) for stanza in stanzas.values())


def test_every_value_that_others_name_alike_stands_in_the_text() -> None:
    told = text(SCORE)
    for name in (written() - NOT_IN_TEXT - SPLUNKS_OWN) | set(RISK_EVENT):
        values = SCORE[name] if isinstance(SCORE[name], list) else [SCORE[name]]
        for value in values:
            shown = "87.123" if name == "risk_score" else value
            assert shown in told, f"no search finds {name}={value}"


@pytest.mark.parametrize("name", sorted(set(SCORE) - {"busy_risk", "risk_score"}))
def test_several_values_of_one_field_do_not_undo_the_text(name: str) -> None:
    """Splunk makes nothing of a text and a list put together; the little evaluator would join them, so it is asked here."""
    for value in (["one", "two"], None):
        told = text({**SCORE, name: value})
        assert 'user="ana"' in told or name == "user"
        assert "Risk 87: why." in told or name == "busy_sentence"
        assert "None" not in told


def test_what_may_have_several_values_is_joined_before_it_is_put_into_the_text() -> None:
    definition = conf("macros")["busybody_raw"]["definition"]
    one = {"busy_level", "busy_source", "busy_learned", "busy_report", "busy_incident", "busy_event_id", "busy_error"}
    one |= {
        "busy_skipped",
        "orig_sourcetype",
        "risk_object_type",
        "risk_score",
        "busy_risk",
    }  # the command gives one, or Splunk does
    for name in read(definition.partition("_raw=")[2], 0.0).fields - one - {"busy_sentence"}:
        assert f"mvjoin({name}, " in definition, name


def test_the_line_of_a_habitual_sign_in_has_no_empty_names() -> None:
    told = text({"user": "ana", "busy_risk": "3", "busy_level": "none", "busy_learned": "yes", "busy_report": "0"})
    assert told == 'user="ana" busy_risk=3 busy_level=none busy_learned=yes busy_report=0'


def test_a_persons_line_says_where_they_stand() -> None:
    row = {"user": "ana", "busy_risk": "31.26", "level": "high", "worst": "87.1", "incidents": "1", "status": "open"}
    told = text({**row, "incident": "i1", "event_id": "e1", "sentence": "why"}, "busybody_write_people")
    assert (
        told
        == 'user="ana" busy_risk=31.3 level=high worst=87.1 incidents=1 status=open incident="i1" event_id="e1" why'
    )


@pytest.mark.parametrize(
    ("row", "kept"),
    [
        ({"busy_risk": "3.1", "busy_level": "none", "busy_report": "0"}, False),
        ({"busy_risk": "20.4", "busy_level": "low", "busy_report": "0"}, True),
        ({"busy_risk": "3.1", "busy_level": "none", "busy_report": "1"}, True),
        ({"busy_error": "no time"}, True),
        ({"busy_risk": "", "busy_error": "", "busy_report": ""}, False),
        ({}, False),
    ],
)
def test_the_smaller_macro_keeps_what_somebody_may_look_at(row: Row, kept: bool) -> None:
    first, *rest = pieces(conf("macros")["busybody_write_findings"]["definition"], "|")
    assert bool(read(first.partition("where ")[2], 0.0).of(row)) is kept
    assert rest == ["`busybody_write_scores`"], "and writes it in the same way"
