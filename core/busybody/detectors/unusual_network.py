"""Unusual network: how surprising are the class, the operator and the subnet for this person?

    surprise = S(class) + S(ASN | class) + 0.4 · S(subnet | ASN)          [nats, each bounded]

    P(class) and P(ASN | class) back off person → peer group → organisation → world. A new subnet is as
    surprising as the person's subnets are stable: P(new) is the share of their sign-ins that came from a subnet
    that was new then.

The class comes first, since most false alarms of plain country or address rules are VPN exits and phones.
A new operator in a country of theirs that comes for the third time, always under the person's own device, is no news any
more, though not trusted yet: a move. Hosting, VPNs and Tor never settle so.
A missing network, and somebody of whom nothing is known yet, say nothing.
"""

from __future__ import annotations

from typing import Any, Dict, Optional

from ..policy import Policy
from ..population import Population
from ..profile import Known, Profile, trust
from ..profile.profile import operator_of
from ..signin import SignIn
from .signal import Signal, surprisal

TAU_CLASS, TAU_ASN = 1.0, 2.0  # sign-ins' worth of back-off
HIGHEST_CLASS, HIGHEST_ASN, HIGHEST_SUBNET = 4.0, 4.0, 2.5  # nats
SUBNET_SHARE = 0.4  # a subnet repeats much of what the ASN said


def detect(signin: SignIn, profile: Profile, seen: Known, population: Population, policy: Policy) -> Optional[Signal]:
    operator = operator_of(signin)
    if operator is None or not profile.habits:
        return None
    group, unit, organisation = signin.group or profile.group, population.unit, population.organisation
    surprise, context = 0.0, seen.total
    left = trust.doubt(profile, "asn", signin, seen) if not seen.asn else 1.0
    if signin.network is not None:
        base = organisation.base("class", signin.network, group, population.organisation_unit)
        probability = (seen.network + TAU_CLASS * unit * base) / (seen.total + TAU_CLASS * unit)
        surprise, context = surprisal(probability, HIGHEST_CLASS) if left else 0.0, seen.network
    base = organisation.base("asn", operator, group, population.organisation_unit)
    probability = (seen.asn + TAU_ASN * unit * base) / (max(context, seen.asn) + TAU_ASN * unit)
    surprise += surprisal(probability, HIGHEST_ASN) * left
    if signin.subnet is not None and seen.asn and not seen.subnet:
        probability = (profile.fresh + 0.5 * unit) / (profile.total + unit)
        surprise += SUBNET_SHARE * surprisal(probability, HIGHEST_SUBNET)
    if surprise <= 0.0:
        return None
    return Signal(surprise, _evidence(signin, profile, seen))


def _evidence(signin: SignIn, profile: Profile, seen: Known) -> Dict[str, Any]:
    usual = profile.previous.as_org if profile.previous is not None else None
    return {
        "novelty": "rarely used" if seen.asn else trust.novelty(profile, "asn", operator_of(signin)),
        "network": signin.network or "unknown",
        "operator": signin.as_org or (f"AS{signin.asn}" if signin.asn is not None else str(signin.subnet)),
        "asn": signin.asn,
        "usual": usual or ", ".join(profile.most_used(0, 2)),
    }
