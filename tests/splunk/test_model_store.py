"""The model in the KV store does what every store does."""

from __future__ import annotations

from typing import Any, Dict, Optional, Tuple

import pytest
from busybody.errors import StoreError
from busybody.stores import Row, Store
from busybody.stores.memory import MemoryStore
from busybody_splunk.chain import JOURNALS, PROFILES
from busybody_splunk.model import Held, KVModel
from direct import Clock, Direct
from fake_splunkd import Instance
from hypothesis import given, settings
from hypothesis import strategies as st

HOSTILE = "ana/../\\x\0\n'\"%;--😀 \u2028" + "ü" * 300
DAY = 86400.0


def state(store: Store, users: str = "abc") -> Tuple[object, ...]:
    return (
        list(store.users()),
        store.profiles(users),
        [store.profile(user) for user in users],
        [store.journal(user) for user in users],
        store.population(),
        dict(store.meta()),
        store.count(),
    )


def test_model_is_a_store(model: KVModel) -> None:
    store: Store = model
    assert state(store) == ([], {}, [None] * 3, [None] * 3, None, {}, 0)
    assert store.verify() == []
    assert store.info().people == 0


def test_what_is_committed_is_read_back(model: KVModel, clock: Clock) -> None:
    with model.writer("me", 60) as writer:
        writer.commit({"bob": Row("{}", 5.0), HOSTILE: Row(HOSTILE, -1.5)}, {"ana": ""}, HOSTILE, {HOSTILE: HOSTILE})
    model.refresh()
    assert list(model.users()) == sorted([HOSTILE, "bob"])
    assert (model.profile(HOSTILE), model.journal("ana"), model.population()) == (HOSTILE, "", HOSTILE)
    assert model.meta() == {HOSTILE: HOSTILE}
    info = model.info()
    assert (info.kind, info.people, info.created) == ("kvstore", 2, clock.now)
    assert model.verify() == []


def test_reader_refuses_to_write(model: KVModel) -> None:
    calls: Any = [lambda: model.commit({}, {}), lambda: model.forget("a"), lambda: model.prune(1, 1.0), model.compact]
    for call in calls:
        with pytest.raises(StoreError, match="default: is open read-only. Ask for a writer"):
            call()


@pytest.mark.parametrize("bad", ["", "\ud800"])
def test_what_cannot_be_kept_is_refused_whole(model: KVModel, bad: str) -> None:
    with model.writer("me", 60) as writer, pytest.raises(StoreError):
        writer.stage({"good": Row("p", 1.0), bad: Row("p", 1.0)})
    model.refresh()
    assert model.count() == 0


def test_writer_reads_what_it_staged(model: KVModel) -> None:
    with model.writer("me", 60) as writer:
        writer.commit({"a": Row("1", 1.0), "b": Row("1", 1.0)}, {"a": "j1"}, "p1", {"k": "1"})
    with model.writer("me", 60) as writer:
        writer.prefetch("abc", journals=True)
        writer.stage({"a": Row("2", 1.0), "b": None, "c": Row("2", 1.0)}, {"a": "j2"}, "p2", {"l": "2"})
        expected = (
            ["a", "c"],
            {"a": "2", "c": "2"},
            ["2", None, "2"],
            ["j2", None, None],
            "p2",
            {"k": "1", "l": "2"},
            2,
        )
        assert state(writer) == expected
        writer.stage({"b": Row("3", 1.0)})
        writer.stage({"c": None})
        model.refresh()
        assert state(model) == (
            ["a", "b"],
            {"a": "1", "b": "1"},
            ["1", "1", None],
            ["j1", None, None],
            "p1",
            {"k": "1"},
            2,
        )
        staging = writer.staging()
        staging.commit({"a": Row("4", 1.0)}, {}, None, {"m": "3"})
        assert staging.profile("a") == "4"
        writer.commit()
    model.refresh()
    meta = {"k": "1", "l": "2", "m": "3"}
    assert state(model) == (["a", "b"], {"a": "4", "b": "3"}, ["4", "3", None], ["j2", None, None], "p2", meta, 2)


def test_prefetch_reads_people_together(model: KVModel, instance: Instance) -> None:
    people = {f"user{n:04}": Row(str(n), 1.0) for n in range(2_500)}
    with model.writer("me", 60) as writer:
        writer.commit(people, dict.fromkeys(people, "j"))
    reader = KVModel(Direct(instance))
    instance.requests.clear()
    reader.prefetch([*list(people)[:50], "nobody"])
    assert len(instance.requests) == 2  # the head, and one query
    assert [reader.profile(user) for user in list(people)[:50]] == [str(n) for n in range(50)]
    assert reader.profile("nobody") is None
    assert len(instance.requests) == 2
    reader.prefetch(people)
    assert len(instance.requests) == 6  # three pages of everybody, and one to be sure
    assert [reader.profile(user) for user in people] == [str(n) for n in range(2_500)]
    assert reader.journal("user0007") == "j"
    assert len(instance.requests) == 7


def test_first_training_asks_for_nobody(model: KVModel, instance: Instance) -> None:
    with model.writer("me", 60) as writer:
        before = len(instance.requests)
        assert [writer.profile(str(n)) for n in range(100)] == [None] * 100
        assert len(instance.requests) == before


def test_models_are_apart(instance: Instance) -> None:
    ours, theirs = KVModel(Direct(instance), "ours"), KVModel(Direct(instance), "theirs")
    with ours.writer("me", 60) as writer, theirs.writer("me", 60) as other:
        writer.commit({"a": Row("ours", 1.0)}, {})
        other.commit({"a": Row("theirs", 1.0)}, {})
    assert (ours.profile("a"), theirs.profile("a")) == ("ours", "theirs")
    assert (ours.count(), theirs.count()) == (1, 1)


def test_long_population_goes_in_pieces(model: KVModel, instance: Instance) -> None:
    text = "".join(f"{n}ü" for n in range(200_000))
    with model.writer("me", 60) as writer:
        writer.commit({}, {}, text)
    assert model.population() == text
    assert len(instance.kv.collections["busybody_population"]) == 3
    instance.kv.delete("busybody_population", {"piece": 1})
    with pytest.raises(StoreError, match="default: the population is damaged: its checksum does not fit. Train"):
        model.population()
    assert len(model.verify()) == 1


def test_spoiled_documents_are_named(model: KVModel, instance: Instance) -> None:
    with model.writer("me", 60) as writer:
        writer.commit({"ana": Row("p", 1.0)}, {"ana": "j"})
    for name, field in ((PROFILES, "text"), (JOURNALS, "previous")):
        for row in instance.kv.collections[name].values():
            del row[field]
    with pytest.raises(StoreError, match=r"default: ana: the profile is damaged \(KeyError\('text'\)\). Train"):
        model.profile("ana")
    assert len(model.verify()) == 2


def test_forgetting_leaves_no_document(model: KVModel, instance: Instance) -> None:
    for text in ("1", "2", "3"):
        with model.writer("me", 60) as writer:
            writer.commit({"ana": Row(text, 1.0), "bob": Row(text, 1.0)}, {"ana": text}, f"ana knows bob {text}")
    with model.writer("me", 60) as writer:
        assert writer.forget("ana")
    model.refresh()
    assert list(model.users()) == ["bob"]
    kept = [row for name in (PROFILES, JOURNALS) for row in instance.kv.collections[name].values()]
    assert {row["user"] for row in kept} == {"bob"}
    assert len(instance.kv.collections["busybody_population"]) == 1
    with model.writer("me", 60) as writer:
        assert not writer.forget("ana")


def test_pruning_erases_who_was_not_seen(model: KVModel) -> None:
    now = 1_000_000_000.0
    ages = {"old": 31, "edge": 30, "new": 1}
    with model.writer("me", 60) as writer:
        writer.commit({name: Row("p", now - days * DAY) for name, days in ages.items()}, {"old": "j"})
    with model.writer("me", 60) as writer:
        assert writer.prune(30, now) == 1
    model.refresh()
    assert list(model.users()) == ["edge", "new"]
    assert model.journal("old") is None


COMMITS = st.lists(
    st.tuples(
        st.dictionaries(st.sampled_from("abc"), st.none() | st.builds(Row, st.text(max_size=3), st.floats(-10, 10))),
        st.dictionaries(st.sampled_from("abc"), st.none() | st.text(max_size=3)),
        st.none() | st.text(max_size=3),
        st.dictionaries(st.sampled_from("xy"), st.text(max_size=3)),
        st.sampled_from(["stage", "commit", "prefetch", "forget a", "prune", "hours pass", "die", "another search"]),
    ),
    max_size=8,
)


@settings(max_examples=40)
@given(commits=COMMITS)
def test_every_store_is_the_one_in_memory(commits: Any) -> None:
    _compare(commits)


@pytest.mark.slow
@settings(max_examples=300)
@given(commits=COMMITS)
def test_every_store_is_the_one_in_memory_many_times(commits: Any) -> None:
    _compare(commits)


def test_person_who_is_gone_is_not_forgotten_twice() -> None:
    gone: Any = [({}, {"a": ""}, None, {}, "stage"), ({}, {"a": None}, None, {}, "forget a")]
    _compare(gone)


def _compare(commits: Any) -> None:
    instance, clock, plain = Instance(), Clock(), MemoryStore()
    model = KVModel(Direct(instance), clock=clock)
    writer: Optional[Any] = None
    staged: Dict[str, Any] = {}
    for profiles, journals, population, meta, then in commits:
        if writer is None:
            writer, staged = model.writer("me", 60), {"shadow": _copy(plain)}
        if then == "prefetch":
            writer.prefetch("abc", journals=True)
        writer.stage(profiles, journals, population, meta)
        staged["shadow"].commit(profiles, journals, population, meta)
        assert state(writer) == state(staged["shadow"])
        if then == "stage":
            continue
        if then == "hours pass":
            clock.now += 7_300
        if then == "die":
            clock.now += 61
        elif then == "another search":
            with pytest.raises(Held):
                model.writer("you", 60)
            continue
        elif then == "forget a":
            assert writer.forget("a") == staged["shadow"].forget("a")
        elif then == "prune":
            assert writer.prune(1 / DAY, 0.0) == staged["shadow"].prune(1 / DAY, 0.0)
        else:
            writer.commit()
        if then != "die":
            plain = staged["shadow"]
        writer = None
        model.refresh()
        assert state(model) == state(plain)
        assert model.verify() == []


def _copy(store: MemoryStore) -> MemoryStore:
    copy = MemoryStore()
    copy._profiles, copy._journals = dict(store._profiles), dict(store._journals)
    copy._population, copy._meta = store._population, dict(store._meta)
    return copy
