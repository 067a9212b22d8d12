"""Sign-ins of a simulated organisation, and partitions that score them, for tests of what is scored and written."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from typing import Any

from busybody.policy import Policy
from busybody.scorer import Scorer
from busybody.simulate import Organisation, generate
from busybody.stores.memory import MemoryStore
from busybody_elastic.documents import Documents
from busybody_elastic.partition import Partition
from busybody_elastic.records import READER, Incoming
from busybody_elastic.results import Results
from fake_cluster import FakeCluster

POLICY = Policy.default()


@lru_cache
def signins(people: int = 20, days: int = 14, seed: int = 11):
    return [event.signin for event in generate(Organisation(people=people, days=days, seed=seed, warmup=4))]


def item(signin, entrance: str = READER, **more: Any):
    identity = hashlib.sha256(f"{signin.source}|{signin.id}".encode()).hexdigest()
    return Incoming({}, identity, entrance, **more), signin


def items(some, entrance: str = READER, **more: Any):
    return [item(signin, entrance, **more) for signin in some]


class Clock:
    """Of the wall, as a test sets it."""

    def __init__(self, now: float) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


def after(some) -> Clock:
    """A clock that stands a minute after the last of them."""
    return Clock(max(signin.time for signin in some) + 60.0)


def partition(store=None, cluster=None, *, clock=None, policy=POLICY, namespace: str = "t", **more: Any) -> Partition:
    results = Results(cluster or FakeCluster(), Documents(namespace, "one"), **more.pop("results", {}))
    return Partition(0, policy, store or MemoryStore(), results, clock=clock or after(signins()), **more)


def straight(some, policy=POLICY):
    """The core itself, without interruption: its store, and the assessments."""
    store = MemoryStore()
    scorer = Scorer(policy, store)
    found = [scorer.process(signin) for signin in some]
    scorer.save()
    return store, found


def content(store, policy=POLICY) -> tuple[dict[str, Any], dict[str, Any], Any]:
    """Everything that a store holds of the model, once all that waits has settled: each person does when next met."""
    scorer = Scorer(policy, store)
    scorer.advance((scorer.hour + 72) * 3600.0)
    scorer.save()
    users = sorted(store.users())
    return store.profiles(users), {user: store.journal(user) for user in users}, store.population()


def stored(cluster, index: str) -> dict[str, Any]:
    """Every document of an index, by id."""
    cluster.refresh(index)
    hits = cluster.search(index, {"size": 10_000, "query": {"match_all": {}}})["hits"]["hits"]
    return {hit["_id"]: hit["_source"] for hit in hits}
