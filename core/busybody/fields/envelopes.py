"""What logs are wrapped in: hits of Elasticsearch, replies of APIs, rows that Splunk exports, `_bulk` bodies."""

from __future__ import annotations

from typing import Any, Dict, Iterator, Mapping, Optional

LISTS = frozenset(
    (
        "Records",
        "records",
        "value",
        "items",
        "hits",
        "results",
        "logs",
        "entries",
        "authlogs",
        "logins",
        "activities",
        "data",
    )
)  # names under which APIs put their list of records
AROUND = frozenset(("hits", "response", "_embedded", "data", "body", "result"))  # objects that such a list may be in
MARKS = LISTS | AROUND | {"_source", "sourcetype"}  # an object of several keys but none of these is a record itself
_ACTIONS = frozenset(("index", "create", "update", "delete"))


def is_envelope(value: Mapping[str, Any]) -> bool:
    """Whether the object holds a list of records rather than being one."""
    return any(True for _ in _lists(value))


def records(value: Any) -> Iterator[Any]:
    """The records in a value: itself, or those of the list that it wraps."""
    if isinstance(value, list):
        for element in value:
            yield from records(element) if isinstance(element, list) else iter((element,))
        return
    if isinstance(value, Mapping):
        found = next(_lists(value), None)
        if found is not None:
            yield from found
            return
    yield value


def _lists(value: Mapping[str, Any]) -> Iterator[Any]:
    for key, inner in value.items():
        if key in LISTS and _of_records(inner):
            yield inner
        elif key in AROUND and isinstance(inner, dict):
            for name, deeper in inner.items():
                if name in LISTS and _of_records(deeper):
                    yield deeper


def _of_records(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(element, dict) for element in value)


def unwrapped(value: Dict[str, Any]) -> Optional[Dict[str, Any]]:
    """The record in one object: a hit's `_source`, a Splunk row's `result`, a collector's `event`.

    None for the action line of a `_bulk` body, which is no record.
    """
    if "_source" in value:
        source = value["_source"]
        if type(source) is dict:
            return {**{key: value[key] for key in ("_id", "_index") if key in value}, **source}
    if "result" in value and type(value["result"]) is dict and ("preview" in value or "offset" in value):
        return value["result"]
    if "sourcetype" in value and type(value.get("event")) is dict:
        return {**({"_time": value["time"]} if "time" in value else {}), **value["event"]}
    if len(value) == 1:
        name, inner = next(iter(value.items()))
        if name in _ACTIONS and type(inner) is dict and all(key.startswith("_") or key in _OPTIONS for key in inner):
            return None
        if name == "doc" and type(inner) is dict:
            return inner
    return value


_OPTIONS = frozenset(
    (
        "pipeline",
        "routing",
        "require_alias",
        "dynamic_templates",
        "if_seq_no",
        "if_primary_term",
        "retry_on_conflict",
        "version",
    )
)
