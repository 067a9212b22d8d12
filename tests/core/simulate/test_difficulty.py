"""The simulator is neither too easy nor hopeless: the sum that a model must beat finds .55 to .78 of the attacks."""

from __future__ import annotations

import pytest
from busybody.evaluate.baselines import Sum
from busybody.evaluate.incidents import Judged
from busybody.evaluate.replay import DAY, replay, split
from busybody.simulate import Organisation, generate


@pytest.mark.parametrize(("seed", "found"), [(7, 0.55), (11, 0.67)])
def test_the_sum_finds_what_it_found_at_the_freeze(seed: int, found: float) -> None:
    config = Organisation(people=800, days=30, seed=seed)
    when = split(config.start, config.start + config.days * DAY, config.warmup)
    run = replay(Sum.strong(), generate(config), when)._replace(people=config.people)
    at_one = Judged.of(run).figures().found[1]
    assert at_one == pytest.approx(found, abs=0.006)
    assert 0.545 <= at_one <= 0.78
