"""Unusual network: how surprising are the class, the operator and the subnet for this person?

    surprise = S(class) + S(ASN | class) + 0.4 · S(subnet | ASN)          [nats, each bounded]

    P(class) and P(ASN | class) back off person → peer group → organisation → world. A new subnet is as
    surprising as the person's subnets are stable: P(new) = (K + ½) / (n + K + 1) with K subnets seen in n
    sign-ins (Freeman et al., NDSS 2016, smoothing by the number of distinct values).

The class comes first, since most false alarms of plain country or address rules are VPN exits and phones.
A missing network says nothing.
"""

from __future__ import annotations

from typing import Any, Dict, Optional

from ..policy import Policy
from ..population import Population
from ..profile import Profile, trust
from ..signin import SignIn
from .signal import Signal, surprisal

TAU_CLASS, TAU_ASN = 1.0, 2.0  # sign-ins' worth of back-off
HIGHEST_CLASS, HIGHEST_ASN, HIGHEST_SUBNET = 4.0, 4.0, 2.5  # nats
SUBNET_SHARE = 0.4  # a subnet repeats much of what the ASN said


def detect(signin: SignIn, profile: Profile, population: Population, policy: Policy) -> Optional[Signal]:
    operator = trust.network_key(signin)
    if operator is None:
        return None
    group, unit, organisation = signin.group or profile.group, population.unit, population.organisation
    surprise, context = 0.0, profile.asns.total
    if signin.network is not None:
        base = organisation.base("class", signin.network, group, population.organisation_unit)
        surprise = surprisal(profile.classes.share(signin.network, TAU_CLASS * unit, base), HIGHEST_CLASS)
        context = profile.classes.count(signin.network)
    base = organisation.base("asn", operator, group, population.organisation_unit)
    credit = trust.credit(profile, "asn", operator, signin) * unit
    probability = (profile.asns.count(operator) + credit + TAU_ASN * unit * base) / (context + credit + TAU_ASN * unit)
    surprise += surprisal(probability, HIGHEST_ASN)
    if signin.subnet is not None and operator in profile.asns.values:
        surprise += SUBNET_SHARE * surprisal(_subnet(signin.subnet, profile, unit), HIGHEST_SUBNET)
    if surprise <= 0.0:
        return None
    return Signal(surprise, _evidence(signin, profile, operator))


def _subnet(subnet: str, profile: Profile, unit: int) -> float:
    """Probability of this subnet: of a new one, by how often new ones came before."""
    known, kinds = profile.subnets.count(subnet), len(profile.subnets.values)
    number = profile.subnets.total / unit
    new = (kinds + 0.5) / (number + kinds + 1.0)
    return max(new, known / unit / number) if known else new


def _evidence(signin: SignIn, profile: Profile, operator: trust.Key) -> Dict[str, Any]:
    known = operator in profile.asns.values
    usual = profile.previous.as_org if profile.previous is not None else None
    return {
        "novelty": "rarely used" if known else "never used before:",
        "network": signin.network or "unknown",
        "operator": signin.as_org or (f"AS{signin.asn}" if signin.asn is not None else str(signin.subnet)),
        "asn": signin.asn,
        "usual": usual or ", ".join(str(value) for value in profile.classes.top(2)),
    }
