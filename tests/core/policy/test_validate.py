"""Validation: every problem at once, each naming its key, what stands there and what would be right."""

from __future__ import annotations

import copy
import pickle
from typing import Any, Mapping

import pytest
from busybody.errors import PolicyError
from busybody.policy import InvalidPolicy, Policy
from hypothesis import given
from hypothesis import strategies as st

from .strategies import JSON, mappings


def problems(mapping: Mapping[str, Any]) -> list[str]:
    with pytest.raises(InvalidPolicy) as caught:
        Policy.from_mapping(mapping, source="policy.json")
    return [str(problem) for problem in caught.value.problems]


@pytest.mark.parametrize(
    ("mapping", "expected"),
    [
        (
            {"travel": {"jett_kmh": 900}},
            "travel.jett_kmh: is no key of a policy. Did you mean 'jet_kmh'?",
        ),
        ({"jet_kmh": 900}, "jet_kmh: is no key of a policy. Did you mean 'travel.jet_kmh'?"),
        ({"peple": {}}, "peple: is no key of a policy. Did you mean 'people'?"),
        (
            {"geo": {"half_life_days": 3}},
            "geo.half_life_days: is no key of a policy. Did you mean 'learning.half_life_days'?",
        ),
        ({"dormant": {"zzz": 3}}, "dormant.zzz: is no key of a policy. Known here: days."),
        (
            {"alerts": {"budget": 0}},
            "alerts.budget: 0.0 is out of bounds. Give a number above 0, at most 1000, such as 0.5.",
        ),
        (
            {"alerts": {"budget": True}},
            "alerts.budget: True is no number. Give a number above 0, at most 1000, such as 0.5.",
        ),
        (
            {"alerts": {"budget": None}},
            "alerts.budget: has no value. Give a number above 0, at most 1000, such as 0.5.",
        ),
        (
            {"learning": {"trust_days": 2.5}},
            "learning.trust_days: 2.5 is no whole number. Give a whole number at least 1, at most 365, such as 5.",
        ),
        (
            {"learning": {"strong_factor": "yes"}},
            "learning.strong_factor: 'yes' is neither true nor false. Give true or false, such as False.",
        ),
        (
            {"geo": {"prefer": "tabel"}},
            "geo.prefer: 'tabel' is no choice. Did you mean 'table'? Give one of event, table.",
        ),
        (
            {"people": {"vip": "ana"}},
            "people.vip: 'ana' is no list. Give a list of names and /patterns/, such as ['ceo@example.com'].",
        ),
        (
            {"people": {"vip": ["ana", "/(/"]}},
            "people.vip[1]: '/(/': no regular expression: missing ), unterminated subpattern at position 0. Mend the text between the slashes.",
        ),
        (
            {"networks": {"vpn": ["10.0.0.1/8"]}},
            "networks.vpn[0]: '10.0.0.1/8': an address within a block. Write the block as 10.0.0.0/8.",
        ),
        (
            {"countries": {"trusted": ["Norge"]}},
            "countries.trusted[0]: 'Norge': is no country. Give its English name or its ISO 3166-1 code of two letters, such as 'DE'.",
        ),
        (
            {"countries": {"ignored": ["uk"]}},
            "countries.ignored[0]: 'uk': is no country. Did you mean 'GB'? Give its English name or its ISO 3166-1 code of two letters, such as 'DE'.",
        ),
        (
            {"sources": {"okta": {"user_map": {"root": 7}}}},
            "sources.okta.user_map.root: 7 is no name of a person. Give text in quotes.",
        ),
        (
            {"sources": {"ok ta": {}}},
            "sources.ok ta: is no name of a source. Use letters, digits and . : / _ - *, such as okta.system.",
        ),
        (
            {"maps": [3]},
            "maps[0]: 3 is neither a path nor a map. Give a list of paths and field maps, such as ['maps/badge-reader.json'].",
        ),
        ({"travel": 3}, "travel: 3 is no section. Put its keys below it."),
        (
            {"identity": {"pseudonym_key_file": "a", "pseudonym_key_env": "B"}},
            "identity.pseudonym_key_env: stands beside pseudonym_key_file. Keep one of the two.",
        ),
        ({"travel": {"ground_kmh": 900}}, "travel.ground_kmh: 900 is more than jet_kmh. Give a smaller speed."),
        (
            {"learning": {"forget_days": 7}},
            "learning.half_life_days: 30 is more than forget_days. Give a smaller one, or more forget_days.",
        ),
        ({"geo": {"city_mmdb": "\ud800"}}, "geo.city_mmdb: '\\ud800' is no valid Unicode. Write the character itself."),
        (
            {"travel": {"jet_kmh": float("nan")}},
            "travel.jet_kmh: nan is out of bounds. Give a number above 0, at most 20000, such as 900.",
        ),
    ],
)
def test_problem_names_key_value_and_remedy(mapping: Mapping[str, Any], expected: str) -> None:
    assert problems(mapping) == [f"policy.json: {expected}"]


def test_weight_beyond_its_bounds_is_refused_by_name() -> None:
    name, weight = next(iter(Policy.default().weights.items()))
    assert len(problems({"weights": {name: weight * 2, "nonsense": 1}})) == 2


def test_time_zone_is_checked_where_zones_are_known() -> None:
    import zoneinfo

    if not zoneinfo.available_timezones():
        pytest.skip("no time zone database")
    (problem,) = problems({"sources": {"okta": {"timezone": "Europe/Olso"}}})
    assert "Did you mean 'Europe/Oslo'?" in problem


def test_all_problems_come_together_and_survive_pickling() -> None:
    with pytest.raises(PolicyError) as caught:
        Policy.from_mapping({"travel": {"jet_kmh": -1}, "dormant": {"days": "x"}}, source="p.yaml")
    text = str(caught.value)
    assert text.startswith("p.yaml: 2 problems:\n")
    assert "travel.jet_kmh" in text
    assert "dormant.days" in text
    assert str(pickle.loads(pickle.dumps(caught.value))) == text


def test_long_and_hostile_values_are_cut_to_one_line() -> None:
    for problem in problems({"people": {"vip": "x" * 10_000}, "a\nb" * 100: 1, "geo": {"prefer": "\n"}}):
        assert "\n" not in problem
        assert len(problem) < 700


def test_deep_inline_maps_are_refused() -> None:
    deep: dict[str, Any] = {}
    for _ in range(50):
        deep = {"a": deep}
    assert "nested deeper" in problems({"maps": [deep]})[0]


@given(mappings())
def test_valid_policies_are_accepted_and_left_alone(mapping: dict[str, Any]) -> None:
    before = copy.deepcopy(mapping)
    Policy.from_mapping(mapping)
    assert mapping == before


KEYS = st.sampled_from(["travel", "sources", "people", "maps", "weights", "name", "travel.jet_kmh"]) | st.text(
    max_size=5
)


@given(st.dictionaries(KEYS, JSON | st.dictionaries(KEYS, JSON, max_size=3), max_size=4))
def test_any_mapping_is_a_policy_or_named_problems(mapping: dict[str, Any]) -> None:
    try:
        Policy.from_mapping(mapping)
    except InvalidPolicy as error:
        if not error.problems or not all(problem.key for problem in error.problems):
            raise
