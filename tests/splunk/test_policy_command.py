"""busypolicy: what a stanza comes to, or all that is wrong with it in the core's own words."""

from __future__ import annotations

import json

import pytest
from busybody.policy import Policy
from busybody.policy.schema import schema
from fake_splunkd import LIMITED_KEY
from searching import Head, head

__all__ = ["head"]


def test_without_a_stanza_it_is_the_default_key_by_key(head: Head) -> None:
    head.session_key = LIMITED_KEY  # everybody may look
    outcome = head.run("busypolicy")
    assert [row["key"] for row in outcome.rows] == [key.key for key in schema().keys if key.key != "name"]
    assert {row["changed"] for row in outcome.rows} == {"0"}
    budget = next(row for row in outcome.rows if row["key"] == "alerts.budget")
    assert float(budget["value"]) == Policy.default().alerts.budget
    assert budget["about"].startswith("How many false alerts you can work through.")
    assert outcome.said("INFO") == ["[policy:default] is fine."]


def test_what_was_changed_stands_out(head: Head) -> None:
    head.fake.conf.set("default", "busybody", "policy:office", {"alerts.budget": "1", "travel.max_speed_kmh": "800"})
    head.fake.conf.set(
        "local", "busybody", "policy:office",
        {"travel.max_speed_kmh": "500", "people.vip": '["ceo@example.com"]', "sources.okta.system.user_domain": "example.com"},
    )  # fmt: skip
    rows = head.run("busypolicy", (), "policy=office", "changed=true").rows
    assert {row["key"]: row["value"] for row in rows} == {
        "travel.max_speed_kmh": "500", "people.vip": '["ceo@example.com"]',
        "sources.okta.system.user_domain": "example.com",
    }  # fmt: skip


def test_every_problem_is_a_row_and_a_message(head: Head) -> None:
    head.fake.conf.set("local", "busybody", "policy:office", {"alerts.budgte": "1", "travel.max_speed_kmh": "fast"})
    outcome = head.run("busypolicy", (), "policy=office")
    assert [row["key"] for row in outcome.rows] == ["alerts.budgte", "travel.max_speed_kmh"]
    assert "budget" in outcome.rows[0]["problem"]
    assert all("busybody.conf [policy:office]" in text for text in outcome.said("ERROR"))
    assert len(outcome.said("ERROR")) == 2


@pytest.mark.parametrize(
    ("settings", "key"),
    [
        ({"maps": json.dumps([{"source": "x", "title": "x", "documented_at": "x", "detect": {"path": "a", "exist": 1}, "fields": {"time": "t", "user": "u"}}])}, "detect"),
        ({"sources.okta.user_map": json.dumps({"Ana": "a", "ana": "b"})}, "sources.okta.user_map"),
        ({"identity.pseudonym_key_file": "/nowhere/at/all"}, "identity.pseudonym_key_file"),
    ],
)  # fmt: skip
def test_what_turns_out_only_in_use_is_tried_out(head: Head, settings: dict[str, str], key: str) -> None:
    head.fake.conf.set("local", "busybody", "policy:default", settings)
    (row,) = head.run("busypolicy").rows
    assert key in row["key"]
    assert row["problem"]


def test_a_policy_that_nobody_wrote(head: Head) -> None:
    head.fake.conf.set("local", "busybody", "policy:office", {})
    (row,) = head.run("busypolicy", (), "policy=ofice").rows
    assert "office" in row["problem"]


def test_the_script_says_the_same(head: Head) -> None:
    outcome = head.script("busypolicy")
    assert outcome.rows == head.run("busypolicy").rows
    assert (outcome.error, outcome.exit_code) == (None, 0)
