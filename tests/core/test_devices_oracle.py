"""Our families against those of the ua-parser project, on the user agents of that project's own tests."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import List, NamedTuple, Optional, Tuple

import pytest
from busybody.devices import parse

sys.path.insert(0, str(Path(__file__).parent))
from devices_families import BROWSERS, SYSTEMS, UNNAMED_APPS

HERE = Path(__file__).parent
DATA = HERE.parent / "data" / "user-agents"
LISTED = HERE / "devices_disagreements.json"
uap = pytest.importorskip("ua_parser.user_agent_parser")
yaml = pytest.importorskip("yaml")


class Disagreement(NamedTuple):
    about: str
    user_agent: str
    theirs: str
    ours: Optional[str]


def _agents() -> List[str]:
    found = set()
    for name in ("test_ua.yaml", "test_os.yaml"):
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        cases = yaml.load((DATA / name).read_text(encoding="utf-8"), loader)["test_cases"]
        found.update(case["user_agent_string"] for case in cases)
    return sorted(found)


def _compare(about: str, agents: List[str]) -> Tuple[int, List[Disagreement]]:
    """How many agents one of both names a family of that matters, and where the two differ."""
    names = BROWSERS if about == "browser" else SYSTEMS
    ours_known = set(names.values())
    compared, differing = 0, []
    for agent in agents:
        device = parse(agent)
        if about == "browser":
            theirs, ours = uap.ParseUserAgent(agent)["family"], device.browser
        else:
            theirs, ours = uap.ParseOS(agent)["family"], "ios" if device.os == "ipados" else device.os
        if theirs == "Other":  # the oracle knows nothing of it
            continue
        if theirs not in names and ours not in ours_known:
            continue
        compared += 1
        finer = theirs in UNNAMED_APPS and ours is not None and ours not in ours_known
        if names.get(theirs) != ours and not finer:
            differing.append(Disagreement(about, agent, theirs, ours))
    return compared, differing


@pytest.mark.parametrize(("about", "at_least"), [("browser", 500), ("system", 900)])
def test_families_that_matter_agree_with_the_oracle_in_97_of_100_agents(about: str, at_least: int) -> None:
    compared, differing = _compare(about, _agents())
    assert compared >= at_least
    assert 1 - len(differing) / compared >= 0.97, differing


@pytest.mark.parametrize("about", ["browser", "system"])
def test_every_disagreement_is_listed_with_its_reason(about: str) -> None:
    listed = {
        (entry["user_agent"], entry["theirs"], entry["ours"]): entry["reason"]
        for entry in json.loads(LISTED.read_text(encoding="utf-8"))
        if entry["about"] == about
    }
    found = {(entry.user_agent, entry.theirs, entry.ours) for entry in _compare(about, _agents())[1]}
    assert found == set(listed)
    assert all(len(reason) > 20 for reason in listed.values())
