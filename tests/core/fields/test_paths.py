"""A path means the same however the record spells it."""

from __future__ import annotations

from typing import Any, Dict, List

import pytest
from busybody.fields.paths import Paths
from hypothesis import given
from hypothesis import strategies as st


def read(path: str, record: Dict[str, Any]) -> Any:
    paths = Paths()
    slot = paths.add(path)
    return paths.read(record)[slot]


def spelled(keys: List[str], cuts: List[bool], value: Any) -> Dict[str, Any]:
    """The same path with dots where `cuts` says so, nested elsewhere."""
    groups = [keys[0]]
    for key, cut in zip(keys[1:], cuts):
        if cut:
            groups.append(key)
        else:
            groups[-1] += "." + key
    found: Any = value
    for group in reversed(groups):
        found = {group: found}
    return found  # type: ignore[no-any-return]


@given(st.lists(st.sampled_from("abcd"), min_size=1, max_size=5), st.lists(st.booleans(), min_size=4, max_size=4))
def test_dots_and_nesting_are_one(keys: List[str], cuts: List[bool]) -> None:
    assert read(".".join(keys), spelled(keys, cuts, 7)) == 7


@pytest.mark.parametrize(
    ("path", "record", "value"),
    [
        ("a.b", {"a": [{"c": 1}, {"b": 2}]}, 2),
        ("a[0].b", {"a": [{"b": 1}, {"b": 2}]}, 1),
        ("a[-1]", {"a": [1, 2]}, 2),
        ("a[5]", {"a": [1]}, None),
        ("a[0]", {"a": "text"}, None),
        ("a[Name=X].Value", {"a": [{"Name": "y", "Value": 1}, {"Name": "x", "Value": 2}]}, 2),
        ("e[n=login].p[n=type].v", {"e": [{"n": "login", "p": [{"n": "type", "v": "saml"}]}]}, "saml"),
        ("e.p[n=type].v", {"e": [{"p": [{"n": "type", "v": "saml"}]}]}, "saml"),
        ("a.b", {"a": None}, None),
        ("a.b", {"a": "text"}, None),
        ("a.b", {"a": {"b": None}, "a.b": 3}, 3),
        ("a[0].b.c", {"a": [{"b": [{"c": 4}]}]}, 4),
    ],
)
def test_lists_and_selectors(path: str, record: Dict[str, Any], value: Any) -> None:
    assert read(path, record) == value


@pytest.mark.parametrize("path", ["", ".", "a..b", "a.", ".a", "[0]", "a[", "a[]b", "a[0]b"])
def test_what_is_no_path_is_refused(path: str) -> None:
    with pytest.raises(ValueError, match="."):
        Paths().add(path)


def test_one_pass_fills_all_slots() -> None:
    paths = Paths()
    slots = [paths.add(path) for path in ("user.name", "user", "source.geo.location.lat", "user.name")]
    found = paths.read({"user": {"name": "ana"}, "source.geo": {"location.lat": 1.5}})
    assert [found[slot] for slot in slots] == ["ana", {"name": "ana"}, 1.5, "ana"]
