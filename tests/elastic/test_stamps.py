"""What the gateway scored can be told from what merely says so."""

from __future__ import annotations

from typing import Any

import pytest
from busybody import stores
from busybody.policy import Policy
from busybody.stores.memory import MemoryStore
from busybody_elastic.documents import Documents
from busybody_elastic.local import Local
from busybody_elastic.owners import Single
from busybody_elastic.partition import Partition
from busybody_elastic.passage import Passage
from busybody_elastic.records import API, GATEWAY, Incoming
from busybody_elastic.results import Results
from busybody_elastic.router import PartitionRouter
from busybody_elastic.stamps import Stamps, own, shared
from doors import signin
from fake_cluster import FakeCluster

IDENTITY, OTHER = "a" * 64, "b" * 64


def document(stamps: Stamps, status: str = "scored") -> dict[str, Any]:
    found = {"identity": IDENTITY, "status": status, "stamp": stamps.of(IDENTITY, status)}
    return {"user": {"name": "ana"}, "busybody": found}


@pytest.mark.parametrize(
    ("status", "vouched"), [("scored", True), ("known", True), ("unscored", False), ("broken", False)]
)
def test_a_stamp_says_whose_identity_it_is_and_whether_it_was_scored(status: str, vouched: bool) -> None:
    stamps = Stamps()
    assert stamps.identity(document(stamps, status)) == IDENTITY
    assert stamps.vouched(document(stamps, status)) is vouched


@pytest.mark.parametrize(
    "changes",
    [{"stamp": "0" * 32}, {"stamp": ""}, {"stamp": None}, {"stamp": "\ud800"}, {"identity": OTHER}, {"status": "scored"},
     {"identity": "x"}, {"stamp": {"a": 1}}],
)  # fmt: skip
def test_what_anybody_may_write_is_none(changes: dict[str, Any]) -> None:
    stamps = Stamps()
    forged = document(stamps, "unscored")
    forged["busybody"].update(changes)
    assert stamps.identity(forged) is None
    assert not stamps.vouched(forged)
    assert not stamps.vouched({"busybody": {"status": "scored"}})
    assert not stamps.vouched(document(Stamps()))


def test_instances_share_one_secret_whoever_is_first() -> None:
    cluster = FakeCluster()
    stamps = [Stamps(shared(cluster.client(), "state")) for _ in range(2)]
    assert stamps[1].vouched(document(stamps[0]))
    assert not stamps[0].vouched(document(Stamps(shared(FakeCluster(), "state"))))


def test_one_machine_keeps_its_secret_beside_its_people(tmp_path: Any) -> None:
    secrets = []
    for _ in range(2):
        store = stores.open(str(tmp_path / "people.sqlite"))
        secrets.append(own(store))
        store.close()
    assert secrets[0] == secrets[1]
    assert len(secrets[0]) == 32


@pytest.mark.parametrize("entrance", [API, GATEWAY])
def test_an_old_sign_in_at_a_door_wakes_nobody(entrance: str) -> None:
    policy, store, now = Policy.default(), MemoryStore(), 1_772_440_000.0  # some minutes after the second of the two
    single = Single(
        Partition(0, policy, store, Results(FakeCluster(), Documents("t", "one")), clock=lambda: now), store
    )
    router = PartitionRouter(policy, single, Local(single, Passage()), clock=lambda: now, quiet_after=3600.0)
    old, new = {**signin(1), "@timestamp": "2026-02-27T08:00:00Z"}, {**signin(2), "@timestamp": "2026-03-02T08:20:00Z"}
    answers = router.score([Incoming(old, IDENTITY, entrance), Incoming(new, OTHER, entrance)]).answers
    assert [answer.busybody["backfill"] for answer in answers if answer.busybody] == [True, False]
