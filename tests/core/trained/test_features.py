"""The vector of a sign-in: larger is odder, missing is None, and nothing depends on how a value is numbered."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Dict, Optional, Tuple

import pytest
from builders import (
    FAR,
    HOME,
    HOSTING,
    LAPTOP,
    MANAGED,
    PHONE,
    STRANGE,
    adversarial,
    at,
    live,
    model,
    policy,
    settled,
    signin,
    state_of,
)
from busybody.policy import Policy
from busybody.profile import known
from busybody.profile.codec import decode, encode
from busybody.scorer import Scorer
from busybody.signin import SignIn
from busybody.train.history import live as live_through
from busybody.trained.features import CEILING, FEATURES, NAMES, Case, vector


@pytest.fixture(scope="module")
def lived() -> Scorer:
    scorer = model()
    live(scorer, 30)
    return settled(scorer, at(29, 13))


def case(scorer: Scorer, event: SignIn) -> Case:
    person = scorer.people.get(event.user)
    assert person is not None
    population = scorer._population(event, person.profile, scorer.evidence.about(event))
    return Case(event, person.profile, known(person.profile, event), population, Policy.default())


def values(scorer: Scorer, event: SignIn) -> Dict[str, Optional[float]]:
    return dict(zip(NAMES, vector(case(scorer, event), NAMES)))


USUAL = {**HOME, **LAPTOP}


def test_everyday_sign_in_is_hardly_odd_in_anything(lived: Scorer) -> None:
    seen = values(lived, signin(30, 8.0, **USUAL))
    assert all(value is None or value < 1.0 for value in seen.values()), seen


@pytest.mark.parametrize(
    ("fields", "odder"),
    [
        (FAR, {"country", "operator", "subnet", "together", "distance", "speed"}),
        (HOSTING, {"network", "anonymity"}),
        (STRANGE, {"device", "together"}),
        ({"version": 120}, {"version"}),
    ],
)
def test_each_oddity_raises_its_features(lived: Scorer, fields: Dict[str, Any], odder: set[str]) -> None:
    usual = values(lived, signin(29, 13.5, **USUAL))
    odd = values(lived, signin(29, 13.5, **{**USUAL, **fields}))
    raised = {name for name in NAMES if (odd[name] or 0.0) > (usual[name] or 0.0) + 0.5}
    assert odder <= raised


def test_unusual_hour_and_long_silence_are_features(lived: Scorer) -> None:
    assert (values(lived, signin(30, 2.0, **USUAL))["hour"] or 0.0) > 1.0
    assert (values(lived, signin(70, 8.0, **USUAL))["silence"] or 0.0) > 3.0


def test_missing_is_none(lived: Scorer) -> None:
    bare = SignIn(id="bare", time=at(30, 8.0), user="ana", outcome="success")
    said = {name for name, value in values(lived, bare).items() if value is not None}
    assert said == {"hour", "silence"}


def test_a_machine_is_odd_only_to_who_is_known_for_machines(lived: Scorer) -> None:
    assert values(lived, signin(30, **{**HOME, **MANAGED}))["device_id"] is None
    managed = model()
    live(managed, 30, **MANAGED)
    settled(managed, at(29, 13))
    assert (values(managed, signin(30, **{**HOME, **MANAGED, "device_id": "B-2"}))["device_id"] or 0.0) > 2.0


@pytest.mark.parametrize("seed", range(3))
def test_vectors_are_bounded_pure_and_survive_storage(seed: int) -> None:
    scorer = model()
    users = set()
    for event in adversarial(seed, length=60, odd=0.5):
        person = scorer.people.get(event.user)
        if person is not None and person.profile.habits:
            one = case(scorer, event)
            before = state_of(scorer, users)
            first = vector(one, NAMES)
            assert all(value is None or 0.0 <= value <= CEILING for value in first)
            assert vector(one, NAMES) == first
            assert vector(one._replace(profile=decode(encode(one.profile))), NAMES) == first
            assert state_of(scorer, users) == before
        users.add(event.user)
        scorer.process(event)


@pytest.mark.parametrize("seed", range(3))
def test_training_sees_what_scoring_sees(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    told: Dict[str, Any] = {}

    def record(one: Case, names: Tuple[str, ...]) -> Any:
        found = vector(one, names)
        told.setdefault(one.signin.id, found)  # later it is judged again, when it settles
        return found

    rules = policy(trained={"model": str(Path(__file__).parents[1] / "detectors" / "outliers.json")})
    stream = adversarial(seed, length=250, odd=0.4)
    trained = {
        row.case.signin.id: vector(row.case, ("operator", "device", "distance")) for row in live_through(stream, rules)
    }
    monkeypatch.setattr("busybody.trained.features.vector", record)
    scorer = model(rules)
    for event in stream:
        scorer.process(event)
    both = trained.keys() & told.keys()
    assert len(both) > 20
    assert {name: trained[name] for name in both} == {name: told[name] for name in both}


def renumbered(numbers: Tuple[int, ...]) -> Dict[str, Optional[float]]:
    scorer = model()
    places = [{**HOME, "asn": numbers[0], "subnet": "n0"}, {**HOME, "asn": numbers[1], "subnet": "n1"}]
    for day in range(20):
        scorer.process(signin(day, 8.0, **places[day % 2], **LAPTOP))
    settled(scorer, at(19, 13))
    return values(scorer, signin(20, 8.0, **{**HOME, "asn": numbers[2], "subnet": "n2"}, **PHONE))


def test_no_feature_depends_on_how_networks_are_numbered() -> None:
    assert renumbered((64510, 64511, 64512)) == renumbered((99, 70001, 3))


def test_every_feature_has_words() -> None:
    assert all(feature.words for feature in FEATURES.values())
