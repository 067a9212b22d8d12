"""busyscore update=true: learns once what comes twice, applies verdicts, reports each incident once, keeps the cursor."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Dict, List

import pytest
from busybody_splunk.commands import ledger
from driver import Outcome
from searching import DAY, FAR, START, Head, event, habit, head, simulated

__all__ = ["head"]
FEW = event(day=14, hour=11.0, **FAR)
THRESHOLD = {"alerts.threshold": "60"}


def later(row: Dict[str, str], minutes: float, **fields: str) -> Dict[str, str]:
    """The same person from the same place again."""
    time = float(row["_time"]) + 60.0 * minutes
    return {**row, "_time": f"{time:.3f}", "event_hash": f"{row['event_hash']}+{minutes:g}", **fields}


def reported(outcome: Outcome) -> List[str]:
    return [str(row["event_hash"]) for row in outcome.rows if row.get("busy_report") == "1"]


def incidents(head: Head) -> Dict[str, Dict[str, Any]]:
    return dict(head.fake.kv.collections.get("busybody_incidents", {}))


def learned(head: Head, model: str = "default") -> Dict[str, Any]:
    return learned_of(head.content(model))


def learned_of(content: Dict[str, Any]) -> Dict[str, Any]:
    """What was learned, without recent evidence: of who came twice that may know more, as the core says."""
    return {**content, "population": {**json.loads(content["population"]), "evidence": None}}


@pytest.fixture
def known(head: Head) -> Head:
    head.fake.conf.set("local", "busybody", "policy:default", THRESHOLD)
    head.run("busytrain", [*habit("ana"), *habit("bo")])
    return head


# --- once, whatever comes twice ----------------------------------------------------------------------------------------


def test_a_window_that_is_run_again_learns_nothing_more(head: Head) -> None:
    events = simulated()[:500]
    head.run("busyscore", events, "update=true")
    once = head.content()
    again = head.run("busyscore", events, "update=true")
    assert {row["busy_learned"] for row in again.rows if "busy_learned" in row} == {"withheld"}
    assert learned(head) == learned_of(once)


def test_overlapping_windows_are_one_history(head: Head) -> None:
    events = simulated()[:600]
    head.run("busyscore", events, "update=true", "model=whole")
    for start, end in ((0, 250), (200, 400), (380, 500), (480, 600)):
        outcome = head.run("busyscore", events[start:end], "update=true", "model=pieces", size=90)
        assert outcome.said("ERROR") == []
    whole, pieces = learned(head, "whole"), learned(head, "pieces")
    assert whole == pieces


def test_a_window_without_sign_ins_changes_nothing(known: Head) -> None:
    before = known.content()
    assert known.run("busyscore", (), "update=true").said("ERROR") == []
    assert known.run("busyscore", [{"_time": "1", "host": "x"}], "update=true").rows
    assert known.content() == before


def test_one_commit_and_one_audit_line_for_a_search_of_many_chunks(known: Head) -> None:
    before = known.number()
    known.run("busyscore", [event("ana", 15), event("bo", 15)], "update=true", size=1)
    assert known.number() == before + 1
    (line,) = [line for line in known.audit() if 'action="score"' in line]
    assert 'actor="ana.admin"' in line
    assert "signins=2" in line
    assert 'sid="1700000000.1"' in line


def test_late_sign_ins_are_scored_and_said_to_teach_nothing(known: Head) -> None:
    outcome = known.run("busyscore", [event(day=3)], "update=true")
    assert "busy_risk" in outcome.rows[0]
    assert outcome.rows[0]["busy_learned"] == "withheld"
    assert "sort 0 _time" in outcome.said("WARN")[0]


# --- incidents ----------------------------------------------------------------------------------------------------------


def test_an_incident_is_reported_once_and_again_when_its_level_rises(known: Head) -> None:
    odd = event(
        day=14,
        hour=11.0,
        src="192.0.2.77",
        src_asn="64777",
        src_as_org="Rack",
        Country="DE",
        lat="50",
        lon="8",
        user_agent="curl/8",
    )
    window = [odd, later(odd, 1), later(odd, 2)]
    first = known.run("busyscore", window, "update=true")
    levels = [row["busy_level"] for row in first.rows]
    assert reported(first)[:1] == [odd["event_hash"]]
    assert len(reported(first)) == len(dict.fromkeys(levels))  # once for each level that it rises to
    assert len({row["busy_incident"] for row in first.rows}) == 1
    again = known.run("busyscore", [*window[1:], later(odd, 3)], "update=true")
    assert reported(again) == []
    (row,) = incidents(known).values()
    assert (row["user"], row["count"], row["status"], row["level"]) == ("ana", 4, "open", levels[-1])
    assert row["reported_risk"] > 60.0
    assert row["detector"] == first.rows[0]["busy_source"]
    assert row["event_id"] == odd["event_hash"]
    assert row["sentence"].startswith("Risk ")


def test_what_was_reported_before_the_commit_failed_is_reported_again(known: Head) -> None:
    assert reported(known.run("busyscore", [FEW], "update=true", stop=1)) == [FEW["event_hash"]]
    assert incidents(known) == {}
    assert reported(known.run("busyscore", [FEW], "update=true")) == [FEW["event_hash"]]


def test_reading_reports_what_no_incident_has_yet(known: Head) -> None:
    assert reported(known.run("busyscore", [FEW, later(FEW, 1)])) == [FEW["event_hash"], later(FEW, 1)["event_hash"]]
    known.run("busyscore", [FEW], "update=true")
    assert reported(known.run("busyscore", [later(FEW, 1)])) == []


# --- verdicts -----------------------------------------------------------------------------------------------------------


def test_a_verdict_is_applied_by_the_next_search_that_learns(known: Head) -> None:
    (odd,) = known.run("busyscore", [FEW], "update=true").rows
    said = known.run("busyverdict", (), "user=ana", f"event_id={odd['busy_event_id']}", "verdict=malicious")
    assert said.rows[0]["done"] == "taken; the next search that learns applies it"
    (before,) = known.run("busyrisk", (), "user=ana").rows
    assert before["status"] == "open"
    outcome = known.run("busyscore", (), "update=true")
    assert outcome.said("INFO") == ["Learned from 0 sign-ins; 0 reports, 1 verdicts applied."]
    (after,) = known.run("busyrisk", (), "user=ana").rows
    assert (after["status"], after["level"], after["busy_risk"]) == ("malicious", "critical", "100")
    (row,) = incidents(known).values()
    assert (row["status"], row["risk"]) == ("malicious", 100.0)
    assert row["reported_risk"] > 60.0  # what was reported is not forgotten over it
    known.run("busyscore", (), "update=true")
    assert [row["applied"] for row in known.fake.kv.collections["busybody_verdicts"].values()] == [known.number()]


def test_a_verified_answer_makes_the_place_normal(known: Head) -> None:
    (odd,) = known.run("busyscore", [FEW], "update=true").rows
    answer = {"user": "ana", "event_id": str(odd["busy_event_id"]), "verdict": "benign", "verified": "true"}
    assert known.run("busyverdict", [answer]).rows[0]["busy_done"].startswith("taken;")
    known.run("busyscore", (), "update=true")
    (row,) = known.run("busyscore", [later(FEW, 600)]).rows
    assert float(row["busy_risk"]) < 70.0 < float(odd["busy_risk"])


def test_a_search_that_dies_has_applied_no_verdict(known: Head) -> None:
    (odd,) = known.run("busyscore", [FEW], "update=true").rows
    known.run("busyverdict", (), "user=ana", f"event_id={odd['busy_event_id']}", "verdict=malicious")
    before = known.content()
    known.run("busyscore", [event("bo", 15)], "update=true", stop=1)
    assert known.content() == before
    assert "1 verdicts applied" in known.run("busyscore", [event("bo", 15)], "update=true").said("INFO")[0]


def test_an_incident_that_is_closed_while_more_of_it_waits_is_not_told_once_more(known: Head) -> None:
    """Its later sign-ins wait to be learned and hold an incident of their own: nobody is to hear of that again."""
    window = [FEW, later(FEW, 1), later(FEW, 2)]
    first = known.run("busyscore", window, "update=true")
    (incident,) = {str(row["busy_incident"]) for row in first.rows}
    before = incidents(known)[incident]
    for verdict in ("closed", "benign"):
        said = known.run("busyverdict", (), "user=ana", f"event_id={incident}", f"verdict={verdict}", "analyst=true")
        assert said.rows[0]["done"].startswith("taken"), said.rows
        known.run("busyscore", (), "update=true")
        assert reported(known.run("busyscore", [later(FEW, 3)], "update=true")) == []
    kept = incidents(known)
    assert kept[incident]["status"] in ("closed", "benign")
    assert kept[incident]["reported_risk"] == before["reported_risk"]
    assert [row["reported_risk"] for key, row in kept.items() if key != incident] == [0.0] * (len(kept) - 1)


def test_what_is_worse_than_what_was_closed_is_told(known: Head) -> None:
    odd = event(day=14, hour=18.0, src="192.0.2.77", src_asn="64777", src_as_org="Rack", user_agent="curl/8")
    first = known.run("busyscore", [odd, later(odd, 1)], "update=true")
    assert [row["busy_level"] for row in first.rows] == ["high", "high"]
    known.run("busyverdict", (), "user=ana", f"event_id={first.rows[0]['busy_incident']}", "verdict=closed")
    worse = event(day=14, hour=19.0, **FAR)
    (row,) = known.run("busyscore", [worse], "update=true").rows
    assert (row["busy_level"], row["busy_report"]) == ("critical", "1")


def test_an_incident_says_when_and_of_what_it_was_reported(known: Head, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger, "now", lambda: START + 15 * DAY)
    known.run("busyscore", [FEW, later(FEW, 1)], "update=true")
    known.run("busyscore", [later(FEW, 2)], "update=true")
    (row,) = incidents(known).values()
    assert (row["reported_event"], row["reported_at"], row["src"]) == (FEW["event_hash"], START + 15 * DAY, FAR["src"])


# --- the cursor ---------------------------------------------------------------------------------------------------------


def test_the_cursor_is_the_latest_index_time_that_was_learned(known: Head) -> None:
    indexed = START + 16 * DAY
    rows = [
        {**event("ana", 15), "_indextime": f"{indexed:.0f}"},
        {**event("bo", 15), "_indextime": f"{indexed - 300:.0f}"},
    ]
    known.run("busyscore", rows, "update=true", "cursor=true", size=1)
    assert known.notes()["cursor"] == f"{indexed:.0f}"
    known.run("busyscore", [{**event("bo", 16), "_indextime": f"{indexed - 60:.0f}"}], "update=true", "cursor=true")
    assert known.notes()["cursor"] == f"{indexed:.0f}"  # it does not go back
    known.run("busyscore", [{**event("bo", 17), "_indextime": f"{indexed + 60:.0f}"}], "update=true")
    assert known.notes()["cursor"] == f"{indexed:.0f}"  # nor forward where nobody asks


def test_without_index_times_a_warning_says_that_the_cursor_stays(known: Head) -> None:
    outcome = known.run("busyscore", [event("ana", 15)], "update=true", "cursor=true")
    assert "No row has _indextime" in outcome.said("WARN")[0]
    assert "cursor" not in known.notes()


def test_more_people_than_memory_keeps_are_one_commit(head: Head, monkeypatch: pytest.MonkeyPatch) -> None:
    import busybody.people

    events = simulated()[:700]
    plain = head.run("busyscore", events, "update=true", "model=plain")
    monkeypatch.setattr(busybody.people, "KEPT", 12)
    small = head.run("busyscore", events, "update=true", "model=small", size=50)
    assert plain.rows == small.rows
    assert head.number("small") == 1
    following = simulated()[700:900]
    assert head.run("busyscore", following, "model=plain").rows == head.run("busyscore", following, "model=small").rows


def test_with_pseudonyms_no_name_is_stored(head: Head, tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.write_text("0123456789abcdef0123456789abcdef")
    head.fake.conf.set("local", "busybody", "policy:default", {**THRESHOLD, "identity.pseudonym_key_file": str(key)})
    head.run("busytrain", [{**row, "event_hash": f"e{number}"} for number, row in enumerate(habit("somebody"))])
    odd = {**FEW, "user": "somebody"}
    assert reported(head.run("busyscore", [odd], "update=true")) == [odd["event_hash"]]
    held = {name: rows for name, rows in head.fake.kv.collections.items() if name != "busybody_verdicts"}
    assert "somebody" not in json.dumps(held)
    assert head.run("busyprofile", (), "user=somebody").rows
    head.run("busyverdict", (), "user=somebody", f"event_id={odd['event_hash']}", "verdict=malicious")
    head.run("busyscore", (), "update=true")
    assert head.run("busyrisk", (), "user=somebody").rows[0]["status"] == "malicious"
