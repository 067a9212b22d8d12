"""Loading a map: JSON text -> FieldMap, refusing unknown and duplicate keys with the place named."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Dict, FrozenSet, List, Mapping, NamedTuple, Optional, Sequence, Tuple

from ..distinct import Repeated, distinct
from ..errors import PolicyError, shown
from ..signin import FLAGS, METHODS, MFA_RESULTS, NETWORK_CLASSES, OUTCOMES
from .values import MISSING

MAPS = Path(__file__).parent / "maps"
TEXT_FIELDS = ("id", "user", "user_agent", "device_id", "app", "session", "group", "source", "as_org")
VOCABULARIES: Mapping[str, Sequence[str]] = {
    "outcome": OUTCOMES,
    "method": METHODS,
    "mfa": MFA_RESULTS,
    "network": NETWORK_CLASSES,
    "interactive": ("true", "false"),
}
FIELDS = ("time", "ip", "asn", *TEXT_FIELDS, *VOCABULARIES)
PLACE_FIELDS = ("country", "region", "city", "lat", "lon", "location", "accuracy_km")
REQUIRED = ("source", "title", "documented_at", "detect", "fields")
KEYS = (*REQUIRED, "skip", "sign_in", "kind", "extract", "places", "values", "flags", "missing")


class FieldMap(NamedTuple):
    """One map as it was read: every key known, every container of the right kind; conditions not yet compiled."""

    name: str
    source: str
    title: str
    documented_at: Tuple[str, ...]
    detect: Any
    skip: List[Mapping[str, Any]]
    sign_in: Any  # None: every record is a sign-in
    kind: List[str]
    extract: List[Mapping[str, Any]]
    fields: Mapping[str, List[Any]]
    places: List[Mapping[str, Any]]
    values: Mapping[str, Mapping[str, List[str]]]
    flags: Mapping[str, Any]
    missing: FrozenSet[str]
    own: bool  # a user's map, which wins over a packaged one that fits as well

    def fault(self, key: str, message: str) -> PolicyError:
        """The error that names this map and the key."""
        return PolicyError(message, source=self.name, key=key or None)


def load(path: Path, own: bool = False) -> FieldMap:
    """The map in a file. Raises PolicyError that names file and key."""
    name = path.name if own else path.stem
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise PolicyError(f"the map cannot be read: {error}", source=str(path)) from error
    try:
        raw = json.loads(text, object_pairs_hook=distinct)
    except json.JSONDecodeError as error:
        raise PolicyError(f"no JSON: {error.msg}", source=str(path), line=error.lineno) from error
    except (Repeated, RecursionError) as error:
        raise PolicyError(str(error), source=str(path)) from error
    return from_mapping(raw, name, own)


def from_mapping(raw: Any, name: str, own: bool = False) -> FieldMap:
    """The map in a mapping, such as one that stands in a policy. Raises PolicyError that names the key."""

    def fault(key: str, message: str) -> PolicyError:
        return PolicyError(message, source=name, key=key or None)

    if not isinstance(raw, Mapping):
        raise fault("", f"{shown(raw)} is no map")
    for key in raw:
        if key not in KEYS:
            raise fault(str(key), f"unknown key. A map has {', '.join(KEYS)}")
    for key in REQUIRED:
        if key not in raw:
            raise fault(key, "is missing")
    for key in ("source", "title"):
        if not isinstance(raw[key], str) or not raw[key]:
            raise fault(key, f"{shown(raw[key])} is no text")
    missing = [word.strip().lower() for word in _texts(raw.get("missing", []), "missing", fault)]
    fields = _fields(raw["fields"], FIELDS, "fields", fault)
    for key in ("time", "user"):
        if key not in fields:
            raise fault(f"fields.{key}", "is missing: without it nothing is a sign-in")
    return FieldMap(
        name=name,
        source=raw["source"],
        title=raw["title"],
        documented_at=tuple(_texts(raw["documented_at"], "documented_at", fault)),
        detect=raw["detect"],
        skip=_rules(raw.get("skip", []), "skip", fault),
        sign_in=raw.get("sign_in"),
        kind=_texts(raw.get("kind", []), "kind", fault),
        extract=_objects(raw.get("extract", []), "extract", fault),
        fields=fields,
        places=_places(raw.get("places", []), fault),
        values=_values(raw.get("values", {}), fault),
        flags=_flags(raw.get("flags", {}), fault),
        missing=MISSING.union(missing),
        own=own,
    )


def _texts(raw: Any, key: str, fault: Any) -> List[str]:
    listed = [raw] if isinstance(raw, str) else raw
    if not isinstance(listed, list) or not all(isinstance(item, str) for item in listed):
        raise fault(key, f"{shown(raw)} is no text or list of texts")
    return listed


def _objects(raw: Any, key: str, fault: Any) -> List[Mapping[str, Any]]:
    if not isinstance(raw, list) or not all(isinstance(item, Mapping) for item in raw):
        raise fault(key, "needs a list of objects")
    return raw


def _rules(raw: Any, key: str, fault: Any) -> List[Mapping[str, Any]]:
    rules = _objects(raw, key, fault)
    for number, rule in enumerate(rules):
        if set(rule) != {"when", "reason"} or not isinstance(rule["reason"], str):
            raise fault(f"{key}[{number}]", 'needs exactly "when" and "reason"')
    return rules


def _fields(raw: Any, known: Sequence[str], key: str, fault: Any) -> Dict[str, List[Any]]:
    if not isinstance(raw, Mapping):
        raise fault(key, "needs an object: field -> paths")
    for name in raw:
        if name not in known:
            raise fault(f"{key}.{name}", f"unknown field. Known are {', '.join(known)}")
    return {name: entries if isinstance(entries, list) else [entries] for name, entries in raw.items()}


def _places(raw: Any, fault: Any) -> List[Mapping[str, Any]]:
    groups: List[Mapping[str, Any]] = []
    for number, group in enumerate(_objects(raw, "places", fault)):
        when = {"when": group["when"]} if "when" in group else {}
        rest = {name: entries for name, entries in group.items() if name != "when"}
        groups.append({**_fields(rest, PLACE_FIELDS, f"places[{number}]", fault), **when})
    return groups


def _values(raw: Any, fault: Any) -> Mapping[str, Mapping[str, List[str]]]:
    if not isinstance(raw, Mapping):
        raise fault("values", "needs an object: field -> {our value: [their values]}")
    for field, table in raw.items():
        if field not in FIELDS and field not in PLACE_FIELDS:
            raise fault(f"values.{field}", "unknown field")
        if not isinstance(table, Mapping):
            raise fault(f"values.{field}", "needs an object: our value -> [their values]")
        for our, theirs in table.items():
            if field in VOCABULARIES and our not in VOCABULARIES[field]:
                raise fault(f"values.{field}.{our}", f"is none of {', '.join(VOCABULARIES[field])}")
            _texts(theirs if isinstance(theirs, list) else None, f"values.{field}.{our}", fault)
    return raw


def _flags(raw: Any, fault: Any) -> Mapping[str, Any]:
    if not isinstance(raw, Mapping):
        raise fault("flags", "needs an object: flag -> condition")
    for flag in raw:
        if flag not in FLAGS:
            raise fault(f"flags.{flag}", f"unknown flag. Known are {', '.join(FLAGS)}")
    return raw


def packaged(folder: Optional[Path] = None) -> List[FieldMap]:
    """The maps of the package, by name."""
    return [load(path) for path in sorted((folder or MAPS).glob("*.json"))]
