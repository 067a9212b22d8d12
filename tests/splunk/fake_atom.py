"""splunkd's replies as Atom, which is what it sends unless asked for JSON."""

from __future__ import annotations

from typing import Any, Dict
from urllib.parse import quote
from xml.sax.saxutils import escape, quoteattr

OPEN = '<feed xmlns="http://www.w3.org/2005/Atom" xmlns:s="http://dev.splunk.com/ns/rest">'


def atom(path: str, answer: Dict[str, Any]) -> str:
    """The reply as XML: messages, or a feed of entries. `path` without query."""
    if "entry" not in answer:
        told = "".join(
            f"<msg type={quoteattr(each['type'])}>{escape(each['text'])}</msg>" for each in answer["messages"]
        )
        return f"<response><messages>{told}</messages></response>"
    entries = "".join(_entry(path, entry) for entry in answer["entry"])
    return f'<?xml version="1.0" encoding="UTF-8"?>{OPEN}<title>{escape(path)}</title><id>{escape(path)}</id>{entries}</feed>'


def _entry(path: str, entry: Dict[str, Any]) -> str:
    name = entry["name"]
    own = quote(name, safe="")
    link = path if path.endswith(own) else f"{path}/{own}"
    fields = "".join(
        f"<s:key name={quoteattr(key)}>{_value(value)}</s:key>"
        for key, value in {**entry["content"], "eai:acl": entry["acl"]}.items()
    )
    return (
        f"<entry><title>{escape(name)}</title><id>https://127.0.0.1:8089{link}</id><updated>2026-01-01T00:00:00Z</updated>"
        f'<link href="{link}" rel="alternate"/><link href="{link}" rel="edit"/><link href="{link}" rel="remove"/>'
        f'<content type="text/xml"><s:dict>{fields}</s:dict></content></entry>'
    )


def _value(value: Any) -> str:
    if isinstance(value, dict):
        return (
            "<s:dict>"
            + "".join(f"<s:key name={quoteattr(key)}>{_value(one)}</s:key>" for key, one in value.items())
            + "</s:dict>"
        )
    if isinstance(value, list):
        return "<s:list>" + "".join(f"<s:item>{escape(str(item))}</s:item>" for item in value) + "</s:list>"
    return escape(str(value))
