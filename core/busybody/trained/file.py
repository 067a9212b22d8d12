"""A trained model as a file: JSON, one object, described by trained.schema.json; nothing in it is ever run.

{"format": "busybody-trained", "version": 1, "algorithm": "isolation_forest", "features": ["network", …],
 "scope": "organisation", "provenance": {…}, "parts": {"organisation": {"rows": …, "usual": […], "threshold": …, "tail": […], "model": {…}}}}
"""

from __future__ import annotations

import json
from functools import lru_cache
from math import isfinite
from pathlib import Path
from typing import Any, Dict, Mapping

from ..distinct import distinct
from ..errors import ModelError, shown
from ..model_schema import fault
from .fault import Fault
from .features import FEATURES
from .model import ORGANISATION, Part, Trained

FORMAT, VERSION = "busybody-trained", 1
SCHEMA = Path(__file__).with_name("trained.schema.json")
AGAIN = "Train it again."


def dump(document: Mapping[str, Any]) -> bytes:
    """The bytes of a file. The same model is the same bytes."""
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return (text + "\n").encode("utf-8")


@lru_cache(maxsize=8)
def loaded(path: str) -> Trained:
    """The model in the file at `path`, read once. Raises ModelError that names the file and the key."""
    try:
        with open(path, "rb") as file:
            data = file.read()
    except OSError as error:
        told = f"cannot be read: {error.strerror}. Check the name and the permissions."
        raise ModelError(told, source=path) from error
    return load(data, path)


def load(data: bytes, source: str) -> Trained:
    """The model in these bytes. Raises ModelError that names the source and the key."""
    document = _json(data, source)
    if document.get("format") != FORMAT:
        raise ModelError(f"is no trained model: its format is not {FORMAT!r}. Check the file.", source=source)
    version = document.get("version")
    if type(version) is int and version > VERSION:
        told = f"the model is of version {version}, this Busybody reads up to {VERSION}. Upgrade Busybody."
        raise ModelError(told, source=source, key="version")
    _check("document", document, "", source)
    for number, name in enumerate(document["features"]):
        if name not in FEATURES:
            told = f"{shown(name)} is unknown to this version. Known are {', '.join(FEATURES)}."
            raise ModelError(told, source=source, key=f"features[{number}]")
    algorithm, scope = document["algorithm"], document["scope"]
    if scope == ORGANISATION and list(document["parts"]) != [ORGANISATION]:
        raise ModelError(f"the organisation has one part, named {ORGANISATION!r}. {AGAIN}", source=source, key="parts")
    features = tuple(document["features"])
    parts = {
        key: _part(algorithm, row, len(features), f"parts.{key}", source) for key, row in document["parts"].items()
    }
    return Trained(algorithm, features, scope, document["provenance"], parts)


def _part(algorithm: str, row: Mapping[str, Any], width: int, where: str, source: str) -> Part:
    _check(algorithm, row["model"], f"{where}.model", source)
    try:
        return Part(algorithm, row, width)
    except Fault as found:
        raise ModelError(f"{found.message}. {AGAIN}", source=source, key=f"{where}.{found.path}") from found


def _check(kind: str, value: Any, where: str, source: str) -> None:
    found = fault(kind, value, SCHEMA)
    if found is not None:
        key = ".".join(part for part in (where, found.path) if part)
        raise ModelError(f"{found.message}. {AGAIN}", source=source, key=key or None)


def _json(data: bytes, source: str) -> Dict[str, Any]:
    try:
        document = json.loads(
            data.decode("utf-8"),
            object_pairs_hook=distinct,
            parse_constant=_number,
            parse_float=_number,
            parse_int=_whole,
        )
    except (ValueError, RecursionError) as error:
        told = "it is nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise ModelError(f"is no trained model: {told}. {AGAIN}", source=source) from error
    if not isinstance(document, dict):
        raise ModelError(f"is no trained model: {shown(document)}. Check the file.", source=source)
    return document


def _number(text: str) -> float:
    value = float(text)
    if not isfinite(value):
        raise ValueError(f"{shown(text)} is no number that fits")
    return value


def _whole(text: str) -> int:
    if len(text) > 18:
        raise ValueError(f"{shown(text)} is no number that fits")
    return int(text)
