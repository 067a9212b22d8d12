"""Policy: what the user decides about scoring, as plain frozen objects.

policy = Policy.load("policy.yaml")
policy.travel.max_speed_kmh, policy.weights["new_country"], policy.people.vip.matches("ana")
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Dict, Mapping, NamedTuple, Optional

from .lists import NetworkList, PeopleList
from .schema import schema
from .sections import (
    Alerts,
    Countries,
    Detectors,
    Dormant,
    FieldMaps,
    Filters,
    Geo,
    Identity,
    Learning,
    Levels,
    Networks,
    People,
    Profiles,
    Source,
    Trained,
    Travel,
)
from .validate import Lines, Plain, defaults, validate


class Policy(NamedTuple):
    """One policy. Two policies are equal when every key is."""

    name: str
    maps: FieldMaps
    profiles: Profiles
    alerts: Alerts
    filters: Filters
    levels: Levels
    weights: Mapping[str, float]  # detector -> log-odds per unit of surprise; every detector of the catalogue
    detectors: Detectors
    travel: Travel
    countries: Countries
    dormant: Dormant
    learning: Learning
    people: People
    networks: Networks
    identity: Identity
    sources: Mapping[str, Source]
    geo: Geo
    trained: Trained

    @classmethod
    def default(cls) -> Policy:
        """The policy of someone who wrote none. Always the same object."""
        return _default()

    @classmethod
    def from_mapping(
        cls, mapping: Mapping[str, Any], *, source: Optional[str] = None, lines: Optional[Lines] = None
    ) -> Policy:
        """From plain values; keys that are absent have their default.

        `source` names the mapping in errors; `lines` says where each key stands there. Raises InvalidPolicy.
        """
        return build(validate(mapping, source, lines))

    @classmethod
    def load(cls, path: str, name: Optional[str] = None) -> Policy:
        """From a file: .yaml or .yml, .json, .conf. `name` chooses among the stanzas of a .conf file.

        Raises InvalidPolicy (a PolicyError), InputError for a file that cannot be read, MissingExtra for YAML
        without PyYAML.
        """
        from .spellings import load

        return load(path, name)

    def to_mapping(self) -> Plain:
        """Every key as plain values that JSON holds; `from_mapping` of it is this policy again."""
        return {name: _plain(value) for name, value in self._asdict().items()}

    def source(self, name: str) -> Source:
        """The settings of a source; those of a source that the policy does not name are the defaults."""
        return self.sources.get(name) or _any_source()

    def lateness_seconds(self, source: str) -> float:
        """How much later than its successors a record of this source may arrive and still be learned."""
        own = self.sources.get(source)
        if own is None or own.lateness_seconds is None:
            return self.learning.lateness_seconds
        return own.lateness_seconds


@lru_cache(maxsize=1)
def _default() -> Policy:
    return Policy.from_mapping({})


@lru_cache(maxsize=1)
def _any_source() -> Source:
    return Source(**defaults(schema().source_keys))


def build(plain: Plain) -> Policy:
    """The objects of a validated policy."""
    return Policy(
        name=plain["name"],
        maps=tuple(plain["maps"]),
        profiles=tuple(plain["profiles"]),
        alerts=Alerts(**{**plain["alerts"], "tags": tuple(plain["alerts"]["tags"])}),
        filters=_filters(plain["filters"]),
        levels=_levels(plain["levels"]),
        weights=plain["weights"],
        detectors=Detectors(frozenset(plain["detectors"]["disabled"])),
        travel=Travel(**plain["travel"]),
        countries=_countries(plain["countries"]),
        dormant=Dormant(**plain["dormant"]),
        learning=Learning(**plain["learning"]),
        people=People(**{name: PeopleList(entries) for name, entries in plain["people"].items()}),
        networks=Networks(**{name: NetworkList(entries) for name, entries in plain["networks"].items()}),
        identity=Identity(**plain["identity"]),
        sources={name: Source(**settings) for name, settings in plain["sources"].items()},
        geo=Geo(**plain["geo"]),
        trained=Trained(**plain["trained"]),
    )


def _countries(plain: Dict[str, Any]) -> Countries:
    return Countries(plain["atypical_days"], frozenset(plain["trusted"]), frozenset(plain["ignored"]))


def _filters(plain: Dict[str, Any]) -> Filters:
    pairs = [(min(pair), max(pair)) for pair in plain["ignored_impossible_travel_countries_couples"]]
    return Filters(
        **{
            **plain,
            "ignored_ips": NetworkList(plain["ignored_ips"]),
            "allowed_countries": frozenset(plain["allowed_countries"]),
            "ignored_ISPs": PeopleList(plain["ignored_ISPs"]),
            "filtered_alerts_types": frozenset(plain["filtered_alerts_types"]),
            "ignored_impossible_travel_countries_couples": frozenset(pairs),
        }
    )


def _levels(plain: Dict[str, Any]) -> Levels:
    return Levels(**{**plain, "risk_score_increment_alerts": frozenset(plain["risk_score_increment_alerts"])})


def _plain(value: Any) -> Any:
    """Sections as dicts, sets as sorted lists, lists of people and networks as they were written."""
    if isinstance(value, (PeopleList, NetworkList)):
        return list(value.entries)
    if isinstance(value, frozenset):
        return [_plain(entry) for entry in sorted(value)]
    if isinstance(value, Mapping):
        return {name: _plain(entry) for name, entry in value.items()}
    if hasattr(value, "_asdict"):
        return _plain(value._asdict())
    if isinstance(value, tuple):
        return [_plain(entry) for entry in value]
    return value
