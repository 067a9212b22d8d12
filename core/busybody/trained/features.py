"""What a trained model sees of a sign-in: numbers, each larger the more unlike the person it is.

    P(v) = (n(v) + τ·B(v)) / (N + τ)      surprise = ln(EVERYDAY / P)      [nats, 0 to CEILING]

n counts this person's own sign-ins, B is how common the value is among the others (`population.organisation`). What
makes up a tenth of somebody's sign-ins has no surprise, or the first days of a life, when little was counted, would
look odd. No value enters as a code of its own: 64510 is no more than 64509 of anything. A missing value is None; the
model takes it for the usual one. Only what detectors read is read, so that one sign-in has one vector, on every
surface and in training.
"""

from __future__ import annotations

from math import log
from typing import Callable, Dict, Mapping, NamedTuple, Optional, Tuple

from ..detectors.impossible_travel import places
from ..detectors.new_device import is_other_version
from ..places import distance_km
from ..policy import Policy
from ..population import Population
from ..profile import Known, Profile
from ..profile.known import ANONYMOUS
from ..profile.profile import operator_of
from ..signin import SignIn

EVERYDAY = 0.1  # share of a person's own sign-ins from which on nothing is surprising
CEILING = 8.0  # nats
HALF = 0.5  # of a sign-in, for what was never seen
SHORTEST_HOURS = 1.0 / 12.0  # a clock that is off by minutes is no speed
UNIT_KM = UNIT_KMH = 100.0
Vector = Tuple[Optional[float], ...]


class Case(NamedTuple):
    """All that a feature may read."""

    signin: SignIn
    profile: Profile
    seen: Known
    population: Population
    policy: Policy


class Feature(NamedTuple):
    words: str  # what it is in a sentence: "an odd {words}"
    value: Callable[[Case], Optional[float]]
    plain: float = 3.0  # from here on it is plainly new, whoever it is


def vector(case: Case, names: Tuple[str, ...]) -> Vector:
    """The named features of one sign-in. Raises KeyError for a name that is not in FEATURES."""
    values = (FEATURES[name].value(case) for name in names)
    return tuple(None if value is None else min(max(value, 0.0), CEILING) for value in values)


def _backed_off(case: Case, table: str, value: Optional[str], count: int, mass: float) -> Optional[float]:
    """Surprise of a value, backed off to the others by `mass` sign-ins."""
    if value is None:
        return None
    tau = mass * case.population.unit
    return log(EVERYDAY * (case.seen.total + tau) / (count + tau * _base(case, table, value)))


def _base(case: Case, table: str, value: object) -> float:
    population, group = case.population, case.signin.group or case.profile.group
    return population.organisation.base(table, value, group, population.organisation_unit)  # type: ignore[arg-type]


def _own(case: Case, count: int) -> float:
    """Surprise by the person's own sign-ins alone."""
    unit = case.population.unit
    return log(EVERYDAY * (case.seen.total + unit) / (count + HALF * unit))


def _network(case: Case) -> Optional[float]:
    return _backed_off(case, "class", case.signin.network, case.seen.network, 1.0)


def _country(case: Case) -> Optional[float]:
    return _backed_off(case, "country", case.signin.country, case.seen.country, 1.0)


def _operator(case: Case) -> Optional[float]:
    """The operator, given the class where that is known: a rare class says so itself."""
    operator, seen = operator_of(case.signin), case.seen
    if operator is None:
        return None
    tau = 2.0 * case.population.unit
    context = max(seen.network if case.signin.network is not None else seen.total, seen.asn)
    return log(EVERYDAY * (context + tau) / (seen.asn + tau * _base(case, "asn", operator)))


def _subnet(case: Case) -> Optional[float]:
    """A subnet never seen, given how often this person brings a new one."""
    if case.signin.subnet is None:
        return None
    return 0.0 if case.seen.subnet else _own(case, case.profile.fresh)


def _device(case: Case) -> Optional[float]:
    return _backed_off(case, "device", case.signin.device, case.seen.device, 1.5)


def _device_id(case: Case) -> Optional[float]:
    if case.signin.device_id is None or not case.seen.device_ids:
        return None
    return _own(case, case.seen.device_id)


def _version(case: Case) -> Optional[float]:
    """1 for a browser older than the one last seen on this device."""
    if case.signin.version is None or case.signin.device not in case.profile.versions:
        return None
    return float(is_other_version(case.signin, case.profile))


def _together(case: Case) -> Optional[float]:
    """Network and device together, each of which may be well known."""
    operator, device = operator_of(case.signin), case.signin.device
    if operator is None or device is None:
        return None
    habits = case.profile.habits.items()
    return _own(case, sum(habit.count for key, habit in habits if key[2] == operator and key[3] == device))


def _anonymity(case: Case) -> Optional[float]:
    if case.signin.network is None:
        return None
    return _own(case, case.seen.anonymous) if case.signin.network in ANONYMOUS else 0.0


def _hour(case: Case) -> Optional[float]:
    hours, hour = case.profile.hours, int(case.signin.time % 86400.0 // 3600.0)
    near = (2 * hours[hour] + hours[hour - 1] + hours[(hour + 1) % 24]) / 4.0
    tau = 4.0 * case.population.unit
    return log(EVERYDAY * (case.seen.total + tau) / (near + tau * _base(case, "hour", hour)))


def _distance(case: Case) -> Optional[float]:
    """ln(1 + km / 100) to the nearest of the last places."""
    signin, profile = case.signin, case.profile
    if signin.lat is None or signin.lon is None or signin.network == "private":
        return None
    known = [(place.lat, place.lon) for place in profile.anchors if place.lat is not None and place.lon is not None]
    if not known:
        return None
    return log(
        1.0 + min(distance_km(lat, lon, signin.lat, signin.lon) for lat, lon in known if lon is not None) / UNIT_KM
    )


def _speed(case: Case) -> Optional[float]:
    """ln(1 + km/h / 100), the largest from any place of the last hours; 0 within the policy's shortest journey."""
    signin = case.signin
    if signin.lat is None or signin.lon is None or signin.network == "private" or signin.interactive is False:
        return None
    fastest = 0.0
    for place in places(case.profile, signin, case.policy):
        if place.lat is None or place.lon is None or (place.subnet == signin.subnet and signin.subnet is not None):
            continue
        distance = distance_km(place.lat, place.lon, signin.lat, signin.lon)
        if distance > case.policy.travel.min_distance_km:
            fastest = max(fastest, distance / max(abs(signin.time - place.time) / 3600.0, SHORTEST_HOURS))
    return log(1.0 + fastest / UNIT_KMH)


def _silence(case: Case) -> Optional[float]:
    """ln(1 + days) since the person last got in."""
    since = case.profile.silent_since(case.signin)
    return None if since is None else log(1.0 + max(case.signin.time - since, 0.0) / 86400.0)


FEATURES: Mapping[str, Feature] = {
    "network": Feature("kind of network", _network),
    "country": Feature("country", _country),
    "operator": Feature("network", _operator),
    "subnet": Feature("subnet", _subnet, 2.0),
    "device": Feature("device", _device),
    "device_id": Feature("machine", _device_id, 2.0),
    "version": Feature("browser version", _version, 1.0),
    "together": Feature("pair of network and device", _together, 2.0),
    "anonymity": Feature("anonymous network", _anonymity, 2.0),
    "hour": Feature("hour", _hour, 1.0),
    "distance": Feature("distance", _distance, log(1.0 + 500.0 / UNIT_KM)),
    "speed": Feature("speed of travel", _speed, log(1.0 + 1000.0 / UNIT_KMH)),
    "silence": Feature("silence before it", _silence, log(1.0 + 30.0)),
}
NAMES: Tuple[str, ...] = tuple(FEATURES)
# What busybody 1.0 looked at: place, owner of the network, user agent.
PLACE_NETWORK_DEVICE: Tuple[str, ...] = ("distance", "operator", "device")
SETS: Dict[str, Tuple[str, ...]] = {"all": NAMES, "busybody-1": PLACE_NETWORK_DEVICE}
