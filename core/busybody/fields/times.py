"""Times as logs spell them -> UTC epoch seconds.

ISO 8601 with any offset and precision, epoch in s, ms, µs or ns (told by size: between 1990 and 2100 they do not
overlap), RFC 2822 and syslog. A time without zone is in the zone that the reader was given, UTC otherwise; in the
hour that a clock change repeats, the first one is meant. Outside 1990 to 2100 a time is absurd, not early or late.
"""

from __future__ import annotations

import calendar
import re
from datetime import datetime, timedelta, timezone, tzinfo
from typing import Any, Dict, Optional

from ..errors import shown

EARLIEST, LATEST = 631152000.0, 4102444800.0  # 1990-01-01 and 2100-01-01, UTC
_UNITS = (1.0, 1e3, 1e6, 1e9)  # s, ms, µs, ns
_REMEMBERED = 4096  # hours; a log in time order asks for one hour after another
_MINUTES = {f"{minute:02d}:": 60.0 * minute for minute in range(60)}  # seconds

_ISO = re.compile(
    r"([+-]?\d{4,6})-?(\d\d)-?(\d\d)(?:[T ]+(\d\d)(?::?(\d\d)(?::?(\d\d)(?:[.,](\d+))?)?)?)?"
    r"\s*(Z|z|UTC|GMT|[+-]\d\d(?::?\d\d(?::?\d\d)?)?)?(?:\s*\[[\w/+-]+\])?\Z",
    re.ASCII,
)
_NUMBER = re.compile(r"[+-]?\d+(?:\.\d*)?(?:[eE][+-]?\d+)?\Z", re.ASCII)
MONTHS = {name: number for number, name in enumerate("jan feb mar apr may jun jul aug sep oct nov dec".split(), 1)}
_WORDS = re.compile(  # Mon, 03 Nov 2025 10:11:12 +0100 · Nov 3, 2025 10:11:12 AM · Nov  3 10:11:12
    r"(?:(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*,?\s+)?(?:(\d{1,2})[ -]([a-z]{3})[a-z]*|([a-z]{3})[a-z]*\s+(\d{1,2}))"
    r"(?:,?[ -](\d{4}))?,?\s+(\d{1,2}):(\d\d)(?::(\d\d)(?:\.(\d+))?)?\s*(am|pm)?\s*(z|utc|gmt|[+-]\d\d:?\d\d)?"
    r"(?:\s+(\d{4}))?(?:\s*\([a-z ]+\))?\Z",
    re.ASCII | re.IGNORECASE,
)


class TimeReader:
    """Reads times; `zone` is that of times without one, `reference` dates those without a year (nearest past)."""

    def __init__(self, zone: Optional[str] = None, reference: Optional[float] = None) -> None:
        self._zone = _zone(zone)
        self._is_utc = self._zone is timezone.utc
        self._reference = reference
        self._hours: Dict[str, float] = {}

    def read(self, value: Any) -> float:
        """Epoch seconds. Raises ValueError with what is wrong with the value."""
        if type(value) is str:
            hour, minute = self._hours.get(value[:14]), _MINUTES.get(value[14:17])
            if hour is not None and minute is not None:
                second = value[17:-1] if value[-1] == "Z" else value[17:] if self._is_utc else ""
                if (
                    (second[2:3] == "." or len(second) == 2)
                    and second[0] < "6"
                    and second.replace(".", "0", 1).isdigit()
                    and second.isascii()
                ):
                    return hour + minute + float(second)
            return self._read_text(value)
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            return _epoch(value)
        raise ValueError(f"{shown(value)} is no time")

    def _read_text(self, text: str) -> float:
        stripped = text.strip()
        if len(stripped) > 80:
            raise ValueError(f"{shown(text)} is no time")
        if _NUMBER.match(stripped) and not (len(stripped) == 8 and stripped[:2] in ("19", "20")):
            return _epoch(float(stripped))
        found = _ISO.match(stripped)
        if found is None:
            return self._read_words(stripped)
        year, month, day, hour, minute, second, fraction, zone = found.groups()
        whole = self._instant(
            stripped, int(year), int(month), int(day), int(hour or 0), int(minute or 0), int(second or 0), zone
        )
        if (
            second
            and (zone == "Z" or (zone is None and self._is_utc))
            and stripped[13:17:3] == "::"
            and stripped[4] == "-"
            and stripped[10] == "T"
        ):
            if len(self._hours) >= _REMEMBERED:
                self._hours.clear()
            self._hours[stripped[:14]] = whole - int(second) - 60 * int(minute)
        return whole + (float("0." + fraction) if fraction else 0.0)

    def _read_words(self, text: str) -> float:
        found = _WORDS.match(text)
        if found is None:
            raise ValueError(f"{shown(text)} is no time. Give epoch seconds or ISO 8601")
        day1, month1, month2, day2, year1, hour, minute, second, fraction, half, zone, year2 = found.groups()
        month = MONTHS.get((month1 or month2).lower())
        if month is None:
            raise ValueError(f"{shown(text)} has no month that is known")
        hours = int(hour)
        if half:
            if not 1 <= hours <= 12:
                raise ValueError(f"{shown(text)} has an hour that no clock shows")
            hours = hours % 12 + (12 if half.lower() == "pm" else 0)
        day, year = int(day1 or day2), year1 or year2
        clock = (hours, int(minute), int(second or 0))
        if year is not None:
            whole = self._instant(text, int(year), month, day, *clock, zone)
        else:
            whole = self._nearest_past(text, month, day, *clock, zone)
        return whole + (float("0." + fraction) if fraction else 0.0)

    def _nearest_past(
        self, text: str, month: int, day: int, hour: int, minute: int, second: int, zone: Optional[str]
    ) -> float:
        if self._reference is None:
            raise ValueError(f"{shown(text)} has no year, and there is no reference time to date it by")
        latest = self._reference + 86400.0  # a clock or a zone may be ahead of ours
        this_year = datetime.fromtimestamp(latest, timezone.utc).year
        for year in range(this_year + 1, this_year - 9, -1):  # 29 February may be 8 years back
            if day > calendar.monthrange(year, month)[1]:
                continue
            whole = self._instant(text, year, month, day, hour, minute, second, zone)
            if whole <= latest:
                return whole
        raise ValueError(f"{shown(text)} is no day of any recent year")

    def _instant(
        self, text: str, year: int, month: int, day: int, hour: int, minute: int, second: int, zone: Optional[str]
    ) -> float:
        leap = second == 60
        try:
            tz = timezone(_offset(zone)) if zone else self._zone
            seconds = datetime(year, month, day, hour, minute, 59 if leap else second, tzinfo=tz).timestamp()
        except (ValueError, OverflowError) as error:
            raise ValueError(f"{shown(text)} is no time: {error}") from error
        seconds = round(seconds) + (1.0 if leap else 0.0)
        if not EARLIEST <= seconds < LATEST:
            raise ValueError(f"{shown(text)} is not between 1990 and 2100")
        return seconds


def _epoch(number: float) -> float:
    for unit in _UNITS:
        if EARLIEST * unit <= number < LATEST * unit:
            return number / unit
    raise ValueError(f"{shown(number)} is no epoch time between 1990 and 2100 in s, ms, µs or ns")


def _offset(zone: str) -> timedelta:
    if zone[0] not in "+-":
        return timedelta(0)
    digits = zone[1:].replace(":", "")
    offset = timedelta(hours=int(digits[:2]), minutes=int(digits[2:4] or 0), seconds=int(digits[4:6] or 0))
    return -offset if zone[0] == "-" else offset


def _zone(name: Optional[str]) -> tzinfo:
    if name is None or name.upper() in ("UTC", "Z", "GMT"):
        return timezone.utc
    found = re.match(r"[+-]\d\d:?\d\d\Z", name)
    if found:
        return timezone(_offset(name))
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError(f"{shown(name)} is no time zone. Give a name such as Europe/Berlin, or +01:00") from error
