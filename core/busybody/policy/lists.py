"""Lists in a policy: people by name or pattern, networks by block, address or autonomous system."""

from __future__ import annotations

from functools import lru_cache
from ipaddress import ip_address, ip_network
from typing import Dict, FrozenSet, Iterable, Optional, Pattern, Set, Tuple

from .files import expanded
from .patterns import compiled, is_pattern, matches


class PeopleList:
    """Names, and /patterns/ that match a whole name. Neither minds upper and lower case."""

    __slots__ = ("entries", "_names", "_patterns")

    def __init__(self, entries: Iterable[str] = ()) -> None:
        """`entries` as written in the policy. Raises ValueError, saying what would be right."""
        self.entries: Tuple[str, ...] = tuple(entries)
        named = expanded(self.entries)
        self._names: FrozenSet[str] = frozenset(e.casefold() for e in named if not is_pattern(e))
        self._patterns: Tuple[Pattern[str], ...] = tuple(compiled(e) for e in named if is_pattern(e))

    def matches(self, name: str) -> bool:
        if not self.entries:
            return False
        if name.casefold() in self._names:
            return True
        return any(matches(pattern, name) for pattern in self._patterns)

    def __bool__(self) -> bool:
        return bool(self.entries)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, PeopleList) and self.entries == other.entries

    def __hash__(self) -> int:
        return hash(self.entries)

    def __repr__(self) -> str:
        return f"PeopleList({list(self.entries)!r})"


class NetworkList:
    """Blocks and addresses (both IP versions) and autonomous systems."""

    __slots__ = ("entries", "_asns", "_blocks4", "_blocks6")

    def __init__(self, entries: Iterable[str] = ()) -> None:
        """`entries` as written in the policy. Raises ValueError, saying what would be right."""
        self.entries: Tuple[str, ...] = tuple(entries)
        asns: Set[int] = set()
        # One set of network numbers per prefix length: a look-up costs one step per length, not per entry.
        blocks: Dict[int, Dict[int, Set[int]]] = {4: {}, 6: {}}
        for entry in expanded(self.entries):
            asn = autonomous_system(entry)
            if asn is not None:
                asns.add(asn)
                continue
            version, shift, number = block(entry)
            blocks[version].setdefault(shift, set()).add(number)
        self._asns = frozenset(asns)
        self._blocks4 = _frozen(blocks[4])
        self._blocks6 = _frozen(blocks[6])

    def matches(self, ip: Optional[str], asn: Optional[int] = None) -> bool:
        """Whether the address or the autonomous system is listed. What is missing matches nothing."""
        if not self.entries:
            return False
        if asn is not None and asn in self._asns:
            return True
        if ip is None or not (self._blocks4 or self._blocks6):
            return False
        version, number = numbered(ip)
        blocks = self._blocks4 if version == 4 else self._blocks6
        return any(number >> shift in numbers for shift, numbers in blocks)

    def __bool__(self) -> bool:
        return bool(self.entries)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, NetworkList) and self.entries == other.entries

    def __hash__(self) -> int:
        return hash(self.entries)

    def __repr__(self) -> str:
        return f"NetworkList({list(self.entries)!r})"


Blocks = Tuple[Tuple[int, FrozenSet[int]], ...]


def _frozen(blocks: Dict[int, Set[int]]) -> Blocks:
    return tuple((shift, frozenset(numbers)) for shift, numbers in sorted(blocks.items()))


@lru_cache(maxsize=4096)  # every list of a policy asks for the same address
def numbered(ip: str) -> Tuple[int, int]:
    """IP version and number; an IPv4 address within IPv6 is one of IPv4. Text that is no address lies in no block."""
    try:
        address = ip_address(ip)
    except ValueError:
        return 6, -1
    number = int(address)
    if address.version == 6 and number >> 32 == 0xFFFF:
        return 4, number & 0xFFFFFFFF
    return address.version, number


def autonomous_system(entry: str) -> Optional[int]:
    """64500 for "AS64500"; None for what is none. Raises ValueError for a number out of range."""
    if entry[:2].upper() != "AS" or not entry[2:].isascii() or not entry[2:].isdigit():
        return None
    number = int(entry[2:][:12])
    if not 0 < number < 2**32:
        raise ValueError("no autonomous system has this number. Give AS1 to AS4294967295")
    return number


def block(entry: str) -> Tuple[int, int, int]:
    """IP version, bits to shift away, network number. Raises ValueError, saying what would be right."""
    try:
        network = ip_network(entry)
    except ValueError:
        try:
            right = ip_network(entry, strict=False)
        except ValueError:
            raise ValueError("no network. Give a block (192.0.2.0/24), an address or a number (AS64500)") from None
        raise ValueError(f"an address within a block. Write the block as {right}") from None
    number, shift = int(network.network_address), network.max_prefixlen - network.prefixlen
    if network.version == 6 and network.prefixlen >= 96 and number >> 32 == 0xFFFF:
        return 4, shift, (number & 0xFFFFFFFF) >> shift
    return network.version, shift, number >> shift
