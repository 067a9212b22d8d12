"""Network class: what kind of network an address belongs to.

The class of an AS comes from reviewed overrides by AS number, then from patterns in the name of its organisation, then
from an override of another AS of the very same name, then from a list of systems that look like hosting
(`data/networks.json`). The lists of the user's policy win over all three,
and single addresses over AS numbers.
"""

from __future__ import annotations

import os
from functools import lru_cache
from typing import Dict, FrozenSet, Iterable, NamedTuple, Optional, Pattern, Set, Tuple

from ..signin import NETWORK_CLASSES
from .resources import read_json

FILE = os.path.join(os.path.dirname(__file__), "data", "networks.json")

# Radius in km that holds the person with probability 0.67. Fixed lines are 3 to 16 km off in the median, mobile ones
# 180 to 210; the address of a server says nothing of where its user is.
ACCURACY_KM = {"residential": 40.0, "mobile": 250.0, "hosting": 500.0, "vpn": 500.0, "tor": 500.0}
OTHER_ACCURACY_KM = 50.0

FLAG_CLASSES = (("tor", "tor"), ("vpn", "vpn"), ("anonymous", "vpn"), ("hosting", "hosting"), ("proxy", "vpn"))

# Which class an address gets from the policy's list of that name; the first list that holds it decides.
LIST_CLASSES = (
    ("tor", "tor"),
    ("vpn", "vpn"),
    ("egress", "organisation"),
    ("hosting", "hosting"),
    ("trusted", "organisation"),
)


class Rules(NamedTuple):
    """The content of the data file."""

    overrides: Dict[int, str]  # AS number -> class
    patterns: Tuple[Tuple[str, Pattern[str]], ...]  # tried in this order
    named: Dict[str, str]  # name of an override (`plain`) -> class, where all overrides of that name agree
    likely: FrozenSet[int]  # hosting by the look of its addresses and name (`tools/geo/likely_hosting.py`)


@lru_cache(maxsize=8192)  # a name that no pattern knows costs 0.1 ms
def classify(asn: Optional[int], as_org: Optional[str]) -> Optional[str]:
    """The class of an AS by its number and the name of its organisation; None where neither says anything.

    >>> classify(24940, "Hetzner Online GmbH"), classify(7922, "Comcast Cable Communications, LLC"), classify(None, None)
    ('hosting', 'residential', None)
    """
    return reviewed(asn, as_org) or ("hosting" if asn in rules().likely else None)


def reviewed(asn: Optional[int], as_org: Optional[str]) -> Optional[str]:
    """What the overrides and patterns, which people wrote, say of an AS."""
    known = rules()
    if asn is not None and asn in known.overrides:
        return known.overrides[asn]
    if as_org:
        for name, pattern in known.patterns:
            if pattern.search(as_org):
                return name
        return known.named.get(plain(as_org))
    return None


def plain(as_org: str) -> str:
    """A name as it is compared: its words in small letters.

    >>> plain("China Telecom(Group)"), plain("BrainStorm Network, Inc")
    ('china telecom group', 'brainstorm network inc')
    """
    return " ".join("".join(letter if letter.isalnum() else " " for letter in as_org.lower()).split())


def from_flags(flags: Iterable[str]) -> Optional[str]:
    """The class that the vendor's own signals (`signin.FLAGS`) speak of, or None.

    >>> from_flags(("managed_device", "proxy")), from_flags(("threat",))
    ('vpn', None)
    """
    present = frozenset(flags)
    return next((name for flag, name in FLAG_CLASSES if flag in present), None)


def accuracy_km(network: Optional[str]) -> float:
    """The error radius to assume for an address of this class."""
    return ACCURACY_KM.get(network or "", OTHER_ACCURACY_KM)


@lru_cache(maxsize=1)
def rules() -> Rules:
    """The overrides and patterns, read and compiled once, when first asked for."""
    import re

    data = read_json(FILE)
    overrides: Dict[int, str] = {}
    named: Dict[str, Set[str]] = {}
    for name, numbers in data["overrides"].items():
        for number, as_org in numbers.items():  # each with the name it had when it was reviewed
            asn = int(number)
            named.setdefault(plain(as_org), set()).add(name)
            if overrides.setdefault(asn, name) != name:
                raise ValueError(f"AS{asn} is {overrides[asn]} and {name} in {FILE}")
    patterns = tuple((row["class"], re.compile("|".join(row["any"]), re.IGNORECASE)) for row in data["patterns"])
    unknown = {name for name in (*overrides.values(), *(name for name, _ in patterns)) if name not in NETWORK_CLASSES}
    if unknown:
        raise ValueError(f"{FILE} speaks of unknown network classes: {sorted(unknown)}")
    agreed = {as_org: next(iter(classes)) for as_org, classes in named.items() if as_org and len(classes) == 1}
    return Rules(overrides, patterns, agreed, frozenset(data["likely"]))
