"""Alert action busybody_ask: findings reach the responder once, whatever is repeated, broken or bad."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Dict, Iterator, List

import pytest
from alerting import OWNER_KEY, World, alert, scored
from busybody_splunk.alerts.findings import findings_of
from busybody_splunk.alerts.payload import read_alert
from fake_responder import KEY, FakeResponder
from fake_service import FakeProxy
from hypothesis import given, settings
from hypothesis import strategies as st

ACTION = "busybody_ask"
GOLDEN = Path(__file__).parent / "golden" / "ask.json"


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    with World(tmp_path, monkeypatch) as found:
        yield found


@pytest.fixture
def responder(world: World) -> Iterator[FakeResponder]:
    with FakeResponder() as found:
        world.secret("responder_key", found.key)
        world.conf("responder", url=found.url, ca_file=found.ca_file)
        yield found


def documents(rows: List[Dict[str, Any]], **parameters: str) -> List[Dict[str, Any]]:
    """The findings of these rows."""
    import io

    stdin = json.dumps(alert("https://127.0.0.1:8089", Path("r"), None, parameters, "k", None))
    numbered = [{**row, "rid": str(number)} for number, row in enumerate(rows)]
    return [found.document for found in findings_of(read_alert(io.BytesIO(stdin.encode())), numbered)[0]]


def ids(rows: List[Dict[str, Any]], **parameters: str) -> List[str]:
    return [document["id"] for document in documents(rows, **parameters)]


# What is asked ------------------------------------------------------------------------------------------------


def test_a_finding_says_what_the_contract_wants(world: World, responder: FakeResponder) -> None:
    done = world.act(ACTION, [scored()])
    assert (done.code, done.lines) == (0, ["INFO sent=1 failed=0 rows=1"])
    assert json.dumps(list(responder.alerts.values()), indent=2) + "\n" == GOLDEN.read_text("utf-8")


def test_rows_of_the_predecessor_are_understood() -> None:
    found = documents([{"hash": "h1", "ldap": "alice", "event_info": "sudo on web-1", "_time": "1763609529"}])[0]
    assert (found["subject"]["key"], found["event_ids"], found["title"]) == ("alice", ["h1"], "sudo on web-1")


def test_the_alerts_own_fields_count_where_named() -> None:
    rows = [{"who": "alice", "mail": "alice@example.com", "severity": "informational"}]
    found = documents(rows, user_field="who", email_field="mail", title="Sudo", source="splunk:prod")[0]
    assert found["subject"] == {"key": "alice", "email": "alice@example.com"}
    assert (found["title"], found["source"], found["severity"], found["rule_id"]) == (
        "Sudo",
        "splunk:prod",
        "low",
        "Odd sign-ins",
    )
    assert documents([{"user": "bob"}], severity="high")[0]["severity"] == "high"
    assert documents([{"user": "bob"}], severity="terrible")[0]["severity"] == "medium"


def test_a_title_with_tokens_is_filled_in_for_each_person(world: World, responder: FakeResponder) -> None:
    world.splunk.searches["Odd sign-ins"] = {"action.busybody_ask.param.title": "$result.app$ by $result.user$ <b>"}
    world.act(ACTION, [scored(), scored("bob", app="vpn")], title="okta by alice@example.com <b>")
    titles = [found["title"] for found in responder.alerts.values()]
    assert titles == ["okta by alice@example.com <b>", "vpn by bob <b>"]


def test_a_row_about_several_people_asks_each_of_them() -> None:
    found = documents([scored(["alice", "bob", "alice"])])  # type: ignore[arg-type]
    assert [document["subject"]["key"] for document in found] == ["alice", "bob"]


@pytest.mark.parametrize(
    ("time", "shown"),
    [
        ("1763609529.25", "2025-11-20T03:32:09Z"),
        ("2025-11-20T04:32:09.5+01:00", "2025-11-20T03:32:09Z"),
        ("2025-11-20T03:32:09Z", "2025-11-20T03:32:09Z"),
        ("2025-11-20 03:32:09", "2025-11-20T03:32:09Z"),
        ("1763609529250", "2025-11-20T03:32:09Z"),
        ("yesterday", None),
        ("nan", None),
        ("-1", None),
        ("9e99", None),
    ],
)
def test_event_times_are_utc_or_absent(time: str, shown: Any) -> None:
    assert documents([{"user": "a", "_time": time}])[0].get("event_time") == shown


# Under which id -----------------------------------------------------------------------------------------------


def test_an_incident_is_one_finding_however_it_grows() -> None:
    first, risen = scored(), scored(risk=99.0, busy_event_id="e-2", busy_findings=["new_device"], _time="1763700000")
    assert ids([first]) == ids([risen]) == ids([first, risen])
    together = documents([scored(risk=75.0), risen])[0]
    assert (together["event_ids"], together["severity"]) == (["e-1", "e-2"], "critical")
    assert documents([risen, scored(risk=75.0)])[0]["severity"] == "critical"


def test_other_people_incidents_sources_are_other_findings() -> None:
    rows = [scored(), scored("bob"), scored(busy_incident="other"), scored(busy_incident="", busy_event_id="e-7")]
    assert len(set(ids(rows) + ids(rows[:1], source="elsewhere"))) == 5
    assert ids([scored("ALICE@example.com")]) == ids([scored()])


def test_without_an_incident_the_event_and_else_the_hour_make_the_id() -> None:
    plain = {"user": "alice", "_time": "1763609529", "src": "203.0.113.7"}
    assert ids([plain]) == ids([{**plain, "_time": "1763609530", "count": "4"}])
    assert ids([plain]) != ids([{**plain, "_time": str(1763609529 + 3600)}])
    assert ids([{**plain, "event_id": "1"}]) != ids([{**plain, "event_id": "2"}])
    assert ids([plain], dedup_fields="src") != ids([{**plain, "src": "198.51.100.1"}], dedup_fields="src")
    assert ids([scored()], dedup_fields="src, app") == ids([scored(busy_incident="other")], dedup_fields="src, app")


@settings(max_examples=60)
@given(
    st.lists(
        st.dictionaries(
            st.sampled_from(["user", "_time", "event_id", "busy_incident", "severity", "src"]), st.text(max_size=12)
        ),
        max_size=8,
    )
)
def test_the_order_of_rows_changes_no_id(rows: List[Dict[str, Any]]) -> None:
    assert set(ids(rows)) == set(ids(rows[::-1]))
    for document in documents(rows):
        json.dumps(document).encode("ascii")
        assert document["severity"] in ("low", "medium", "high", "critical")


def test_the_same_window_twice_asks_nobody_twice(world: World, responder: FakeResponder) -> None:
    rows = [scored(), scored("bob"), scored("eve")]
    assert world.act(ACTION, rows).code == world.act(ACTION, rows).code == 0
    assert world.act(ACTION, rows[:2]).code == 0  # an overlapping window is another request of the same findings
    assert len(responder.alerts) == 3
    keys = [call.headers["idempotency-key"] for call in responder.calls]
    assert keys[0] == keys[1] != keys[2]
    assert max(responder.seen.values()) == 2  # the repeated request was answered from its key


def test_parameters_that_are_not_understood_are_named(world: World, responder: FakeResponder) -> None:
    done = world.act(ACTION, [scored()], severity="terrible", email_field="mail", dedup_fields="src, dst")
    assert [line.split(" ", 1)[1] for line in done.lines[:3]] == [
        "severity: 'terrible' is none of low, medium, high, critical; medium is used.",
        "No row has the field 'mail', which the alert names.",
        "No row has the field 'dst', which the alert names.",
    ]


# What goes wrong ----------------------------------------------------------------------------------------------


def test_rows_that_name_nobody_are_reported_and_the_others_asked(world: World, responder: FakeResponder) -> None:
    done = world.act(ACTION, [scored(), {"count": "3"}, scored("bob")])
    assert done.code == 1
    assert (
        done.lines[0]
        == 'ERROR person="nobody" rows=1 was not told: The row names nobody who could be asked (field user).'
    )
    assert responder.people == ["alice@example.com", "bob"]


def test_a_rejected_finding_is_told_and_not_repeated(world: World, responder: FakeResponder) -> None:
    done = world.act(ACTION, [scored(_time=""), scored("bob")])
    assert done.code == 1
    assert done.lines[0] == (
        'ERROR person="alice@example.com" rows=1 was not told: The responder rejects the finding: event_time is missing.'
    )
    assert len(responder.calls) == 1


def test_only_what_has_no_answer_is_sent_again(world: World, responder: FakeResponder) -> None:
    responder.skip = 2
    assert world.act(ACTION, [scored(f"user-{number}") for number in range(5)]).code == 0
    assert [len(call.json()["alerts"]) for call in responder.calls] == [5, 2]
    assert set(responder.seen.values()) == {1}


def test_an_answer_that_got_lost_costs_no_second_question(world: World, responder: FakeResponder) -> None:
    responder.fail(cut=True, late=True)  # the responder took them, and nobody heard of it
    assert world.act(ACTION, [scored(), scored("bob")]).code == 0
    assert set(responder.seen.values()) == {1}
    assert world.clock.slept == [1.0]


def test_one_bad_finding_does_not_hold_up_the_others(world: World, responder: FakeResponder) -> None:
    responder.poison = {"user-11"}
    done = world.act(ACTION, [scored(f"user-{number:02d}") for number in range(20)])
    assert done.code == 1
    assert len(responder.alerts) == 19
    assert [line for line in done.lines if "was not told" in line] == [
        'ERROR person="user-11" rows=1 was not told: The responder answered 422: Unprocessable, subject.key: not a principal.'
    ]


def test_many_findings_go_in_batches(world: World, responder: FakeResponder) -> None:
    assert world.act(ACTION, [scored(f"user-{number:04d}") for number in range(250)]).lines == [
        "INFO sent=250 failed=0 rows=250"
    ]
    assert [len(call.json()["alerts"]) for call in responder.calls] == [100, 100, 50]


def test_huge_rows_stay_below_the_size_of_a_request(world: World, responder: FakeResponder) -> None:
    big = dict.fromkeys(("busy_sentence", "City", "Country", "user_agent", "app", "title"), "ü" * 5000)
    assert world.act(ACTION, [scored(f"user-{number:04d}", **big) for number in range(100)]).code == 0
    assert max(len(call.body) for call in responder.calls) < 1 << 20


def test_it_waits_as_asked_and_gives_up_in_time(world: World, responder: FakeResponder) -> None:
    responder.fail(429, retry_after=4)
    assert world.act(ACTION, [scored()]).code == 0
    assert world.clock.slept == [4.5]
    responder.fail(429, retry_after=100)
    done = world.act(ACTION, [scored()])
    assert (done.code, len(responder.calls)) == (2, 3)


@pytest.mark.parametrize(
    ("status", "says", "calls"), [(401, "responder_key", 1), (403, "alerts:write", 1), (503, "Tried 3 times", 3)]
)
def test_failures_say_what_to_do(world: World, responder: FakeResponder, status: int, says: str, calls: int) -> None:
    responder.fail(status, times=9)
    done = world.act(ACTION, [scored()])
    assert done.code == 2
    assert says in done.lines[0]
    assert len(responder.calls) == calls


def test_an_alert_without_rows_asks_nobody(world: World, responder: FakeResponder) -> None:
    assert world.act(ACTION, []).lines == ["INFO sent=0 failed=0 rows=0"]


def test_through_a_proxy_with_a_companys_own_authority(world: World, responder: FakeResponder) -> None:
    with FakeProxy() as proxy:
        world.conf("responder", proxy=proxy.address)
        assert world.act(ACTION, [scored()]).code == 0
        assert len(proxy.seen) == 1


def test_an_unknown_authority_is_refused_with_advice(world: World, responder: FakeResponder) -> None:
    world.conf("responder", ca_file="")
    done = world.act(ACTION, [scored()])
    assert done.code == 2
    assert "name its PEM file in ca_file" in done.lines[0]
    assert responder.calls == []


def test_no_secret_is_ever_written(world: World, responder: FakeResponder) -> None:
    responder.fail(500, body=KEY.encode(), times=3)
    logs = world.act(ACTION, [scored()]).log
    world.secret("responder_key", KEY + "00")
    logs += world.act(ACTION, [scored()]).log + "\n".join(world.modalert(ACTION))
    assert KEY not in logs
    assert OWNER_KEY not in logs


def test_every_row_has_a_line_for_enterprise_security(world: World, responder: FakeResponder) -> None:
    world.act(ACTION, [scored(), scored(_time="1763609999"), {"count": "1"}])
    lines = world.modalert(ACTION)
    assert [line.split(" rid=")[1].split('"')[1] for line in lines] == ["2", "0", "1"]
    assert 'signature="created"' in lines[1]
    assert 'action_status="failure"' in lines[0]
