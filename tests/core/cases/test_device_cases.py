"""What BuffaLogs and busybody 1.0 made of user agents: the cases of their device kinds."""

from __future__ import annotations

import json
from itertools import combinations
from pathlib import Path
from typing import Any, Dict, List

import pytest
from busybody.devices import compatible_fingerprint, parse, strip_versions

CASES = json.loads((Path(__file__).parents[2] / "data" / "predecessor_cases.json").read_text(encoding="utf-8"))


def _of(kind: str) -> List[Any]:
    return [pytest.param(case, id=case["id"]) for case in CASES if case["kind"] == kind]


@pytest.mark.parametrize("case", _of("device_fingerprint"))
def test_compatible_fingerprint_is_buffalogs(case: Dict[str, Any]) -> None:
    assert compatible_fingerprint(case["input"]["user_agent"]) == case["expected"]["fingerprint"]


def test_fingerprints_that_differed_still_differ() -> None:
    agents = [case["input"]["user_agent"] for case in CASES if case["kind"] == "device_fingerprint"]
    for one, other in combinations(agents, 2):
        assert parse(one).fingerprint != parse(other).fingerprint or _only_the_system_is_older(one, other)


def _only_the_system_is_older(one: str, other: str) -> bool:
    return parse(one).os_major != parse(other).os_major


@pytest.mark.parametrize("case", _of("new_device"))
def test_new_device_where_buffalogs_saw_one(case: Dict[str, Any]) -> None:
    for fingerprint in (compatible_fingerprint, lambda agent: parse(agent).fingerprint):
        known = {fingerprint(agent) for agent in case["input"]["history_user_agents"]}
        assert (fingerprint(case["input"]["login_user_agent"]) not in known) == (case["expected"]["alert"] is not None)


@pytest.mark.parametrize("case", _of("user_agent_version_stripping"))
def test_version_stripping_is_busybodys(case: Dict[str, Any]) -> None:
    assert strip_versions(case["input"]["user_agent"]) == case["expected"]["stripped"]
