"""busyscore as an analyst sees it: what stands in the rows."""

from __future__ import annotations

import json
from typing import Any, Dict, List

import pytest
from busybody.fusion import BASE
from busybody_splunk.columns import RISK_EVENT, names
from busybody_splunk.commands.score import OPTIONS
from searching import FAR, Event, Head, event, habit, head, simulated

__all__ = ["head"]
ODD = event(day=14, hour=11.0, **FAR)  # two hours after the last one, on the other side of the world


@pytest.fixture
def known(head: Head) -> Head:
    """Ana is known, and a few others."""
    people = [row for user in ("ana", "bo", "cy") for row in habit(user)]
    assert head.run("busytrain", people).said("ERROR") == []
    return head


def new_columns(row: Event, given: Event) -> Dict[str, Any]:
    return {name: value for name, value in row.items() if name not in given}


def test_a_habit_is_no_risk_and_says_little(known: Head) -> None:
    usual = event(day=15)
    (row,) = known.run("busyscore", [usual]).rows
    added = new_columns(row, usual)
    assert float(added.pop("busy_risk")) < 20.0
    assert added == {"busy_level": "none", "busy_learned": "trusted", "busy_report": "0", "busy_new": "1"}


def test_an_odd_sign_in_says_why_and_what_came_before(known: Head) -> None:
    (row,) = known.run("busyscore", [ODD]).rows
    assert row["busy_level"] == "critical"
    assert float(row["busy_risk"]) > 90.0
    assert "impossible_travel" in row["busy_findings"]
    assert "T1078" in row["busy_techniques"]
    assert row["busy_sentence"].startswith(f"Risk {float(row['busy_risk']):.0f} ")
    before = {name: row[f"busy_previous_{name}"] for name in ("country", "city", "ip", "device")}
    assert before == {"country": "PT", "city": "Lisbon", "ip": "203.0.113.10", "device": "Chrome on Windows"}
    assert abs(float(row["busy_previous_time"]) - float(event(day=14, hour=9.2)["_time"])) < 0.01
    assert row["busy_event_id"] == ODD["event_hash"]
    assert row["busy_source"] in row["busy_findings"]
    assert len(row["busy_incident"]) == 16


def test_from_an_alert_up_the_fields_of_a_risk_event_are_there(known: Head) -> None:
    known.fake.conf.set("local", "busybody", "policy:default", {"alerts.threshold": "60"})
    usual = event(day=15)
    row, quiet = known.run("busyscore", [ODD, usual]).rows
    assert [row[name] for name in RISK_EVENT] == [
        "ana", "user", f"{float(row['busy_risk']):.0f}", row["busy_sentence"], ["198.51.100.99", "curl/8.5.0"],
        ["ip_address", "http_user_agent"], row["busy_techniques"],
    ]  # fmt: skip
    assert row["busy_report"] == "1"
    assert not set(RISK_EVENT) & set(quiet)


def test_without_an_alert_there_is_no_risk_event(known: Head) -> None:
    known.fake.conf.set("local", "busybody", "policy:default", {"alerts.threshold": "100"})
    elsewhere = event(day=15, src="192.0.2.77", src_asn="64777", src_as_org="Other Cable")
    (row,) = known.run("busyscore", [elsewhere]).rows
    assert 20.0 < float(row["busy_risk"]) < 100.0
    assert row["busy_report"] == "0"
    assert not set(RISK_EVENT) & set(row)


def test_an_explanation_adds_up_to_the_log_odds(known: Head) -> None:
    usual = event(day=15)
    odd, quiet = known.run("busyscore", [ODD, usual], "explain=true").rows
    contributions = [float(line.split(" ", 1)[0]) for line in odd["busy_explain"]]
    assert contributions[-1] == BASE
    assert len(contributions) == len(odd["busy_findings"]) + 1
    assert sum(contributions) > BASE
    assert quiet["busy_explain"] == f"{BASE:g} base: the odds before anything is known of the sign-in"
    assert quiet["busy_event_id"] == usual["event_hash"]


def test_below_min_risk_rows_stay_empty_and_stay(known: Head) -> None:
    usual = event(day=15)
    odd, quiet = known.run("busyscore", [ODD, usual], "min_risk=50").rows
    assert "busy_risk" in odd
    assert new_columns(quiet, usual) == {"busy_new": "1"}


def test_the_prefix_is_that_of_all_columns_but_the_risk_event(known: Head) -> None:
    (row,) = known.run("busyscore", [ODD], "prefix=uba_").rows
    assert {name.split("_")[0] for name in new_columns(row, ODD)} <= {"uba", "risk", "threat", "annotations.mitre"}


def test_columns_that_are_there_are_replaced(known: Head) -> None:
    stale = {**ODD, "busy_risk": "1", "busy_findings": ["old", "older"], "busy_level": "none"}
    assert known.run("busyscore", [stale]).rows == known.run("busyscore", [ODD]).rows


def test_every_row_comes_back_in_its_order_whatever_it_is(known: Head) -> None:
    rows: List[Event] = [
        event(day=15), {"_time": "1773000000", "host": "web1"}, {**event(day=15), "action": "logoff"},
        {**event(day=15), "_time": "yesterday"}, {}, {**event(day=15), "_time": "4000000000"}, ODD,
    ]  # fmt: skip
    numbered = [{**row, "number": str(number)} for number, row in enumerate(rows)]
    outcome = known.run("busyscore", numbered)
    assert [row["number"] for row in outcome.rows] == [row["number"] for row in numbered]
    assert [("busy_risk" in row, "busy_error" in row) for row in outcome.rows] == [
        (True, False), (False, False), (False, False), (False, True), (False, False), (False, True), (True, False),
    ]  # fmt: skip
    assert [row.get("busy_skipped") for row in outcome.rows] == [
        None, "no map knows this format", "a session ended", None, "the record is empty", None, None,
    ]  # fmt: skip
    assert {row["busy_new"] for row in outcome.rows} == {"1"}
    assert "is no time" in outcome.rows[3]["busy_error"]
    assert "in the future" in outcome.rows[5]["busy_error"]
    (warning,) = outcome.said("WARN")
    assert warning.startswith("2 of 7 rows could not be read: row 4: time: 'yesterday' is no time")
    assert "row 6: " in warning
    (info,) = outcome.said("INFO")
    assert info.startswith("3 of 7 rows are no sign-in (")
    assert "a session ended" in info


def test_where_nothing_is_a_sign_in_an_error_says_what_is_needed(head: Head) -> None:
    outcome = head.run("busyscore", [{"_time": "1773000000", "host": "web1"}] * 3)
    (error,) = outcome.said("ERROR")
    assert "needs _time, user, action and src" in error
    assert len(outcome.rows) == 3
    (error,) = head.run("busyscore", [event()], "fields=okta").said("ERROR")
    assert error.startswith("1 of 1 rows are no sign-in (1: it has no text in _raw).")


def test_a_field_of_several_values_is_read_and_kept(known: Head) -> None:
    tagged = {**ODD, "tag": ["authentication", "cloud"], "user": ["ana", "ana@example.com"]}
    (row,) = known.run("busyscore", [tagged]).rows
    assert (row["tag"], row["user"]) == (["authentication", "cloud"], ["ana", "ana@example.com"])
    assert float(row["busy_risk"]) > 70.0
    (row,) = known.run("busyscore", [{**ODD, "tag": ["network", "proxy"]}]).rows
    assert "busy_risk" not in row


def test_only_the_columns_that_are_needed_are_asked_for(head: Head) -> None:
    wanted = head.run("busyscore").configuration["required_fields"]
    assert wanted[-len(names()) :] == names()  # the new ones stand together, behind those that are read
    assert {"_time", "user", "action", "src", "app", "Country", "lat", "user_agent", "event_hash"} <= set(wanted)
    assert not {"_raw", "host", "_indextime"} & set(wanted)
    with_cursor = head.run("busyscore", (), "update=true", "cursor=true").configuration["required_fields"]
    assert "_indextime" in with_cursor
    assert head.run("busyscore", (), "fields=okta").configuration["required_fields"][:2] == ["_time", "_raw"]


def test_people_are_read_together(known: Head) -> None:
    events = [event(f"new{number}", 15) for number in range(300)]
    known.fake.requests.clear()
    known.run("busyscore", events, size=100)
    assert len(known.fake.requests) < 20


@pytest.mark.parametrize("prefix", ["__mv_x", 'a",b', "a b", "a\nb", "prüf_"])
def test_a_prefix_that_makes_no_field_names_is_refused(head: Head, prefix: str) -> None:
    outcome = head.run("busyscore", [event()], f"prefix={prefix}")
    (error,) = outcome.said("ERROR")
    assert "prefix=" in error
    assert outcome.rows[0].keys() - event().keys() == {"busy_error"}


# --- other maps -------------------------------------------------------------------------------------------------------


def test_the_event_of_a_vendor_is_read_from_its_own_text(head: Head) -> None:
    from busybody.simulate import Organisation, generate
    from busybody.simulate.writers import lines

    texts = [text for text, _, _ in lines(generate(Organisation(people=3, days=3, warmup=1, seed=2)), "okta")][:20]
    events = [{"_time": "1773000000", "_raw": text, "sourcetype": "OktaIM2:log"} for text in texts]
    outcome = head.run("busyscore", [*events, {"_time": "1773000000", "_raw": "no text of theirs"}], "fields=okta")
    scored = [row for row in outcome.rows if "busy_risk" in row]
    assert len(scored) > 10
    assert "neither JSON nor syslog" in outcome.rows[-1]["busy_error"]


def test_a_line_of_syslog_has_the_time_that_splunk_gave_it(head: Head) -> None:
    line = "Mar  9 10:11:12 gate sshd[7]: Accepted password for ana from 203.0.113.9 port 50000 ssh2"
    future = {"_time": "4000000000.5", "_raw": line}
    rows = head.run("busyscore", [{"_time": "1773051072.5", "_raw": line}, future], "fields=sshd").rows
    assert "busy_risk" in rows[0]
    assert "in the future" in rows[1]["busy_error"]  # it is the time of the event, not the one in the text


def test_windows_is_read_by_column(head: Head) -> None:
    row = {
        "_time": "1773000000", "EventCode": "4624", "LogName": "Security", "ComputerName": "dc1", "RecordNumber": "7",
        "TargetUserName": "ana", "IpAddress": "203.0.113.9", "Logon_Type": "10",
    }  # fmt: skip
    scored, machine = head.run("busyscore", [row, {**row, "TargetUserName": "DC1$"}], "fields=windows_splunk").rows
    assert "busy_risk" in scored
    assert "busy_risk" not in machine


def test_a_map_of_the_policy_reads_what_no_packaged_one_does(head: Head) -> None:
    field_map = {
        "source": "badges", "title": "Badge readers", "documented_at": "https://example.com",
        "detect": [{"path": "badge", "exists": True}],
        "fields": {"user": "badge", "time": "_time", "outcome": [{"value": "success"}], "ip": "reader_ip"},
    }  # fmt: skip
    head.fake.conf.set("local", "busybody", "policy:default", {"maps": json.dumps([field_map])})
    outcome = head.run(
        "busyscore", [{"_time": "1773000000", "badge": "ana", "reader_ip": "203.0.113.9"}], "fields=badges"
    )
    assert outcome.configuration["required_fields"] is None
    assert "busy_risk" in outcome.rows[0]


# --- the search bar --------------------------------------------------------------------------------------------------


def test_help_explains_every_option(head: Head) -> None:
    outcome = head.run("busyscore", [event()], "help")
    (said,) = outcome.said("ERROR")
    assert all(f"{option.name}=" in said for option in OPTIONS)
    assert len(outcome.rows) == 1


def test_the_same_search_is_answered_by_the_script(known: Head) -> None:
    events = [ODD, *simulated()[:200]]
    expected = known.run("busyscore", events, "explain=true").rows
    outcome = known.script("busyscore", events, "explain=true", size=77, starts=2)
    assert (outcome.error, outcome.exit_code) == (None, 0)
    assert outcome.rows == expected
