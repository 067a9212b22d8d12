"""Network class: what kind of network an address belongs to.

The class of an AS comes from reviewed overrides by AS number, then from patterns in the name of its organisation
(`data/networks.json`). The lists of the user's policy win over both, and single addresses over AS numbers.
"""

from __future__ import annotations

import os
from bisect import bisect_right
from functools import lru_cache
from typing import Any, Dict, Iterable, List, NamedTuple, Optional, Pattern, Tuple

from ..errors import PolicyError
from ..signin import NETWORK_CLASSES
from .address import network as block_of
from .resources import read_json

FILE = os.path.join(os.path.dirname(__file__), "data", "networks.json")

# Radius in km that holds the person with probability 0.67. Fixed lines are 3 to 16 km off in the median, mobile ones
# 180 to 210; the address of a server says nothing of where its user is.
ACCURACY_KM = {"residential": 40.0, "mobile": 250.0, "hosting": 500.0, "vpn": 500.0, "tor": 500.0}
OTHER_ACCURACY_KM = 50.0

FLAG_CLASSES = (("tor", "tor"), ("vpn", "vpn"), ("anonymous", "vpn"), ("hosting", "hosting"), ("proxy", "vpn"))

# Which class an address gets from the policy's list of that name; the first list that holds it decides.
LIST_CLASSES = (("tor", "tor"), ("vpn", "vpn"), ("egress", "organisation"), ("hosting", "hosting"), ("trusted", "organisation"))


class Rules(NamedTuple):
    """The content of the data file."""

    overrides: Dict[int, str]  # AS number -> class
    patterns: Tuple[Tuple[str, Pattern[str]], ...]  # tried in this order


@lru_cache(maxsize=8192)  # a name that no pattern knows costs 0.1 ms
def classify(asn: Optional[int], as_org: Optional[str]) -> Optional[str]:
    """The class of an AS by its number and the name of its organisation; None where neither says anything.

    >>> classify(24940, "Hetzner Online GmbH"), classify(7922, "Comcast Cable Communications, LLC"), classify(None, None)
    ('hosting', 'residential', None)
    """
    known = rules()
    if asn is not None and asn in known.overrides:
        return known.overrides[asn]
    if as_org:
        for name, pattern in known.patterns:
            if pattern.search(as_org):
                return name
    return None


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
    for name, numbers in data["overrides"].items():
        for asn in map(int, numbers):  # each with the name it had when it was reviewed
            if overrides.setdefault(asn, name) != name:
                raise ValueError(f"AS{asn} is {overrides[asn]} and {name} in {FILE}")
    patterns = tuple((row["class"], re.compile("|".join(row["any"]), re.IGNORECASE)) for row in data["patterns"])
    unknown = {name for name in (*overrides.values(), *(name for name, _ in patterns)) if name not in NETWORK_CLASSES}
    if unknown:
        raise ValueError(f"{FILE} speaks of unknown network classes: {sorted(unknown)}")
    return Rules(overrides, patterns)


class Lists:
    """The network lists of a policy, ready to be asked. Entries are CIDR blocks, addresses and AS numbers ("AS64500")."""

    def __init__(self, lists: Any) -> None:
        self._systems: Dict[int, str] = {}
        blocks: List[Tuple[int, int, int, int, str]] = []
        for rank, (name, network) in enumerate(LIST_CLASSES):
            for index, entry in enumerate(getattr(lists, name, ())):
                key = f"networks.{name}[{index}]"
                if str(entry).strip().upper().startswith("AS"):
                    self._systems.setdefault(_as_number(entry, key), network)
                else:
                    blocks.append((*_block(entry, key), rank, network))
        self._ranges = {version: _disjoint(block[1:] for block in blocks if block[0] == version) for version in (4, 6)}

    def __bool__(self) -> bool:
        return bool(self._systems or self._ranges[4][0] or self._ranges[6][0])

    def of(self, ip: str, asn: Optional[int]) -> Optional[str]:
        """The class that the lists give to a canonical address, or None."""
        version, value, _ = block_of(ip)
        starts, classes = self._ranges[version]
        at = bisect_right(starts, value) - 1
        found = classes[at] if at >= 0 else None
        return found if found is not None or asn is None else self._systems.get(asn)


def _as_number(entry: Any, key: str) -> int:
    digits = str(entry).strip()[2:]
    if not (digits.isascii() and digits.isdigit() and int(digits[:11]) < 1 << 32):
        raise PolicyError(f"{entry!r} is no AS number. Write it like AS64500.", key=key)
    return int(digits)


def _block(entry: Any, key: str) -> Tuple[int, int, int]:
    try:
        return block_of(str(entry))
    except ValueError as error:
        raise PolicyError(f"{error}. Write it like 198.51.100.0/24, 2001:db8::/32 or AS64500.", key=key) from None


def _disjoint(blocks: Iterable[Tuple[int, int, int, str]]) -> Tuple[List[int], List[Optional[str]]]:
    """Rising starts and what holds from each of them on: the class of the first list that covers it, or None."""
    found = list(blocks)
    starts = sorted({edge for first, last, _, _ in found for edge in (first, last + 1)})
    edges = {start: index for index, start in enumerate(starts)}
    classes: List[Optional[str]] = [None] * len(starts)
    for first, last, _, network in sorted(found, key=lambda block: -block[2]):  # the first list writes last
        for index in range(edges[first], edges[last + 1]):
            classes[index] = network
    return starts, classes
