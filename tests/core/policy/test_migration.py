"""docs/migration.md says what the importer does, and docs/custom-profiles.md every key of a profile."""

from __future__ import annotations

import json
import re
from pathlib import Path

from busybody.custom.declaration import KEYS
from busybody.policy import Policy
from busybody.policy.keys import key_at, path_of
from busybody.policy.old_buffalogs import RULES, TYPES

DOCS = Path(__file__).parents[3] / "docs"
MIGRATION = (DOCS / "migration.md").read_text(encoding="utf-8")
PROFILES = (DOCS / "custom-profiles.md").read_text(encoding="utf-8")


def test_table_of_fields_is_that_of_the_importer() -> None:
    rows = dict(re.findall(r"^\| `(\w+)` \| (?:`([\w.]+)`|–) \|", MIGRATION, re.MULTILINE))
    assert {field: rows.get(field) or None for field in RULES} == {field: rule.key for field, rule in RULES.items()}


def test_every_alert_type_and_every_reason_has_its_row() -> None:
    for name, detector in TYPES.items():
        assert re.search(rf"^\| {name}.* \| `{detector}` \|$", MIGRATION, re.MULTILINE)
    reasons = set(re.findall(r"`((?:filters|people)\.\w+)`", MIGRATION))
    assert all(key_at(path_of(reason)) is not None for reason in reasons)


def test_example_of_a_profile_is_one_and_its_keys_are_told() -> None:
    (example,) = re.findall(r"```json\n(.*?)```", PROFILES, re.DOTALL)
    assert Policy.from_mapping(json.loads(example)).profiles
    assert all(f"`{key}" in PROFILES for key in KEYS)
