"""Where: addresses, places, distances and network classes."""

from __future__ import annotations

from .distance import distance_km, unit_vector

__all__ = ["distance_km", "unit_vector"]
