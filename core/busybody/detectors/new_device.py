"""New device: how surprising is the device (system, form and browser, without versions) for this person?

    surprise = S(P(device | person)), backed off person → peer group → organisation → world   [nats, at most 4]

A device id, where the log carries one, decides first: a known id is no news whatever its browser, an unknown
one is news even on a familiar browser. On a known device, a browser that went back more than one major version
is a lesser surprise; going forward is what updates do, by many versions after a long pause. A new device that
comes for the third time, always on the person's own network, is no news any more, though not trusted yet. A missing
device, and somebody of whom nothing is known yet, say nothing.

A missing id says nothing either, unless it was always there: n sign-ins with this kind of device (desktop, mobile, ...),
each with an id, make one without n + 1 times as likely to be somebody else's machine (rule of succession):

    beyond = ln(1 + n)      [log-odds, at most 5]

From a subnet of the person's own it is a second machine at home.
"""

from __future__ import annotations

from math import log
from typing import Optional

from ..policy import Policy
from ..population import Population
from ..profile import Known, Profile, trust
from ..signin import SignIn
from .signal import Signal, surprisal

TAU = 1.5  # sign-ins' worth of back-off
HIGHEST = 4.0
UNKNOWN_ID = 2.0  # nats: another machine with a familiar browser
BACK = 1  # major version: an older installation is another one
OTHER_VERSION = 1.0  # nats
NO_ID_HIGHEST = 5.0  # log-odds


def detect(signin: SignIn, profile: Profile, seen: Known, population: Population, policy: Policy) -> Optional[Signal]:
    found = _unlike(signin, profile, seen, population)
    if not seen.carried or seen.subnet or signin.device is None:
        return found
    beyond = min(log(1.0 + seen.carried / population.unit), NO_ID_HIGHEST)
    beyond *= trust.doubt(profile, "id" if seen.device else "device", signin, seen)
    if not beyond:
        return found
    evidence = _signal(0.0, "without the device id that it always had:", signin.device, profile).evidence
    if found is not None and not seen.device:
        evidence = {**found.evidence, "novelty": f"{found.evidence['novelty'][:-1]}, and without a device id:"}
    return Signal(found.surprisal if found is not None else 0.0, evidence, beyond=beyond)


def _unlike(signin: SignIn, profile: Profile, seen: Known, population: Population) -> Optional[Signal]:
    """By the kind of device, its id and its version."""
    if not profile.habits or (signin.device_id is not None and seen.device_id):
        return None
    new_id = signin.device_id is not None and seen.device_ids
    device = signin.device
    if device is None:
        return _signal(UNKNOWN_ID, "never used before:", "device id", profile) if new_id else None
    unit = population.unit
    base = population.organisation.base("device", device, signin.group or profile.group, population.organisation_unit)
    probability = (seen.device + TAU * unit * base) / (seen.total + TAU * unit)
    left = trust.doubt(profile, "device", signin, seen)
    surprise = surprisal(probability, HIGHEST) * left
    if new_id and left and surprise < UNKNOWN_ID:
        return _signal(UNKNOWN_ID, "another device, of a known kind:", device, profile)
    if surprise > 0.0:
        return _signal(
            surprise, "rarely used:" if seen.device else trust.novelty(profile, "device", device), device, profile
        )
    if is_other_version(signin, profile):
        return _signal(OTHER_VERSION, f"browser version {signin.version} of", device, profile)
    return None


def is_other_version(signin: SignIn, profile: Profile) -> bool:
    """Whether the browser is older than the one last seen on this device."""
    if signin.version is None or signin.device is None:
        return False
    last = profile.versions.get(signin.device)
    return last is not None and signin.version < last - BACK


def _signal(surprise: float, novelty: str, device: str, profile: Profile) -> Signal:
    usual = ", ".join(profile.most_used(3, 2))
    return Signal(surprise, {"novelty": novelty, "device": device, "usual": usual or "nothing yet"})
