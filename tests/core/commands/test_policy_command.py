"""`busybody policy` writes, checks and shows policies."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from busybody.policy import Policy

from .conftest import Busybody


@pytest.mark.parametrize("ending", ["yaml", "json", "conf"])
def test_what_init_writes_is_the_default_policy(busybody: Busybody, tmp_path: Path, ending: str) -> None:
    path = f"policy.{ending}"
    ran = busybody("policy", "init", path)
    assert (ran.code, ran.out) == (0, "")
    assert f"{path}: written. Change what you want, then: busybody policy check {path}" in ran.err
    assert Policy.load(str(tmp_path / path)) == Policy.default()
    assert busybody("policy", "check", path).out == f"{path}: fine (default)\n"


def test_init_never_overwrites(busybody: Busybody, tmp_path: Path) -> None:
    (tmp_path / "policy.json").write_text("{}", encoding="utf-8")
    ran = busybody("policy", "init", "policy.json")
    assert ran.code == 2
    assert "policy.json: is there already and stays as it is" in ran.err
    assert (tmp_path / "policy.json").read_text(encoding="utf-8") == "{}"


def test_init_on_standard_output_and_by_option(busybody: Busybody, tmp_path: Path) -> None:
    assert json.loads(busybody("policy", "init", "--spelling", "json").out)["name"] == "default"
    assert "alerts.budget = 1" in busybody("policy", "init", "-", "--spelling", "conf").out
    assert busybody("policy", "init", "--output", "mine.conf").code == 0
    assert (tmp_path / "mine.conf").exists()
    assert busybody("policy", "init", "a.json", "--output", "b.json").code == 2


def test_check_names_every_problem_with_line_and_key(busybody: Busybody, tmp_path: Path) -> None:
    (tmp_path / "policy.json").write_text(
        '{\n"alerts": {"budget": -1},\n"travel": {"max_sped_kmh": 3},\n"countries": {"trusted": ["XX"]}\n}\n',
        encoding="utf-8",
    )
    (tmp_path / "good.json").write_text("{}", encoding="utf-8")
    ran = busybody("policy", "check", "policy.json", "good.json")
    assert ran.code == 2
    assert ran.out == "good.json: fine (default)\n"
    assert "policy.json:2: alerts.budget: -1.0 is out of bounds" in ran.err
    assert "policy.json:3: travel.max_sped_kmh: " in ran.err
    assert "Did you mean 'max_speed_kmh'?" in ran.err
    assert "policy.json:4: countries.trusted[0]: " in ran.err
    assert "3 problems" in ran.err


def test_check_reads_every_stanza(busybody: Busybody, tmp_path: Path) -> None:
    (tmp_path / "policies.conf").write_text(
        "[policy:one]\nalerts.budget = 2\n[policy:two]\nalerts.budget = 3\n", encoding="utf-8"
    )
    assert busybody("policy", "check", "policies.conf").out == "policies.conf: fine (one, two)\n"
    (tmp_path / "policies.conf").write_text(
        "[policy:one]\nalerts.budget = 2\n[policy:two]\nalerts.budget = much\n", encoding="utf-8"
    )
    ran = busybody("policy", "check", "policies.conf")
    assert ran.code == 2
    assert "policies.conf:4: alerts.budget" in ran.err
    assert "budget = 3" not in busybody("policy", "show", "policies.conf", "--name", "one").out


def test_check_finds_what_would_fail_only_in_use(busybody: Busybody, tmp_path: Path) -> None:
    rules = {
        "maps": [
            {
                "source": "x",
                "title": "x",
                "documented_at": ["x"],
                "detect": {"path": "a", "exists": True},
                "fields": {"usr": ["a"]},
            }
        ],
        "identity": {"pseudonym_key_file": "no-such-key"},
        "sources": {"okta.system": {"user_map": {"Ana": "ana@a", "ana": "ana@b"}}},
    }
    (tmp_path / "policy.json").write_text(json.dumps(rules), encoding="utf-8")
    ran = busybody("policy", "check", "policy.json")
    assert ran.code == 2
    assert "fields.usr" in ran.err
    assert "identity.pseudonym_key_file: no-such-key cannot be read" in ran.err
    assert "sources.okta.system.user_map" in ran.err


@pytest.mark.parametrize("spelling", ["yaml", "json", "conf"])
def test_show_converts_without_loss(busybody: Busybody, tmp_path: Path, spelling: str) -> None:
    given = {"name": "office", "travel": {"max_speed_kmh": 500}, "people": {"vip": ["ceo@example.com"]}}
    (tmp_path / "policy.json").write_text(json.dumps(given), encoding="utf-8")
    for words in ((), ("--changed",)):
        ran = busybody("policy", "show", "policy.json", "--spelling", spelling, *words)
        assert ran.code == 0
        (tmp_path / f"again.{spelling}").write_text(ran.out, encoding="utf-8")
        assert Policy.load(str(tmp_path / f"again.{spelling}")) == Policy.load(str(tmp_path / "policy.json"))
    assert "airport_hours" not in ran.out


def test_show_without_a_file_shows_the_defaults(busybody: Busybody) -> None:
    ran = busybody("policy", "show")
    assert ran.code == 0
    assert "max_speed_kmh: 300" in ran.out


def test_what_cannot_be_read_is_named(busybody: Busybody) -> None:
    for verb in ("check", "show"):
        missing = busybody("policy", verb, "nothing.yaml")
        assert missing.code == 2
        assert "nothing.yaml: cannot be read" in missing.err
    assert "Use .yaml, .json or .conf" in busybody("policy", "check", "policy.txt").err
