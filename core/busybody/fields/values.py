"""Raw values -> the values of a SignIn, one small function per kind.

Each takes what stands in the record and gives what belongs into the SignIn, None where that means nothing, and
raises ValueError where it cannot be meant: a latitude of 123, an ASN of -5.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping  # isinstance() with the one of typing takes five times as long
from functools import lru_cache
from math import isfinite
from pathlib import Path
from typing import Any, Callable, Dict, FrozenSet, List, Optional, Sequence, Tuple

from ..errors import shown
from .conditions import text_of

MISSING = frozenset(
    ["", "-", "unknown", "n/a", "null", "none", "undefined", "(null)", "not available", "<null>", "nil"]
)
LONGEST_TEXT = 1024  # characters; a name or an app that is longer is cut, a user is refused
HIGHEST_ASN = 2**32 - 1
Convert = Callable[[Any], Any]

_ASN = re.compile(r"\s*(?:ASN?)?\s*(\d{1,10})\b", re.IGNORECASE | re.ASCII)
_POINT = re.compile(r"\s*(?:SRID=\d+;)?\s*POINT\s*Z?\s*\(\s*(\S+)\s+(\S+)(?:\s+\S+)?\s*\)\s*\Z", re.IGNORECASE)
_GEOHASH = "0123456789bcdefghjkmnpqrstuvwxyz"


def text(value: Any, missing: FrozenSet[str] = MISSING) -> Optional[str]:
    """One line of text, stripped; None for what means nothing, for maps and for empty lists."""
    if type(value) is not str:
        if value is None or isinstance(value, Mapping):
            return None
        if isinstance(value, (list, tuple)):
            return next((found for found in (text(item, missing) for item in value) if found is not None), None)
        value = text_of(value)
    value = value.strip()
    if value.lower() in missing:
        return None
    return clean(value[:LONGEST_TEXT])


def text_reader(keep: Callable[[Any, FrozenSet[str]], Optional[str]], missing: FrozenSet[str]) -> Convert:
    """`keep` (`text` or `long_name`) with these missing words, and a short way for the usual value."""
    longest = max(len(word) for word in missing)

    def convert(value: Any) -> Optional[str]:
        if (
            type(value) is str
            and longest < len(value) < LONGEST_TEXT
            and value.isascii()
            and value.strip() is value
            and "\0" not in value
        ):
            return value  # nothing to strip, nothing to replace, longer than what means nothing
        return keep(value, missing)

    return convert


def clean(value: str) -> str:
    """Without what no store can hold: half surrogates and NUL become the replacement character."""
    if value.isascii() and "\0" not in value:
        return value
    return value.encode("utf-8", "surrogatepass").decode("utf-8", "replace").replace("\0", "\ufffd")


def long_name(value: Any, missing: FrozenSet[str] = MISSING) -> Optional[str]:
    """A user: like text, but a name that would have to be cut is refused, or two people became one."""
    found = text(value, missing)
    if found is not None and len(found) >= LONGEST_TEXT:
        raise ValueError(f"{shown(found)} is longer than {LONGEST_TEXT} characters")
    return found


def number(value: Any, lowest: float, highest: float, what: str) -> Optional[float]:
    """A number within bounds, None where there is none."""
    if isinstance(value, (list, tuple)):
        value = value[0] if value else None
    if isinstance(value, str):
        value = value.strip()
        if value.lower() in MISSING:
            return None
        try:
            value = float(value)
        except ValueError:
            raise ValueError(f"{shown(value)} is no {what}") from None
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise ValueError(f"{shown(value)} is no {what}")
    if not lowest <= value <= highest:  # NaN included
        raise ValueError(f"{shown(value)} is no {what}: it is not between {lowest:g} and {highest:g}")
    return float(value)


def latitude(value: Any) -> Optional[float]:
    """Degrees north, -90 to 90."""
    return number(value, -90.0, 90.0, "latitude")


def longitude(value: Any) -> Optional[float]:
    """Degrees east, -180 to 180."""
    return number(value, -180.0, 180.0, "longitude")


def radius(value: Any) -> Optional[float]:
    """Kilometres, up to half the way round the earth."""
    return number(value, 0.0, 20038.0, "accuracy radius in km")


def asn(value: Any) -> Optional[int]:
    """The number of an autonomous system: 64500, "64500", "AS64500" or "AS64500 Example Net"."""
    if type(value) is int and 0 < value <= HIGHEST_ASN:
        return value
    if isinstance(value, (list, tuple)):
        value = value[0] if value else None
    if isinstance(value, str):
        if value.strip().lower() in MISSING:
            return None
        found = _ASN.match(value)
        if found is None:
            raise ValueError(f"{shown(value)} is no AS number")
        value = int(found.group(1))
    if value is None or value == 0:  # 0 is reserved, and how several products write "not known"
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not isfinite(value) or int(value) != value:
        raise ValueError(f"{shown(value)} is no AS number")
    if not 0 < value <= HIGHEST_ASN:
        raise ValueError(f"{shown(value)} is no AS number: it is not between 1 and {HIGHEST_ASN}")
    return int(value)


@lru_cache(maxsize=1)
def _countries() -> Dict[str, str]:
    rows = json.loads((Path(__file__).parent / "countries.json").read_text(encoding="utf-8"))
    spelled: Dict[str, str] = {}
    for code, row in rows.items():
        for name in (code, *row):
            spelled[_folded(name)] = code
    return spelled


def _folded(name: str) -> str:
    low = name.casefold().replace("&", " and ").replace(".", "").replace("'", "").replace("’", "")
    low = re.sub(r"[^\w]+", " ", low)
    return re.sub(r"\bsaint\b", "st", re.sub(r"^the | the$| \bthe\b", "", low.strip())).strip()


def country(value: Any) -> Optional[str]:
    """ISO 3166-1 alpha-2 of a code of two or three letters or an English name; None where it is none."""
    name = text(value)
    return None if name is None else _countries().get(_folded(name))


Point = Tuple[float, float]


def location(value: Any) -> Optional[Point]:
    """(latitude, longitude) of {lat, lon}, "lat,lon", [lon, lat], WKT POINT, GeoJSON or a geohash.

    (0, 0) is how look-ups that found nothing are written; nobody signs in from there. It is None.
    """
    if type(value) is dict:
        lat, lon = value.get("lat"), value.get("lon")
        if type(lat) is float and type(lon) is float and -90.0 <= lat <= 90.0 and -180.0 <= lon <= 180.0:
            return (lat, lon) if lat or lon else None
        point = _keyed(value)
    elif isinstance(value, Mapping):
        point = _keyed(value)
    elif isinstance(value, (list, tuple)):
        point = _listed(value)
    elif isinstance(value, str):
        point = _spelled(value)
    elif value is None:
        return None
    else:
        raise ValueError(f"{shown(value)} is no place")
    return point if point is not None and point != (0.0, 0.0) else None


def _point(lat: Any, lon: Any) -> Optional[Point]:
    north, east = latitude(lat), longitude(lon)
    return None if north is None or east is None else (north, east)


def _keyed(value: Mapping[str, Any]) -> Optional[Point]:
    if "coordinates" in value:
        return _listed(value["coordinates"])
    low = {str(key).lower(): item for key, item in value.items()}
    for north, east in (("lat", "lon"), ("latitude", "longitude"), ("lat", "lng")):
        if north in low and east in low:
            return _point(low[north], low[east])
    return None


def _listed(value: Any) -> Optional[Point]:
    if not isinstance(value, (list, tuple)) or not value:
        return None
    if isinstance(value[0], (list, tuple, dict, str)):
        return location(value[0])  # several places, or one written as text
    if len(value) < 2:
        raise ValueError(f"{shown(value)} is no place. Give [longitude, latitude]")
    return _point(value[1], value[0])


def _spelled(value: str) -> Optional[Point]:
    stripped = value.strip()
    if stripped.lower() in MISSING:
        return None
    found = _POINT.match(stripped)
    if found:
        return _point(found.group(2), found.group(1))
    if "," in stripped:
        parts = stripped.strip("()[]").split(",")
        if len(parts) == 2:
            return _point(*parts)
    elif 1 <= len(stripped) <= 12 and all(letter in _GEOHASH for letter in stripped.lower()):
        return geohash(stripped)
    raise ValueError(f"{shown(value)} is no place. Give latitude,longitude")


def geohash(value: str) -> Point:
    """The middle of a geohash cell."""
    bounds: List[List[float]] = [[-180.0, 180.0], [-90.0, 90.0]]
    axis = 0
    for letter in value.lower():
        bits = _GEOHASH.index(letter)
        for bit in (16, 8, 4, 2, 1):
            low, high = bounds[axis]
            bounds[axis][0 if bits & bit else 1] = (low + high) / 2
            axis = 1 - axis
    return (sum(bounds[1]) / 2, sum(bounds[0]) / 2)


class Vocabulary:
    """Translates a vendor's words into ours: exact words first, then patterns in the order of the map."""

    def __init__(self, table: Mapping[str, Sequence[str]], ours: Sequence[str], missing: FrozenSet[str]) -> None:
        self._ours = {word.lower(): word for word in ours}
        self._missing = missing
        self._exact: Dict[str, str] = {}
        self._patterns: List[Tuple[Callable[[str], bool], str]] = []
        for our, theirs in table.items():
            for word in theirs:
                if "*" in word:
                    self._patterns.append((_pattern(word.lower()), our))
                else:
                    self._exact.setdefault(word.lower(), our)
        for low, word in self._ours.items():
            if low != "unknown":
                self._exact.setdefault(low, word)

    def __call__(self, value: Any) -> Optional[str]:
        if isinstance(value, (list, tuple)):
            return next((found for found in map(self, value) if found is not None), None)
        if value is None or isinstance(value, Mapping):
            return None
        low = text_of(value).strip().lower()
        found = self._exact.get(low)
        if found is not None or low in self._missing:
            return found
        return next((our for matches, our in self._patterns if matches(low)), None)


def _pattern(word: str) -> Callable[[str], bool]:
    core = word.strip("*")
    if not core:
        return lambda _text: True
    if word.startswith("*") and word.endswith("*"):
        return lambda text: core in text
    if word.startswith("*"):
        return lambda text: text.endswith(core)
    return lambda text: text.startswith(core)
