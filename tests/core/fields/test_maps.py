"""Every packaged map keeps its promise on records written from its vendor's documentation."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Dict, Iterator, Tuple

import pytest
from busybody.fields import schema
from busybody.fields.intake import Intake, Skipped
from busybody.fields.times import TimeReader
from busybody.policy import Policy
from busybody.signin import SignIn

FIXTURES = Path(__file__).parent / "fixtures"
NEEDED = ("success", "failure", "mfa", "skipped", "no_address")
KEYS = {"map", "documented_at", "cases", "cannot"}


@pytest.fixture(scope="module")
def intake() -> Intake:
    return Intake(Policy.default(), None, reference_time=1764547200.0)  # 2025-12-01


def fixtures() -> Iterator[Tuple[str, Dict[str, Any]]]:
    for path in sorted(FIXTURES.glob("*.json")):
        yield path.stem, json.loads(path.read_text(encoding="utf-8"))


def cases() -> Iterator[Any]:
    for name, fixture in fixtures():
        for case in fixture["cases"]:
            yield pytest.param(name, case, id=f"{name}: {case['name']}")


@pytest.mark.parametrize(("name", "case"), list(cases()))
def test_record_becomes_the_documented_signin(intake: Intake, name: str, case: Dict[str, Any]) -> None:
    reader, _ = intake.registry.find(case["given"])
    assert reader is not None, "no map knows the record"
    assert reader.map.name == name
    found = intake.read(case["given"])
    expect = case["expect"]
    if "skipped" in expect:
        assert isinstance(found, Skipped), f"expected to be skipped, became {found}"
        assert expect["skipped"] in found.reason
        return
    assert isinstance(found, SignIn), f"expected a sign-in: {found}"
    assert {field: comparable(field, getattr(found, field)) for field in expect} == {
        field: wanted(field, value) for field, value in expect.items()
    }


def comparable(field: str, value: Any) -> Any:
    return sorted(value) if field == "flags" else value


def wanted(field: str, value: Any) -> Any:
    if field == "time" and isinstance(value, str):
        return pytest.approx(TimeReader().read(value), abs=1e-6)
    return sorted(value) if field == "flags" else value


@pytest.mark.parametrize(("name", "fixture"), [pytest.param(*found, id=found[0]) for found in fixtures()])
def test_fixture_shows_all_that_matters(name: str, fixture: Dict[str, Any]) -> None:
    assert set(fixture) <= KEYS
    assert fixture["map"] == name
    assert fixture["documented_at"]
    shown = dict.fromkeys(NEEDED, False)
    for case in fixture["cases"]:
        expect = case["expect"]
        shown["skipped"] |= "skipped" in expect
        shown["success"] |= expect.get("outcome") == "success"
        shown["failure"] |= expect.get("outcome") == "failure"
        shown["mfa"] |= expect.get("mfa") in ("passed", "denied")
        shown["no_address"] |= "ip" in expect and expect["ip"] is None
    cannot = set(fixture.get("cannot", {}))
    assert cannot <= set(NEEDED)
    assert {kind for kind, found in shown.items() if not found} == cannot


def test_every_map_has_a_fixture_and_every_fixture_a_map() -> None:
    assert {found.name for found in schema.packaged()} == {name for name, _ in fixtures()}
