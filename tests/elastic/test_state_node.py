"""The state's main paths on genuine nodes: what the cluster in memory promises, they keep."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from busybody.stores import Row
from busybody.stores.memory import MemoryStore
from busybody_elastic.assets import for_namespace
from busybody_elastic.cluster.protocol import Cluster
from busybody_elastic.errors import Lost
from busybody_elastic.state import IndexStore, Lease, heads
from busybody_elastic.state import store as module

pytestmark = pytest.mark.node
LONG = "".join(f'"k{n}":[{n * 7919}],' for n in range(30_000))
HOSTILE = "ana/../\\x\0\n'\"%;--😀 \u2028" + "ü" * 300


@pytest.fixture
def index(cluster: Cluster, namespace: str) -> Iterator[str]:
    """An index of this test's own, with the mappings that are shipped."""
    name = f"busybody-state-{namespace}"
    cluster.request("PUT", f"/_index_template/{name}", for_namespace("busybody-state", namespace))
    yield name
    cluster.request("DELETE", f"/{name}")
    cluster.request("DELETE", f"/_index_template/{name}")


def claim(cluster: Cluster, index: str, owner: str = "one", clock: Callable[[], float] = lambda: 0.0) -> Lease:
    return Lease(cluster, index, 0, owner=owner, address=f"https://{owner}", clock=clock)


def opened(cluster: Cluster, index: str, owner: str = "one") -> IndexStore:
    lease = claim(cluster, index, owner)
    assert lease.take()
    return IndexStore(lease)


def everything(store: Any) -> Any:
    users = list(store.users())
    return [
        users,
        store.profiles(users),
        {user: store.journal(user) for user in users},
        store.population(),
        store.meta(),
    ]


def test_a_life_of_commits_is_that_of_the_store_in_memory(
    cluster: Cluster, index: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "EVERY", 4)
    store, plain = opened(cluster, index), MemoryStore()
    for number in range(12):
        rows = {f"user{n}": Row(f"p{number}-{n}" * 50, float(number)) for n in range(number, number + 9)}
        journals = {f"user{number}": f"j{number}", f"user{number - 3}": None}
        text = LONG[: 300_000 + number] + f'"x":[{number}],' + LONG[300_000 + number :]
        for each in (store, plain):
            each.commit(
                {**rows, HOSTILE: Row(HOSTILE, 1e9 + number)},
                journals,
                text,
                {"cursor": str(number), "long": text[::2]},
            )
        if number % 5 == 3:
            assert store.forget(f"user{number}") == plain.forget(f"user{number}")
        if number % 5 == 4:
            store.close()
            store = opened(cluster, index, f"owner{number}")
        assert everything(store) == everything(plain)
    assert store.prune(0.0, 3.0) == plain.prune(0.0, 3.0) > 0
    assert everything(store) == everything(plain)
    assert (store.verify(), store.count()) == ([], plain.count())
    assert store.info().people == plain.count()
    store.close()


def test_stale_owner_changes_nothing_and_the_next_has_every_commit(cluster: Cluster, index: str) -> None:
    stale = opened(cluster, index)
    stale.commit({"ana": Row("p1", 1.0), "bob": Row("q1", 1.0)}, {"ana": "j1"}, LONG)
    now = [0.0]
    two = claim(cluster, index, "two", lambda: now[0])
    assert not two.take()
    now[0] = 15.0
    assert two.take()
    head = heads(cluster, index, 1)[0]
    assert (head.owner, head.address, head.fence, head.committed) == ("two", "https://two", 2, 1)
    store = IndexStore(two)
    store.commit({"ana": Row("p2", 2.0), "bob": None}, {}, LONG[5_000:])
    store.checkpoint()
    before = everything(store)
    stale._people.write(lambda: None, 0.0)  # a checkpoint that was under way
    with pytest.raises(Lost):
        stale.commit({"ana": Row("stale", 3.0)}, {}, "stale")
    with pytest.raises(Lost):
        stale.checkpoint()
    two.drop()
    third = opened(cluster, index, "two")
    assert everything(third) == before
    assert third.profile("bob") is None


def test_forgotten_person_is_found_by_no_search(cluster: Cluster, index: str) -> None:
    name = f"ana.{secrets.token_hex(4)}"
    store = opened(cluster, index)
    store.commit({name: Row("p", 1.0), "bob": Row("p", 1.0)}, {name: "j"})
    store.checkpoint()
    store.commit({name: Row("p2", 2.0)}, {})
    assert store.forget(name)
    hits = cluster.search(index, {"query": {"match_all": {}}, "size": 100})["hits"]["hits"]
    assert name not in str(hits)
    assert sorted({hit["_source"]["kind"] for hit in hits}) == ["gone", "head", "profile"]
    cluster.refresh(index)
