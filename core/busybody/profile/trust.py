"""Who may teach: a value is pending until it is trusted, and pending values never make anybody normal.

A value is one network (ASN, or the subnet where no ASN is known), country, device or device id. It becomes
trusted when the person confirmed it with a second factor, when it came with a strong factor on a known
device, or when it was seen on three days over a week with nothing else odd (policy: learning). A trusted
value is one that a habit holds.
"""

from __future__ import annotations

from typing import List, Set

from ..policy import Policy
from ..signin import SignIn
from .known import ANONYMOUS, NO_ID, Known, Value, name, values
from .profile import DAY, Operator, Profile, operator_of

NETWORK, DEVICE = "network", "device"  # the two sides of a sign-in; one may vouch for the other
SIDES = {"asn": NETWORK, "country": NETWORK, "device": DEVICE, "id": DEVICE}
PENDING_BOUND = 10
PENDING_DAYS = 30  # an unconfirmed value that is not seen for so long is dropped
DENIED_DAYS = 180
PROMOTIONS_A_WEEK = {"country": 1, "asn": 2}  # without a confirmation
RELIEF = 0.25  # of the surprise, for each clean day of a pending value that the other side vouches for
WEEK = 7 * DAY
STICKY = ("open", "malicious")  # incidents that hold, see there
ONE_SIDE = -1.0  # log-odds that a new device or a new network cannot reach alone
SETTLED_IN = 2  # sign-ins after which a value that the other side vouches for is no news


def denied(profile: Profile, signin: SignIn) -> bool:
    """Whether the person disowned a network or device that this sign-in uses."""
    if not profile.denied:
        return False
    return any(name(kind, value) in profile.denied for kind, value in values(signin) if kind != "country")


def doubt(profile: Profile, kind: str, signin: SignIn, seen: Known) -> float:
    """The share of a value's surprise that is left: less with each clean day, never less than half until trusted.

    None is left of what has settled in.
    """
    if not profile.pending and not profile.window:
        return 1.0
    if settled(profile, kind, signin, seen):
        return 0.0
    value = {"asn": operator_of(signin), "country": signin.country, "device": signin.device, "id": NO_ID}[kind]
    row = profile.pending.get(name(kind, value))
    if row is None or not vouched(signin, seen, DEVICE if SIDES[kind] == NETWORK else NETWORK):
        return 1.0
    return max(0.5, 1.0 - RELIEF * len(row["days"]))


def settled(profile: Profile, kind: str, signin: SignIn, seen: Known) -> bool:
    """Whether a new device on the person's own network, or a new network in a country of theirs under their own device,
    has come before and come again: long before it is trusted it is no news. Nothing is learned sooner for that.

    What the person disowned, or what brought an open incident in which more was odd, does not settle.
    """
    value: Operator
    if SIDES[kind] == DEVICE:
        kind, value = ("device", signin.device) if not seen.device else ("id", signin.device_id)
        there = vouched(signin, seen, NETWORK)
    else:
        kind, value = "asn", operator_of(signin)
        there = seen.country > 0 and signin.network not in ANONYMOUS and vouched(signin, seen, DEVICE)
    if not there or value is None or _times(signin, profile, kind, value) < SETTLED_IN:
        return False
    named = name(kind, value)
    accused = (row for row in profile.incidents if row["status"] in STICKY and row["log_odds"] >= ONE_SIDE)
    return not denied(profile, signin) and not any(named in row["values"] for row in accused)


def _times(signin: SignIn, profile: Profile, kind: str, value: Operator) -> int:
    """How often a pending value came before this sign-in, as far as is known: those that wait, and two of the others."""
    row, order = profile.pending.get(name(kind, value)), (signin.time, signin.id)
    times = 0 if row is None else 2 if row["first"] < row["last"] else 1
    return times + sum(
        (one.signin.time, one.signin.id) < order and dict(values(one.signin)).get(kind) == value
        for one in profile.window
    )


def novelty(profile: Profile, kind: str, value: Operator) -> str:
    """How an untrusted value is called: it may be far from new and not trusted yet."""
    return "not trusted yet:" if name(kind, value) in profile.pending else "never used before:"


def vouched(signin: SignIn, seen: Known, side: str) -> bool:
    """Whether one side of the sign-in is there and trusted whole."""
    if side == DEVICE:
        there = (signin.device is not None or signin.device_id is not None) and not seen.carried
        return there and (signin.device is None or seen.device > 0) and (signin.device_id is None or seen.device_id > 0)
    there = signin.asn is not None or signin.subnet is not None
    return there and seen.asn > 0 and (signin.country is None or seen.country > 0)


def strong_factor(signin: SignIn, seen: Known) -> bool:
    """A factor that cannot be phished, or a passed one on a device known by its id."""
    if signin.device_id is not None and seen.device_id:
        return signin.mfa == "passed" or "managed_device" in signin.flags
    return seen.device > 0 and ("phishing_resistant" in signin.flags or signin.method == "passkey")


def observe(profile: Profile, signin: SignIn, fresh: List[Value], seen: Known, clean: bool, policy: Policy) -> bool:
    """Note the untrusted values of a sign-in; returns whether all of them have now earned trust.

    `clean` says that nothing but these values was odd. A day counts only when one side vouches for the other:
    a new network on a known device or a new device on a known network.
    """
    rule = policy.learning
    day = int(signin.time // DAY)
    sides: Set[str] = {SIDES[kind] for kind, _ in fresh}
    good = clean and len(sides) == 1 and vouched(signin, seen, DEVICE if sides == {NETWORK} else NETWORK)
    ripe = True
    for kind, value in fresh:
        row = profile.pending.setdefault(name(kind, value), {"first": signin.time, "last": signin.time, "days": []})
        row["first"], row["last"] = min(row["first"], signin.time), max(row["last"], signin.time)
        if good and day not in row["days"] and len(row["days"]) < rule.trust_days:
            row["days"].append(day)
        old_enough = row["last"] - row["first"] >= rule.trust_span_days * DAY
        ripe = ripe and len(row["days"]) >= rule.trust_days and old_enough and _within_quota(profile, kind, signin.time)
    _bound(profile, signin.time)
    return ripe and good


def promote(profile: Profile, fresh: List[Value], time: float) -> None:
    """These values are no longer pending: the habit that is learned next holds them."""
    for kind, value in fresh:
        profile.pending.pop(name(kind, value), None)
        if kind in PROMOTIONS_A_WEEK:
            profile.promoted.append([kind, time])
    profile.promoted = [entry for entry in profile.promoted if time - entry[1] < WEEK][-8:]


def _within_quota(profile: Profile, kind: str, time: float) -> bool:
    recent = sum(1 for other, when in profile.promoted if other == kind and time - when < WEEK)
    return recent < PROMOTIONS_A_WEEK.get(kind, PENDING_BOUND)


def _bound(profile: Profile, time: float) -> None:
    for key in [key for key, row in profile.pending.items() if time - row["last"] > PENDING_DAYS * DAY]:
        del profile.pending[key]
    while len(profile.pending) > PENDING_BOUND:
        del profile.pending[min(profile.pending, key=lambda key: (profile.pending[key]["last"], key))]
