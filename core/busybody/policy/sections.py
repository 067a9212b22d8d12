"""What a policy is made of: one small frozen class per section, one attribute per key of schema.json.

They are NamedTuples: every command that starts pays for these classes, and as dataclasses, with the module that
makes those, they take 13 ms more. The defaults are in the schema and only there; a test compares names and types.
"""

from __future__ import annotations

from typing import Any, FrozenSet, Mapping, NamedTuple, Optional, Tuple, Union

from .lists import NetworkList, PeopleList


class Alerts(NamedTuple):
    """When a scored sign-in becomes an alert. `budget`: false alerts per 1,000 people per day."""

    budget: float
    threshold: Optional[float]
    person_risk: float  # 0 to 100: from here on a person's risk is a reason by itself
    tags: Tuple[str, ...]


class Filters(NamedTuple):
    """What is set aside; the names are BuffaLogs'."""

    alert_is_vip_only: bool
    alert_minimum_risk_score: str  # one of the levels
    user_learning_period: float  # days
    ignored_ips: NetworkList
    allowed_countries: FrozenSet[str]
    ignored_ISPs: PeopleList  # noqa: N815  the key is spelled so
    ignore_mobile_logins: bool
    filtered_alerts_types: FrozenSet[str]  # detectors
    ignored_impossible_travel_all_same_country: bool
    ignored_impossible_travel_countries_couples: FrozenSet[Tuple[str, str]]  # each in alphabetical order


class Levels(NamedTuple):
    """How findings are counted to a person's level."""

    risk_score_increment_alerts: FrozenSet[str]  # detectors
    threshold_user_risk_alert: str
    alert_max_days: float


class Detectors(NamedTuple):
    """Which detectors run."""

    disabled: FrozenSet[str]


class Travel(NamedTuple):
    """From how far and how fast a journey is doubted."""

    min_distance_km: float
    max_speed_kmh: float
    ground_kmh: float
    jet_kmh: float
    airport_hours: float
    window_hours: float


class Countries(NamedTuple):
    """Countries by their ISO 3166-1 alpha-2 code, upper case."""

    atypical_days: float
    trusted: FrozenSet[str]
    ignored: FrozenSet[str]


class Dormant(NamedTuple):
    """When an account counts as asleep."""

    days: float


class Learning(NamedTuple):
    """What may teach, how fast it is trusted and how fast it is forgotten."""

    half_life_days: float
    forget_days: float
    lateness_seconds: float
    trust_days: int
    trust_span_days: float
    new_person_signins: int
    new_person_days: float
    incident_hours: float
    strong_factor: bool


class People(NamedTuple):
    """Lists of people; `enabled` empty means everybody."""

    ignored: PeopleList
    vip: PeopleList
    enabled: PeopleList
    service: PeopleList
    leavers: PeopleList


class Networks(NamedTuple):
    """Lists of networks, by block, address or autonomous system."""

    trusted: NetworkList
    ignored: NetworkList
    egress: NetworkList
    vpn: NetworkList
    tor: NetworkList
    hosting: NetworkList


class Identity(NamedTuple):
    """How the name in a record becomes a person."""

    case_fold: bool
    pseudonym_key_file: Optional[str]
    pseudonym_key_env: Optional[str]


class Source(NamedTuple):
    """Settings of one source of records."""

    user_map: Mapping[str, str]
    user_domain: Optional[str]
    timezone: Optional[str]
    lateness_seconds: Optional[float]


class Geo(NamedTuple):
    """Where places and networks are looked up."""

    city_mmdb: Optional[str]
    asn_mmdb: Optional[str]
    anonymous_mmdb: Optional[str]
    prefer: str


class Trained(NamedTuple):
    """Models that `busybody train` made."""

    model: Optional[str]
    fusion: str


FieldMap = Union[str, Mapping[str, Any]]  # a path, or the map itself
FieldMaps = Tuple[FieldMap, ...]
Profiles = FieldMaps  # behaviour profiles likewise
