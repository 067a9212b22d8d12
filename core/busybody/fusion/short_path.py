"""The short path for the habitual sign-in: a combination they often use, at a usual hour, near the last places.

`doubts` leaves out a detector only where it would find exactly nothing, so that the short path gives the answer of
the long one. It compares counts with thresholds and takes no logarithm. Its thresholds carry slack for what waits
in the window: what the person did within the last hour can only add.
"""

from __future__ import annotations

from typing import Optional, Tuple

from ..detectors.impossible_travel import NEGLIGIBLE, benign, beyond, surprise_of
from ..detectors.new_device import BACK
from ..detectors.signal import FAMILIAR
from ..detectors.unusual_hour import RARE
from ..places import distance_km
from ..policy import Policy
from ..profile import Profile
from ..profile.known import ANONYMOUS
from ..profile.profile import DAY, REMEMBERED_METHODS, Habit
from ..signin import SignIn

HARMLESS = frozenset(("managed_device", "phishing_resistant"))
ANONYMITY = HARMLESS | {"proxy", "anonymous", "vpn", "tor", "hosting"}  # no news on a class that is a habit
DEGREES_PER_KM = 0.006  # two places within that many degrees on both axes are closer than one km for each
SLACK = 5  # sign-ins: more than any detector backs off by, and one for the rounding of weights

Doubts = Tuple[str, ...]  # names of detectors
EVERYTHING: Doubts = ("every detector",)
NOTHING: Doubts = ()
NETWORK, ANONYMOUS_NETWORK, DEVICE = ("unusual_network",), ("anonymous_network",), ("new_device",)
TRAVEL, HOUR, METHOD = ("impossible_travel",), ("unusual_hour",), ("legacy_method",)

Box = Tuple[float, float, float, float]


class Limits:
    """The policy's limits in the units that the short path compares."""

    __slots__ = ("atypical", "degrees", "dormant", "policy", "window")

    def __init__(self, policy: Policy) -> None:
        self.atypical = int(policy.countries.atypical_days) * DAY
        self.dormant = int(policy.dormant.days) * DAY
        self.degrees = policy.travel.min_distance_km * DEGREES_PER_KM
        self.window = policy.travel.window_hours * 3600.0
        self.policy = policy


def doubts(  # noqa: C901  one look at everything, on the way of every sign-in
    signin: SignIn, profile: Profile, unit: int, limits: Limits, box: Optional[Box]
) -> Tuple[Optional[Habit], Doubts]:
    """The habit that this sign-in repeats, if it does, and the detectors that might find something unlike the person.

    Where it repeats a habit and no detector might, it is habitual: every detector would find exactly nothing.
    `unit` is what one sign-in of its day weighs; `box` holds all places that travel may start at.
    """
    time, asn, device, subnet = signin.time, signin.asn, signin.device, signin.subnet
    habit = profile.habits.get(
        (signin.network, signin.country, asn if asn is not None else subnet, device, signin.device_id)
    )
    last = profile.last
    if habit is None or last is None or profile.frozen or profile.denied:
        return None, EVERYTHING
    total = profile.total + (SLACK + len(profile.window)) * unit
    if habit.count < FAMILIAR * total or time - last >= limits.dormant or time - habit.last >= limits.atypical:
        return None, EVERYTHING
    found = NOTHING
    if subnet not in habit.subnets and subnet is not None and profile.fresh + 0.5 * unit < FAMILIAR * total:
        found += NETWORK
    if signin.flags and not (ANONYMITY if signin.network in ANONYMOUS else HARMLESS).issuperset(signin.flags):
        found += ANONYMOUS_NETWORK
    if signin.method in REMEMBERED_METHODS and signin.method not in profile.methods:
        found += METHOD
    if signin.version is not None and device is not None:
        usual = profile.versions.get(device)
        if usual is not None and signin.version < usual + len(profile.window) - BACK:
            # what waits can still raise the usual version, by one each
            if signin.version < usual + sum((entry.signin.version or 0) > usual for entry in profile.window) - BACK:
                found += DEVICE
    lat, lon = signin.lat, signin.lon
    if lat is not None and lon is not None and box is not None:
        reach = limits.degrees
        if not (box[1] - reach <= lat <= box[0] + reach and box[3] - reach <= lon <= box[2] + reach):
            if not _near_all(signin, habit, profile, unit, limits):
                found += TRAVEL
    hours, hour = profile.hours, int(time % DAY // 3600.0)
    if 2 * hours[hour] + hours[hour - 1] + hours[(hour + 1) % 24] < 4.0 * RARE * total:
        found += HOUR
    return habit, found


def _near_all(signin: SignIn, habit: Habit, profile: Profile, unit: int, limits: Limits) -> bool:
    """Whether the way from every recent place is short, slow enough or a habit, by what this habit alone proves."""
    lat, lon, reach, policy = signin.lat or 0.0, signin.lon or 0.0, limits.degrees, limits.policy
    anonymous = habit.count if signin.network in ANONYMOUS else 0
    for place in (*profile.anchors, *[entry.signin for entry in profile.window]):
        if place.lat is None or place.lon is None or place.subnet == signin.subnet:
            continue
        if abs(place.lat - lat) <= reach and abs(place.lon - lon) <= reach:
            continue
        seconds = abs(signin.time - place.time)
        if seconds > limits.window:
            continue
        distance, hours = distance_km(place.lat, place.lon, lat, lon), seconds / 3600.0
        if not beyond(distance, hours, policy):
            continue
        doubt = 1.0 - benign(signin, place, profile, anonymous, False, unit)
        if surprise_of(signin, place, distance, hours, doubt, habit.count / unit, policy) >= NEGLIGIBLE:
            return False
    return True


def box_of(profile: Profile) -> Optional[Box]:
    """South, north, west, east of all places that travel may start at. None where there are none."""
    places = [
        (anchor.lat, anchor.lon) for anchor in profile.anchors if anchor.lat is not None and anchor.lon is not None
    ]
    places += [
        (entry.signin.lat, entry.signin.lon)
        for entry in profile.window
        if entry.signin.lat is not None and entry.signin.lon is not None
    ]
    if not places:
        return None
    lats, lons = [lat for lat, _ in places], [lon for _, lon in places]
    return min(lats), max(lats), min(lons), max(lons)
