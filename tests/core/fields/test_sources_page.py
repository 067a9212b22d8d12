"""docs/sources.md tells of every map, and its example works."""

from __future__ import annotations

import json
import re
from pathlib import Path

from busybody.fields import schema
from busybody.fields.intake import Intake
from busybody.policy import Policy
from busybody.signin import SignIn

PAGE = (Path(__file__).parents[3] / "docs" / "sources.md").read_text(encoding="utf-8")


def test_every_map_stands_in_the_table() -> None:
    named = {row[0]: row[1:] for row in re.findall(r"^\| `(\w+)` \| (.+?) \| `(.+?)` \|", PAGE, re.MULTILINE)}
    assert named == {found.name: (found.title, found.source) for found in schema.packaged()}


def test_the_example_of_an_own_map_works() -> None:
    own = json.loads(re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)[0])
    record = {"vpn_event": "login-fail", "when": "2025-03-03T08:15:00", "who": "Ana", "from": "81.2.69.142:443"}
    settings = {"our.vpn": {"timezone": "Europe/Berlin", "user_domain": "example.com"}}
    found = Intake(Policy.from_mapping({"maps": [own], "sources": settings}), None).read(record)
    assert isinstance(found, SignIn)
    assert (found.user, found.outcome, found.ip) == ("ana@example.com", "failure", "81.2.69.142")
    assert found.time == 1740986100.0  # 07:15 UTC
