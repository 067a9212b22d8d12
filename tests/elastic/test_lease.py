"""Who owns a partition, and for how long."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from typing import Any

import pytest
from busybody_elastic.errors import ClusterError, Lost
from busybody_elastic.state import IndexStore, Lease, heads, process
from fake_cluster import AFTER, BEFORE, Data, FakeCluster

INDEX = "busybody-state-test"


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def lease(data: Data | FakeCluster, owner: str, clock: Clock | None = None, **settings: Any) -> Lease:
    cluster = data if isinstance(data, FakeCluster) else FakeCluster(data)
    return Lease(cluster, INDEX, 0, owner=owner, address=f"https://{owner}", clock=clock or Clock(), **settings)


def test_who_comes_first_has_it_and_the_head_says_so() -> None:
    data = Data()
    one, two = lease(data, "one"), lease(data, "two")
    assert one.take()
    assert not two.take()
    head = heads(FakeCluster(data), INDEX, 3)[0]
    assert (head.owner, head.address, head.fence, head.committed) == ("one", "https://one", 1, 0)
    assert one.take()
    assert heads(FakeCluster(data), INDEX, 1)[0].fence == 1


def test_silence_for_the_whole_lease_makes_it_free_by_the_takers_clock() -> None:
    data, clock = Data(), Clock()
    one, two = lease(data, "one"), lease(data, "two", clock)
    assert one.take()
    for _ in range(3):
        assert not two.take()
        clock.now += 14.9
        assert not two.take()
        one.renew()
    assert not two.take()
    clock.now += 15.0
    assert two.take()
    assert heads(FakeCluster(data), INDEX, 1)[0].fence == 2
    with pytest.raises(Lost):
        one.renew()
    with pytest.raises(Lost):
        one.check()
    assert not one.take()


def test_released_is_free_at_once() -> None:
    data = Data()
    one, two = lease(data, "one"), lease(data, "two")
    assert one.take()
    one.release()
    assert two.take()
    one.release()
    assert two.check().owner == "two"


def test_restarted_instance_has_its_own_at_once_but_two_of_one_name_do_not_fight() -> None:
    data = Data()
    before, after = lease(data, "one"), lease(data, "one")
    assert before.take()
    assert after.take()
    with pytest.raises(Lost):
        before.renew()
    assert not before.take()
    after.renew()


@pytest.mark.skipif(not process.here(), reason="only Linux tells processes apart")
def test_another_process_of_that_name_waits_unless_the_owner_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    beside = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    started = f"{process.here().rsplit(' ', 2)[0]} {beside.pid} {process._look(beside.pid)[1]}"
    data = Data()
    one, two = lease(data, "one"), lease(data, "one")
    with monkeypatch.context() as other:
        other.setattr(process, "here", lambda: started)
        assert one.take()
    assert not two.take()
    beside.kill()
    os.waitid(os.P_PID, beside.pid, os.WEXITED | os.WNOWAIT)  # gone, and nobody has asked what became of it
    assert two.take()
    beside.communicate()
    assert process.is_gone(started)


@pytest.mark.skipif(not process.here(), reason="only Linux tells processes apart")
def test_nothing_is_told_of_a_process_elsewhere() -> None:
    machine, space, number, begun = process.here().rsplit(" ", 3)
    assert process.is_gone(f"{machine} {space} {number} 1"), "its number was given anew"
    for elsewhere in (f"another {space} {number} 1", f"{machine} pid:[1] {number} {begun}", "", "nonsense"):
        assert not process.is_gone(elsewhere)


def test_own_clock_ends_it_even_where_nobody_took_it() -> None:
    data, clock = Data(), Clock()
    one = lease(data, "one", clock)
    assert one.take()
    clock.now += 14.9
    one.renew()
    clock.now += 15.0
    with pytest.raises(Lost):
        one.check()
    with pytest.raises(Lost):
        one.change(committed=1)
    assert heads(FakeCluster(data), INDEX, 1)[0].committed == 0


def test_of_two_takers_at_once_one_wins() -> None:
    data = Data()
    assert lease(data, "dead").take()
    for number in range(30):
        clocks = [Clock(), Clock()]
        takers = [lease(data, f"{name}{number}", clock) for name, clock in zip("ab", clocks, strict=True)]
        assert [taker.take() for taker in takers] == [False, False]
        for clock in clocks:
            clock.now += 15.0
        gate, taken = threading.Barrier(2), []

        def race(taker: Lease, gate: threading.Barrier = gate, taken: list[bool] = taken) -> None:
            gate.wait()
            taken.append(taker.take())

        threads = [threading.Thread(target=race, args=(taker,)) for taker in takers]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(taken) == [False, True]
        assert heads(FakeCluster(data), INDEX, 1)[0].fence == number + 2


def test_of_two_who_begin_it_one_wins() -> None:
    data = Data()
    two = lease(data, "two")
    first = FakeCluster(data, lambda when, request, _: two.take() if (when, request) == (BEFORE, "put") else None)
    assert not lease(first, "one").take()
    assert two.check().owner == "two"


class Cut:
    def __init__(self, when: str, *requests: str) -> None:
        self.when, self.requests, self.active = when, requests, True

    def __call__(self, when: str, request: str, name: str) -> None:
        if self.active and when == self.when and request in self.requests:
            raise ClusterError("cut")


def test_renewal_that_arrived_unheard_is_understood_later() -> None:
    data, clock = Data(), Clock()
    cluster = FakeCluster(data)
    one = lease(cluster, "one", clock)
    assert one.take()
    cluster.fault = cut = Cut(AFTER, "put", "get")
    with pytest.raises(ClusterError):
        one.renew()
    cut.active = False
    assert one.change(committed=1).committed == 1


def test_change_whose_fate_nobody_knows_loses_the_lease_and_the_next_session_finds_it_or_not() -> None:
    for when in (BEFORE, AFTER):
        data = Data()
        cluster = FakeCluster(data)
        one = lease(cluster, "one")
        assert one.take()
        cluster.fault = cut = Cut(when, "put", "get")
        with pytest.raises(Lost):
            one.change(committed=1)
        cut.active = False
        with pytest.raises(Lost):
            one.check()
        assert lease(data, "one").take()
        assert heads(FakeCluster(data), INDEX, 1)[0].committed == int(when == AFTER)


def test_answer_that_is_lost_once_costs_nothing() -> None:
    data = Data()
    cluster = FakeCluster(data)
    one = lease(cluster, "one")
    assert one.take()
    for when in (BEFORE, AFTER):
        left = [1]

        def once(at: str, request: str, _: str, when: str = when, left: list[int] = left) -> None:
            if (at, request) == (when, "put") and left:
                left.clear()
                raise ClusterError("cut")

        cluster.fault = once
        committed = one.check().committed + 1
        assert one.change(committed=committed).committed == committed
    assert heads(FakeCluster(data), INDEX, 1)[0].committed == 2


def test_claim_that_was_lost_stays_lost_and_the_next_one_is_another() -> None:
    data, clock = Data(), Clock()
    one = lease(data, "one", clock)
    assert one.take()
    store = IndexStore(one)
    clock.now += 15.0
    two = lease(data, "two", clock)
    assert not two.take()
    clock.now += 15.0
    assert two.take()
    two.release()
    assert not one.take()
    again = one.again()
    assert again.take()
    with pytest.raises(Lost):
        store.commit({}, {}, "of the old session")
    store.close()
    assert again.check().owner == "one"
