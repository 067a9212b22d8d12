"""Who may teach: a value is pending until it is trusted, and pending values never make anybody normal.

A value is one network (ASN, or the subnet where no ASN is known), country, device or device id. It becomes
trusted when the person confirmed it with a second factor, when it came with a strong factor on a known
device, or when it was seen on three days over a week with nothing else odd (policy: learning).
"""

from __future__ import annotations

from typing import Dict, List, Optional, Tuple

from ..policy import Policy
from ..signin import SignIn
from .counts import Counts, Key
from .profile import Profile

NETWORK, DEVICE = "network", "device"  # the two sides of a sign-in; one may vouch for the other
SIDES = {"asn": NETWORK, "country": NETWORK, "device": DEVICE, "id": DEVICE}
PENDING_BOUND = 12
PENDING_DAYS = 30  # an unconfirmed value that is not seen for so long is dropped
DENIED_DAYS = 180
PROMOTIONS_A_WEEK = {"country": 1, "asn": 2}  # without a confirmation
CREDIT = 0.5  # of a sign-in, for each clean day of a pending value that the other side vouches for
WEEK, DAY = 7 * 86400.0, 86400.0


def network_key(signin: SignIn) -> Optional[Key]:
    """What names the network: the ASN, else the subnet."""
    return signin.asn if signin.asn is not None else signin.subnet


def values(signin: SignIn) -> List[Tuple[str, Key]]:
    """The values of a sign-in that need trust, as (kind, value)."""
    found: List[Tuple[str, Key]] = []
    network = network_key(signin)
    if network is not None:
        found.append(("asn", network))
    if signin.country is not None:
        found.append(("country", signin.country))
    if signin.device is not None:
        found.append(("device", signin.device))
    if signin.device_id is not None:
        found.append(("id", signin.device_id))
    return found


def name(kind: str, value: Key) -> str:
    """How a value is written in pending rows, incidents and denials."""
    return f"{kind}:{value}"


def table(profile: Profile, kind: str) -> Counts:
    if kind == "asn":
        return profile.asns
    if kind == "country":
        return profile.countries
    return profile.devices if kind == "device" else profile.device_ids


def untrusted(profile: Profile, signin: SignIn) -> List[Tuple[str, Key]]:
    """The values of this sign-in that the person is not known for."""
    return [(kind, value) for kind, value in values(signin) if value not in table(profile, kind).values]


def denied(profile: Profile, signin: SignIn) -> bool:
    """Whether the person disowned a network or device that this sign-in uses."""
    if not profile.denied:
        return False
    return any(name(kind, value) in profile.denied for kind, value in values(signin) if kind != "country")


def credit(profile: Profile, kind: str, value: Key, signin: SignIn) -> float:
    """Sign-ins' worth of credit for a pending value, while the other side of the sign-in is trusted."""
    row = profile.pending.get(name(kind, value))
    if row is None:
        return 0.0
    other = DEVICE if SIDES[kind] == NETWORK else NETWORK
    for other_kind, other_value in values(signin):
        if SIDES[other_kind] == other and other_value not in table(profile, other_kind).values:
            return 0.0
    return CREDIT * len(row["days"])


def strong_factor(profile: Profile, signin: SignIn) -> bool:
    """A factor that cannot be phished, or a passed one on a device known by its id."""
    if signin.device_id is not None and signin.device_id in profile.device_ids.values:
        return signin.mfa == "passed" or "managed_device" in signin.flags
    known = signin.device is not None and signin.device in profile.devices.values
    return known and ("phishing_resistant" in signin.flags or signin.method == "passkey")


def observe(profile: Profile, signin: SignIn, clean: bool, policy: Policy) -> Dict[str, int]:
    """Note the untrusted values of a sign-in; returns those that became trusted, with the days that prove it.

    `clean` says that nothing but these values was odd. A day counts only when one side vouches for the other:
    a new network on a known device or a new device on a known network.
    """
    rule = policy.learning
    day = int(signin.time // DAY)
    fresh = untrusted(profile, signin)
    vouched = clean and len({SIDES[kind] for kind, _ in fresh}) == 1 and len(fresh) < len(values(signin))
    promoted: Dict[str, int] = {}
    for kind, value in fresh:
        key = name(kind, value)
        row = profile.pending.setdefault(key, {"first": signin.time, "last": signin.time, "days": []})
        row["first"], row["last"] = min(row["first"], signin.time), max(row["last"], signin.time)
        if vouched and day not in row["days"] and len(row["days"]) < rule.trust_days:
            row["days"].append(day)
        ripe = len(row["days"]) >= rule.trust_days and row["last"] - row["first"] >= rule.trust_span_days * DAY
        if ripe and _within_quota(profile, kind, signin.time):
            promoted[key] = len(row["days"])
    _bound(profile, signin.time)
    return promoted


def promote(profile: Profile, keys: Dict[str, int], signin: SignIn, weight: int) -> None:
    """Make these values trusted: each with the weight of the days that prove it."""
    day = int(signin.time // DAY)
    for kind, value in values(signin):
        days = keys.get(name(kind, value))
        if days:
            table(profile, kind).add(value, days * weight, day)
            profile.pending.pop(name(kind, value), None)
            if kind in PROMOTIONS_A_WEEK:
                profile.promoted.append((kind, signin.time))
    profile.promoted = [entry for entry in profile.promoted if signin.time - entry[1] < WEEK][-8:]


def _within_quota(profile: Profile, kind: str, time: float) -> bool:
    recent = sum(1 for other, when in profile.promoted if other == kind and time - when < WEEK)
    return recent < PROMOTIONS_A_WEEK.get(kind, PENDING_BOUND)


def _bound(profile: Profile, time: float) -> None:
    stale = [key for key, row in profile.pending.items() if time - row["last"] > PENDING_DAYS * DAY]
    for key in stale:
        del profile.pending[key]
    while len(profile.pending) > PENDING_BOUND:
        del profile.pending[min(profile.pending, key=lambda key: (profile.pending[key]["last"], key))]
