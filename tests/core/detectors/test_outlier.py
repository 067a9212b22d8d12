"""Outlier: a trained model speaks of what is odd already, where the policy names one, and within bounds."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from builders import (
    FAR,
    HOME,
    LAPTOP,
    PHONE_NET,
    STRANGE,
    adversarial,
    at,
    finding,
    live,
    model,
    policy,
    settled,
    signin,
)
from busybody.detectors import entry
from busybody.detectors.outlier import HIGHEST
from busybody.errors import ModelError
from busybody.policy.schema import MOST_WEIGHT
from busybody.scorer import Scorer
from busybody.sentence import reason
from busybody.stores.memory import MemoryStore

MODEL = Path(__file__).with_name("outliers.json")


def scorer_with(path: Path, **sections: Any) -> Scorer:
    scorer = model(policy(trained={"model": str(path)}, **sections))
    live(scorer, 30)
    return settled(scorer, at(29, 13))


@pytest.fixture(scope="module")
def scorer() -> Scorer:
    return scorer_with(MODEL)


def test_is_off_until_a_policy_names_a_model() -> None:
    plain = model()
    live(plain, 30)
    settled(plain, at(29, 13))
    assert finding(plain.score(signin(30, **FAR, **STRANGE)), "outlier") is None


def test_a_stranger_is_rare_as_a_whole_and_the_sentence_says_for_what(scorer: Scorer) -> None:
    found = finding(scorer.score(signin(30, **FAR, **STRANGE)), "outlier")
    assert found is not None
    assert found.contribution == pytest.approx(0.5 * 2.302585092994046)  # weight · ln(0.02 / 0.002)
    assert found.evidence["rarity"] == 0.002
    assert reason(found) == "rare for its network and device: 1 in 500 sign-ins of the training look as odd"


def test_what_is_no_habit_but_common_in_training_is_no_outlier(scorer: Scorer) -> None:
    assert finding(scorer.score(signin(30, **{**HOME, "asn": None, "subnet": None}, **LAPTOP)), "outlier") is None


def test_adds_no_more_than_its_bound() -> None:
    assert entry("outlier").weight * HIGHEST == 1.5
    assert entry("outlier").weight * HIGHEST * MOST_WEIGHT <= 2.25


def test_habitual_sign_in_is_never_asked_about(tmp_path: Path) -> None:
    """A model that calls everything rare finds nothing in it."""
    row = json.loads(MODEL.read_text())
    row["parts"]["organisation"]["tail"] = [[-1000.0, 0]]
    path = tmp_path / "alarmed.json"
    path.write_text(json.dumps(row))
    alarmed = scorer_with(path)
    assert alarmed.score(signin(30, 8.0, **HOME, **LAPTOP)).findings == ()
    assert finding(alarmed.score(signin(30, 8.0, **PHONE_NET, **LAPTOP)), "outlier") is not None


@pytest.mark.parametrize("seed", range(3))
def test_short_path_and_long_path_say_the_same(seed: int) -> None:
    rules = policy(trained={"model": str(MODEL)})
    quick, long = model(rules), Scorer(rules, MemoryStore(), short_path=False)
    outliers = 0
    for event in adversarial(seed, length=250, odd=0.4):
        one, other = quick.process(event), long.process(event)
        assert (one.log_odds, one.findings, one.risk) == (other.log_odds, other.findings, other.risk)
        outliers += finding(one, "outlier") is not None
    assert outliers


def of_person(tmp_path: Path, name: str) -> Path:
    row = json.loads(MODEL.read_text())
    row.update(scope="person", parts={name: row["parts"]["organisation"]})
    path = tmp_path / f"{name}.json"
    path.write_text(json.dumps(row))
    return path


def test_a_person_without_a_part_gets_nothing_from_it(tmp_path: Path) -> None:
    stranger = signin(30, **FAR, **STRANGE)
    assert finding(scorer_with(of_person(tmp_path, "ana")).score(stranger), "outlier") is not None
    assert finding(scorer_with(of_person(tmp_path, "bo")).score(stranger), "outlier") is None


def test_a_person_is_found_under_their_pseudonym(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PSEUDONYM_KEY", "0123456789abcdef0123456789abcdef")
    private = {"pseudonym_key_env": "PSEUDONYM_KEY"}
    key = scorer_with(MODEL, identity=private).people.key("ana")
    scorer = scorer_with(of_person(tmp_path, key), identity=private)
    assert finding(scorer.score(signin(30, **FAR, **STRANGE)), "outlier") is not None


def test_a_model_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    broken = tmp_path / "broken.json"
    broken.write_text("{")
    with pytest.raises(ModelError, match=r"broken\.json: is no trained model"):
        scorer_with(broken).score(signin(30, **FAR, **STRANGE))
