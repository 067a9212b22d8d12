"""The ceiling knows the labels, and so is no method of anybody's; it says how far there is left to go."""

from __future__ import annotations

import sys
import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import List

import pytest
from busybody.evaluate import ceiling, published
from busybody.evaluate.ceiling import CEILING, SEEDS, block, labelled, method, written
from busybody.evaluate.replay import DAY, split
from busybody.evaluate.study import study, summary
from busybody.policy import Policy
from busybody.simulate import ATTACKS, Event, Organisation, generate
from busybody.train import fusion

MANY = {name: min(1.0, 5 * share) for name, share in ATTACKS.items()}


def company(seed: int) -> Organisation:
    return Organisation(people=60, days=25, seed=seed, attacks=MANY)


def events_of(seed: int) -> List[Event]:
    return list(generate(company(seed)))


def test_the_labels_tell_the_odd_ones_apart() -> None:
    events = events_of(3)
    found = labelled(events, Policy.default())
    attacks = sum(truth.attack and signin.outcome == "success" for signin, truth in events)
    assert 10 < len(found.impostors) <= attacks
    assert 0 < len(found.honest) < found.signins - len(found.impostors)
    nobody = labelled([Event(signin, truth._replace(attack=False)) for signin, truth in events], Policy.default())
    assert nobody.impostors == []
    assert len(nobody.honest) == len(found.honest) + len(found.impostors)


def test_the_share_of_the_ceiling_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pytest.importorskip("sklearn.ensemble", reason="scikit-learn is not installed: pip install 'busybody[train]'")
    monkeypatch.setattr(fusion, "FEWEST", 20)
    monkeypatch.setattr(ceiling, "simulated", lambda _people, seed: labelled(events_of(seed), Policy.default()))
    with ThreadPoolExecutor(1) as pool:
        path = written(pool, str(tmp_path), seeds=(3, 4))
    assert path is not None
    where = company(5)
    when = split(where.start, where.start + where.days * DAY, where.warmup)
    done = study("one", events_of(5), when, ("busybody", CEILING), others={CEILING: method(path)})
    said = summary([done], number=3)
    told = block(said)
    assert told is not None
    assert told.rows[0][0] == "PR-AUC"
    assert [len(row) for row in told.rows] == [4] * (1 + 2 * len(said["budgets"]))
    assert said["methods"][1]["pr_auc"]["value"] > 0.3


def test_without_the_package_or_without_a_ceiling_there_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "sklearn.ensemble", None)
    with ThreadPoolExecutor(1) as pool:
        assert written(pool, str(tmp_path)) is None
    assert block({"methods": [{"name": "busybody"}], "budgets": [1.0]}) is None


def test_its_seeds_and_the_ceiling_s_place_in_what_is_published() -> None:
    tasks = published.tasks(quick=False)
    assert not set(SEEDS) & {task.seed for task in tasks}
    asked = [published.with_ceiling(task, "ceiling.json") for task in tasks]
    assert {task.group for task in asked if task.ceiling} == {published.MAIN}
    assert not any(published.with_ceiling(task, None).ceiling for task in tasks)
