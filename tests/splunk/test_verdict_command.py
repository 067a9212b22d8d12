"""busyverdict: one answer, or a row for each; what is refused says what is known."""

from __future__ import annotations

from typing import Any, Dict

import pytest
from busybody.errors import BusybodyError
from busybody_splunk.audit import person as hashed
from busybody_splunk.frames import Fatal
from busybody_splunk.rest import SplunkdError
from fake_splunkd import LIMITED_KEY
from searching import DAY, FAR, START, Head, event, habit, head

__all__ = ["head"]
ODD = event(day=14, hour=11.0, **FAR)


@pytest.fixture
def known(head: Head) -> Head:
    head.fake.conf.set("local", "busybody", "policy:default", {"alerts.threshold": "60"})
    head.run("busytrain", [*habit("ana"), *habit("bo")])
    head.run("busyscore", [ODD], "update=true")
    return head


def stored(head: Head) -> Any:
    return list(head.fake.kv.collections.get("busybody_verdicts", {}).values())


def risk(head: Head) -> Dict[str, Any]:
    (row,) = head.run("busyrisk", (), "user=ana", f"at={START + 18 * DAY:.0f}").rows
    return dict(row)


def test_an_answer_waits_for_the_next_writer(known: Head) -> None:
    outcome = known.run("busyverdict", (), "user=ana", f"event_id={ODD['event_hash']}", "verdict=malicious")
    assert outcome.rows == [
        {"user": "ana", "event_id": ODD["event_hash"], "verdict": "malicious", "verified": "0", "done": "taken; the next search that learns applies it"}
    ]  # fmt: skip
    (row,) = stored(known)
    assert (row["user"], row["answer"], row["flags"], row["given_by"], row["applied"]) == (
        "ana",
        "malicious",
        "analyst",
        "ana.admin",
        0,
    )
    assert risk(known)["status"] == "open"


def test_the_incident_may_be_named_too(known: Head) -> None:
    incident = risk(known)["incident"]
    known.run("busyverdict", (), "user=ana", f"event_id={incident}", "verdict=malicious")
    known.run("busyscore", (), "update=true")
    assert risk(known)["status"] == "malicious"
    known.run("busyverdict", (), "user=ana", f"event_id={incident}", "verdict=closed")
    known.run("busyscore", (), "update=true")
    assert (risk(known)["level"], risk(known)["incidents"]) == ("none", "0")


def test_a_report_can_be_answered_when_its_sign_in_is_long_learned(known: Head) -> None:
    more = {**ODD, "_time": f"{float(ODD['_time']) + 60:.3f}", "event_hash": "later"}
    known.run("busyscore", [more, event("bo", 18)], "update=true")
    for name in (ODD["event_hash"], risk(known)["event_id"]):
        known.run("busyverdict", (), "user=ana", f"event_id={name}", "verdict=malicious")
    known.run("busyscore", (), "update=true")
    assert risk(known)["status"] == "malicious"


def test_the_same_answer_twice_is_one(known: Head) -> None:
    args = ("user=ana", f"event_id={ODD['event_hash']}", "verdict=benign")
    known.run("busyverdict", (), *args)
    assert known.run("busyverdict", (), *args).rows[0]["done"] == "known already: nothing changed"
    assert len(stored(known)) == 1


def test_a_line_of_audit_names_the_person_as_a_hash_alone(known: Head) -> None:
    known.run("busyverdict", (), "user=ana", f"event_id={ODD['event_hash']}", "verdict=malicious")
    (line,) = [line for line in known.audit() if 'action="verdict"' in line]
    assert f'person="{hashed("ana")}"' in line
    assert 'answer="malicious"' in line
    assert 'user="ana"' not in line


def test_what_nobody_knows_is_refused_with_what_is_known(known: Head) -> None:
    with pytest.raises(
        BusybodyError,
        match="no sign-in 'e9' is known of this person any more.*Their open incidents: [0-9a-f]{16} \\(Risk",
    ):
        known.run("busyverdict", (), "user=ana", "event_id=e9", "verdict=benign")
    with pytest.raises(BusybodyError, match="They have no open incident"):
        known.run("busyverdict", (), "user=bo", "event_id=e9", "verdict=benign")
    with pytest.raises(BusybodyError, match="nobody of the name 'anna' is known. Is it 'ana'"):
        known.run("busyverdict", (), "user=anna", "event_id=e9", "verdict=benign")
    assert stored(known) == []
    assert known.run("busyverdict", (), "user=bo", "event_id=e9", "verdict=malicious", "anyway=true").rows
    assert len(stored(known)) == 1


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (("user=ana", "event_id=e", "verdict=maybe"), "is not benign or malicious or closed"),
        (("user=ana", "verdict=benign"), "Give user and event_id"),
        (("user=ana", "event_id=e"), "is no verdict. Say one of: benign, malicious, closed"),
        (("usr=ana",), "Did you mean user"),
    ],
)
def test_what_is_no_verdict(known: Head, args: Any, words: str) -> None:
    with pytest.raises((Fatal, BusybodyError), match=words):
        known.run("busyverdict", (), *args)


def test_without_the_right_nothing_is_taken(known: Head) -> None:
    known.session_key = LIMITED_KEY
    with pytest.raises(SplunkdError, match="needs the capability busybody_write"):
        known.run("busyverdict", (), "user=ana", f"event_id={ODD['event_hash']}", "verdict=benign")
    with pytest.raises(SplunkdError, match="needs the capability busybody_write"):
        known.run("busyverdict", [{"user": "ana", "event_id": "e", "verdict": "benign"}])
    assert stored(known) == []


def test_rows_are_answers_and_count_as_verified_only_where_they_say_so(known: Head) -> None:
    row = {"user": "ana", "event_id": ODD["event_hash"], "verdict": "benign"}
    rows = [
        {**row, "n": "1"},
        {**row, "verified": "true", "n": "2"},
        {"user": "", "n": "3"},
        {**row, "event_id": "e9", "n": "4"},
    ]
    outcome = known.run("busyverdict", rows, size=2)
    done = [str(row["busy_done"]) for row in outcome.rows]
    assert done[0] == "taken; without a second factor it is remembered and changes nothing"
    assert done[1] == "taken; the next search that learns applies it"
    assert done[2].startswith("refused: ")
    assert done[3].startswith("refused: no sign-in 'e9'")
    assert [row["n"] for row in outcome.rows] == ["1", "2", "3", "4"]
    assert [row["flags"] for row in stored(known)] == ["", "verified"]
    known.run("busyscore", (), "update=true")
    assert risk(known)["incidents"] == "0"


def test_an_analyst_may_answer_for_rows(known: Head) -> None:
    row = {"user": "ana", "event_id": ODD["event_hash"], "verdict": "benign"}
    known.run("busyverdict", [row], "analyst=true")
    assert stored(known)[0]["flags"] == "analyst"


def test_an_answer_while_the_model_is_written_waits(known: Head) -> None:
    with known.model() as model, model.writer("| busytrain of bo", 600.0):
        known.run("busyverdict", (), "user=ana", f"event_id={ODD['event_hash']}", "verdict=malicious")
    known.run("busyscore", (), "update=true")
    assert risk(known)["status"] == "malicious"


def test_the_scripts_take_both_kinds(known: Head) -> None:
    one = known.script("busyverdict", (), "user=ana", f"event_id={ODD['event_hash']}", "verdict=benign")
    assert (one.configuration["generating"], one.error) == (True, None)
    many = known.script("busyverdict", [{"user": "ana", "event_id": ODD["event_hash"], "verdict": "malicious"}])
    assert many.configuration["type"] == "stateful"
    assert str(many.rows[0]["busy_done"]).startswith("taken;")
