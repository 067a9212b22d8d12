"""`busybody verdict` takes the answer of a person or an analyst, once."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Dict

import pytest

from .conftest import Busybody


def exported(busybody: Busybody, store: Path) -> str:
    return busybody("model", "export", "--store", store).out


@pytest.mark.parametrize("name", ["id", "event"])
def test_a_verified_benign_verdict_ends_the_incident(
    busybody: Busybody, store: Path, taken: Dict[str, Any], name: str
) -> None:
    words = ("verdict", taken["user"], taken["incidents"][0][name], "benign", "--verified", "--store", store)
    ran = busybody(*words)
    assert ran.code == 0, ran.err
    assert ran.out.startswith("Confirmed: ")
    rows = busybody("risk", "--store", store, "--output", "json", "--all", "--min", 0).rows
    now = next(row for row in rows if row["user"] == taken["user"])
    assert taken["incidents"][0]["id"] not in [row["id"] for row in now["incidents"]]
    assert now["risk"] < taken["risk"]


def test_the_same_verdict_again_changes_nothing(busybody: Busybody, store: Path, taken: Dict[str, Any]) -> None:
    words = ("verdict", taken["user"], taken["incidents"][0]["id"], "malicious", "--store", store)
    assert busybody(*words).code == 0
    before = exported(busybody, store)
    again = busybody(*words)
    assert (again.code, again.out) == (0, "Already known: nothing changed.\n")
    assert exported(busybody, store) == before


def test_malicious_makes_critical_until_it_is_closed(busybody: Busybody, store: Path, taken: Dict[str, Any]) -> None:
    verdict = ("verdict", taken["user"], taken["incidents"][0]["id"])
    assert (
        "learning is frozen" in busybody(*verdict, "malicious", "--time", "2026-03-18T00:00:00Z", "--store", store).out
    )
    worst = busybody("risk", "--store", store, "--output", "json", "--top", 1).rows[0]
    assert (worst["user"], worst["risk"], worst["level"], worst["frozen"]) == (taken["user"], 100.0, "critical", True)
    assert "confirmed" in busybody("risk", "--store", store, "--top", 1).out
    assert "Closed" in busybody(*verdict, "closed", "--store", store).out
    rows = busybody("risk", "--store", store, "--output", "json", "--all", "--min", 0).rows
    assert next(row for row in rows if row["user"] == taken["user"])["frozen"] is False


def test_benign_without_proof_changes_no_risk(busybody: Busybody, store: Path, taken: Dict[str, Any]) -> None:
    ran = busybody("verdict", taken["user"], taken["incidents"][0]["id"], "benign", "--store", store)
    assert "without a second factor it changes nothing" in ran.out
    assert busybody("risk", "--store", store, "--output", "json", "--top", 100).rows[0]["incidents"] != []


def test_an_unknown_person_or_sign_in_is_refused(busybody: Busybody, store: Path, taken: Dict[str, Any]) -> None:
    before = exported(busybody, store)
    person = busybody("verdict", taken["user"][1:], "x", "malicious", "--store", store)
    event = busybody("verdict", taken["user"], "no-such-event", "malicious", "--store", store)
    assert (person.code, event.code) == (1, 1)
    assert taken["user"] in person.err
    assert "no sign-in or incident 'no-such-event' is known of this person. Their open incidents: " in event.err
    assert taken["incidents"][0]["id"] in event.err
    assert exported(busybody, store) == before
    assert busybody("verdict", taken["user"], "no-such-event", "malicious", "--anyway", "--store", store).code == 0
    assert json.loads(busybody("profile", taken["user"], "--store", store, "--output", "json").out)["frozen"] is True


def test_a_sign_in_that_still_waits_can_be_judged(busybody: Busybody, tmp_path: Path) -> None:
    base = {
        "event": {"category": ["authentication"], "outcome": "success"},
        "user": {"name": "ana"},
        "source": {"ip": "93.184.216.34"},
    }
    rows = [
        {**base, "@timestamp": f"2026-03-02T10:0{n}:00Z", "event": {**base["event"], "id": f"e{n}"}} for n in range(3)
    ]
    (tmp_path / "log.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    assert busybody("learn", "log.jsonl", "--store", "s.db").code == 0
    ran = busybody("verdict", "ana", "e1", "benign", "--analyst", "--store", "s.db")
    assert ran.code == 0, ran.err
    assert ran.out.startswith("Confirmed: ")


def test_wrong_words_are_refused(busybody: Busybody, store: Path) -> None:
    assert busybody("verdict", "ana", "x", "maybe", "--store", store).code == 2
    both = busybody("verdict", "ana", "x", "benign", "--verified", "--analyst", "--store", store)
    assert both.code == 2
    assert "not allowed with" in both.err
    assert busybody("verdict", "ana", "x", "benign", "--time", "soon", "--store", store).code == 2
    assert busybody("verdict", "ana", "x", "benign", "--store", "nothing.db").code == 3
