"""Block Kit: golden messages, and whatever the rows say, only what Slack accepts and nobody can misuse."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Dict, Iterator, List

import pytest
from alerting import scored
from busybody_splunk.alerts.blocks import digest_blocks, heading_of, message_block, notice_of, person_blocks, text_units
from busybody_splunk.alerts.links import Links
from busybody_splunk.alerts.messages import messages
from busybody_splunk.alerts.person import people, signin_of
from fake_slack import FakeSlack
from hypothesis import given, settings
from hypothesis import strategies as st

GOLDEN = Path(__file__).parent / "golden" / "slack"
LINKS = Links(
    "https://splunk.example.com/app/search/@go?sid=1",
    "https://splunk.example.com/app/busybody/person?form.user=a",
)
TEXTS = st.text(max_size=40) | st.sampled_from(
    [
        "<!channel>",
        "<@U1234>",
        "<http://evil.example|good>",
        "&amp;",
        "*`_~",
        "\u202egpj.exe",
        "x" * 5000,
        "\U0001f600" * 3000,
        "\ud800",
        "",
    ]
)
FIELDS = ["user", "_time", "src", "City", "Country", "user_agent", "busy_risk", "busy_level", "busy_sentence", "busy_findings",
          "busy_techniques", "busy_previous_time", "busy_previous_city", "busy_previous_device", "risk_object", "risk_message"]  # fmt: skip
ROWS = st.lists(st.dictionaries(st.sampled_from(FIELDS), TEXTS | st.lists(TEXTS, max_size=8)), min_size=1, max_size=6)


def posts(rows: List[Dict[str, Any]], message: str = "") -> List[Dict[str, Any]]:
    """All messages about these rows, as the action makes them."""
    found = []
    for person in people(rows):
        found += messages(person_blocks(person, LINKS, message, "Odd sign-ins"), notice_of(person))
    return found


CASES = {
    "one_signin": [scored()],
    "several_people": [scored("bob", 45.0, busy_event_id="e-2"), scored(), scored(risk=75.0, _time="1763609600")],
    "risk_event": [
        {
            "_time": "1763609529",
            "risk_object": "alice@example.com",
            "risk_object_type": "user",
            "risk_score": "97",
            "risk_message": "first sign-in from New Zealand",
            "threat_object": ["203.0.113.7", "curl/8.1"],
            "annotations.mitre_attack": ["T1078"],
        }
    ],
    "another_alert": [{"user": "alice", "count": "3"}],
    "nobody": [{"count": "3"}],
    "hostile": [
        scored(
            "<!channel> alice & bob",
            busy_sentence="<http://evil.example|reset your password> *now* `rm` \u202egpj.exe\nsecond line",
            City="<@U1234>",
            busy_findings=["<!here>", "new_country"],
        )
    ],
}


@pytest.mark.parametrize("name", sorted(CASES))
def test_messages_look_as_they_always_did(name: str) -> None:
    found = json.dumps(posts(CASES[name]), indent=2, ensure_ascii=False) + "\n"
    assert found == (GOLDEN / f"{name}.json").read_text("utf-8")


@settings(max_examples=60)
@given(ROWS)
def test_slack_accepts_every_message_whatever_the_rows_say(rows: List[Dict[str, Any]]) -> None:
    slack = FakeSlack.wrong
    for message in posts(rows):
        assert slack(None, message) is None, message  # type: ignore[arg-type]
        json.dumps(message).encode("ascii")


@settings(max_examples=60)
@given(ROWS)
def test_no_value_of_a_row_stands_in_markup(rows: List[Dict[str, Any]]) -> None:
    for message in posts(rows):
        assert list(markup(message["blocks"])) == []
        assert "<" not in message["text"]
        assert ">" not in message["text"]


@given(st.integers(1, 900), st.integers(0, 300))
def test_splitting_loses_nothing_and_keeps_the_order(count: int, length: int) -> None:
    blocks = [message_block(f"{number} " + "x" * length) for number in range(count)]
    parts = messages(blocks, "notice")
    assert [block for part in parts for block in part["blocks"]] == blocks
    assert all(len(part["blocks"]) <= 50 and text_units(part["blocks"]) <= 10_000 for part in parts)
    assert [part["text"] for part in parts][-1] == (
        "notice" if len(parts) == 1 else f"notice ({len(parts)} of {len(parts)})"
    )


def test_every_row_of_a_person_is_shown() -> None:
    rows = [scored(risk=90.0 - number / 10, src=f"203.0.113.{number}") for number in range(150)]
    shown = json.dumps(posts(rows))
    assert all(
        f"203.0.113.{number} " in shown or f'203.0.113.{number}"' in shown or f"203.0.113.{number}\\n" in shown
        for number in range(150)
    )
    assert len(people(rows)) == 1


def test_thousands_of_rows_are_counted_and_linked() -> None:
    found = posts([scored(risk=float(number % 97)) for number in range(5000)])
    assert len(found) <= 10
    assert "and 4799 more, which the results show" in json.dumps(found)
    lists = [
        part
        for message in found
        for block in message["blocks"]
        for part in block.get("elements", [])
        if part["type"] == "rich_text_list"
    ]
    assert (
        sum(len(part["elements"]) for part in lists) == 2 + 200 + 1
    )  # findings, sign-ins, and the count of the others


def test_people_come_in_the_order_of_their_risk_and_once_each() -> None:
    rows = [scored("bob", 45.0), scored("ALICE@example.com", 20.0), scored("alice@Example.com", 99.0), {"user": "eve"}]
    rows += [{"user": "mallory", "urgency": "critical"}]
    assert [heading_of(person) for person in people(rows)] == [
        "Critical 99 · ALICE@example.com", "Medium 45 · bob", "Critical · mallory", "eve",
    ]  # fmt: skip
    assert [len(person.signins) for person in people(rows)] == [2, 1, 1, 1]


def test_the_field_that_the_alert_names_is_the_only_one_asked() -> None:
    assert people([{"user": "alice", "manager": "bob"}], "manager")[0].name == "bob"
    assert people([{"user": "alice"}], "manager")[0].name == ""


def test_a_row_about_several_people_is_told_of_each() -> None:
    assert [person.name for person in people([{"user": ["alice", "bob"]}, {"user": "Bob"}])] == ["alice", "bob"]
    assert [len(person.signins) for person in people([{"user": "alice\nbob"}, {"user": "Bob"}])] == [1, 2]


@pytest.mark.parametrize("risk", ["", "nan", "inf", "many", "1e400"])
def test_a_risk_that_is_none_is_left_out(risk: str) -> None:
    assert signin_of({"busy_risk": risk}).risk is None


def test_a_digest_has_a_line_for_each_person() -> None:
    blocks = digest_blocks(people([scored(f"user-{number}") for number in range(45)]), "45 more people", LINKS)
    lines = [item for block in blocks[1:-1] for item in block["elements"][0]["elements"]]
    assert len(lines) == 45


def markup(value: Any) -> Iterator[Any]:
    """Every mrkdwn text in there."""
    if isinstance(value, dict):
        if value.get("type") == "mrkdwn":
            yield value
        for part in value.values():
            yield from markup(part)
    elif isinstance(value, list):
        for part in value:
            yield from markup(part)


def write_golden() -> None:
    """Run this file as a script to write the golden files anew; read the difference before you keep it."""
    GOLDEN.mkdir(parents=True, exist_ok=True)
    for name, rows in CASES.items():
        (GOLDEN / f"{name}.json").write_text(json.dumps(posts(rows), indent=2, ensure_ascii=False) + "\n", "utf-8")


if __name__ == "__main__":
    write_golden()
