"""The protocol through the driver: what splunkd sees of a command."""

from __future__ import annotations

from pathlib import Path

from driver import Process, Script, search

MARKER = Script(Path(__file__).with_name("marker.py"))
EVENTS = [{"user": "alice", "src_ip": "198.51.100.7"}, {"user": "bob", "src_ip": "203.0.113.9"}]


def test_rows_come_back_with_the_columns_added() -> None:
    outcome = search(MARKER, EVENTS, args=["fields=user,src_ip"])
    assert outcome.configuration == {"type": "stateful", "required_fields": ["user", "src_ip"]}
    assert outcome.rows == [
        {**EVENTS[0], "mark": "0", "marks": ["alice", "198.51.100.7", "$"]},
        {**EVENTS[1], "mark": "1", "marks": ["bob", "203.0.113.9", "$"]},
    ]
    assert outcome.metrics == {"rows": [2]}
    assert (outcome.error, outcome.exit_code, outcome.messages) == (None, 0, [])


def test_a_fatal_error_is_told_and_ends_the_process() -> None:
    outcome = search(MARKER, EVENTS, args=["fail=take"])
    assert (outcome.error, outcome.exit_code) == ("no more. Try again.", 1)
    assert outcome.said("ERROR") == ["no more. Try again."]


def test_a_start_that_sees_only_getinfo_ends_well() -> None:
    with Process(MARKER) as process:
        assert process.getinfo() is not None
        assert process.close() == 0
        assert process.log == "INFO closed\n"
