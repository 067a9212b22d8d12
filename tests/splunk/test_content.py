"""The scheduled search, run as it is written: every sign-in scored and written once, late or not, whatever fails between."""

from __future__ import annotations

import json
from collections import Counter
from functools import lru_cache
from random import Random
from typing import Any, Callable, Dict, Iterator, List, NamedTuple, Set, Tuple
from urllib.parse import parse_qs, urlsplit

import pytest
from busybody_splunk.commands import ledger
from conf_files import is_true
from content import conf
from fake_splunkd import FakeSplunkd
from pipeline import Indexed, Scheduler, made_up_for
from searching import Head, events_of

NAME = "Busybody: score sign-ins"
TICK = 1800.0  # seconds between two runs; longer than the five minutes of the app, so that the test is shorter
DAY = 86400.0
DELAY = 60.0  # after which an event is usually indexed
Row = Dict[str, Any]


@lru_cache(maxsize=1)
def simulated() -> List[Row]:
    """A fortnight of a few people, with two attacks on the last day; each event has an id."""
    from busybody.simulate.config import Organisation
    from busybody.simulate.stream import generate

    found = events_of([event.signin for event in generate(Organisation(people=15, days=19, seed=4, warmup=12))])
    end = float(found[-1]["_time"]) - 2.3 * DAY
    return [{**row, "event_uid": f"e{number}"} for number, row in enumerate(found) if float(row["_time"]) < end]


@pytest.fixture(scope="module")
def trained() -> Iterator[Head]:
    """A search head that has learned all but the last days."""
    import tempfile
    from pathlib import Path

    with FakeSplunkd() as fake, tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setenv("SPLUNK_HOME", folder)
        head = Head(fake, Path(folder) / "splunk")
        patch.setenv("SPLUNK_HOME", str(head.home))
        head.run("busytrain", history())
        yield head


def split() -> float:
    return float(simulated()[-1]["_time"]) - 1.1 * DAY


def history() -> List[Row]:
    return [row for row in simulated() if float(row["_time"]) < split()]


def fresh() -> List[Row]:
    return [row for row in simulated() if float(row["_time"]) >= split()]


def arriving(late: Dict[int, float], hidden: Dict[int, float]) -> List[Indexed]:
    """The fresh events; `late`: number -> seconds until it is indexed; `hidden`: until a search sees it after that."""
    found = []
    for number, row in enumerate(fresh()):
        indexed = float(row["_time"]) + late.get(number, DELAY)
        found.append(Indexed(row, indexed, indexed + hidden.get(number, 5.0)))
    return found


def played(
    head: Head,
    events: List[Indexed],
    model: Dict[str, Any],
    skipped: Set[int],
    patch: pytest.MonkeyPatch,
    before: Callable[[int], None] = lambda tick: None,
) -> Scheduler:
    """From a model on: a run at every tick that is not skipped, from the first event to well after the last one."""
    start(head, model)
    scheduler = Scheduler(head, events, patch, NAME)
    try:
        for tick, now in enumerate(ticks(events)):
            before(tick)
            if tick not in skipped:
                scheduler.run(now)
    finally:
        head.fake.kv.down = None
    return scheduler


def ticks(events: List[Indexed]) -> Iterator[float]:
    """When the search runs."""
    start, end = min(one.indexed for one in events), max(one.visible for one in events)
    for tick in range(int((end - start) / TICK) + 3):
        yield start + tick * TICK + 40.0


def copy(head: Head) -> Dict[str, Any]:
    return {name: dict(rows) for name, rows in head.fake.kv.collections.items()}


@pytest.fixture(scope="module")
def model(trained: Head) -> Dict[str, Any]:
    return copy(trained)


@pytest.fixture(scope="module")
def plain(trained: Head, model: Dict[str, Any]) -> Scheduler:
    """Everything arrives in time, and every run runs."""
    with pytest.MonkeyPatch.context() as patch:
        return played(trained, arriving({}, {}), model, set(), patch)


def scores(scheduler: Scheduler) -> List[Row]:
    return [row for row in scheduler.written["busybody"] if row["sourcetype"] == "busybody:score"]


def risk(scheduler: Scheduler) -> List[Row]:
    return [row for row in scheduler.written["busybody"] if row["sourcetype"] == "busybody:risk"]


def key(row: Row) -> Tuple[str, str]:
    return str(row["_time"]), str(row["user"])


def test_every_sign_in_is_written_once_with_its_score(plain: Scheduler) -> None:
    assert [key(row) for row in scores(plain)] == [key(row) for row in fresh()]
    assert all("busy_risk" in row and row["source"] == "busybody" for row in scores(plain))
    assert plain.errors == []


def test_a_row_says_in_its_text_what_a_search_may_look_for(plain: Scheduler) -> None:
    for row in scores(plain):
        assert f'user="{row["user"]}"' in row["_raw"]
        assert f"busy_level={row['busy_level']}" in row["_raw"]
        assert "orig_sourcetype" in row
        assert set(row) & {"_indextime", "event_uid", "busy_new"} == set(), "only chosen fields are indexed"


def test_each_incident_becomes_one_risk_event_by_its_leading_detector(plain: Scheduler) -> None:
    found = risk(plain)
    assert found, "the simulated attacks are found"
    assert len({row["busy_incident"] for row in found}) == len(found)
    for row in found:
        assert row["source"] == row["search_name"] == row["busy_source"]
        assert row["risk_object"] == row["user"]
        assert row["risk_object_type"] == "user"
        assert 0 < float(row["risk_score"]) <= 100
        assert row["risk_message"] == row["busy_sentence"]


@pytest.mark.slow
def test_an_outage_of_the_kv_store_loses_and_doubles_nothing(
    trained: Head, model: Dict[str, Any], plain: Scheduler
) -> None:
    def down(tick: int) -> None:
        out = tick in (20, 21, 30)
        trained.fake.kv.down = "KV Store initialization has not been completed yet." if out else None

    with pytest.MonkeyPatch.context() as patch:
        scheduler = played(trained, arriving({}, {}), model, set(), patch, before=down)
    assert sorted(map(key, scores(scheduler))) == sorted(map(key, scores(plain)))
    assert sorted(map(key, risk(scheduler))) == sorted(map(key, risk(plain)))
    assert len(scheduler.errors) >= 1


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_late_hidden_and_skipped_is_learned_once_and_written_once(
    trained: Head, model: Dict[str, Any], plain: Scheduler, seed: int
) -> None:
    random = Random(seed)
    numbers = range(len(fresh()))
    late = {number: random.uniform(60.0, 3000.0) for number in random.sample(numbers, 10)}
    hidden = {number: random.uniform(60.0, 890.0) for number in random.sample(numbers, 10)}
    skipped = set(random.sample(range(1, 45), 10))
    with pytest.MonkeyPatch.context() as patch:
        scheduler = played(trained, arriving(late, hidden), model, skipped, patch)
    assert Counter(map(key, scores(scheduler))) == Counter(map(key, fresh()))
    reported = Counter((row["busy_incident"], row["busy_level"]) for row in risk(scheduler))
    assert set(reported.values()) <= {1}
    assert scheduler.errors == []


# What may go wrong in a run -------------------------------------------------------------------------------------------


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


def start(head: Head, stored: Dict[str, Any]) -> None:
    head.fake.kv.collections.clear()
    head.fake.kv.collections.update({name: dict(rows) for name, rows in stored.items()})


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


def asked_of(query: Any) -> Set[str]:
    """The fields that a query compares, within $and and $or, too."""
    found: Set[str] = set()
    for name, value in query.items():
        found |= {field for part in value for field in asked_of(part)} if name in ("$and", "$or") else {name}
    return found


def test_every_query_begins_with_an_accelerated_field(trained: Head, plain: Scheduler) -> None:
    """What training and scoring asked of the KV store, held against collections.conf."""
    seen: Dict[Tuple[str, ...], str] = {}
    for request in trained.fake.requests:
        parts = urlsplit(request.split(" ", 1)[1])
        query = parse_qs(parts.query).get("query")
        if query:
            collection = parts.path.split("/data/")[1].split("/")[0]
            seen[(collection, *sorted(asked_of(json.loads(query[0]))))] = request
    assert len(seen) > 4
    for collection, *fields in seen:
        kept = [
            value for key, value in conf("collections")[collection].items() if key.startswith("accelerated_fields.")
        ]
        firsts = {next(iter(json.loads(value))) for value in kept} | {"_key"}
        assert firsts & set(fields), f"{collection} is read whole for {fields}"


# The other content ----------------------------------------------------------------------------------------------------


def test_risk_events_speak_the_common_information_models_words() -> None:
    stanza = conf("props")["busybody:risk"]
    given = {name.partition("-")[2] for name in stanza if name.startswith(("EVAL-", "FIELDALIAS-"))}
    assert {
        "severity",
        "type",
        "id",
        "description",
        "signature_id",
        "mitre_technique_id",
        "user_name",
        "vendor_product",
    } <= given
    assert is_true(conf("tags")["eventtype=busybody_risk"]["alert"])


def test_indexed_fields_are_not_taken_out_of_the_text_once_more() -> None:
    for name in ("busybody:score", "busybody:risk", "busybody:person"):
        assert conf("props")[name]["KV_MODE"] == "none", "every value would stand there twice"


def test_the_audit_log_is_read_by_the_name_that_is_written() -> None:
    from busybody_splunk.audit import NAME as FILE

    (source,) = [name for name in conf("props") if name.startswith("source::")]
    assert FILE + "*" in source
    assert conf("props")[source]["sourcetype"] == "busybody:audit"
