"""The bulk gateway beside direct bulk requests, in documents per second.

    python benchmarks/elastic_gateway.py [--node es9] [--count 10000]

Each round sends the same documents to the node directly, and through the gateway to another index: once where every
document is a sign-in, once where one in ten is. Before, the gateway meets the people: who is new costs more, in the
first days of an organisation as here. Batches that have somebody in common wait for each other: the fewer people, the more.
"""

from __future__ import annotations

from typing import List

from elastic_bench import (
    ROUNDS,
    Document,
    Node,
    Service,
    arguments,
    bulk_bodies,
    other,
    plain_index,
    prepared,
    rate,
    send,
    service,
    show,
    signins,
)  # fmt: skip


def compare(node: Node, gateway: Service, documents: List[Document], name: str, bar: str) -> None:
    """Rounds of both, one after the other; the first warms."""
    each = len(documents) // (ROUNDS + 1)
    direct, through = [], []
    for number in range(ROUNDS + 1):
        some = documents[number * each : (number + 1) * each]
        bodies = bulk_bodies(some, "direct"), bulk_bodies(some, "through")
        turns = [
            (direct, lambda bodies=bodies: send(node.url, "/_bulk", bodies[0], node)),
            (through, lambda bodies=bodies: send(gateway.url, "/_bulk", bodies[1], node)),
        ]
        for rates, work in turns if number % 2 else turns[::-1]:
            rates.append(rate(each, work))
    show(f"direct, {name}", direct[1:], "documents/s")
    show(f"gateway, {name}", through[1:], "documents/s", direct[1:], bar)


def main() -> None:
    options = arguments(
        __doc__, 10_000, count=(6_000, "documents of a round"), learned=(60_000, "sign-ins that the gateway met before")
    )
    count, learned = options.count, options.learned
    with prepared(options.node) as (node, cluster):
        for index in ("direct", "through", "warm"):
            plain_index(cluster, index)
        found = signins(options.people, learned + count * (ROUNDS + 1) + count // 10 * (ROUNDS + 1))
        before, found = found[:learned], found[learned:]
        every, some = found[: count * (ROUNDS + 1)], iter(found[count * (ROUNDS + 1) :])
        mixed = [other(n) if n % 10 else next(some) for n in range(count * (ROUNDS + 1) // 10 * 10)]
        send(
            node.url, "/_bulk", bulk_bodies([other(n) for n in range(20_000)], "warm"), node
        )  # a cold JVM is half as fast
        sections = {"gateway": {"enabled": True, "deadline_ms": 60_000}, "reader": {"enabled": False}}
        with service(node, **sections) as gateway:
            print(f"{options.people:,} people, of whom {learned:,} sign-ins are known", flush=True)
            send(gateway.url, "/_bulk", bulk_bodies(before, "warm"), node)
            compare(node, gateway, every, "all sign-ins", "(at least 0.45, aim 0.60)")
            compare(node, gateway, mixed, "one in ten", "(at least 0.85)")
            print(f"memory of the service                {gateway.memory_mb:9,.0f} MB at its highest")


if __name__ == "__main__":
    main()
