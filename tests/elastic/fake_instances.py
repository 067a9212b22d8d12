"""Instances in one process over a cluster in memory, sign-ins for them, and the one scorer that they are held against."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

from busybody.policy import Policy
from busybody.profile.codec import encode
from busybody.scorer import Scorer
from busybody.signin import Assessment, SignIn
from busybody.simulate import Organisation, generate
from busybody.simulate.config import START
from busybody.simulate.writers import lines
from busybody.stores.memory import MemoryStore
from busybody_elastic.days import Days
from busybody_elastic.documents import Documents, Names
from busybody_elastic.hop import Answering, Hops
from busybody_elastic.local import Local
from busybody_elastic.owners import Owners
from busybody_elastic.partition import Partition
from busybody_elastic.passage import Passage
from busybody_elastic.records import READER, Incoming
from busybody_elastic.results import Results
from busybody_elastic.router import PartitionRouter
from busybody_elastic.signins import SignIns
from fake_cluster import FakeCluster

DAY = 86_400.0
NAMES = Names("test")
POLICY = Policy.default()
NOW = START + 200 * DAY
KEY = "the secret of all instances"


@lru_cache(maxsize=4)
def documents(people: int = 22, days: int = 8, seed: int = 5) -> tuple[dict[str, Any], ...]:
    """A simulated organisation's sign-ins as ECS documents, by time."""
    organisation = replace(Organisation(people=people, days=days, seed=seed, warmup=min(3, days - 1)))
    return tuple(json.loads(text) for text, _, _ in lines(generate(organisation), "ecs", ()))


def incoming(found: Iterable[dict[str, Any]], entrance: str = READER) -> list[Incoming]:
    return [Incoming(document, f"i-{document['event']['id']}", entrance) for document in found]


def signins(found: Sequence[dict[str, Any]]) -> list[SignIn]:
    read = SignIns(POLICY, clock=lambda: NOW).read(incoming(found))
    assert all(isinstance(one, SignIn) for one in read)
    return read  # type: ignore[return-value]


def alone(events: Iterable[SignIn]) -> tuple[Scorer, list[Assessment]]:
    """One scorer, and what it says."""
    scorer = Scorer(POLICY, MemoryStore())
    return scorer, [scorer.process(event) for event in events]


class Clock:
    """For everybody; moved by hand."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Instance:
    """One instance, without threads of its own."""

    def __init__(
        self, cluster: FakeCluster, name: str = "one", *, partitions: int = 1, clock: Clock | None = None,
        hops: Hops | None = None, address: str = "", policy: Policy = POLICY,
    ) -> None:  # fmt: skip
        self.cluster, self.name, self.policy, self.passage = cluster, name, policy, Passage()
        self.results = Results(cluster, Documents("test", name))
        self.owners = Owners(
            self._partition, cluster, NAMES.state, instance=name, address=address, partitions=partitions,
            passage=self.passage, clock=clock or Clock(), now=lambda: NOW,
        )  # fmt: skip
        self.days = Days(self.owners, cluster, NAMES.state, self.passage) if partitions > 1 else None
        self.local = Local(self.owners, self.passage, self.days)
        self.answering = Answering(self.local, KEY)
        self.router = PartitionRouter(policy, self.owners, self.local, hops, clock=lambda: NOW)

    def _partition(self, number: int, store: Any) -> Partition:
        return Partition(number, self.policy, store, self.results, clock=lambda: NOW)


def scores(cluster: FakeCluster) -> dict[str, dict[str, Any]]:
    """`busybody` of every stored result, by identity. Nothing may be there twice."""
    found = {name: json.loads(text[0]) for name, text in cluster.data.indices.get(NAMES.score, {}).items()}
    return {name: source["busybody"] for name, source in found.items()}


def profiles(instances: Iterable[Instance], events: Iterable[SignIn]) -> dict[str, Any]:
    """Everybody's profile and journal, all that is due having taught."""
    found: dict[str, Any] = {}
    for instance in instances:
        for partition in instance.router.partitions():
            for user in sorted({event.user for event in events}):
                if instance.router.places.of(user) == partition.number:
                    found[user] = partition.run(lambda scorer, user=user: profile(scorer, user))
    return found


def profile(scorer: Scorer, user: str) -> Any:
    person = scorer._met(user)
    return None if person is None else [json.loads(encode(person.profile)), scorer.people.journal(person).encode()]
