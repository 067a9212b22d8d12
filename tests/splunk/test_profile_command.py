"""busyprofile: what an analyst reads of a person."""

from __future__ import annotations

from typing import Any, Dict, List

import pytest
from busybody_splunk.frames import Fatal
from searching import DAY, FAR, START, Head, event, habit, head

__all__ = ["head"]


def sections(rows: Any) -> Dict[str, List[Any]]:
    found: Dict[str, List[Any]] = {}
    for row in rows:
        found.setdefault(row["section"], []).append(row)
    return found


@pytest.fixture
def known(head: Head) -> Head:
    head.run("busytrain", [*habit("ana", 20), *habit("bo")])
    head.run("busyscore", [event(day=20, hour=11.0, **FAR)], "update=true")
    return head


def test_it_says_in_words_what_is_usual_and_what_is_open(known: Head) -> None:
    found = sections(known.run("busyprofile", (), "user=ana").rows)
    assert list(found) == ["person", "network", "country", "device", "hour", "place", "incident"]
    assert found["person"][0]["detail"].startswith("20 learned since 2026-03-02 09:00 UTC")
    assert found["person"][1]["item"] == "waiting"
    (network,) = found["network"]
    assert (network["item"], network["detail"], network["share"]) == ("residential", "Tejo Cable (AS64510)", "1.0000")
    assert START + 18 * DAY < float(network["last"]) < START + 21 * DAY
    assert [row["item"] for row in found["country"]] == ["PT"]
    assert [row["item"] for row in found["device"]] == ["Chrome on Windows"]
    assert [row["item"] for row in found["hour"]] == ["09"]
    assert found["place"][0]["item"] == "Lisbon, PT"
    (incident,) = found["incident"]
    assert incident["detail"].startswith("open, risk ")
    assert len(incident["item"]) == 16


def test_who_is_not_known_is_told_who_may_be_meant(known: Head) -> None:
    for name, told in (
        ("anna", "nobody of the name 'anna' is known. Is it 'ana'"),
        ("xxxxxxxxxx", "busyrisk all=true"),
    ):
        outcome = known.run("busyprofile", (), f"user={name}")
        assert outcome.rows == []
        assert [told in text for text in outcome.said("INFO")] == [True]
        assert outcome.said("ERROR") == []


def test_a_person_is_found_by_any_spelling_of_the_name(known: Head) -> None:
    assert known.run("busyprofile", (), "user= ANA ").rows == known.run("busyprofile", (), "user=ana").rows


def test_the_person_has_to_be_named(known: Head) -> None:
    with pytest.raises(Fatal, match="user= is missing"):
        known.run("busyprofile")


def test_the_script_says_the_same(known: Head) -> None:
    outcome = known.script("busyprofile", (), "user=ana")
    assert outcome.rows == known.run("busyprofile", (), "user=ana").rows
    assert outcome.configuration == {"type": "reporting", "generating": True}
    absent = known.script("busyprofile", (), "user=nobody")
    assert (absent.rows, absent.error, absent.exit_code) == ([], None, 0)  # the dashboard says it in its own words
    assert "nobody of the name 'nobody' is known" in absent.said("INFO")[0]
