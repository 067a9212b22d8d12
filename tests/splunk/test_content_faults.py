"""The scheduled search, with faults: whatever fails between, no sign-in is written twice or lost, and no alert is lost."""

from __future__ import annotations

from typing import Any, Dict, List, NamedTuple, Tuple

import pytest
from busybody_splunk.commands import ledger
from pipeline import Scheduler, made_up_for
from replayed import DELAY, NAME, arriving, copy, key, model, plain, risk, start, ticks, trained
from searching import Head

__all__ = ["model", "plain", "trained"]


class Moment(NamedTuple):
    """The KV store before a run that reports somebody, and when that run and the two behind it are."""

    before: Dict[str, Any]
    times: List[float]


@pytest.fixture(scope="module")
def moment(trained: Head, model: Dict[str, Any], plain: Scheduler) -> Moment:
    """Two runs before it something was scored, too: one does not begin with an empty memory."""
    events, reported = arriving({}, {}), float(risk(plain)[0]["_time"]) + DELAY
    times = list(ticks(events))
    place = next(place for place, time in enumerate(times) if time - 30.0 > reported)
    with pytest.MonkeyPatch.context() as patch:
        start(trained, model)
        scheduler = Scheduler(trained, events, patch, NAME)
        for time in times[:place]:
            scheduler.run(time)
    return Moment(copy(trained), times[place : place + 3])


def runs(head: Head, moment: Moment, patch: pytest.MonkeyPatch, **first: Any) -> Scheduler:
    """The three of them, the `first` as is said."""
    scheduler = Scheduler(head, arriving({}, {}), patch, NAME)
    scheduler.run(moment.times[0], **first)
    head.fake._faults = []
    head.expire_leases()
    for time in moment.times[1:]:
        scheduler.run(time)
    return scheduler


def written(scheduler: Scheduler) -> Tuple[Any, Any]:
    rows = scheduler.written.get("busybody", [])
    return tuple(
        sorted(key(row) for row in rows if row["sourcetype"] == f"busybody:{kind}") for kind in ("score", "risk")
    )


@pytest.mark.slow
def test_a_fault_at_any_request_of_a_run_loses_and_doubles_nothing(trained: Head, moment: Moment) -> None:
    with pytest.MonkeyPatch.context() as patch:
        start(trained, moment.before)
        expected = written(runs(trained, moment, patch))
        assert all(expected)
        start(trained, moment.before)
        before = len(trained.fake.requests)
        Scheduler(trained, arriving({}, {}), patch, NAME).run(moment.times[0])
        requests = trained.fake.requests[before:]
        failed = 0
        for number, request in enumerate(requests):
            faults = [{}] if not is_insertion(request) else [{}, {"cut": True, "late": True}]  # carried out, unanswered
            for fault in faults:
                start(trained, moment.before)
                trained.fake.fail(400, times=1, after=number, **fault)
                scheduler = runs(trained, moment, patch)
                assert written(scheduler) == expected, request
                failed += bool(scheduler.errors)
    assert failed > 10


def is_insertion(request: str) -> bool:
    """Into the chain of commits: of a lease, or of what became of it."""
    return request.startswith("POST ") and request.endswith("/busybody_models")


def test_a_run_that_dies_before_it_learned_changes_nothing(trained: Head, moment: Moment) -> None:
    with pytest.MonkeyPatch.context() as patch:
        start(trained, moment.before)
        expected = written(runs(trained, moment, patch))
        start(trained, moment.before)
        trained.fake.kv.down = "KV Store is shutting down."
        try:
            scheduler = Scheduler(trained, arriving({}, {}), patch, NAME)
            scheduler.run(moment.times[0])
            assert scheduler.written == {}
        finally:
            trained.fake.kv.down = None
        for time in moment.times[1:]:
            scheduler.run(time)
        assert written(scheduler) == expected


@pytest.mark.parametrize("command", ["busyscore", "collect"])
def test_a_search_that_dies_after_it_has_learned_loses_no_alert(
    trained: Head, moment: Moment, command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed between the commit and the risk events: the hourly search writes them, once."""
    start(trained, moment.before)
    expected = risk(runs(trained, moment, monkeypatch))
    start(trained, moment.before)
    monkeypatch.setattr(ledger, "now", lambda: moment.times[0])
    scheduler = runs(trained, moment, monkeypatch, dies_after=command)
    assert risk(scheduler) == []
    assert made_up_for(scheduler, trained, moment.times[0] + 600.0) == [], "the run may be writing still"
    found = made_up_for(scheduler, trained, moment.times[0] + 3600.0)
    assert [row["busy_incident"] for row in risk(scheduler)] == [row["busy_incident"] for row in expected]
    for row, usual in zip(risk(scheduler), expected):
        same = (
            "user",
            "src",
            "risk_object",
            "risk_object_type",
            "busy_level",
            "busy_source",
            "source",
            "busy_event_id",
        )
        assert {name: row[name] for name in same} == {name: usual[name] for name in same}
        assert row["threat_object"] == usual["src"]
        assert row["annotations.mitre_attack"]
        assert "busy_incident=" in row["_raw"]
    assert len(found) == len(expected)
    assert made_up_for(scheduler, trained, moment.times[0] + 7200.0) == []


def test_where_all_was_written_nothing_is_made_up_for(
    trained: Head, moment: Moment, monkeypatch: pytest.MonkeyPatch
) -> None:
    start(trained, moment.before)
    monkeypatch.setattr(ledger, "now", lambda: moment.times[0])
    scheduler = runs(trained, moment, monkeypatch)
    assert made_up_for(scheduler, trained, moment.times[0] + 3600.0) == []
