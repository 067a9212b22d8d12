"""Many workers, one answer: people dealt out to several scorers, the organisation's tables added up."""

from __future__ import annotations

from random import Random
from typing import Dict, Iterable, List
from zlib import crc32

import pytest
from builders import DAY, HOUR, adversarial, caught_up, displaced, model, people_of, population_of, settled
from busybody.population.delta import Delta
from busybody.population.evidence import Evidence
from busybody.scorer import Scorer
from busybody.signin import Assessment, SignIn
from busybody.simulate import Organisation, generate


class Crew:
    """As many scorers as asked for, each with its own store and its own people; one window of recent evidence."""

    def __init__(self, workers: int) -> None:
        self.scorers: List[Scorer] = [model() for _ in range(workers)]
        self.evidence = Evidence()
        self.day = 0

    def of(self, user: str) -> Scorer:
        return self.scorers[crc32(user.encode()) % len(self.scorers)]

    def process(self, event: SignIn) -> Assessment:
        self.advance(event.time)
        worker = self.of(event.user)
        assessment = worker.score(event, self.evidence.about(event))
        worker.learn(event, assessment)
        for evidence in (self.evidence, *(scorer.evidence for scorer in self.scorers)):
            evidence.observe(event)  # everybody hears of it
        return assessment

    def advance(self, time: float) -> None:
        day = int(time // DAY)
        if day > self.day:
            self.day = day
            for epoch in sorted({epoch for scorer in self.scorers for epoch in scorer.epochs(day)}):
                total = Delta()
                for delta in [scorer.settle(epoch) for scorer in self.scorers]:
                    total.add(delta)
                for scorer in self.scorers:
                    scorer.apply(total, epoch)
        for scorer in self.scorers:
            scorer.advance(time)

    def people(self, users: Iterable[str]) -> Dict[str, object]:
        return {user: row for scorer in self.scorers for user, row in people_of(scorer, users).items()}


def assert_one_answer(stream: List[SignIn], workers: int) -> None:
    alone, crew = model(), Crew(workers)
    for event in stream:
        assert crew.process(event) == alone.process(event)
    last = max(event.time for event in stream)
    settled(alone, last)
    crew.advance(last + 3 * HOUR)
    for scorer in crew.scorers:
        caught_up(scorer)
    users = {event.user for event in stream}
    assert crew.people(users) == people_of(alone, users)
    for scorer in crew.scorers:
        assert population_of(scorer)["organisation"] == population_of(alone)["organisation"]


@pytest.mark.parametrize("workers", [1, 2, 3, 7])
def test_any_number_of_workers_gives_the_scores_of_one(workers: int) -> None:
    assert_one_answer(
        [event.signin for event in generate(Organisation(people=25, days=12, seed=13, warmup=4))], workers
    )


@pytest.mark.parametrize("workers", [2, 3, 7])
def test_workers_agree_on_hostile_streams_that_arrive_out_of_order(workers: int) -> None:
    assert_one_answer(displaced(adversarial(4, users=9, odd=0.3), HOUR, Random(4)), workers)


def test_delta_that_is_applied_twice_counts_once() -> None:
    scorer = model()
    for event in adversarial(8, length=60):
        scorer.process(event)
    epoch = scorer.organisation.epoch + 2
    delta = scorer.settle(epoch)
    scorer.apply(delta, epoch)
    before = population_of(scorer)
    scorer.apply(delta, epoch)
    assert population_of(scorer) == before


def test_deltas_add_up_to_the_same_in_any_order_and_grouping() -> None:
    deltas = []
    for seed in range(3):
        scorer = model()
        for event in adversarial(seed, length=50):
            scorer.process(event)
        deltas.append(scorer.settle(scorer.organisation.epoch + 3).to_json())
    sums = []
    for order in ((0, 1, 2), (2, 0, 1), (1, 2, 0)):
        total = Delta()
        for place in order:
            total.add(Delta.from_json(deltas[place]))
        organisation = model().organisation
        organisation.apply(total, 30_000)
        sums.append(organisation.to_json())
    assert sums[0] == sums[1] == sums[2]
