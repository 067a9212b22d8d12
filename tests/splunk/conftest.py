"""The app's Python and the core on the path, as they are side by side in the app's lib/."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from busybody_splunk.model import KVModel
    from direct import Clock
    from fake_splunkd import Instance

ROOT = Path(__file__).resolve().parents[2]
for folder in (ROOT / "core", ROOT / "addon" / "splunk_app" / "lib", Path(__file__).parent):
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))


@pytest.fixture
def instance() -> Instance:
    """A splunkd without a network."""
    from fake_splunkd import Instance

    return Instance()


@pytest.fixture
def clock() -> Clock:
    from direct import Clock

    return Clock()


@pytest.fixture
def model(instance: Instance, clock: Clock) -> KVModel:
    """The model that is kept there."""
    from busybody_splunk.model import KVModel
    from direct import Direct

    return KVModel(Direct(instance), clock=clock)
