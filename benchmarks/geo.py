"""Look-ups per second on addresses never asked before, beside the bare cost of reading them: python benchmarks/geo.py

Random IPv4 addresses over the whole space, and random IPv6 addresses within routed space, as text. "first" is the
time to open the table and answer once. The reference loop turns the same text into numbers and does nothing else.
"""

from __future__ import annotations

import platform
import random
import socket
import sys
import time
from pathlib import Path
from struct import Struct
from typing import Callable, List

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "core"))

from busybody.places import Locator, networks  # noqa: E402
from busybody.places.locator import table  # noqa: E402

COUNT = 300_000
ROUNDS = 3


def ipv4(draw: random.Random) -> List[str]:
    return [socket.inet_ntoa(draw.getrandbits(32).to_bytes(4, "big")) for _ in range(COUNT)]


def ipv6(draw: random.Random) -> List[str]:
    routed = table()._asn6[0]  # noqa: SLF001  the upper words that occur in the table
    high = (routed[draw.randrange(len(routed))] for _ in range(COUNT))
    return [socket.inet_ntop(socket.AF_INET6, word.to_bytes(4, "big") + draw.randbytes(12)) for word in high]


def per_second(work: Callable[[str], object], addresses: List[str]) -> float:
    start = time.perf_counter()
    for ip in addresses:
        work(ip)
    return len(addresses) / (time.perf_counter() - start)


def main() -> None:
    locator = Locator()
    start = time.perf_counter()
    locator.locate("193.0.6.139")
    first_ms = (time.perf_counter() - start) * 1000
    locate, draw = locator.locate, random.Random(1)
    pton, halves = socket.inet_pton, Struct(">HH").unpack
    print(f"Python {platform.python_version()}, {platform.machine()}; first look-up {first_ms:.1f} ms")
    for name, addresses in (("IPv4", ipv4), ("IPv6", ipv6)):
        family = int(socket.AF_INET if name == "IPv4" else socket.AF_INET6)

        def read(ip: str, family: int = family) -> object:
            return halves(pton(family, ip)[:4])

        fresh = [addresses(draw) for _ in range(ROUNDS)]
        reference = max(per_second(read, fresh[0]) for _ in range(ROUNDS))
        rates = [per_second(locate, some) for some in fresh]
        shown = ", ".join(f"{rate:,.0f}" for rate in rates)
        print(f"{name}: locate(text) {shown}/s in {ROUNDS} rounds of fresh addresses; reference {reference:,.0f}/s")
    names = list({place.as_org: place.asn for place in map(locate, fresh[0]) if place.as_org}.items())[:2000]
    rate = per_second(lambda row: networks.classify.__wrapped__(row[1], row[0]), names)  # type: ignore[arg-type,attr-defined]
    print(f"classify(asn, as_org), not remembered: {rate:,.0f}/s")


if __name__ == "__main__":
    main()
