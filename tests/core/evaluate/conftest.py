"""The quick evaluation, run once."""

from __future__ import annotations

from typing import Any, Dict

import pytest
from busybody.evaluate import published


@pytest.fixture(scope="session")
def said() -> Dict[str, Any]:
    return published.published(quick=True, jobs=1)
