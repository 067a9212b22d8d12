"""Policies as hypothesis makes them: every key of the schema, in values as hostile as its type allows."""

from __future__ import annotations

from typing import Any, Dict

from busybody.policy.schema import Key, catalogue_weights, schema
from hypothesis import strategies as st

HOSTILE = [
    "a=b",
    "# no comment",
    " lead",
    "trail ",
    "back\\",
    "two\nlines",
    "\\\n",
    "[policy:x]",
    '"',
    "'",
    "null",
    "NO",
    "1e3",
]
HOSTILE += [
    "~",
    "true",
    "- x",
    "a: b",
    "{",
    "]",
    "\u2028",
    "\x85",
    "\x00",
    "\x7f",
    "\ufeff",
    "\U000e0001",
    "😀",
    "\r\n",
    "\t",
    "é",
]
CHARACTERS = st.characters(exclude_categories=["Cs"])
TEXT = st.one_of(st.sampled_from(HOSTILE), st.text(CHARACTERS, min_size=1, max_size=12))
FILLED = TEXT.filter(lambda text: text.strip() != "")
SOURCES = st.from_regex(r"\A[a-zA-Z0-9_*][a-zA-Z0-9_.:/*-]{0,12}\Z")
NUMBERS = st.one_of(st.integers(-(2**70), 2**70), st.floats(allow_nan=False, allow_infinity=False))
LEAVES = st.one_of(st.none(), st.booleans(), NUMBERS, TEXT)
JSON = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3), max_leaves=6
)
PATTERNS = st.sampled_from(["/svc-.*/", "/a\\\\/", "/[a-z]+@example\\.com/", "/#=/"])
NETWORKS = st.sampled_from(["192.0.2.0/24", "198.51.100.7", "AS64500", "2001:db8::/32", "2001:db8::1"])


def of_key(key: Key) -> st.SearchStrategy[Any]:
    """Values that the key takes."""
    low = key.least if key.least is not None else key.above
    by_type: Dict[str, st.SearchStrategy[Any]] = {
        "number": st.floats(low or 0.0, key.most, exclude_min=key.least is None),
        "integer": st.integers(int(low or 0), int(key.most or 0)),
        "boolean": st.booleans(),
        "text": FILLED,
        "name": st.from_regex(r"\A[A-Za-z0-9](?:[A-Za-z0-9 _.-]{0,20}[A-Za-z0-9])?\Z"),
        "choice": st.sampled_from(key.choices or ("",)),
        "timezone": st.sampled_from(["UTC", "Europe/Oslo", "America/Argentina/Ushuaia"]),
        "text_map": st.dictionaries(TEXT, FILLED, max_size=4),
        "people": st.lists(FILLED.filter(lambda text: not text.startswith("/")) | PATTERNS, max_size=12),
        "networks": st.lists(NETWORKS, max_size=3),
        "countries": st.lists(st.sampled_from(["NO", "no", "DE"]), max_size=3),
        "detectors": st.lists(st.sampled_from(sorted(catalogue_weights()) or [""]), max_size=2),
        "couples": st.lists(st.lists(st.sampled_from(["NO", "DE", "Italy"]), min_size=2, max_size=2), max_size=3),
        "texts": st.lists(FILLED, max_size=3),
        "profiles": st.lists(FILLED, max_size=2),
        "maps": st.lists(FILLED | st.dictionaries(TEXT, JSON, min_size=1, max_size=3), max_size=2),
    }
    values = by_type[key.type]
    return st.none() | values if key.null else values


@st.composite
def mappings(draw: st.DrawFn) -> Dict[str, Any]:
    """A valid policy with a few of its keys."""
    rules = schema()
    result: Dict[str, Any] = {}
    for key in draw(st.lists(st.sampled_from(rules.keys), max_size=8, unique_by=lambda key: key.key)):
        if key.key not in APART:
            inner = result.setdefault(key.section, {}) if key.section else result
            inner[key.leaf] = draw(of_key(key))
    for name in draw(st.lists(SOURCES, max_size=2, unique=True)):
        keys = draw(st.lists(st.sampled_from(rules.source_keys), max_size=3, unique_by=lambda key: key.key))
        result.setdefault("sources", {})[name] = {key.leaf: draw(of_key(key)) for key in keys}
    return result


# What must agree with another key has a test of its own.
APART = {"identity.pseudonym_key_env", "travel.ground_kmh", "travel.jet_kmh"} | {
    "learning.half_life_days",
    "learning.forget_days",
}
