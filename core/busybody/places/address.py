"""Address: the text of an address, out of whatever a log holds.

Logs write ports behind addresses, brackets and zones around them, IPv4 inside IPv6, whole lists out of
X-Forwarded-For. `parse` makes one canonical text of all that; the other functions take that text.

IPv6 privacy addresses change daily inside their /64, so a host is a /64 there and a site a /48.
"""

from __future__ import annotations

import re
from socket import AF_INET, AF_INET6, inet_ntop, inet_pton
from typing import List, Optional, Tuple

LONGEST_TEXT = 2000  # characters of a forwarding list that are looked at; the rest cannot be an address worth having
MAPPED = b"\0" * 10 + b"\xff\xff"  # ::ffff:0:0/96, an IPv4 address in IPv6 dress

# Addresses that no remote person can have on the internet. The documentation ranges (203.0.113.0/24, 2001:db8::/32 and
# their kin) are left out on purpose: they stand for public addresses wherever they are met, in tests and in examples.
PRIVATE_BLOCKS: Tuple[str, ...] = (
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",  # carrier-grade NAT
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.168.0.0/16",
    "198.18.0.0/15",  # benchmarking; used as private space by some VPN products
    "224.0.0.0/3",  # multicast, reserved, broadcast
    "::/48",  # unspecified, loopback, IPv4 in disguise
    "fc00::/7",
    "fe80::/9",  # link-local and the old site-local
    "ff00::/8",
)

_SEPARATORS = re.compile(r"[,;\s]+")
_QUOTES = "\"'"


def parse(text: Optional[str]) -> Optional[str]:
    """The canonical text of the address in `text`, or None where there is none.

    >>> parse("[2001:DB8::7%eth0]:443"), parse("::ffff:198.51.100.7"), parse("10.0.0.3, 198.51.100.7:8443"), parse("-")
    ('2001:db8::7', '198.51.100.7', '198.51.100.7', None)

    Of a list the first public address counts, without one the first address. Leading zeros (`010.0.0.1`) are refused:
    half of the world reads them as octal. Never raises on a str or None.
    """
    if not text:
        return None
    plain = _canonical(text)
    if plain is not None:
        return plain
    found = [address for part in _parts(text) for address in [_dressed(part)] if address is not None]
    return next((address for address in found if not is_private(address)), found[0] if found else None)


def subnet(ip: str) -> str:
    """The site of a canonical address: its /24, of IPv6 its /48."""
    if ":" in ip:
        return inet_ntop(AF_INET6, inet_pton(AF_INET6, ip)[:6] + bytes(10)) + "/48"
    return ip[: ip.rindex(".")] + ".0/24"


def host(ip: str) -> str:
    """One machine or household: the IPv4 address itself, of IPv6 its /64."""
    if ":" in ip:
        return inet_ntop(AF_INET6, inet_pton(AF_INET6, ip)[:8] + bytes(8)) + "/64"
    return ip


def is_private(ip: str) -> bool:
    """Whether no remote person can have this canonical address on the internet (`PRIVATE_BLOCKS`)."""
    if ":" in ip:
        packed = inet_pton(AF_INET6, ip)
        first = packed[0]
        if first == 0:
            return packed[:6] == bytes(6)
        return first >= 0xFC and (first != 0xFE or packed[1] >= 0x80)
    a, b = map(int, ip.split(".", 2)[:2])
    return (
        a in (0, 10, 127)
        or a >= 224
        or (a == 192 and b == 168)
        or (a == 172 and 16 <= b < 32)
        or (a == 169 and b == 254)
        or (a == 100 and 64 <= b < 128)
        or (a == 198 and 18 <= b < 20)
    )


def _canonical(text: str) -> Optional[str]:
    """The bare address, or None if there is anything around it."""
    try:
        if ":" not in text:
            inet_pton(AF_INET, text)
            return text  # strict dotted quads have one spelling only
        packed = inet_pton(AF_INET6, text)
    except (OSError, ValueError):  # ValueError: a NUL or a lone surrogate in the text
        return None
    if packed[:12] == MAPPED:
        return inet_ntop(AF_INET, packed[12:])
    return inet_ntop(AF_INET6, packed)


def _parts(text: str) -> List[str]:
    return [part for part in _SEPARATORS.split(text[:LONGEST_TEXT]) if part]


def _dressed(part: str) -> Optional[str]:
    """An address with a port, brackets, a zone, quotes, `for=` of the Forwarded header, or a full prefix length."""
    if part[:4].lower() == "for=":
        part = part[4:]
    part = part.strip(_QUOTES)
    if part.startswith("["):
        return _canonical(part[1:].partition("]")[0].partition("%")[0])
    part = part.partition("%")[0]
    for ending in ("/32", "/128"):
        part = part.removesuffix(ending)
    if part.count(":") in (1, 8):  # 198.51.100.7:443, or all eight groups and a port
        address, _, port = part.rpartition(":")
        return _canonical(address) if port.isascii() and port.isdigit() else None
    return _canonical(part)
