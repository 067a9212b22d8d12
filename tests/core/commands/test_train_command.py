"""`busybody train`: from a log to a model that the policy can name."""

from __future__ import annotations

import json
import warnings
from pathlib import Path

import pytest

from .conftest import Busybody

OUTLIERS = Path(__file__).parents[1] / "detectors" / "outliers.json"
NOW = ("--now", "2026-06-01T00:00:00Z")


@pytest.fixture
def log(busybody: Busybody) -> str:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pytest.importorskip("sklearn", reason="scikit-learn is not installed: pip install 'busybody[train]'")
    assert busybody("simulate", "--people", 8, "--days", 22, "--output", "log.jsonl", "--attacks", "none").code == 0
    return "log.jsonl"


def test_what_was_trained_can_be_shown_and_scored_with(busybody: Busybody, log: str) -> None:
    ran = busybody("train", "outliers", log, "--trees", 10, "--output", "outliers.json", *NOW)
    assert (ran.code, ran.out) == (0, "")
    assert "outliers.json" in ran.err
    assert "trained.model" in ran.err
    shown = json.loads(busybody("train", "show", "outliers.json", "--output", "json").out)
    assert (shown["algorithm"], shown["scope"], shown["parts"]) == ("isolation_forest", "organisation", 1)
    assert shown["trained"] == "2026-06-01T00:00:00.000Z"
    Path("policy.json").write_text(json.dumps({"trained": {"model": "outliers.json"}}))
    scored = busybody("score", log, "--store", ":memory:", "--policy", "policy.json")
    assert scored.code == 0
    assert any(found["detector"] == "outlier" for row in scored.rows for found in row.get("findings", ()))


def test_the_same_log_and_seed_are_the_same_bytes(busybody: Busybody, log: str) -> None:
    one, other = (busybody("train", "outliers", log, "--like-busybody-1", "--trees", 5, *NOW).out for _ in range(2))
    assert one == other
    model = json.loads(one)
    assert model["scope"] == "person"
    assert model["features"] == ["distance", "operator", "device"]
    assert len(model["parts"]) == model["provenance"]["people"] > 1


def test_one_person_can_be_asked_for(busybody: Busybody, log: str) -> None:
    everybody = json.loads(busybody("train", "outliers", log, "--scope", "person", "--trees", 3, *NOW).out)
    somebody = min(everybody["parts"])
    one = busybody("train", "outliers", log, "--scope", "person", "--trees", 3, "--people", somebody.upper(), *NOW)
    assert list(json.loads(one.out)["parts"]) == [somebody]


def test_broken_records_are_named_and_the_rest_trains(busybody: Busybody, log: str) -> None:
    with open(log, "a", encoding="utf-8") as file:
        file.write("{broken\n")
    ran = busybody("train", "outliers", log, "--trees", 3, "--output", "m.json", *NOW)
    assert ran.code == 1
    assert f"{log}:" in ran.err
    assert Path("m.json").exists()


def test_table_says_on_what_it_was_trained(busybody: Busybody) -> None:
    ran = busybody("train", "show", OUTLIERS)
    assert ran.code == 0
    assert "hbos, scope organisation, 1 trained 2026-06-01T00:00:00Z" in ran.out
    assert "999 sign-ins of 20 people" in ran.out


def test_mistakes_are_told(busybody: Busybody) -> None:
    assert busybody("train").code == 2
    Path("log.jsonl").write_text("")
    unknown = busybody("train", "outliers", "log.jsonl", "--features", "asn")
    assert unknown.code == 2
    assert "--features: 'asn' is no feature. There are network, " in unknown.err
    empty = busybody("train", "outliers", "log.jsonl")
    assert empty.code == 3
    assert "there are 0 sign-ins" in empty.err
    Path("m.json").write_text("{}")
    assert "m.json: is no trained model" in busybody("train", "show", "m.json").err
    assert busybody("train", "show", "nowhere.json").code == 3
