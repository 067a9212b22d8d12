"""The schema of a policy, as schema.json has it. Validation, defaults, texts and docs all follow from this.

Each key has a type, a default, bounds and one sentence. Two keys have a name within: `weights.<detector>`,
whose names and defaults are those of the detector catalogue, and `sources.<source>.…`, one set per source.
"""

from __future__ import annotations

import json
import os
from functools import lru_cache
from typing import Any, Dict, List, Mapping, NamedTuple, Optional, Tuple

HERE = os.path.dirname(__file__)
CATALOGUE = os.path.join(os.path.dirname(HERE), "detectors", "catalogue.json")
LEAST_WEIGHT, MOST_WEIGHT = 0.3, 1.5  # times the catalogue's default

WORDS = {
    "number": "a number",
    "integer": "a whole number",
    "boolean": "true or false",
    "text": "text",
    "name": "a name",
    "choice": "a choice",
    "timezone": "the IANA name of a time zone",
    "text_map": "a map of names to people",
    "people": "a list of names and /patterns/",
    "networks": "a list of blocks, addresses and AS numbers",
    "countries": "a list of ISO 3166-1 codes of two letters",
    "detectors": "a list of detectors",
    "couples": "a list of pairs of countries",
    "texts": "a list of words",
    "maps": "a list of paths and field maps",
    "profiles": "a list of paths and profiles",
}


class Key(NamedTuple):
    """One key of a policy. `least` and `most` are inclusive, `above` is not."""

    key: str  # dotted, as in "alerts.budget"
    type: str  # one of the checks in check.py
    default: Any
    about: str
    example: Any
    null: bool = False
    least: Optional[float] = None
    above: Optional[float] = None
    most: Optional[float] = None
    unit: Optional[str] = None
    choices: Tuple[str, ...] = ()

    @property
    def type_words(self) -> str:
        """What the key takes, in words: "a number above 0, at most 1000"."""
        words = WORDS[self.type]
        if self.choices:
            words = "one of " + ", ".join(self.choices)
        bounds = []
        if self.above is not None:
            bounds.append(f"above {self.above:g}")
        if self.least is not None:
            bounds.append(f"at least {self.least:g}")
        if self.most is not None:
            bounds.append(f"at most {self.most:g}")
        words = " ".join([words, ", ".join(bounds)]).strip()
        return words + " or null" if self.null else words

    @property
    def section(self) -> str:
        return self.key.partition(".")[0] if "." in self.key else ""

    @property
    def leaf(self) -> str:
        return self.key.rpartition(".")[2]


class Schema(NamedTuple):
    """Every key, weights included, in the order in which they are shown."""

    sections: Mapping[str, str]  # name -> one sentence
    keys: Tuple[Key, ...]  # without those of a source
    source_keys: Tuple[Key, ...]  # key "sources.<source>.user_map", leaf "user_map"

    def of_section(self, section: str) -> Tuple[Key, ...]:
        return tuple(key for key in self.keys if key.section == section)


@lru_cache(maxsize=1)
def schema() -> Schema:
    """The schema of this version, with a weight for each detector of the catalogue."""
    data = _read(os.path.join(HERE, "schema.json"))
    keys: List[Key] = []
    source_keys: List[Key] = []
    for row in data["keys"]:
        if row["key"] == "weights.<detector>":
            keys.extend(weight_key(row, name, weight) for name, weight in catalogue_weights().items())
        elif row["key"].startswith("sources.<source>."):
            source_keys.append(read_key(row))
        else:
            keys.append(read_key(row))
    return Schema(data["sections"], tuple(keys), tuple(source_keys))


def read_key(row: Mapping[str, Any]) -> Key:
    key = Key(**{**row, "choices": tuple(row.get("choices", ()))})
    if key.type == "number" and key.default is not None:
        return key._replace(default=float(key.default))
    return key


def weight_key(row: Mapping[str, Any], name: str, weight: float) -> Key:
    bounds = {"least": round(weight * LEAST_WEIGHT, 6), "most": round(weight * MOST_WEIGHT, 6)}
    return read_key(
        {
            **row,
            **bounds,
            "about": f"Weight of `{name}`.",
            "key": f"weights.{name}",
            "default": weight,
            "example": round(weight * 1.2, 3),
        }
    )


@lru_cache(maxsize=1)
def catalogue_weights() -> Dict[str, float]:
    """Detector name -> default weight, in catalogue order."""
    data = _read(CATALOGUE)
    rows = data["detectors"] if isinstance(data, dict) else data
    return {row["name"]: float(row["weight"]) for row in rows}


def _read(path: str) -> Any:
    with open(path, encoding="utf-8") as file:
        return json.load(file)
