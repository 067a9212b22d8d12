"""Local time without a time-zone database: offsets and daylight-saving rules as of 2026."""

from __future__ import annotations

import functools
from datetime import datetime, timedelta, timezone
from typing import Dict, NamedTuple

DAY = 86400.0
OFFSETS: Dict[str, float] = {
    "MX": -6, "BR": -3, "AR": -3, "CL": -4, "CO": -5, "GB": 0, "IE": 0, "PT": 0, "DE": 1, "FR": 1, "NL": 1, "BE": 1,
    "ES": 1, "IT": 1, "CH": 1, "AT": 1, "SE": 1, "NO": 1, "DK": 1, "PL": 1, "CZ": 1, "HU": 1, "FI": 2, "RO": 2, "GR": 2,
    "UA": 2, "RU": 3, "TR": 3, "IL": 2, "AE": 4, "ZA": 2, "NG": 1, "KE": 3, "EG": 2, "IN": 5.5, "CN": 8, "JP": 9,
    "KR": 9, "SG": 8, "ID": 7, "TH": 7, "VN": 7, "PH": 8, "AU": 10, "NZ": 12,
}  # fmt: skip
EUROPE = set("GB IE PT DE FR NL BE ES IT CH AT SE NO DK PL CZ HU FI RO GR UA".split())
SOUTH = {"AU", "NZ", "CL"}


class Zone(NamedTuple):
    offset_hours: float
    rule: str  # "", "us", "eu" or "south"


def zone_of(country: str, lon: float) -> Zone:
    if country in ("US", "CA"):
        return Zone(float(min(-5, max(-8, round(lon / 15)))), "us")
    rule = "eu" if country in EUROPE else "south" if country in SOUTH else ""
    return Zone(float(OFFSETS[country]), rule)


def midnight(zone: Zone, start: float, day: int) -> float:
    """UTC time of local midnight at the beginning of the day'th day after `start` (a UTC midnight)."""
    utc = start + day * DAY
    return utc - 3600.0 * (zone.offset_hours + (1.0 if _summer(zone.rule, utc) else 0.0))


def weekday(start: float, day: int) -> int:
    """0 is Monday."""
    return int((start + day * DAY) // DAY + 3) % 7


@functools.lru_cache(maxsize=4096)
def _summer(rule: str, utc: float) -> bool:
    if not rule:
        return False
    date = datetime.fromtimestamp(utc, timezone.utc)
    year = date.year
    if rule == "us":
        return _sunday(year, 3, 2) <= date < _sunday(year, 11, 1)
    if rule == "eu":
        return _sunday(year, 4, 0) <= date < _sunday(year, 11, 0)
    return not _sunday(year, 4, 1) <= date < _sunday(year, 10, 1)


def _sunday(year: int, month: int, number: int) -> datetime:
    """The number'th Sunday of the month; 0 is the last one of the month before."""
    first = datetime(year, month, 1, tzinfo=timezone.utc)
    return first + timedelta(days=(6 - first.weekday()) % 7 + 7 * (number - 1))
