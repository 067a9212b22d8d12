"""`busybody evaluate` from files to figures."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Tuple

import pytest
from busybody.simulate import run as simulate

from .conftest import Busybody

Files = Tuple[Path, Path]


@pytest.fixture(scope="module")
def month(tmp_path_factory: pytest.TempPathFactory) -> Files:
    folder = tmp_path_factory.mktemp("month")
    log, labels = folder / "log.jsonl", folder / "labels.csv"
    simulate(40, 16, 7, "ecs", str(log), str(labels), scale=4.0)
    return log, labels


def test_a_labelled_log_gives_figures_and_a_page(month: Files, busybody: Busybody, tmp_path: Path) -> None:
    log, labels = month
    page = tmp_path / "page.html"
    ran = busybody(
        "evaluate",
        "--events",
        log,
        "--labels",
        labels,
        "--learn-days",
        10,
        "--quick",
        "--output",
        "json",
        "--page",
        page,
    )
    assert ran.code == 0
    told = json.loads(ran.out)
    assert [one["name"] for one in told["methods"]] == ["busybody", "sum + travel"]
    assert told["log"]["attack_incidents"] > 0
    assert page.read_text().startswith("<!DOCTYPE html>")


def test_a_log_without_ids_is_labelled_by_its_lines(busybody: Busybody, tmp_path: Path) -> None:
    log, labels = tmp_path / "auth.log", tmp_path / "labels.jsonl"
    simulate(20, 14, 7, "sshd", str(log), str(labels), scale=4.0)
    ran = busybody("evaluate", "--events", log, "--labels", labels, "--learn-days", 10, "--quick", "--tune-days", 1)
    assert ran.code == 0
    assert "A cut set beforehand" in ran.out
    assert "no label" not in ran.err


def test_scores_of_another_product_stand_beside(month: Files, busybody: Busybody, tmp_path: Path) -> None:
    """Scores that know the truth find everything at any budget."""
    log, labels = month
    scores = tmp_path / "scores.csv"
    with labels.open() as stream:
        rows = [(row["event_id"], row["attack"]) for row in csv.DictReader(stream)]
    scores.write_text("event_id,score\n" + "".join(f"{name},{score}\n" for name, score in rows))
    ran = busybody("evaluate", "--events", log, "--labels", labels, "--scores", scores, "--quick", "--output", "json")
    yours = next(one for one in json.loads(ran.out)["methods"] if one["name"] == "yours")
    assert yours["pr_auc"]["value"] == 1.0
    assert yours["pooled"][0]["value"] == 1.0


def test_two_policies_are_compared_without_labels(month: Files, busybody: Busybody, tmp_path: Path) -> None:
    log, _ = month
    low, high = tmp_path / "low.json", tmp_path / "high.json"
    low.write_text('{"alerts": {"threshold": 40}}')
    high.write_text('{"alerts": {"threshold": 99}}')
    ran = busybody("evaluate", "--events", log, "--compare", high, low, "--output", "json")
    told = json.loads(ran.out)
    assert told["only_first"] == []
    assert len(told["only_second"]) == told["alerts"][1] - told["both"] > 0
    assert busybody("evaluate", "--events", log, "--compare", low, low).out.count("only under") == 2


@pytest.mark.parametrize(
    ("labels", "said"),
    [
        ("event_id,label\nx,usual\n", "names no `attack`"),
        ("event_id,attack\nx,perhaps\n", "'perhaps' is neither 1 nor 0"),
        ("event_id,attack\nnobody,1\n", "no label names a record"),
    ],
)
def test_wrong_labels_are_named(labels: str, said: str, month: Files, busybody: Busybody, tmp_path: Path) -> None:
    path = tmp_path / "wrong.csv"
    path.write_text(labels)
    ran = busybody("evaluate", "--events", month[0], "--labels", path)
    assert ran.code == 3
    assert said in ran.err


def test_without_labels_it_says_what_is_missing(month: Files, busybody: Busybody) -> None:
    ran = busybody("evaluate", "--events", month[0])
    assert ran.code == 2
    assert "--labels" in ran.err
