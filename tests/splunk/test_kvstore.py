"""A collection within splunkd's limits; splunk-sdk says that the fake behaves."""

from __future__ import annotations

import json
from typing import Any, Dict, List

import pytest
from busybody_splunk.kvstore import PAGE, Collection
from busybody_splunk.rest import SplunkdError
from direct import Direct
from fake_kv import FakeKV, Limits, Refused, matcher
from fake_splunkd import Instance
from hypothesis import given
from hypothesis import strategies as st


@pytest.fixture
def instance() -> Instance:
    return Instance()


@pytest.fixture
def things(instance: Instance) -> Collection:
    return Collection(Direct(instance), "things")


def keys(rows: Any) -> List[str]:
    return [row["_key"] for row in rows]


def test_insert_says_who_was_first(things: Collection) -> None:
    assert things.insert({"_key": "a", "n": 1})
    assert not things.insert({"_key": "a", "n": 2})
    assert things.one("a") == {"_key": "a", "_user": "nobody", "n": 1}
    assert things.one("b") is None


def test_update_replaces_whole_documents(things: Collection) -> None:
    things.insert({"_key": "a|1/ä:?", "n": 1, "old": True})
    things.update("a|1/ä:?", {"n": 2})
    assert things.one("a|1/ä:?") == {"_key": "a|1/ä:?", "_user": "nobody", "n": 2}
    with pytest.raises(SplunkdError, match="404: Could not find object"):
        things.update("nobody", {"n": 2})


def test_everything_is_found_by_pages(things: Collection, instance: Instance) -> None:
    total = 2 * PAGE + 10
    assert things.save({"_key": f"{n:05}", "n": n} for n in range(total)) == 3
    instance.requests.clear()
    assert keys(things.find()) == [f"{n:05}" for n in range(total)]
    assert len(instance.requests) == 3
    assert keys(things.find({"n": {"$gte": PAGE}}, limit=5)) == [f"{n:05}" for n in range(PAGE, PAGE + 5)]
    assert [row["n"] for row in things.find(sort="n:-1", limit=PAGE + 1)] == list(range(total - 1, PAGE + 8, -1))
    assert next(things.find(fields=["n"])) == {"_key": "00000", "n": 0}


def test_pages_are_steady_while_others_write(things: Collection) -> None:
    things.save({"_key": f"{n:05}"} for n in range(0, 2 * PAGE + 100, 2))
    rows = things.find()
    seen = [next(rows)["_key"] for _ in range(10)]
    things.delete({"_key": {"$lt": "00500"}})
    things.save({"_key": f"{n:05}"} for n in range(1, 500, 2))
    seen += keys(rows)
    assert seen == sorted(set(seen))
    assert set(seen) >= {f"{n:05}" for n in range(500, 2 * PAGE + 100, 2)}


def test_batches_stay_small(instance: Instance) -> None:
    bodies: List[int] = []
    things = Collection(Direct(instance), "things")
    assert things.save([]) == 0
    assert things.save({"_key": str(n), "text": "ü" * 60_000} for n in range(40)) == 5
    bodies = [len(json.dumps(row, ensure_ascii=False)) for row in instance.kv.collections["things"].values()]
    assert len(bodies) == 40


def test_document_that_no_collection_holds_is_named(things: Collection) -> None:
    with pytest.raises(SplunkdError, match=r"big: a document of 16,000,\d+ bytes does not fit; 16 MB is the most"):
        things.save([{"_key": "big", "text": "x" * 16_000_000}])


def test_many_values_take_few_short_queries(things: Collection, instance: Instance) -> None:
    things.save({"_key": f"{n:05}", "who": f"ü{n}"} for n in range(900))
    instance.requests.clear()
    wanted = [f"ü{n}" for n in range(0, 1_800, 2)]
    assert keys(things.among("who", wanted)) == [f"{n:05}" for n in range(0, 900, 2)]
    assert max(map(len, instance.requests)) < 8_000
    assert len(instance.requests) < 10
    things.delete_among("who", wanted)
    assert keys(things.find()) == [f"{n:05}" for n in range(1, 900, 2)]
    assert keys(things.among("who", [])) == []


def test_empty_query_never_deletes(things: Collection) -> None:
    things.insert({"_key": "a"})
    with pytest.raises(ValueError, match="an empty query deletes everything"):
        things.delete({})
    assert things.one("a") is not None


def test_limits_are_enforced_by_the_fake() -> None:
    kv = FakeKV(Limits(documents_per_batch_save=2, rows_per_query=3, bytes_per_result=300, bytes_per_document=200))
    with pytest.raises(Refused, match="exceeds the limit of 2 per batch"):
        kv.save("a", [{}, {}, {}])
    with pytest.raises(Refused, match="Document size exceeds"):
        kv.insert("a", {"text": "x" * 200})
    for n in range(5):
        kv.insert("a", {"_key": str(n), "text": "x" * 50})
    assert keys(kv.find("a", limit=10, fields="_key")) == ["0", "1", "2"]
    kv.limits = kv.limits._replace(bytes_per_result=200)
    assert keys(kv.find("a", sort="_key")) == ["0", "1"]


def test_page_that_was_cut_loses_nothing(instance: Instance) -> None:
    things = Collection(Direct(instance), "things")
    things.save({"_key": f"{n:05}", "text": "x" * 1_000} for n in range(PAGE))
    instance.kv.limits = Limits(bytes_per_result=300_000)
    assert keys(things.find()) == [f"{n:05}" for n in range(PAGE)]


ROWS: List[Dict[str, Any]] = [{"a": 1, "b": "x"}, {"a": 2}, {"a": "2", "b": None}, {"b": "y"}]


@pytest.mark.parametrize(
    ("query", "fits"),
    [
        ({}, [0, 1, 2, 3]),
        ({"a": 2}, [1]),
        ({"a": {"$gt": 1}}, [1]),
        ({"a": {"$gte": 1, "$lt": 2}}, [0]),
        ({"a": {"$ne": 2}}, [0, 2, 3]),
        ({"b": None}, [1, 2]),
        ({"b": {"$gt": ""}}, [0, 3]),
        ({"$or": [{"a": 1}, {"b": "y"}]}, [0, 3]),
        ({"$and": [{"a": {"$in": [1, 2]}}, {"b": "x"}]}, [0]),
        ({"$not": {"a": 1}}, [1, 2, 3]),
    ],
)
def test_queries_mean_what_mongodb_means(query: Any, fits: List[int]) -> None:
    test = matcher(query)
    assert [n for n, row in enumerate(ROWS) if test(row)] == fits


@pytest.mark.parametrize("query", [[], {"a": {"$where": "1"}}, {"$nor": []}, {"$or": []}])
def test_broken_queries_are_refused(query: Any, things: Collection) -> None:
    with pytest.raises(Refused):
        matcher(query)


@given(st.lists(st.text(min_size=1, max_size=8), max_size=30, unique=True), st.data())
def test_any_key_is_found_again(names: List[str], data: st.DataObject) -> None:
    things = Collection(Direct(Instance()), "things")
    encodable = [name for name in names if name.isprintable()]
    things.save({"_key": name, "n": n} for n, name in enumerate(encodable))
    assert sorted(keys(things.find())) == sorted(encodable)
    wanted = data.draw(st.lists(st.sampled_from(encodable))) if encodable else []
    assert {row["_key"] for row in things.among("_key", set(wanted))} == set(wanted)
    for name in encodable:
        assert things.one(name) is not None


def test_a_splunkd_that_gives_the_same_page_again_ends_the_reading(things: Collection, instance: Instance) -> None:
    things.save({"_key": f"{n:05}"} for n in range(PAGE + 10))
    find = instance.kv.find
    instance.kv.find = lambda name, query=None, *rest: find(name, {}, *rest)  # type: ignore[method-assign]  # heeds no query
    with pytest.raises(SplunkdError, match="things: a page begins before the end of the one before"):
        list(things.find())
