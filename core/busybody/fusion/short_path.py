"""The short path for the habitual sign-in: known network, known device, usual hour, near the last places.

`is_habitual` says yes only where every detector would find exactly nothing, so that the short path gives the
answer of the long one. It compares counts with thresholds and takes no logarithm. Its thresholds carry slack
for what waits in the window: what the person did within the last hour can only add.
"""

from __future__ import annotations

from typing import Optional, Tuple

from ..detectors.new_device import BACK, LEAP
from ..detectors.signal import FAMILIAR
from ..detectors.unusual_hour import RARE
from ..policy import Policy
from ..profile import Profile
from ..signin import SignIn

HARMLESS = frozenset(("managed_device", "phishing_resistant"))
DAY = 86400.0
DEGREES_PER_KM = 0.006  # two places within that many degrees on both axes are closer than one km for each

Box = Tuple[float, float, float, float]


class Limits:
    """The policy's limits in the units that the short path compares."""

    __slots__ = ("atypical", "degrees", "dormant", "window")

    def __init__(self, policy: Policy) -> None:
        self.atypical = int(policy.countries.atypical_days) * DAY
        self.dormant = int(policy.dormant.days) * DAY
        self.degrees = policy.travel.min_distance_km * DEGREES_PER_KM
        self.window = policy.travel.window_hours * 3600.0


def is_habitual(signin: SignIn, profile: Profile, unit: int, limits: Limits, box: Optional[Box]) -> bool:
    """Whether nothing about this sign-in is unlike the person. `unit`: weight of one sign-in of its day."""
    time = signin.time
    last = profile.last
    if signin.outcome != "success" or last is None or profile.frozen or profile.denied or time - last >= limits.dormant:
        return False
    if signin.flags and not HARMLESS.issuperset(signin.flags):
        return False
    slack = (8 + 2 * len(profile.window)) * unit
    network, operator = signin.network, signin.asn if signin.asn is not None else signin.subnet
    if operator is not None:
        need = FAMILIAR * (profile.asns.total + slack)
        known = profile.asns.values.get(operator)
        if known is None or known[0] < need:
            return False
        if network is not None:
            known = profile.classes.values.get(network)
            if known is None or known[0] < need:
                return False
        subnets = profile.subnets
        known = subnets.values.get(signin.subnet) if signin.subnet is not None else None
        if signin.subnet is not None and (known is None or known[0] < FAMILIAR * (subnets.total + slack)):
            kinds = len(subnets.values)
            if kinds + 0.5 < FAMILIAR * ((subnets.total + slack) / unit + kinds + 1.0):
                return False
    elif network is not None:
        known = profile.classes.values.get(network)
        if known is None or known[0] < FAMILIAR * (profile.classes.total + slack):
            return False
    device = signin.device
    if device is not None:
        devices = profile.devices
        known = devices.values.get(device)
        if known is None or known[0] < FAMILIAR * (devices.total + slack):
            return False
        version = signin.version
        if version is not None:
            seen = profile.versions.get(device)
            if seen is not None and not seen - BACK <= version <= seen + LEAP:
                return False
            for entry in profile.window:
                other = entry.signin
                if other is not None and other.device == device and other.version is not None:
                    if other.version - BACK > version:
                        return False
    if signin.device_id is not None and signin.device_id not in profile.device_ids.values:
        return False
    country = signin.country
    if country is not None:
        there = profile.country_times.get(country)
        if there is None or time - there >= limits.atypical or country not in profile.countries.values:
            return False
    hours, hour = profile.hours, int(time % DAY // 3600.0)
    near = 2 * hours[hour] + hours[hour - 1] + hours[(hour + 1) % 24]
    if near < 4.0 * RARE * (profile.hours_total + slack):
        return False
    lat, lon = signin.lat, signin.lon
    if lat is None or lon is None or box is None:
        return True
    reach = limits.degrees
    if box[1] - reach <= lat <= box[0] + reach and box[3] - reach <= lon <= box[2] + reach:
        return True
    return _near_all(signin, profile, limits)


def _near_all(signin: SignIn, profile: Profile, limits: Limits) -> bool:
    """Whether no recent place is far from here."""
    lat, lon, reach = signin.lat, signin.lon, limits.degrees
    if lat is None or lon is None:
        return True
    for place in profile.anchors:
        if abs(signin.time - place.time) <= limits.window and not (
            place.subnet == signin.subnet or (abs(place.lat - lat) <= reach and abs(place.lon - lon) <= reach)
        ):
            return False
    for entry in profile.window:
        other = entry.signin
        if other is None or other.lat is None or other.lon is None:
            continue
        if not (other.subnet == signin.subnet or (abs(other.lat - lat) <= reach and abs(other.lon - lon) <= reach)):
            return False
    return True


def box_of(profile: Profile) -> Optional[Box]:
    """South, north, west, east of all places that travel may start at. None where there are none."""
    places = [(anchor.lat, anchor.lon) for anchor in profile.anchors]
    places += [
        (entry.signin.lat, entry.signin.lon)
        for entry in profile.window
        if entry.signin is not None and entry.signin.lat is not None and entry.signin.lon is not None
    ]
    if not places:
        return None
    lats, lons = [lat for lat, _ in places], [lon for _, lon in places]
    return min(lats), max(lats), min(lons), max(lons)
