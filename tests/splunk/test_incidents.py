"""Incidents as dashboards see them: saved with the commit that learned them."""

from __future__ import annotations

import pytest
from busybody.verdict import Verdict
from busybody_splunk.incidents import FIELDS, INCIDENTS, Incidents, incident
from busybody_splunk.model import KVModel
from busybody_splunk.verdicts import VERDICTS, Verdicts
from direct import Direct
from fake_splunkd import Instance


def test_incidents_show_with_the_commit_and_not_before() -> None:
    instance = Instance()
    model, incidents = KVModel(Direct(instance)), Incidents(Direct(instance))
    opened = incident("i1", user="ana", opened=5.0, last=5.0, risk=71.0, level="high", detector="new_country")
    with model.writer("gives up", 60) as writer:
        incidents.changed(writer, [opened])
    assert incidents.known(["i1"]) == {}
    with model.writer("me", 60) as writer:
        incidents.changed(
            writer, [opened, incident("i2", user="bob", opened=6.0, last=6.0, risk=95.0, level="critical")]
        )
        incidents.changed(writer, [{**opened, "last": 9.0, "count": 2, "reported_risk": 71.0}])
        writer.commit()
    known = incidents.known(["i1", "nobody"])
    assert set(known) == {"i1"}
    assert {name: known["i1"][name] for name in FIELDS} == {
        "user": "ana", "opened": 5.0, "last": 9.0, "risk": 71.0, "level": "high", "status": "open",
        "detector": "new_country", "sentence": "", "count": 2, "reported_risk": 71.0, "event_id": "",
    }  # fmt: skip
    assert [row["user"] for row in incidents.find(sort="risk:-1")] == ["bob", "ana"]
    assert [row["user"] for row in incidents.find({"risk": {"$gt": 90}})] == ["bob"]


def test_incidents_and_answers_are_kept_for_a_year(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("busybody_splunk.writer.SELDOM", 10)
    instance, now = Instance(), [1_000_000_000.0]
    splunkd = Direct(instance)
    model, incidents, verdicts = KVModel(splunkd, clock=lambda: now[0]), Incidents(splunkd), Verdicts(splunkd)
    for number in range(1, 32):
        verdicts.add(Verdict("ana", f"e{number}", "benign", now[0]))
        with model.writer("me", 60) as writer:
            opened = incident(f"i{number}", user="ana", opened=now[0], last=now[0], risk=50.0, level="medium")
            incidents.changed(writer, [opened])
            if number > 1:  # the first one waits for a year
                verdicts.applied(writer, [each for each in verdicts.pending() if each.verdict.event_id != "e1"])
            writer.commit()
        now[0] += 40 * 86400.0
    assert 10 <= len(list(incidents.find())) <= 22
    assert [each.verdict.event_id for each in verdicts.pending()] == ["e1"]
    assert 10 <= len(instance.kv.collections[VERDICTS]) <= 22


def test_models_have_their_own_incidents() -> None:
    instance = Instance()
    for name, risk in (("default", 50.0), ("lab", 60.0)):
        model, incidents = KVModel(Direct(instance), name), Incidents(Direct(instance), name)
        with model.writer("me", 60) as writer:
            incidents.changed(writer, [incident("i1", user="ana", opened=5.0, last=5.0, risk=risk, level="medium")])
            writer.commit()
    assert Incidents(Direct(instance)).known(["i1"])["i1"]["risk"] == 50.0
    assert Incidents(Direct(instance), "lab").known(["i1"])["i1"]["risk"] == 60.0
    assert sorted(instance.kv.collections[INCIDENTS]) == ["i1", "lab:i1"]
