"""The store in an index keeps the promises of every store, and reads back what another session wrote."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from busybody.errors import StoreError
from busybody.stores import Row, Store
from busybody.stores.memory import MemoryStore
from busybody_elastic.state import IndexStore, Lease
from busybody_elastic.state import store as module
from fake_cluster import FakeCluster
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

INDEX = "busybody-state-test"
DAY = 86400.0


def contract() -> Any:
    """The core's own tests of what every store promises."""
    path = Path(__file__).parents[1] / "core" / "stores" / "test_store.py"
    spec = importlib.util.spec_from_file_location("busybody_store_contract", path)
    assert spec is not None
    assert spec.loader is not None
    found = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = found
    spec.loader.exec_module(found)
    return found


CONTRACT = contract()
for name, test in vars(CONTRACT).items():  # those that ask for a store, and for nothing of a file
    if name.startswith("test_") and "store" in test.__code__.co_varnames[: test.__code__.co_argcount]:
        globals()[name] = test


def opened(cluster: FakeCluster, *, owner: str = "one", **settings: Any) -> IndexStore:
    lease = Lease(cluster, INDEX, 0, owner=owner, **{"now": lambda: 1000.0, **settings})
    assert lease.take()
    return IndexStore(lease)


@pytest.fixture
def store() -> Iterator[Store]:
    with opened(FakeCluster()) as found:
        yield found


def everything(store: Store) -> Any:
    users = list(store.users())
    return [store.profiles(users), {user: store.journal(user) for user in users}, store.population(), store.meta()]


def test_contract_was_found() -> None:
    assert "test_what_is_committed_is_read_back" in globals()


@pytest.mark.parametrize("checkpoint", [False, True])
def test_next_session_reads_what_this_one_wrote(checkpoint: bool) -> None:
    cluster = FakeCluster()
    long = "".join(f'"k{n}":[{n}],' for n in range(40_000))
    with opened(cluster) as store:
        store.commit({"ana": Row("p1", 1.0), "bob": Row("p", 2.0)}, {"ana": "j1"}, long, {"note": long[::-1]})
        store.commit({"ana": Row("p2", 3.0)}, {}, None, {"cursor": "2"})
        if checkpoint:
            store.checkpoint()
        before = everything(store)
    with opened(cluster, owner="another") as store:
        assert everything(store) == before
        assert store.population() == long
        assert store.info().created == 1000.0
        assert store.verify() == []


def test_of_a_long_text_that_changes_a_little_little_is_written() -> None:
    cluster = FakeCluster()
    text = "".join(f'"k{n}":[{n * 7919}],' for n in range(100_000))
    with opened(cluster) as store:
        store.commit({}, {}, text)
        cluster.requests.clear()
        changed = text[:700_000] + '"new":[1],' + text[700_000:]
        store.commit({}, {}, changed)
        written = [name for kind, name in cluster.requests if kind == "bulk" and name in cluster.data.indices[INDEX]]
        assert len(written) <= 2, "pieces"
        assert store.population() == changed


def test_checkpoint_comes_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "EVERY", 3)
    cluster = FakeCluster()
    with opened(cluster) as store:
        for number in range(7):
            store.commit({f"user{number}": Row(str(number), 1.0)}, {})
        kinds = [name.split("-")[0] for name in cluster.data.indices[INDEX]]
        assert (kinds.count("wal"), kinds.count("profile")) == (1, 6)
        assert store.count() == 7


def test_forgotten_person_is_in_no_live_document() -> None:
    cluster = FakeCluster()
    with opened(cluster) as store:
        store.commit({"ana.secret": Row("profile of ana.secret", 1.0), "bob": Row("p", 1.0)}, {"ana.secret": "j"})
        store.checkpoint()
        store.commit({"ana.secret": Row("later", 2.0)}, {})
        assert store.forget("ana.secret")
        assert "ana.secret" not in cluster.data.live()
        assert [name for name in cluster.data.indices[INDEX] if name.startswith(("wal", "piece"))] == []
        assert list(store.users()) == ["bob"]
    later = opened(cluster, now=lambda: 1000.0 + 2 * DAY)
    later.compact()
    assert '"gone"' not in cluster.data.live().replace("\\", "")
    assert list(later.users()) == ["bob"]


def test_state_of_a_newer_version_is_refused_and_left_alone() -> None:
    cluster = FakeCluster()
    opened(cluster).close()
    head = cluster.get(INDEX, "head-0")
    assert head is not None
    cluster.put(INDEX, "head-0", {**head.source, "schema": 2})
    before = cluster.data.live()
    with pytest.raises(StoreError, match="the store is of schema 2; this version reads up to 1"):
        opened(cluster)
    assert cluster.data.live() == before


def test_another_number_of_partitions_is_refused() -> None:
    cluster = FakeCluster()
    opened(cluster).close()
    with pytest.raises(StoreError, match=r"begun with 1 partitions, and 3 are asked for\. Set state\.partitions to 1"):
        opened(cluster, partitions=3)


@pytest.mark.parametrize("kind", ["head", "piece", "wal", "profile", "journal"])
def test_damage_is_named(kind: str) -> None:
    cluster = FakeCluster()
    with opened(cluster) as store:
        store.commit({"ana": Row("p", 1.0)}, {"ana": "j"}, "[1]," * 20_000)
        if kind in ("profile", "journal"):
            store.checkpoint()
    documents = cluster.data.indices[INDEX]
    for name in [name for name in documents if name.startswith(kind)]:
        text, *rest = documents[name]
        documents[name] = (text.replace('"checksum": "', '"checksum": "0'), *rest)
    with pytest.raises(StoreError, match=rf"{INDEX}, partition 0: .* damaged.* Restore the index from a snapshot\."):
        _raise_all(cluster)


def _raise_all(cluster: FakeCluster) -> None:
    store = opened(cluster)
    found = store.verify()
    assert found
    raise found[0]


@settings(max_examples=60)
@given(commits=CONTRACT.COMMITS)
def test_it_is_the_store_in_memory(commits: Any) -> None:
    plain, cluster = MemoryStore(), FakeCluster()
    store = opened(cluster)
    for profiles, journals, population, meta, then in commits:
        for each in (plain, store):
            each.commit(profiles, journals, population, meta)
        if then == "reopen":
            store.close()
            store = opened(cluster)
        elif then == "forget a":
            assert store.forget("a") == plain.forget("a")
        elif then == "prune":
            assert store.prune(1 / DAY, 0.0) == plain.prune(1 / DAY, 0.0)
        assert list(store.users()) == list(plain.users())
        assert store.profiles("abc") == plain.profiles("abc")
        assert [store.journal(user) for user in "abc"] == [plain.journal(user) for user in "abc"]
        assert (store.population(), store.meta()) == (plain.population(), plain.meta())
    assert store.verify() == []


class Machine(RuleBasedStateMachine):
    """Whatever is done in whatever order, with sessions that end well or badly: always what a dictionary holds."""

    @initialize()
    def begin(self) -> None:
        self.cluster, self.plain = FakeCluster(), MemoryStore()
        self.store = opened(self.cluster)

    @rule(user=st.sampled_from("abc"), text=st.none() | st.text(max_size=4), journal=st.booleans())
    def commit(self, user: str, text: str | None, journal: bool) -> None:
        row = None if text is None else Row(text, 5.0)
        for each in (self.store, self.plain):
            each.commit({} if journal else {user: row}, {user: text} if journal else {}, text, {"k": text or ""})

    @rule(size=st.integers(1000, 60_000))
    def learn(self, size: int) -> None:
        for each in (self.store, self.plain):
            each.commit({}, {}, "[7],".join(map(str, range(size))))

    @rule(user=st.sampled_from("abc"))
    def forget(self, user: str) -> None:
        assert self.store.forget(user) == self.plain.forget(user)

    @rule(do=st.sampled_from(["checkpoint", "sweep", "compact", "close"]))
    def look_after(self, do: str) -> None:
        getattr(self.store, do)()
        if do == "close":
            self.store = opened(self.cluster)

    @rule(client=st.booleans())
    def die(self, client: bool) -> None:
        self.store = opened(self.cluster.client() if client else self.cluster)

    @invariant()
    def same(self) -> None:
        if hasattr(self, "store"):
            assert everything(self.store) == everything(self.plain)


Machine.TestCase.settings = settings(max_examples=40, stateful_step_count=12)
TestMachine = Machine.TestCase
