"""The short path for the habitual sign-in: a combination they often use, at a usual hour, near the last places.

`doubts` leaves out a detector only where it would find exactly nothing, so that the short path gives the answer of
the long one. It compares counts with thresholds and takes no logarithm. Its thresholds carry slack for what waits
in the window: what the person did within the last hour can only add.
"""

from __future__ import annotations

from math import floor
from operator import itemgetter
from typing import Optional, Tuple

from ..detectors.impossible_travel import NEGLIGIBLE, benign, surprise_of
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
_looked_at = itemgetter(
    *map(
        SignIn._fields.index,
        (
            "time",
            "subnet",
            "network",
            "country",
            "lat",
            "lon",
            "asn",
            "device",
            "version",
            "device_id",
            "method",
            "flags",
        ),
    )
)  # in one call


class Limits:
    """The policy's limits in the units that the short path compares."""

    __slots__ = ("atypical", "degrees", "dormant", "policy", "short", "speed", "window")

    def __init__(self, policy: Policy) -> None:
        self.atypical = int(policy.countries.atypical_days) * DAY
        self.dormant = int(policy.dormant.days) * DAY
        self.degrees = policy.travel.min_distance_km * DEGREES_PER_KM
        self.short, self.speed = (
            policy.travel.min_distance_km,
            policy.travel.max_speed_kmh,
        )  # see impossible_travel.beyond
        self.window = policy.travel.window_hours * 3600.0
        self.policy = policy


def doubts(  # noqa: C901  one look at everything, on the way of every sign-in
    signin: SignIn, profile: Profile, unit: int, limits: Limits, box: Optional[Box]
) -> Tuple[Optional[Habit], Doubts]:
    """The habit that this sign-in repeats, if it does, and the detectors that might find something unlike the person.

    Where it repeats a habit and no detector might, it is habitual: every detector would find exactly nothing.
    `unit` is what one sign-in of its day weighs; `box` holds all places that travel may start at.
    """
    time, subnet, network, country, lat, lon, asn, device, version, device_id, method, flags = _looked_at(signin)
    habit = profile.habits.get((network, country, asn if asn is not None else subnet, device, device_id))
    last = profile.last
    if habit is None or last is None or profile.frozen or profile.denied:
        return None, EVERYTHING
    waiting = len(profile.window)
    total = profile.total + (SLACK + waiting) * unit
    if habit.count < FAMILIAR * total or time - last >= limits.dormant or time - habit.last >= limits.atypical:
        return None, EVERYTHING
    found = NOTHING
    if subnet not in habit.subnets and subnet is not None and profile.fresh + 0.5 * unit < FAMILIAR * total:
        found += NETWORK
    if flags and not (ANONYMITY if network in ANONYMOUS else HARMLESS).issuperset(flags):
        found += ANONYMOUS_NETWORK
    if method in REMEMBERED_METHODS and method not in profile.methods:
        found += METHOD
    if version is not None and device is not None:
        usual = profile.versions.get(device)
        if usual is not None and version < usual + waiting - BACK:
            # what waits can still raise the usual version, by one each
            if version < usual + sum([(entry.signin.version or 0) > usual for entry in profile.window]) - BACK:
                found += DEVICE
    if lat is not None and lon is not None and box is not None:
        reach, (south, north, west, east) = limits.degrees, box
        if not (north - reach <= lat <= south + reach and east - reach <= lon <= west + reach):
            if not _near_all(signin, habit, profile, unit, limits):
                found += TRAVEL
    hours, hour, rare = profile.hours, floor(time) // 3600 % 24, 4.0 * RARE * total
    near = 2 * hours[hour]
    if near < rare and near + hours[hour - 1] + hours[(hour + 1) % 24] < rare:
        found += HOUR
    return habit, found


def _near_all(signin: SignIn, habit: Habit, profile: Profile, unit: int, limits: Limits) -> bool:
    """Whether the way from every recent place is short, slow enough or a habit, by what this habit alone proves."""
    time, subnet, lat, lon, reach = signin.time, signin.subnet, signin.lat or 0.0, signin.lon or 0.0, limits.degrees
    for place in (*profile.anchors, *[entry.signin for entry in profile.window]):
        there, across = place.lat, place.lon
        if there is None or across is None or (abs(there - lat) <= reach and abs(across - lon) <= reach):
            continue
        seconds = abs(time - place.time)
        if seconds > limits.window or place.subnet == subnet:
            continue
        distance, hours = distance_km(there, across, lat, lon), seconds / 3600.0
        if distance <= limits.short or distance <= limits.speed * hours:
            continue
        anonymous = habit.count if signin.network in ANONYMOUS else 0
        doubt = 1.0 - benign(signin, place, profile, anonymous, False, unit)
        if surprise_of(signin, place, distance, hours, doubt, habit.count / unit, limits.policy) >= NEGLIGIBLE:
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
