"""What busybody's forest decided: ours flags the same outlier, none of many equals, and is not blind to what was constant."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any, Dict, List

import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))
from builders import FAR, HOME, LAPTOP, STRANGE, company, live, model, signin

CASES = json.loads((Path(__file__).parents[2] / "data" / "predecessor_cases.json").read_text(encoding="utf-8"))


def of(kind: str) -> List[Any]:
    return [pytest.param(case, id=case["id"]) for case in CASES if case["kind"] == kind]


@pytest.mark.parametrize("case", of("isolation_decision"))
def test_outlier_is_flagged_and_equals_are_not(case: Dict[str, Any]) -> None:
    """Ten sign-ins, a day apart; the outlier of the first history is its last."""
    scorer, flagged = model(), []
    outlier = case["expected"].get("flagged_indexes", case["expected"].get("flagged"))
    company(scorer, days=14)
    for day in range(10):
        place = {**FAR, **STRANGE} if outlier == [day] else {**HOME, **LAPTOP}
        if scorer.process(signin(14 + day, 9, **place)).risk >= 20.0:
            flagged.append(day)
    assert flagged == (outlier if case["adopt"] else [])


@pytest.mark.parametrize("case", of("isolation_blind_spot"))
def test_new_network_and_device_at_home_score_higher(case: Dict[str, Any]) -> None:
    scorer = model()
    company(scorer)
    for day in range(30):
        live(scorer, 1, first=day, lat=HOME["lat"] + (0.001 if day % 2 else -0.001))
    usual = scorer.score(signin(30, 9, **HOME, **LAPTOP))
    new = scorer.score(
        signin(30, 9, **{**HOME, "asn": 64999, "as_org": "Never Seen", "subnet": "192.0.2.0/24"}, **STRANGE)
    )
    assert new.log_odds > usual.log_odds + 2.0, case["notes"]
    assert new.risk > usual.risk + 20.0
