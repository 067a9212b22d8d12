"""A process that ends, an answer that is lost, an owner that wakes up late: between any two writes, and each of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from busybody.errors import StoreError
from busybody.stores import Row
from busybody.stores.memory import MemoryStore
from busybody_elastic.errors import ClusterError, Lost
from busybody_elastic.state import IndexStore, Lease
from fake_cluster import AFTER, BEFORE, WRITES, Data, FakeCluster, Killed

INDEX = "busybody-state-test"
LONG = "".join(f'"k{n}":[{n * 7919}],' for n in range(12_000))
Step = Callable[[Any], object]
SCRIPT: list[Step] = [  # each is one change, whole or not at all
    lambda store: store.commit({"ana": Row("p1", 1.0), "bob": Row("q1", 1.0)}, {"ana": "j1"}, LONG, {"cursor": "1"}),
    lambda store: store.commit({"ana": Row("p2", 2.0)}, {"bob": "j2"}, LONG[:90_000] + LONG[99_000:], {"cursor": "2"}),
    lambda store: store.checkpoint() if isinstance(store, IndexStore) else None,
    lambda store: store.commit({"bob": None, "eve": Row("r3", 3.0)}, {"bob": None}, LONG + "[3]", {"cursor": "3"}),
    lambda store: store.forget("ana"),
    lambda store: store.commit({"ana": Row("p5", 5.0)}, {}, "short", {"cursor": "5", "long": LONG}),
    lambda store: store.compact(),
]


def taken(cluster: FakeCluster, clock: Callable[[], float] = lambda: 0.0, owner: str = "one") -> Lease:
    lease = Lease(cluster, INDEX, 0, owner=owner, clock=clock, now=lambda: 1000.0)
    assert lease.take()
    return lease


def everything(store: Any) -> Any:
    users = list(store.users())
    journals = {user: store.journal(user) for user in ("ana", "bob", "eve")}
    return [users, store.profiles(users), journals, store.population(), store.meta()]


def expected() -> list[Any]:
    """What holds after each step."""
    plain = MemoryStore()
    states = [everything(plain)]
    for step in SCRIPT:
        step(plain)
        states.append(everything(plain))
    return states


STATES = expected()


class At:
    """Fails at the write of that number."""

    def __init__(self, number: int, when: str, error: BaseException) -> None:
        self.left, self.when, self.error, self.done = number, when, error, False

    def __call__(self, when: str, request: str, name: str) -> None:
        if when == self.when and request in WRITES and not self.done:
            self.left -= 1
            if self.left < 0:
                self.done = True
                raise self.error


def play(store: IndexStore, done: int = 0) -> int:
    """Do the steps; returns how many were done when something happened."""
    for number in range(done, len(SCRIPT)):
        try:
            SCRIPT[number](store)
        except (Killed, Lost, ClusterError):
            return number
    return len(SCRIPT)


def counted() -> int:
    """Writes of the whole script, those of the opening among them."""
    cluster = FakeCluster()
    store = IndexStore(taken(cluster))
    assert play(store) == len(SCRIPT)
    return sum(request in WRITES for request, _ in cluster.requests)


@pytest.mark.slow
@pytest.mark.parametrize("when", [BEFORE, AFTER])
def test_killed_at_any_write_the_next_owner_finds_a_whole_commit_and_goes_on(when: str) -> None:
    writes = counted()
    assert writes > 40
    for number in range(writes):
        data, done = Data(), 0
        killer = At(number, when, Killed())
        try:
            store = IndexStore(taken(FakeCluster(data, killer)))
            done = play(store)
        except Killed:
            pass
        assert killer.done
        late = {"clock": 0.0}
        lease = Lease(FakeCluster(data), INDEX, 0, owner="two", clock=lambda now=late: now["clock"], now=lambda: 1000.0)
        if not lease.take():  # the head was there: it has to be watched for a while
            late["clock"] = 15.0
            assert lease.take()
        store = IndexStore(lease)
        found = everything(store)
        assert found in STATES[done : done + 2], f"killed {when} write {number}"
        assert store.verify() == []
        if done == 4 and found == STATES[5]:  # forgetting came true, though nobody was told: ask again
            store.forget("ana")
            assert '"ana"' not in data.live().replace("\\", "")
        rest = len(STATES) - 1 - STATES[::-1].index(found)
        assert play(store, rest) == len(SCRIPT)
        assert everything(store) == STATES[-1]
        store.compact()
        assert not [name for name in data.indices[INDEX] if name.startswith("wal")]


@pytest.mark.slow
@pytest.mark.parametrize("when", [BEFORE, AFTER])
@pytest.mark.parametrize("status", [None, 503, 403])
def test_request_that_fails_leaves_all_or_nothing_and_may_be_repeated(when: str, status: int | None) -> None:
    for number in range(1, counted()):
        cluster = FakeCluster()
        cut = At(number, when, ClusterError("cut", status=status))
        cluster.fault = cut
        try:
            store = IndexStore(taken(cluster))
        except ClusterError:
            continue  # it could not be opened
        done = play(store)
        if done < len(SCRIPT):
            try:
                found = everything(store)
            except Lost:
                store = IndexStore(taken(cluster))
                found = everything(store)
            assert found in STATES[done : done + 2], f"cut {when} write {number}"
            assert play(store, done) == len(SCRIPT)
        assert everything(store) == STATES[-1], f"cut {when} write {number}"
        store.compact()
        assert not [name for name in cluster.data.indices[INDEX] if name.startswith("wal")]
        pieces = [name for name in cluster.data.indices[INDEX] if name.startswith("piece")]
        assert len(pieces) == len({piece[0] for piece in store.lease.check().body["notes"]["long"]["pieces"]})


class Paused:
    """Stops before that write, lets another take over and write, then goes on as if nothing had been."""

    def __init__(self, number: int, meanwhile: Callable[[], None]) -> None:
        self.left, self.meanwhile, self.stopped = number, meanwhile, False

    def __call__(self, when: str, request: str, name: str) -> None:
        if when == BEFORE and request in WRITES and not self.stopped:
            self.left -= 1
            if self.left < 0:
                self.stopped = True
                self.meanwhile()


def test_owner_who_wakes_up_behind_its_lease_changes_nothing_more() -> None:
    for number in range(1, counted()):
        data = Data()
        taker: dict[str, Any] = {}

        def meanwhile(data: Data = data, taker: dict[str, Any] = taker) -> None:
            now = {"clock": 0.0}
            lease = Lease(FakeCluster(data), INDEX, 0, owner="two", clock=lambda: now["clock"], now=lambda: 1000.0)
            assert not lease.take()
            now["clock"] = 15.0
            assert lease.take()
            store = taker["store"] = IndexStore(lease)
            taker["base"] = everything(store)
            store.commit(
                {"two": Row("of the second", 9.0), "bob": Row("b9", 9.0)}, {"two": "j9"}, LONG + "[9]", {"by": "two"}
            )
            store.checkpoint()
            store.commit({"ana": Row("a9", 9.0), "eve": None}, {"eve": None}, LONG + "[10]")
            taker["state"] = everything(store)

        store = IndexStore(taken(FakeCluster(data)))
        store._cluster.fault = Paused(number, meanwhile)  # its own clock stood still: only the fence keeps it out
        done = play(store)
        if not taker:
            break
        assert taker["base"] in STATES[done : done + 2]
        if done < len(SCRIPT):
            with pytest.raises(Lost):
                store.commit({}, {}, "stale")
        store.close()
        assert everything(taker["store"]) == taker["state"], f"paused before write {number}"
        assert taker["store"].verify() == []
        taker["store"].close()
        third = IndexStore(taken(FakeCluster(data), owner="three"))
        assert everything(third) == taker["state"], f"paused before write {number}"
    assert number > 35


def test_two_sessions_never_mix_their_commits_of_one_number() -> None:
    data = Data()
    first = IndexStore(taken(FakeCluster(data)))
    first.commit({"ana": Row("p", 1.0)}, {})
    second = IndexStore(taken(FakeCluster(data), owner="one"))
    second.commit({"ana": Row("second", 2.0)}, {})
    with pytest.raises(Lost):
        first.commit({"ana": Row("first", 2.0)}, {})
    third = IndexStore(taken(FakeCluster(data), owner="one"))
    assert third.profile("ana") == "second"
    third.checkpoint()
    assert third.profile("ana") == "second"


def test_log_that_is_gone_is_said() -> None:
    cluster = FakeCluster()
    IndexStore(taken(cluster)).commit({"ana": Row("p", 1.0)}, {})
    for name in [name for name in cluster.data.indices[INDEX] if name.startswith("wal")]:
        cluster.delete(INDEX, name)
    with pytest.raises(StoreError, match=r"commit 1 of the log is missing\. Restore the index from a snapshot\."):
        IndexStore(taken(cluster))
