"""The scheduled search, run as it is written: every sign-in scored and written once, late or not."""

from __future__ import annotations

import json
from collections import Counter
from random import Random
from typing import Any, Dict, Set, Tuple
from urllib.parse import parse_qs, urlsplit

import pytest
from conf_files import is_true
from content import conf
from pipeline import Scheduler
from replayed import arriving, fresh, key, model, plain, played, risk, scores, trained
from searching import Head

__all__ = ["model", "plain", "trained"]


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
