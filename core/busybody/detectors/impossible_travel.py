"""Impossible travel: the probability that nobody can have moved so far in so little time.

For every trusted place of the last hours (policy travel.window_hours; several, not only the last sign-in):

    σ        = √(R₁² + R₂²) / 1.489 + 20            [km]  R: 67 % radius of each place; 1.489 = √(2 ln(1/0.33))
    feasible = max(ground · Δt + 30, jet · (Δt − airport))            [km]
    p        = Φ((distance − feasible) / σ)
    surprise = 4.6 · max(p · (1 − p_benign) · novelty)                [nats]  4.6 = ln(.5 / .005)

p_benign is the largest that applies: a place shared by several people of the organisation .95, a pair of
networks the person uses in turn, or a VPN habit, .90, a phone at either end .60, hosting without a habit .25,
else .02. novelty = max(.1, 3 / (n(network) + 3)): going home is not the suspicious leg. Counts are of trusted
sign-ins only, so that an attacker cannot buy a habit. A missing place, a private address and a sign-in that
nobody sat at say nothing. No journey shorter or slower than the policy's limits is doubted.
"""

from __future__ import annotations

from math import erf, sqrt
from typing import Any, Dict, List, Optional, Tuple

from ..places import distance_km
from ..policy import Policy
from ..population import Population
from ..profile import Known, Profile
from ..profile.known import ANONYMOUS
from ..profile.profile import key_of, operator_of
from ..signin import SignIn
from .signal import Signal

SEEN = 4.6  # ln of how much likelier an attacker is to be seen doing so
RADIUS_KM = {"residential": 40.0, "mobile": 250.0, "hosting": 500.0, "vpn": 500.0, "tor": 500.0}
OTHER_RADIUS_KM, GRID_KM = 50.0, 20.0
SIGMAS = 1.489  # of a two-dimensional Gaussian, in its 67 % radius
SHARED, HABIT, PHONE, HOSTING, OTHERWISE = 0.95, 0.90, 0.60, 0.25, 0.02
HABIT_TIMES = 2.0  # sign-ins
NEGLIGIBLE = 0.1  # nats: a known network whose distance is a habit
HARD = 1.0  # nats from which the journey itself is evidence


def detect(signin: SignIn, profile: Profile, seen: Known, population: Population, policy: Policy) -> Optional[Signal]:
    if signin.lat is None or signin.lon is None or signin.network == "private" or signin.interactive is False:
        return None
    worst: Optional[Tuple[float, SignIn, Dict[str, Any]]] = None
    for anchor in places(profile, signin, policy):
        found = _journey(signin, anchor, profile, seen, population, policy)
        if found is not None and (worst is None or found[0] > worst[0]):
            worst = (found[0], anchor, found[1])
    if worst is None:
        return None
    # where an anonymous network "is" says nothing of where the person is
    hard = worst[0] >= HARD and signin.network not in ANONYMOUS
    return Signal(worst[0], worst[2], hard, worst[1])


def beyond(distance_km: float, hours: float, policy: Policy) -> bool:
    """Whether a journey is longer and faster than the limits below which none is doubted."""
    return distance_km > policy.travel.min_distance_km and distance_km > policy.travel.max_speed_kmh * hours


def feasible_km(hours: float, policy: Policy) -> float:
    """How far a person gets: on the ground, or by air with the time that airports take."""
    travel = policy.travel
    return max(travel.ground_kmh * hours + 30.0, travel.jet_kmh * (hours - travel.airport_hours))


def places(profile: Profile, signin: SignIn, policy: Policy) -> List[SignIn]:
    """Where a journey to here may have begun: the anchors, and what waits to become one and came before."""
    recent = policy.travel.window_hours * 3600.0
    found = [anchor for anchor in profile.anchors if abs(signin.time - anchor.time) <= recent]
    for entry in profile.window:
        other = entry.signin
        if (other.time, other.id) >= (signin.time, signin.id):
            break
        if other.lat is None or other.lon is None:
            continue
        if other.network != "private" and other.interactive is not False and key_of(other) in profile.habits:
            found.append(other)
    return found


def _journey(
    signin: SignIn, anchor: SignIn, profile: Profile, seen: Known, population: Population, policy: Policy
) -> Optional[Tuple[float, Dict[str, Any]]]:
    hours = abs(signin.time - anchor.time) / 3600.0
    if signin.lat is None or signin.lon is None or anchor.lat is None or anchor.lon is None:
        return None
    if anchor.subnet == signin.subnet and signin.subnet is not None:
        return None
    distance = distance_km(anchor.lat, anchor.lon, signin.lat, signin.lon)
    if not beyond(distance, hours, policy):
        return None
    organisation, day = population.organisation, population.day
    shared = organisation.is_shared(signin.subnet, day) or organisation.is_shared(anchor.subnet, day)
    doubt = 1.0 - benign(signin, anchor, profile, seen.anonymous, shared, population.unit)
    surprise = surprise_of(signin, anchor, distance, hours, doubt, seen.asn / population.unit, policy)
    if surprise < NEGLIGIBLE:
        return None
    return surprise, {
        "origin": anchor.city or anchor.country or f"{anchor.lat:.1f}, {anchor.lon:.1f}",
        "place": signin.city or signin.country or f"{signin.lat:.1f}, {signin.lon:.1f}",
        "distance_km": distance,
        "speed_kmh": distance / hours if hours > 0.0 else None,
        "hours": hours,
        "feasible_km": feasible_km(hours, policy),
        "since": anchor.time,
    }


def _radius(accuracy_km: Optional[float], network: Optional[str]) -> float:
    return accuracy_km if accuracy_km is not None else RADIUS_KM.get(network or "", OTHER_RADIUS_KM)


def surprise_of(
    signin: SignIn, anchor: SignIn, distance: float, hours: float, doubt: float, times: float, policy: Policy
) -> float:
    """Nats of one journey, given the doubt that it is honest and how often its network was used."""
    here, there = _radius(signin.accuracy_km, signin.network), _radius(anchor.accuracy_km, anchor.network)
    sigma = sqrt(here * here + there * there) / SIGMAS + GRID_KM
    possible = 0.5 * (1.0 + erf((distance - feasible_km(hours, policy)) / sigma / sqrt(2.0)))
    return SEEN * possible * doubt * max(0.1, 3.0 / (times + 3.0))


def benign(signin: SignIn, anchor: SignIn, profile: Profile, anonymous: int, shared: bool, unit: int) -> float:
    """The probability that an honest sign-in shows such a journey. `anonymous`: counts of hosting, VPN and Tor."""
    if shared:
        return SHARED
    here, there = operator_of(signin), operator_of(anchor)
    if here is not None and there is not None and profile.alternates(here, there) >= HABIT_TIMES * unit:
        return HABIT
    either = signin.network in ANONYMOUS or anchor.network in ANONYMOUS
    if either and anonymous >= HABIT_TIMES * unit:
        return HABIT
    if signin.network == "mobile" or anchor.network == "mobile":
        return PHONE
    return HOSTING if either else OTHERWISE
