"""What BuffaLogs and busybody 1.0 decided: impossible travel, new and atypical countries, new devices, unit vectors.

A case with "adopt": false is a defect of the predecessor: the opposite is tested.
"""

from __future__ import annotations

import json
import sys
from datetime import datetime
from pathlib import Path
from typing import Any, Dict, List, Optional

import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))
from builders import DAY, HOME, LAPTOP, finding, model, names, policy, signin
from busybody.detectors.impossible_travel import beyond
from busybody.devices import parse
from busybody.fields.values import country
from busybody.places import distance_km, unit_vector
from busybody.policy import Policy
from busybody.scorer import Scorer
from busybody.signin import Assessment

CASES = json.loads((Path(__file__).parents[2] / "data" / "predecessor_cases.json").read_text(encoding="utf-8"))
KINDS = ("impossible_travel_decision", "new_country", "atypical_country", "new_device", "geo_unit_vector")


def of_kind(kind: str) -> List[Any]:
    return [pytest.param(case, id=case["id"]) for case in CASES if case["kind"] == kind]


def epoch(text: str) -> float:
    return datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


# Impossible travel -------------------------------------------------------------------------------------------


def limits(case: Dict[str, Any]) -> Policy:
    given = case["input"]
    return policy(travel={"min_distance_km": given["min_distance_km"], "max_speed_kmh": given["max_speed_kmh"]})


def is_alert(case: Dict[str, Any]) -> bool:
    """What is right; the one defect (a time without fraction crashed the run) should have been an alert."""
    return bool(case["expected"]["alert"]) if case["adopt"] else True


@pytest.mark.parametrize("case", of_kind("impossible_travel_decision"))
def test_limits_of_distance_and_speed_decide_as_buffalogs_did(case: Dict[str, Any]) -> None:
    before, now = case["input"]["prev"], case["input"]["cur"]
    distance = distance_km(before["lat"], before["lon"], now["lat"], now["lon"])
    hours = (epoch(now["ts"]) - epoch(before["ts"])) / 3600.0
    assert beyond(distance, hours, limits(case)) == is_alert(case)


@pytest.mark.parametrize("case", of_kind("impossible_travel_decision"))
def test_scorer_finds_impossible_travel_where_buffalogs_alerted(case: Dict[str, Any]) -> None:
    before, now = case["input"]["prev"], case["input"]["cur"]
    scorer, here = model(limits(case)), {**HOME, **LAPTOP, "city": None, "lat": before["lat"], "lon": before["lon"]}
    for day in range(12, 0, -1):
        scorer.process(signin(time=epoch(before["ts"]) - day * DAY, **here))
    scorer.process(signin(time=epoch(before["ts"]), id="0 before", **here))
    there = {**here, "lat": now["lat"], "lon": now["lon"], "asn": 64999, "subnet": "10.9.9.0/24", "as_org": "Elsewhere"}
    found = finding(scorer.score(signin(time=epoch(now["ts"]), id="1 now", **there)), "impossible_travel")
    assert (found is not None) == is_alert(case)
    if found is not None and case["expected"].get("speed_kmh"):
        tolerance = case["expected"]["speed_rel_tolerance"]
        assert found.evidence["speed_kmh"] == pytest.approx(case["expected"]["speed_kmh"], rel=tolerance)


# Countries ---------------------------------------------------------------------------------------------------


def after_history(case: Dict[str, Any], rules: Optional[Policy] = None) -> Assessment:
    """The login of a case, after its history in the order in which the rows came."""
    scorer: Scorer = model(rules)
    for row in sorted(case["input"]["history"], key=lambda row: row.get("row", 0)):
        scorer.process(signin(time=epoch(row["ts"]), country=country(row["country"])))
    login = case["input"]["login"]
    scorer.advance(epoch(login["ts"]))
    return scorer.score(signin(time=epoch(login["ts"]), country=country(login["country"])))


@pytest.mark.parametrize("case", of_kind("new_country"))
def test_new_country_where_buffalogs_saw_one(case: Dict[str, Any]) -> None:
    assert ("new_country" in names(after_history(case))) == case["adopt"]


@pytest.mark.parametrize("case", of_kind("atypical_country"))
def test_atypical_country_where_buffalogs_saw_one(case: Dict[str, Any]) -> None:
    rules = policy(countries={"atypical_days": case["input"]["atypical_country_days"]})
    assert ("atypical_country" in names(after_history(case, rules))) == case["adopt"]


# Devices -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", of_kind("new_device"))
def test_scorer_finds_a_new_device_where_buffalogs_saw_one(case: Dict[str, Any]) -> None:
    """A leap of many versions at once may be mentioned, but calls nothing new and alerts nobody."""
    scorer = model()
    for day in range(20):
        for agent in case["input"]["history_user_agents"]:
            known = parse(agent)
            scorer.process(signin(day, 9, **HOME, device=known.fingerprint, version=known.version))
    login = parse(case["input"]["login_user_agent"])
    assessment = scorer.score(signin(20, 9, **HOME, device=login.fingerprint, version=login.version))
    found = finding(assessment, "new_device")
    is_new = found is not None and found.evidence["novelty"].startswith("never used before")
    assert is_new == (case["expected"]["alert"] is not None)
    assert is_new or not assessment.alert


# Coordinates -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", of_kind("geo_unit_vector"))
def test_unit_vector_is_busybodys(case: Dict[str, Any]) -> None:
    given, expected = case["input"], case["expected"]
    assert unit_vector(given["lat"], given["lon"]) == pytest.approx(expected["xyz"], abs=expected["tolerance"])
