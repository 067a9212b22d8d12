"""What is known of a sign-in's own values: each part of the joint table added up, in one pass."""

from __future__ import annotations

from functools import lru_cache
from typing import List, NamedTuple, Optional, Tuple

from ..signin import SignIn
from .profile import Operator, Profile, operator_of

Value = Tuple[str, Operator]  # kind (asn, country, device, id) and value


class Known(NamedTuple):
    """Counts (decayed whole numbers) of the values that one sign-in brings."""

    total: int
    network: int  # of its class
    asn: int
    subnet: bool  # seen from this subnet before
    country: int
    country_last: Optional[float]  # latest trusted sign-in from that country
    countries: bool  # any country is known at all
    device: int
    device_id: int
    device_ids: bool
    anonymous: int  # of hosting, VPN and Tor together
    carried: int = 0  # of devices of this kind, where every one carried a device id and this one carries none


ANONYMOUS = frozenset(("hosting", "vpn", "tor"))
NO_ID = "none"  # in the place of a device id, where one was always there
NOBODY = Known(0, 0, 0, False, 0, None, False, 0, 0, False, 0)


def known(profile: Profile, signin: SignIn) -> Known:  # noqa: C901  one pass over the table, on the way of every odd sign-in
    if not profile.habits:
        return NOBODY
    of_class = of_asn = of_country = of_device = of_id = anonymous = 0
    subnet, any_country, any_id = False, False, False
    country_last: Optional[float] = None
    network, country, device, device_id = signin.network, signin.country, signin.device, signin.device_id
    operator, from_subnet = operator_of(signin), signin.subnet
    for (a_class, a_country, an_operator, a_device, an_id), habit in profile.habits.items():
        count = habit.count
        if a_class == network:
            of_class += count
        if a_class in ANONYMOUS:
            anonymous += count
        if an_operator == operator:
            of_asn += count
            if from_subnet in habit.subnets:
                subnet = True
        if a_country is not None:
            any_country = True
            if a_country == country:
                of_country += count
                if country_last is None or habit.last > country_last:
                    country_last = habit.last
        if a_device == device:
            of_device += count
        if an_id is not None:
            any_id = True
            if an_id == device_id:
                of_id += count
    return Known(
        profile.total,
        of_class,
        of_asn,
        subnet,
        of_country,
        country_last,
        any_country,
        of_device,
        of_id,
        any_id,
        anonymous,
        _carried(profile, device) if any_id and device_id is None and device is not None else 0,
    )


def _carried(profile: Profile, device: str) -> int:
    """How often devices of the same kind (desktop, mobile, ...) came with an id; 0 where one came without."""
    kind, times = kind_of(device), 0
    for (_, _, _, a_device, an_id), habit in profile.habits.items():
        if a_device is not None and kind_of(a_device) == kind:
            if an_id is None:
                return 0
            times += habit.count
    return times


@lru_cache(maxsize=4096)
def kind_of(device: str) -> str:
    """The kind in a fingerprint: desktop of `windows-desktop-edge`; all of it where it names none."""
    parts = device.split("-")
    return parts[1] if len(parts) == 3 else device


def untrusted(signin: SignIn, seen: Known) -> List[Value]:
    """The values of this sign-in that the person is not known for."""
    fresh: List[Value] = []
    if not seen.asn and (signin.asn is not None or signin.subnet is not None):
        fresh.append(("asn", operator_of(signin)))
    if not seen.country and signin.country is not None:
        fresh.append(("country", signin.country))
    if not seen.device and signin.device is not None:
        fresh.append(("device", signin.device))
    if not seen.device_id and signin.device_id is not None:
        fresh.append(("id", signin.device_id))
    if seen.carried:
        fresh.append(("id", NO_ID))
    return fresh


def values(signin: SignIn) -> List[Value]:
    """The values of a sign-in that need trust."""
    return untrusted(signin, NOBODY)


def name(kind: str, value: Operator) -> str:
    """How a value is written in pending rows, incidents and denials."""
    return f"{kind}:{value}"
