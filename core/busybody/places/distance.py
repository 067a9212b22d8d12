"""Distance: great circles and unit vectors on a sphere.

The sphere is off from the ellipsoid by at most 0.6 %, far less than any address is off from its person.
"""

from __future__ import annotations

from functools import lru_cache
from math import asin, cos, radians, sin, sqrt
from typing import Tuple

EARTH_RADIUS_KM = 6371.0088  # mean radius, IUGG


@lru_cache(maxsize=16_384)  # people go between the same few places
def distance_km(lat1: float, lon1: float, lat2: float, lon2: float) -> float:
    """Great-circle distance of two points in degrees: 2 R asin sqrt(hav Δlat + cos lat1 cos lat2 hav Δlon).

    >>> round(distance_km(52.52, 13.405, 48.8566, 2.3522))
    877
    """
    phi1, phi2 = radians(lat1), radians(lat2)
    a = sin((phi2 - phi1) * 0.5) ** 2 + cos(phi1) * cos(phi2) * sin(radians(lon2 - lon1) * 0.5) ** 2
    return 2.0 * EARTH_RADIUS_KM * asin(sqrt(a) if a < 1.0 else 1.0)  # rounding carries antipodes above 1


def unit_vector(lat: float, lon: float) -> Tuple[float, float, float]:
    """(x, y, z) of a point in degrees, y to the north pole: (cos lat cos lon, sin lat, −cos lat sin lon)."""
    phi, theta = radians(lat), radians(lon)
    across = cos(phi)
    return across * cos(theta), sin(phi), -across * sin(theta)
