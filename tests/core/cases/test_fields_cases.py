"""What the predecessors made of records: ours agrees, or does better where theirs was a defect."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Dict, Iterator, List, Optional

import pytest
from busybody.fields.intake import Intake
from busybody.policy import Policy
from busybody.signin import SignIn

CASES: List[Dict[str, Any]] = json.loads(
    (Path(__file__).parents[2] / "data" / "predecessor_cases.json").read_text(encoding="utf-8")
)


def of_kind(kind: str) -> List[Any]:
    return [pytest.param(case, id=case["id"]) for case in CASES if case["kind"] == kind]


def signins(docs: List[Dict[str, Any]]) -> Iterator[SignIn]:
    intake = Intake(Policy.default(), None)
    for doc in docs:
        found = intake.read(doc)
        if isinstance(found, SignIn):
            yield found


@pytest.mark.parametrize("case", of_kind("ecs_normalisation"))
def test_ecs_normalisation(case: Dict[str, Any]) -> None:
    """`kept` are the records fit for geographic checks: time, address, country and coordinates are there."""
    kept = [
        found.id for found in signins(case["input"]["docs"]) if found.ip and found.country and found.lat is not None
    ]
    if case["adopt"]:
        assert kept == case["expected"]["kept"]
    else:
        assert kept == [doc["_id"] for doc in case["input"]["docs"]]
        assert kept != case["expected"]["kept"]


@pytest.mark.parametrize("case", of_kind("username_normalisation"))
def test_username_normalisation(case: Dict[str, Any]) -> None:
    docs = [record(user=name) for name in case["input"]["users_returned"]]
    assert sorted({found.user for found in signins(docs)}) == case["expected"]["distinct_users"]


def record(
    user: str = "ana", ip: Optional[str] = "81.2.69.142", outcome: str = "success", hour: int = 8
) -> Dict[str, Any]:
    return {
        "@timestamp": f"2025-03-03T{hour:02d}:00:00Z",
        "event": {"category": "authentication", "outcome": outcome},
        "user": {"name": user},
        "source": {"ip": ip},
        "user_agent": {"original": "Mozilla/5.0 (X11; Linux x86_64; rv:136.0) Gecko/20100101 Firefox/136.0"},
    }


@pytest.mark.parametrize("case", of_kind("preprocess"))
def test_preprocess(case: Dict[str, Any]) -> None:
    """The four required fields of the old pollers; other sources may lack a user agent."""
    without_agent = record(hour=9)
    del without_agent["user_agent"]
    built = {
        "login_failure event": [record(outcome="failure")],
        "event without user agent": [without_agent],
        "event with ip null": [record(ip=None)],
        "3 good events": [record(hour=hour) for hour in (12, 10, 11)],
    }
    docs = [doc for name in case["input"]["events"] for doc in built[name]]
    found = list(signins(docs))
    kept = sorted(
        (one for one in found if one.outcome == "success" and one.ip and one.user_agent), key=lambda one: one.time
    )
    assert len(kept) == case["expected"]["kept"]
    assert [one.time for one in kept] == sorted(one.time for one in kept)
    assert len(found) == len(docs)  # the others are read as well: they teach nothing, but failures are evidence
