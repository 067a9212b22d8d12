"""`busybody simulate` writes the same month for the same options, and its truth apart."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from busybody.simulate.writers import FORMATS

from .conftest import Busybody

SMALL = ("simulate", "--people", 6, "--days", 3)


def test_the_same_options_give_the_same_bytes(busybody: Busybody) -> None:
    first = busybody(*SMALL, "--seed", 3)
    assert first.code == 0
    assert first.out == busybody(*SMALL, "--seed", 3).out != busybody(*SMALL, "--seed", 4).out
    assert f"{len(first.rows)} sign-ins of 6 people in 3 days" in first.err


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_is_read_again(busybody: Busybody, name: str, tmp_path: Path) -> None:
    assert busybody(*SMALL, "--format", name, "--output", "log").code == 0
    lines = (tmp_path / "log").read_text(encoding="utf-8").splitlines()
    explained = busybody("fields", "log", "--limit", 3, "--output", "json")
    assert len(lines) > 3
    assert explained.code == 0, explained.err
    assert [row["result"] for row in explained.rows] == ["sign-in"] * 3


def test_labels_name_every_record(busybody: Busybody, tmp_path: Path) -> None:
    ran = busybody(
        "simulate", "--people", 12, "--days", 16, "--scale", 20, "--output", "log", "--labels", "truth.jsonl"
    )
    assert ran.code == 0
    truth = [json.loads(line) for line in (tmp_path / "truth.jsonl").read_text(encoding="utf-8").splitlines()]
    log = (tmp_path / "log").read_text(encoding="utf-8").splitlines()
    assert [row["line"] for row in truth] == list(range(1, len(log) + 1))
    assert any(row["attack"] for row in truth)


def test_what_is_withheld_is_not_there(busybody: Busybody) -> None:
    plain, without = busybody(*SMALL), busybody(*SMALL, "--withhold", "geo,device")
    assert '"geo"' in plain.out
    assert '"geo"' not in without.out
    assert '"user_agent"' not in without.out


def test_start_moves_the_month(busybody: Busybody) -> None:
    ran = busybody(*SMALL, "--start", "2026-06-01")
    assert {row["@timestamp"][:10] for row in ran.rows} <= {"2026-06-01", "2026-06-02", "2026-06-03"}


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--people", "0"), "'0' is no count. Give a whole number from 1"),
        (("--attacks", "naive,teleport"), "'teleport' is no attack. Use all, none or some of"),
        (("--withhold", "geo,mood"), "--withhold: 'mood' cannot be withheld"),
        (("--start", "yesterday"), "--start: 'yesterday' is no time"),
        (("--misclassified", "2"), "--misclassified: is a share"),
        (("--scale", "much"), "'much' is no factor"),
        (("--format", "fax"), "invalid choice: 'fax'"),
    ],
)
def test_what_cannot_be_simulated_is_refused_before_anything_is_written(
    busybody: Busybody, words: tuple[str, ...], told: str, tmp_path: Path
) -> None:
    ran = busybody("simulate", "--output", "log", *words)
    assert ran.code == 2
    assert told in ran.err
    assert not (tmp_path / "log").exists()


def test_a_path_that_cannot_be_written_is_named(busybody: Busybody) -> None:
    ran = busybody(*SMALL, "--output", "no/such/folder/log")
    assert ran.code == 3
    assert "no/such/folder/log: cannot be written" in ran.err
