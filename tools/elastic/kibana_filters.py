"""Data views, and the filter on the kind of document that every panel and search has."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]
DATASET = {  # what a panel's documents are, beside their data view: the field that says it, and its value
    "score": ("data_stream.dataset", "busybody.score"),
    "alert": ("data_stream.dataset", "busybody.alert"),
    "heartbeat": ("data_stream.dataset", "busybody.heartbeat"),
    "incident": ("event.dataset", "busybody.alert"),
    "risk": ("event.dataset", "busybody.risk"),
    "risk_latest": ("event.dataset", "busybody.risk"),
}


def view_id(view: str) -> str:
    """Id of a data view's saved object."""
    return f"busybody_view_{view}"


def query(kql: str) -> Json:
    """A query in Kibana's query language."""
    return {"query": kql.strip(), "language": "kuery"}


def filters(view: str, reference: str) -> list[Json]:
    """The filter on the documents' kind that every panel has."""
    field, value = DATASET[view]
    return [
        {
            "$state": {"store": "appState"},
            "meta": {
                "alias": None,
                "disabled": False,
                "negate": False,
                "type": "phrase",
                "key": field,
                "field": field,
                "params": {"query": value},
                "index": reference,
            },
            "query": {"match_phrase": {field: value}},
        }
    ]
