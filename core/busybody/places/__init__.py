"""Where: addresses, places, distances and network classes."""

from __future__ import annotations

from .distance import distance_km, unit_vector
from .locator import Locator
from .table import NOWHERE, Place

__all__ = ["NOWHERE", "Locator", "Place", "distance_km", "unit_vector"]
