"""What the learned fusion reads of an odd sign-in: what the detectors of habit found, and how far and fast it is.

    surprisals of the detectors, in nats; 0 where one found nothing
    speed      ln(1 + km/h), the highest that any recent place asks for
    distance   ln(1 + km/30) to the nearest of the person's places

All grow with oddness. Speed and distance count for the detector that doubts the place; where none does, they are 0.
"""

from __future__ import annotations

from math import inf, log
from typing import Dict, List, Tuple

from ..detectors import Signal
from ..detectors.impossible_travel import places
from ..places import distance_km
from ..policy import Policy
from ..profile import Profile
from ..signin import SignIn

HABITS = (
    "unusual_network", "new_country", "atypical_country", "new_device", "impossible_travel", "anonymous_network",
    "unusual_hour", "dormant_account",
)  # fmt: skip
NAMES = (*HABITS, "speed", "distance")
PLACES = {name: place for place, name in enumerate(HABITS)}
DOUBT_PLACES = ("impossible_travel", "unusual_network", "new_country")
NEAR_KM = 30.0  # closer than that, where somebody is cannot be told
AT_LEAST_HOURS = 0.25  # added to the time of a journey: two clocks may differ


def features(
    signin: SignIn, profile: Profile, signals: Dict[str, Signal], policy: Policy
) -> Tuple[List[float], Dict[str, List[int]]]:
    """The features in the order of NAMES, and which of them each detector that found something answers for."""
    values = [0.0] * len(NAMES)
    owned: Dict[str, List[int]] = {}
    for name, signal in signals.items():  # in the order of the catalogue, as HABITS
        place = PLACES.get(name)
        if place is not None:
            values[place] = signal.surprisal
            owned[name] = [place]
    doubting = next((name for name in DOUBT_PLACES if name in owned), None)
    if doubting is not None:
        values[-2:] = _journey(signin, profile, policy)
        owned[doubting] += [len(NAMES) - 2, len(NAMES) - 1]
    return values, owned


def _journey(signin: SignIn, profile: Profile, policy: Policy) -> Tuple[float, float]:
    lat, lon = signin.lat, signin.lon
    if lat is None or lon is None or signin.network == "private":
        return 0.0, 0.0
    speed, nearest = 0.0, inf
    recent = places(profile, signin, policy)
    for place in (*recent, *profile.anchors):
        if place.lat is None or place.lon is None:
            continue
        distance = distance_km(place.lat, place.lon, lat, lon)
        nearest = min(nearest, distance)
        if distance > NEAR_KM and abs(signin.time - place.time) <= policy.travel.window_hours * 3600.0:
            speed = max(speed, distance / (abs(signin.time - place.time) / 3600.0 + AT_LEAST_HOURS))
    return log(1.0 + speed), 0.0 if nearest == inf else log(1.0 + nearest / NEAR_KM)
