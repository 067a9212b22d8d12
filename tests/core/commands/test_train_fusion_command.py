"""`busybody train fusion`: from a log to trees that the policy can name."""

from __future__ import annotations

import json
import sys
import warnings
from pathlib import Path

import pytest
from busybody.fusion.trees import SHIPPED, parse

from .conftest import Busybody


@pytest.fixture
def learns() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pytest.importorskip("sklearn", reason="scikit-learn is not installed: pip install 'busybody[train]'")


@pytest.fixture
def log(busybody: Busybody, learns: None) -> str:
    assert busybody("simulate", "--people", 90, "--days", 30, "--output", "log.jsonl", "--attacks", "none").code == 0
    return "log.jsonl"


def test_what_was_trained_is_averaged_shown_and_scored_with(busybody: Busybody, log: str) -> None:
    ran = busybody("train", "fusion", log, "--output", "ours.json")
    assert (ran.code, ran.out) == (0, "")
    assert "sign-ins of 90 people" in ran.err
    assert "odd impostors; averaged with the shipped fusion" in ran.err
    assert "trained.fusion" in ran.err
    shown = json.loads(busybody("train", "show", "ours.json", "--output", "json").out)
    ours, shipped = shown["averaged"]
    assert ours["people"] == 90
    assert (ours["seed"], ours["signins"] > ours["honest"] > 200, ours["impostors"] > 200) == (0, True, True)
    assert ours["first"] < ours["last"]
    assert set(ours["made_with"]) == {"busybody", "python", "scikit-learn"}
    assert sum(ours["sources"].values()) == len(Path(log).read_text("utf-8").splitlines())
    assert shipped == json.loads(SHIPPED.read_text("utf-8"))["provenance"]
    Path("policy.json").write_text(json.dumps({"trained": {"fusion": "ours.json"}}))
    assert busybody("score", log, "--store", ":memory:", "--policy", "policy.json").code == 0


def test_the_same_log_and_seed_are_the_same_bytes_and_another_seed_is_not(busybody: Busybody, log: str) -> None:
    Path("policy.json").write_text(json.dumps({"trained": {"fusion": "sum"}}))
    plain = busybody("train", "fusion", log, "--alone").out
    again = busybody("train", "fusion", log, "--alone", "--policy", "policy.json").out
    assert plain == again  # whatever fusion the policy scores with today
    assert busybody("train", "fusion", log, "--alone", "--seed", 1).out != plain


def test_alone_is_this_log_only(busybody: Busybody, log: str) -> None:
    alone = parse(busybody("train", "fusion", log, "--alone").out, "alone")
    both = parse(busybody("train", "fusion", log).out, "both")
    shipped = parse(SHIPPED.read_text("utf-8"), "shipped")
    assert "averaged" not in alone.provenance
    values = [2.0, 3.0, 0.0, 1.5, 1.0, 0.0, 0.5, 0.0, 6.0, 4.0]
    assert both.margin(values) == pytest.approx((alone.margin(values) + shipped.margin(values)) / 2.0, abs=1e-12)


@pytest.mark.usefixtures("learns")
def test_too_little_is_told_and_writes_nothing(busybody: Busybody) -> None:
    assert busybody("simulate", "--people", 3, "--days", 12, "--output", "log.jsonl", "--attacks", "none").code == 0
    Path("ours.json").write_text("before")
    ran = busybody("train", "fusion", "log.jsonl", "--output", "ours.json")
    assert ran.code == 3
    assert "too few to learn from. Give a longer log" in ran.err
    assert Path("ours.json").read_text("utf-8") == "before"


def test_broken_records_are_named_and_the_rest_trains(busybody: Busybody, log: str) -> None:
    with open(log, "a", encoding="utf-8") as file:
        file.write("{broken\n")
    ran = busybody("train", "fusion", log, "--output", "ours.json")
    assert ran.code == 1
    assert f"{log}:" in ran.err
    assert Path("ours.json").exists()


def test_without_the_package_it_is_named_before_the_log_is_read(
    busybody: Busybody, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("sklearn", "sklearn.ensemble"):
        monkeypatch.setitem(sys.modules, module, None)
    ran = busybody("train", "fusion", "nowhere.jsonl")
    assert ran.code == 3
    assert (
        "training the fusion needs the package scikit-learn. Install it with: pip install 'busybody[train]'." in ran.err
    )


def test_the_table_says_what_the_shipped_one_was_trained_on(busybody: Busybody) -> None:
    told = busybody("train", "show", SHIPPED).out
    assert "fusion of 40 trees" in told
    assert "sign-ins of 2,528 people, 2026-03-" in told
    assert "simulated: 700 people, 30 days, seed 1001, mixed; " in told


def test_a_fusion_whose_provenance_says_nothing_of_use_is_shown_all_the_same(busybody: Busybody) -> None:
    row = json.loads(SHIPPED.read_text("utf-8"))
    for odd in ({}, {"averaged": [None, {"people": "many", "first": 1e300, "sources": [], "simulated": 3}]}):
        Path("odd.json").write_text(json.dumps({**row, "provenance": odd}))
        ran = busybody("train", "show", "odd.json")
        assert (ran.code, "? sign-ins of ? people, ? to ?" in ran.out) == (0, True)


def test_a_damaged_fusion_is_told_by_its_name(busybody: Busybody) -> None:
    Path("damaged.json").write_text('{"format": "busybody-fusion", "version": 2}')
    ran = busybody("train", "show", "damaged.json")
    assert ran.code == 3
    assert "damaged.json: this is no fusion that this Busybody reads" in ran.err
    row = json.loads(SHIPPED.read_text("utf-8"))
    Path("damaged.json").write_text(json.dumps({**row, "provenance": {"people": float("nan")}}))
    ran = busybody("train", "show", "damaged.json", "--output", "json")
    assert (ran.code, ran.out) == (3, "")
    assert "damaged.json: provenance: it holds what is no number" in ran.err
