"""One value of a policy against its key: the value as it is used, or ValueError with what would be right."""

from __future__ import annotations

import math
import re
from typing import Any, Callable, Dict, List, Mapping

from ..errors import shown
from .countries import country
from .files import Line, is_file, lines_of
from .lists import autonomous_system, block
from .patterns import compiled, is_pattern
from .schema import Key, catalogue_weights
from .suggest import nearest

NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9 _.-]{0,62}[A-Za-z0-9_.-])?", re.ASCII)
DEEPEST = 20  # levels of an inline field map


class ItemErrors(ValueError):
    """Several items of one list are wrong. `items`: position -> what is wrong with it."""

    def __init__(self, items: Mapping[str, str]) -> None:
        super().__init__("; ".join(items.values()))
        self.items = dict(items)


def check(key: Key, value: Any) -> Any:
    """`value` in its canonical form. Raises ValueError (or ItemErrors), saying what would be right."""
    if value is None:
        if key.null:
            return None
        raise ValueError(f"has no value. {_wanted(key)}")
    return CHECKS[key.type](key, value)


def _wanted(key: Key) -> str:
    return f"Give {key.type_words}, such as {shown(key.example)}"


def number(key: Key, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise ValueError(f"{shown(value)} is no number. {_wanted(key)}")
    try:
        result = float(value)
    except OverflowError:
        result = math.inf
    if not math.isfinite(result):
        raise ValueError(f"{shown(value)} is out of bounds. {_wanted(key)}")
    return _bounded(key, result)


def integer(key: Key, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or value != value or value % 1 != 0:
        raise ValueError(f"{shown(value)} is no whole number. {_wanted(key)}")
    return int(_bounded(key, value))


def _bounded(key: Key, value: float) -> float:
    low = key.least is not None and value < key.least
    low = low or (key.above is not None and value <= key.above)
    if low or (key.most is not None and value > key.most):
        raise ValueError(f"{shown(value)} is out of bounds. {_wanted(key)}")
    return value


def boolean(key: Key, value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError(f"{shown(value)} is neither true nor false. {_wanted(key)}")
    return value


def text(key: Key, value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f"{shown(value)} is no text. {_wanted(key)}")
    return storable(value)


def storable(value: str) -> str:
    """The text, unless it has half a surrogate pair, which no file can hold."""
    if any("\ud800" <= character <= "\udfff" for character in value):
        raise ValueError(f"{shown(value)} is no valid Unicode. Write the character itself")
    return value


def name(_: Key, value: Any) -> str:
    if not isinstance(value, str) or not NAME.fullmatch(value):
        raise ValueError(
            f"{shown(value)} is no name. Give 1 to 64 letters, digits, spaces, dots, - or _, such as 'office'"
        )
    return value


def choice(key: Key, value: Any) -> str:
    if not isinstance(value, str) or value not in key.choices:
        raise ValueError(
            f"{shown(value)} is no choice.{nearest(value, key.choices)} Give one of {', '.join(key.choices)}"
        )
    return value


def timezone(key: Key, value: Any) -> str:
    import zoneinfo

    zone = text(key, value)
    try:
        zoneinfo.ZoneInfo(zone)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        known = zoneinfo.available_timezones()
        if known:  # a machine without a zone database cannot tell
            raise ValueError(f"{shown(value)} is no time zone.{nearest(zone, sorted(known))} {_wanted(key)}") from None
    return zone


def text_map(key: Key, value: Any) -> Dict[str, str]:
    if not isinstance(value, dict):
        raise ValueError(f"{shown(value)} is no map. {_wanted(key)}")
    result: Dict[str, str] = {}
    wrong: Dict[str, str] = {}
    for name_, person in value.items():
        if isinstance(person, str) and person.strip():
            result[storable(name_)] = storable(person)
        else:
            wrong[name_] = f"{shown(person)} is no name of a person. Give text in quotes"
    if wrong:
        raise ItemErrors(wrong)
    return result


def _list(key: Key, value: Any, item: Callable[[str], str]) -> List[str]:
    if not isinstance(value, (list, tuple)):
        raise ValueError(f"{shown(value)} is no list. {_wanted(key)}")
    result: List[str] = []
    wrong: Dict[str, str] = {}
    for position, entry in enumerate(value):
        try:
            if not isinstance(entry, str) or not entry.strip():
                raise ValueError(f"is no text. {_wanted(key)}")
            result.append(item(storable(entry)))
        except ValueError as error:
            wrong[f"[{position}]"] = f"{shown(entry)}: {error}"
    if wrong:
        raise ItemErrors(wrong)
    return result


def people(key: Key, value: Any) -> List[str]:
    return _list(key, value, _person)


def _person(entry: str) -> str:
    if is_pattern(entry):
        compiled(entry)
    elif is_file(entry):
        for line in lines_of(entry):
            _in_file(line, _person)
    return entry


def _in_file(line: Line, item: Callable[[str], str]) -> None:
    """Check one row of a CSV file. Raises ValueError with the number of its line."""
    try:
        if is_file(line.text):
            raise ValueError("a file within a file. Name it in the policy")
        item(line.text)
    except ValueError as error:
        raise ValueError(f"line {line.number}: {shown(line.text)}: {error}") from None


def networks(key: Key, value: Any) -> List[str]:
    return _list(key, value, _network)


def _network(entry: str) -> str:
    if is_file(entry):
        for line in lines_of(entry):
            _in_file(line, _network)
        return entry
    if autonomous_system(entry) is None:
        block(entry)
        return entry
    return entry.upper()


def countries(key: Key, value: Any) -> List[str]:
    return _list(key, value, country)


def couples(key: Key, value: Any) -> List[List[str]]:
    """Pairs of countries, each in alphabetical order: the direction of a journey does not matter."""
    if not isinstance(value, (list, tuple)):
        raise ValueError(f"{shown(value)} is no list. {_wanted(key)}")
    result: List[List[str]] = []
    wrong: Dict[str, str] = {}
    for position, pair in enumerate(value):
        try:
            if not isinstance(pair, (list, tuple)) or len(pair) != 2 or not all(isinstance(one, str) for one in pair):
                raise ValueError(f"is no pair of countries. {_wanted(key)}")
            result.append(sorted(country(storable(one)) for one in pair))
        except ValueError as error:
            wrong[f"[{position}]"] = f"{shown(pair)}: {error}"
    if wrong:
        raise ItemErrors(wrong)
    return sorted({tuple(pair): pair for pair in result}.values())


def texts(key: Key, value: Any) -> List[str]:
    return _list(key, value, str)


def detectors(key: Key, value: Any) -> List[str]:
    return _list(key, value, _detector)


def _detector(entry: str) -> str:
    known = catalogue_weights()
    if entry not in known:
        raise ValueError(f"is no detector.{nearest(entry, known)} The catalogue has: {', '.join(known) or 'none'}")
    return entry


def profiles(key: Key, value: Any) -> List[Any]:
    """Paths, or profiles that can be used; what a file holds is checked when it is read."""
    from ..custom.declaration import Invalid, declared

    found = maps(key, value)
    wrong: Dict[str, str] = {}
    for position, entry in enumerate(found):
        try:
            if not isinstance(entry, str):
                declared(entry)
        except Invalid as error:
            wrong[f"[{position}]{error.key and '.' + error.key}"] = str(error)
    if wrong:
        raise ItemErrors(wrong)
    return found


def maps(key: Key, value: Any) -> List[Any]:
    if not isinstance(value, (list, tuple)):
        raise ValueError(f"{shown(value)} is no list. {_wanted(key)}")
    wrong: Dict[str, str] = {}
    for position, entry in enumerate(value):
        if not isinstance(entry, (str, dict)) or not entry or entry == " " * len(entry):
            kind = "a map" if key.type == "maps" else "a profile"
            wrong[f"[{position}]"] = f"{shown(entry)} is neither a path nor {kind}. {_wanted(key)}"
            continue
        try:
            plain(entry, DEEPEST)
        except ValueError as error:
            wrong[f"[{position}]"] = str(error)
    if wrong:
        raise ItemErrors(wrong)
    return list(value)


def plain(value: Any, depth: int) -> None:
    """Raises ValueError for what JSON cannot hold, or what is nested too deep."""
    if depth < 0:
        raise ValueError(f"is nested deeper than {DEEPEST} levels. Put it into a map file and give its path")
    if isinstance(value, str):
        storable(value)
    elif isinstance(value, dict):
        for name_, inner in value.items():
            if not isinstance(name_, str):
                raise ValueError(f"{shown(name_)} is no key. Give text")
            storable(name_)
            plain(inner, depth - 1)
    elif isinstance(value, list):
        for inner in value:
            plain(inner, depth - 1)
    elif isinstance(value, float) and not math.isfinite(value):
        raise ValueError(f"{shown(value)} is no number that JSON has. Give a finite one")
    elif value is not None and not isinstance(value, (bool, int, float)):
        raise ValueError(f"{shown(value)} is nothing that JSON has. Give text, a number, a list or a map")


CHECKS: Mapping[str, Callable[[Key, Any], Any]] = {
    "number": number,
    "integer": integer,
    "boolean": boolean,
    "text": text,
    "name": name,
    "choice": choice,
    "timezone": timezone,
    "text_map": text_map,
    "people": people,
    "networks": networks,
    "countries": countries,
    "couples": couples,
    "texts": texts,
    "detectors": detectors,
    "maps": maps,
    "profiles": profiles,
}
