"""docs/policy.md is what the schema says."""

from __future__ import annotations

import re
from pathlib import Path

from busybody.policy.render import reference
from busybody.policy.schema import schema
from busybody.policy.spellings import loads

DOCS = Path(__file__).parents[3] / "docs" / "policy.md"


def test_committed_reference_is_the_generated_one() -> None:
    remedy = "Write it anew: python3 -c 'from busybody.policy.render import reference; print(reference(), end=\"\")' > docs/policy.md"
    assert DOCS.read_text(encoding="utf-8") == reference(), remedy


def test_reference_names_every_key_and_its_examples_are_one_policy() -> None:
    text = reference()
    assert all(f"`{key.key}`" in text for key in schema().keys)
    examples = dict(re.findall(r"```(json|ini)\n(.*?)```", text, re.DOTALL))
    assert loads(examples["json"], "json") == loads(examples["ini"], "conf")
    assert loads(examples["json"], "json").travel.max_speed_kmh == 500
