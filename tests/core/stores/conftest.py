"""Stores of each kind, as the tests ask for them."""

from __future__ import annotations

from pathlib import Path
from typing import Iterator

import pytest
from busybody import stores
from busybody.stores import Store

NAMES = {"memory": ":memory:", "files": "profiles/", "sqlite": "profiles.db"}


@pytest.fixture(params=sorted(NAMES))
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """A new store of each kind."""
    name = NAMES[request.param]
    with stores.open(name if name == ":memory:" else f"{tmp_path}/{name}", clock=lambda: 1000.0) as opened:
        yield opened


@pytest.fixture(params=["files", "sqlite"])
def path(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where a store of each lasting kind will be."""
    return f"{tmp_path}/{NAMES[request.param]}"
