"""The fusion's training: impostors that are nobody's proof, trees that say what scikit-learn's say, nothing by chance."""

from __future__ import annotations

import warnings
from random import Random
from typing import Any, Dict, List, Set

import pytest
from builders import HOME, LAPTOP, PLACES, signin
from busybody.errors import InputError
from busybody.fusion.features import NAMES
from busybody.fusion.trees import to_json
from busybody.policy import Policy
from busybody.signin import SignIn
from busybody.simulate import Organisation, generate
from busybody.train import fusion
from busybody.train.fusion import Examples, examples, fit
from busybody.train.impostors import DEVICE, NETWORK, Impostors


@pytest.fixture(scope="module")
def month() -> List[SignIn]:
    return [event.signin for event in generate(Organisation(people=40, days=18, seed=3, attacks={}))]


@pytest.fixture
def original() -> Any:
    """scikit-learn's module of ensembles, on one thread."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pytest.importorskip("sklearn", reason="scikit-learn is not installed: pip install 'busybody[train]'")
        ensemble = pytest.importorskip("sklearn.ensemble")
        limits = pytest.importorskip("threadpoolctl").threadpool_limits
    with limits(1):
        yield ensemble


def random_rows(random: Random, number: int, shift: float) -> List[List[float]]:
    """Features as they come: many zeros, many repeated values."""
    draw = (lambda: 0.0, lambda: round(random.random() * 3 + shift), lambda: random.random() * 4 + shift)
    return [[random.choice(draw)() for _ in NAMES] for _ in range(number)]


def test_an_impostor_keeps_the_victim_s_name_and_never_their_proof(month: List[SignIn]) -> None:
    impostors = Impostors(Random(1))
    victim = signin(3, **HOME, **LAPTOP, session="s1", flags=("managed_device", "risky", "phishing_resistant"))
    assert impostors.draw(victim) is None  # nobody to borrow from
    for one in month:
        impostors.see(one)
    drawn = [one for one in (impostors.draw(victim) for _ in range(400)) if one is not None]
    assert len(drawn) == 400
    for one in drawn:
        assert (one.user, one.outcome, one.session, one.flags) == ("ana", "success", None, ("risky",))
        assert victim.time // 86400.0 == one.time // 86400.0
    kept: Dict[str, int] = {"network": 0, "device": 0}
    for one in drawn:
        kept["network"] += all(getattr(one, name) == getattr(victim, name) for name in NETWORK)
        kept["device"] += all(getattr(one, name) == getattr(victim, name) for name in DEVICE)
    assert 20 < kept["network"] < 100  # 0.10 of them
    assert 80 < kept["device"] < 220  # 0.35 of them
    whose: Set[Any] = {one.asn for one in drawn}
    assert len(whose) > 50


def test_a_borrowed_network_is_borrowed_whole() -> None:
    impostors, donor = Impostors(Random(2)), signin(1, user="bo", **PLACES[4])
    impostors.see(donor)
    for _ in range(200):
        one = impostors.draw(signin(3, **HOME, **LAPTOP))
        assert one is not None
        if one.subnet == donor.subnet:
            assert [getattr(one, name) for name in NETWORK] == [getattr(donor, name) for name in NETWORK]


def test_the_same_log_and_seed_teach_the_same(month: List[SignIn]) -> None:
    one, other = (examples(iter(month), Policy.default(), 7) for _ in range(2))
    assert vars(one) == vars(other)
    assert 35 <= len(one.people) <= 40
    assert 0 < len(one.honest) < one.signins
    assert len(one.impostors) > 100
    assert month[0].time <= one.first < one.last <= month[-1].time
    different = examples(iter(month), Policy.default(), 8)
    assert different.impostors != one.impostors


def test_examples_of_several_logs_are_added() -> None:
    one, other, both = Examples(), Examples(), Examples()
    one.honest, one.signins, one.people, one.first, one.last = [[1.0]], 3, {"ana": None}, 5.0, 9.0
    other.impostors, other.signins, other.people, other.first, other.last = [[2.0]], 4, {"bo": None}, 2.0, 7.0
    for part in (one, other):
        both.add(part)
    assert (both.honest, both.impostors, both.signins, list(both.people)) == ([[1.0]], [[2.0]], 7, ["ana", "bo"])
    assert (both.first, both.last) == (2.0, 9.0)


def test_a_log_that_says_too_little_is_told(month: List[SignIn]) -> None:
    with pytest.raises(InputError, match="only 0 odd sign-ins in 0: too few to learn from"):
        fit(examples(iter(month[:50]), Policy.default(), 1))


def table(seed: int) -> Examples:
    random, found = Random(seed), Examples()
    found.honest, found.impostors = random_rows(random, 900, 0.0), random_rows(random, 1100, 1.0)
    found.first, found.last = 1.0, 2.0
    return found


@pytest.mark.parametrize("seed", range(3))
def test_the_trees_say_what_scikit_learn_s_say(original: Any, monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    made: List[Any] = []

    class Kept(original.HistGradientBoostingClassifier):  # type: ignore[misc]
        def __init__(self, **settings: Any) -> None:
            super().__init__(**settings)
            made.append(self)

    monkeypatch.setattr(original, "HistGradientBoostingClassifier", Kept)
    found = table(seed)
    trees = fit(found)
    rows = [[0.0] * len(NAMES), *found.honest, *found.impostors, *random_rows(Random(9), 300, -0.5)]
    theirs = made[0].decision_function(rows).tolist()
    for row, score in zip(rows, theirs):
        assert trees.margin(row) - trees.rest == pytest.approx(score - theirs[0], abs=1e-9)
    assert len(trees.roots) == fusion.TREES
    assert (trees.scale, trees.blend) == (fusion.SCALE, fusion.BLEND)


def test_what_is_fitted_is_monotone_and_the_same_every_time(original: Any) -> None:
    one, other = (fit(table(4), {"seed": 4}) for _ in range(2))
    assert to_json(one) == to_json(other)
    assert one.provenance["seed"] == 4
    random = Random(5)
    for row in random_rows(random, 500, 0.0):
        place = random.randrange(len(row))
        odder = [*row[:place], row[place] + random.random() * 3, *row[place + 1 :]]
        assert one.margin(odder) >= one.margin(row)
