"""The score API: requests per second and how long one takes, beside a request that scores nothing.

    python benchmarks/elastic_api.py [--node es9] [--count 2000]

One sign-in a request, as Logstash's http filter sends them; then 100 a request, as a script would.
"""

from __future__ import annotations

import time
from typing import List, Tuple

import orjson
from elastic_bench import (
    ROUNDS,
    arguments,
    prepared,
    quantile,
    send,
    service,
    show,
    signins,
)  # fmt: skip

TOGETHER = 100


def main() -> None:
    options = arguments(__doc__, count=(2000, "requests of a round"))
    count = options.count
    with prepared(options.node) as (node, _):
        found = [orjson.dumps(one) for one in signins(options.people, count * 2 * (ROUNDS + 1))]
        nothing, single, together = [], [], []
        waits: List[float] = []
        with service(node, reader={"enabled": False}) as api:
            for number in range(ROUNDS + 1):
                alone = found[number * 2 * count : (number * 2 + 1) * count]
                rest = found[(number * 2 + 1) * count : (number + 1) * 2 * count]
                many = [b"\n".join(rest[start : start + TOGETHER]) + b"\n" for start in range(0, count, TOGETHER)]
                nothing.append(count / timed(api.url, "/healthz", [b""] * count)[0])
                seconds, taken = timed(api.url, "/score", alone, "application/json")
                single.append(count / seconds)
                waits += taken if number else []
                together.append(count / timed(api.url, "/score", many)[0])
            show("GET /healthz", nothing[1:], "requests/s")
            show("POST /score, one sign-in", single[1:], "requests/s", nothing[1:])
            spread = ", ".join(
                f"p{share * 100:g} {quantile(waits, share) * 1000:.1f} ms" for share in (0.5, 0.95, 0.99)
            )
            print(f"                                     {spread}")
            show(f"POST /score, {TOGETHER} sign-ins", together[1:], "sign-ins/s")
            print(f"memory of the service                {api.memory_mb:9,.0f} MB at its highest")


def timed(url: str, path: str, bodies: List[bytes], content: str = "application/x-ndjson") -> Tuple[float, List[float]]:
    """Seconds for all of them, and of each."""
    begun = time.perf_counter()
    taken = send(url, path, bodies, None, content)
    return time.perf_counter() - begun, taken


if __name__ == "__main__":
    main()
