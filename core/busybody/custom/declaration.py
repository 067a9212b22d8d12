"""A behaviour profile as it is declared: data, checked whole; nothing in it is code.

    {"profile": "database", "actor": "db.user", "time": "@timestamp",
     "match": {"event.dataset": "postgresql.log"},
     "fields": [{"path": "db.command"}, {"paths": ["client.ip", "db.name"], "reporter": "optional", "weight": 0.5}]}

Without `actor` the profile watches the people whose sign-ins are scored anyway.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, Dict, List, Mapping, NamedTuple, Optional, Sequence, Tuple

from ..distinct import distinct
from ..errors import PolicyError, shown
from ..fields.paths import parse
from ..policy.schema import catalogue_weights
from ..policy.suggest import nearest

REPORTERS = ("mandatory", "optional")
NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
KEYS = ("profile", "about", "actor", "time", "match", "fields", "collector", "analyzer", "learning_records", "weight")
MOST_FIELDS = 16  # of one profile: each keeps its values with every person


class Invalid(ValueError):
    """What is wrong with a declaration, and at which key of it."""

    def __init__(self, key: str, message: str) -> None:
        super().__init__(message)
        self.key = key


class Field(NamedTuple):
    """One value that is counted: that of one path, or of several together."""

    paths: Tuple[str, ...]
    reporter: str  # one of REPORTERS
    weight: float

    @property
    def name(self) -> str:
        return " + ".join(self.paths)


class Analyzer(NamedTuple):
    """When a burst of anomalies is one too many; see `burst`."""

    weight: float = 0.2
    decay: float = 0.1
    threshold: float = 0.5


class Declaration(NamedTuple):
    """One profile."""

    name: str
    about: str
    actor: Tuple[str, ...]  # paths, the first that is there counts; none: the person who signs in
    time: Tuple[str, ...]
    match: Mapping[str, Tuple[str, ...]]  # path -> values in lower case, one of which it has to have; none: anything
    fields: Tuple[Field, ...]
    seconds: float  # how long a burst lasts
    analyzer: Analyzer
    learning_records: int  # of an actor, before anything is called odd
    weight: float  # log-odds per 1.0 of the analyzer's answer, over FULL

    def paths(self) -> List[str]:
        """Everything that it reads of a record."""
        return [*self.match, *(path for field in self.fields for path in field.paths)]


def load(raw: Any, number: int) -> Declaration:
    """A profile of the policy: a path, or the profile itself. Raises PolicyError."""
    source = raw if isinstance(raw, str) else f"profiles[{number}]"
    try:
        return declared(_read(Path(raw).expanduser()) if isinstance(raw, str) else raw)
    except Invalid as error:
        raise PolicyError(f"{error}.", source=source, key=error.key or None) from None


def _read(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8-sig"), object_pairs_hook=distinct)
    except OSError as error:
        raise Invalid("", f"cannot be read: {error.strerror}. Check the path and its permissions") from error
    except (ValueError, RecursionError) as error:
        raise Invalid("", f"is no JSON: {error}. Mend the file") from error


def declared(raw: Any) -> Declaration:
    """The profile in a mapping. Raises Invalid."""
    if not isinstance(raw, Mapping):
        raise Invalid("", f"{shown(raw)} is no profile. Give an object")
    _known(raw, KEYS, "")
    name = raw.get("profile")
    if not isinstance(name, str) or not NAME.fullmatch(name):
        raise Invalid("profile", f"{shown(name)} is no name. Give small letters, digits and _, such as 'database'")
    if name in catalogue_weights():
        raise Invalid("profile", f"{shown(name)} is a detector's name. Choose another")
    collector, analyzer = _section(raw, "collector", ("seconds",)), _section(raw, "analyzer", Analyzer._fields)
    found = Declaration(
        name=name,
        about=_text(raw.get("about", ""), "about"),
        actor=_paths(raw.get("actor", []), "actor"),
        time=_paths(raw.get("time", []), "time"),
        match=_match(raw.get("match", {})),
        fields=_fields(raw.get("fields")),
        seconds=_number(collector.get("seconds", 60.0), "collector.seconds", 0.0, 3600.0),
        analyzer=Analyzer(**{key: _number(value, f"analyzer.{key}", 0.0, 1.0) for key, value in analyzer.items()}),
        learning_records=int(_number(raw.get("learning_records", 10), "learning_records", 0.0, 10000.0)),
        weight=_number(raw.get("weight", 1.0), "weight", 0.0, 3.0),
    )
    if bool(found.actor) != bool(found.time):
        raise Invalid("time" if found.actor else "actor", "is missing: records of their own need an actor and a time")
    return found


def _known(raw: Mapping[str, Any], keys: Sequence[str], inside: str) -> None:
    for key in raw:
        if key not in keys:
            place = f"{inside}.{key}" if inside else str(key)
            raise Invalid(place, f"is no key of a profile.{nearest(str(key), keys)} Known here: {', '.join(keys)}")


def _section(raw: Mapping[str, Any], key: str, keys: Sequence[str]) -> Mapping[str, Any]:
    section = raw.get(key, {})
    if not isinstance(section, Mapping):
        raise Invalid(key, f"{shown(section)} is no section. Put its keys below it")
    _known(section, keys, key)
    return section


def _text(value: Any, key: str) -> str:
    if not isinstance(value, str):
        raise Invalid(key, f"{shown(value)} is no text")
    return value


def _number(value: Any, key: str, least: float, most: float) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not least <= value <= most:
        raise Invalid(key, f"{shown(value)} is out of bounds. Give a number from {least:g} to {most:g}")
    return float(value)


def _paths(value: Any, key: str) -> Tuple[str, ...]:
    listed = [value] if isinstance(value, str) else value
    if not isinstance(listed, (list, tuple)) or not all(isinstance(path, str) for path in listed):
        raise Invalid(key, f"{shown(value)} is no path. Give a path such as 'user.name', or a list of them")
    for path in listed:
        try:
            parse(path)
        except ValueError as error:
            raise Invalid(key, f"{shown(path)}: {error}. Give a path such as 'user.name'") from None
    return tuple(listed)


def _match(raw: Any) -> Mapping[str, Tuple[str, ...]]:
    if not isinstance(raw, Mapping):
        raise Invalid("match", f"{shown(raw)} is no map. Give a path and the values that it may have")
    found: Dict[str, Tuple[str, ...]] = {}
    for path, values in raw.items():
        _paths(path, f"match.{path}")
        listed = values if isinstance(values, (list, tuple)) else [values]
        if not all(isinstance(value, (str, int, float)) for value in listed):
            raise Invalid(f"match.{path}", f"{shown(values)} is no value. Give text, a number, or a list of them")
        found[path] = tuple(as_text(value) for value in listed)
    return found


def as_text(value: Any) -> str:
    """How a value compares in `match`: text in lower case, anything else by its JSON."""
    return value.casefold() if isinstance(value, str) else json.dumps(value, sort_keys=True, default=str)


def _fields(raw: Any) -> Tuple[Field, ...]:
    if not isinstance(raw, (list, tuple)) or not raw or len(raw) > MOST_FIELDS:
        raise Invalid("fields", f"{shown(raw)} is no list of fields. Give 1 to {MOST_FIELDS} of them")
    return tuple(_field(entry, f"fields[{number}]") for number, entry in enumerate(raw))


def _field(raw: Any, key: str) -> Field:
    if not isinstance(raw, Mapping):
        raise Invalid(key, f"{shown(raw)} is no field. Give {{'path': 'db.command'}}")
    _known(raw, ("path", "paths", "reporter", "weight"), key)
    paths = _paths(raw.get("path", raw.get("paths", [])), key)
    if not paths or ("path" in raw) == ("paths" in raw):
        raise Invalid(key, "needs either 'path' or 'paths'. Give one of the two")
    reporter: Optional[Any] = raw.get("reporter", "mandatory")
    if reporter not in REPORTERS:
        raise Invalid(f"{key}.reporter", f"{shown(reporter)} is no reporter. Give one of {', '.join(REPORTERS)}")
    return Field(paths, str(reporter), _number(raw.get("weight", 1.0), f"{key}.weight", 0.0, 10.0))
