"""docs/detectors.md is what the catalogue and the detectors say of themselves."""

from __future__ import annotations

import sys
from pathlib import Path

from busybody.detectors import CATALOGUE

sys.path.insert(0, str(Path(__file__).parents[3] / "tools" / "docs"))
import catalogue


def test_committed_page_is_the_generated_one() -> None:
    assert catalogue.PAGE.read_text(encoding="utf-8") == catalogue.page(), (
        "Write it anew: python tools/docs/catalogue.py"
    )


def test_page_says_everything_that_the_catalogue_says() -> None:
    text = catalogue.page()
    for row in CATALOGUE:
        assert f"\n## {row.title}\n" in text
        assert all(part in text for part in (row.description, row.reason, f"`{row.name}`", *row.techniques))


def test_formulas_are_code() -> None:
    assert "```text\nsurprise = S(class) + S(ASN | class)" in catalogue.page()
