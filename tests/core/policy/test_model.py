"""Policy: attribute access, defaults, and that the classes say what the schema says."""

from __future__ import annotations

import pickle
from typing import FrozenSet, Mapping, Optional, Tuple, get_type_hints

import pytest
from busybody.policy import NetworkList, PeopleList, Policy
from busybody.policy.check import check
from busybody.policy.schema import LEAST_WEIGHT, MOST_WEIGHT, Key, catalogue_weights, schema
from busybody.policy.sections import FieldMaps, Source

TYPES = {
    "number": float,
    "integer": int,
    "boolean": bool,
    "text": str,
    "name": str,
    "choice": str,
    "timezone": str,
    "text_map": Mapping[str, str],
    "people": PeopleList,
    "networks": NetworkList,
    "countries": FrozenSet[str],
    "detectors": FrozenSet[str],
    "maps": FieldMaps,
    "profiles": FieldMaps,
    "couples": FrozenSet[Tuple[str, str]],
    "texts": Tuple[str, ...],
}
ALL_KEYS = [*schema().keys, *schema().source_keys]


def hint(key: Key) -> object:
    expected = TYPES[key.type]
    return Optional[expected] if key.null else expected


def test_defaults_are_those_of_the_design() -> None:
    policy = Policy.default()
    assert policy.alerts.budget == 1.0
    assert policy.alerts.threshold is None
    assert (policy.travel.min_distance_km, policy.travel.max_speed_kmh, policy.travel.jet_kmh) == (100, 300, 850)
    assert policy.learning.trust_days == 3
    assert policy.learning.strong_factor is True
    assert not policy.people.enabled
    assert policy.weights == catalogue_weights()


def test_classes_have_the_keys_and_types_of_the_schema() -> None:
    policy = Policy.default()
    hints = {"": get_type_hints(Policy)}
    for name, value in policy._asdict().items():
        if hasattr(value, "_fields"):
            hints[name] = get_type_hints(type(value))
    for section, of_section in hints.items():
        wanted = {key.leaf: hint(key) for key in schema().of_section(section)}
        own = {name: kind for name, kind in of_section.items() if section or name not in schema().sections}
        assert own == wanted, section
    assert get_type_hints(Source) == {key.leaf: hint(key) for key in schema().source_keys}
    assert set(schema().sections) == {*hints, "weights", "sources"} - {""}


@pytest.mark.parametrize("key", ALL_KEYS, ids=lambda key: key.key)
def test_defaults_and_examples_are_within_bounds(key: Key) -> None:
    if key.type != "detectors" or catalogue_weights():
        assert check(key, key.example) is not None or key.key.startswith("weights.")
    assert check(key, key.default) == key.default
    assert key.about.endswith((".", "…"))


def test_weights_stay_within_a_share_of_the_catalogue() -> None:
    for key in schema().of_section("weights"):
        assert key.least == pytest.approx(key.default * LEAST_WEIGHT)
        assert key.most == pytest.approx(key.default * MOST_WEIGHT)


def test_mapping_and_back_is_the_same_policy() -> None:
    policy = Policy.default()
    assert Policy.from_mapping(policy.to_mapping()) == policy
    changed = Policy.from_mapping({"travel": {"jet_kmh": 900}})
    assert changed != policy
    assert Policy.from_mapping(changed.to_mapping()) == changed


def test_dotted_keys_are_read_in_every_spelling() -> None:
    assert Policy.from_mapping({"travel.jet_kmh": 900}) == Policy.from_mapping({"travel": {"jet_kmh": 900}})


def test_mappings_of_two_policies_share_nothing() -> None:
    first = Policy.from_mapping({}).to_mapping()
    first["people"]["vip"].append("ana")
    first["sources"]["okta"] = {}
    assert Policy.from_mapping({}) == Policy.default()


def test_workers_receive_the_same_policy() -> None:
    policy = Policy.from_mapping({"people": {"vip": ["/ana.*/"]}, "networks": {"vpn": ["AS64500"]}})
    assert pickle.loads(pickle.dumps(policy)) == policy


def test_source_without_settings_has_the_defaults() -> None:
    policy = Policy.from_mapping({"sources": {"okta": {"lateness_seconds": 60}}})
    assert policy.lateness_seconds("okta") == 60
    assert policy.lateness_seconds("sshd") == policy.learning.lateness_seconds
    assert policy.source("sshd").user_map == {}
    assert policy.source("okta").lateness_seconds == 60


def test_policy_cannot_be_changed() -> None:
    with pytest.raises(AttributeError):
        Policy.default().travel.jet_kmh = 1  # type: ignore[misc]
