"""From a sign-in that is visible in its index to the alert that is visible in ours, in seconds.

    python benchmarks/elastic_delay.py [--node es9] [--count 60]

The service follows with its defaults, while ordinary sign-ins keep coming in. Now and then somebody signs in who left:
an alert by itself. Both streams are asked as a watch would ask them, and neither is refreshed for our sake.
"""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime
from typing import Any, Dict

from elastic_bench import (
    NAMESPACE,
    Cluster,
    arguments,
    bulk_bodies,
    plain_index,
    prepared,
    quantile,
    send,
    service,
    signins,
    wait,
)  # fmt: skip

INDEX = "signins-live"
ALERTS = f"logs-busybody.alert-{NAMESPACE}"
LEARNED = 5000  # sign-ins that are there before
ORDINARY = 20  # sign-ins a second besides


def now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def leaver(number: int) -> Dict[str, Any]:
    return {
        "@timestamp": now(),
        "event": {"id": f"left-{number}", "category": ["authentication"], "type": ["start"], "outcome": "success",
                  "kind": "event", "dataset": "okta.system", "module": "okta", "ingested": now()},
        "user": {"name": f"leaver-{number}"},
        "source": {"ip": f"198.51.100.{number % 250 + 1}"},
    }  # fmt: skip


def names(cluster: Cluster, index: str) -> Dict[str, float]:
    """The leavers that are visible there, and when that was seen."""
    moment = time.perf_counter()
    body = {"size": 1000, "query": {"prefix": {"user.name": "leaver-"}}, "_source": ["user.name"]}
    return {hit["_source"]["user"]["name"]: moment for hit in cluster.search(index, body)["hits"]["hits"]}


def watch(cluster: Cluster, stop: threading.Event, visible: Dict[str, float], alerted: Dict[str, float]) -> None:
    while not stop.wait(0.02):
        for seen, index in ((visible, INDEX), (alerted, ALERTS)):
            for name, moment in names(cluster, index).items():
                seen.setdefault(name, moment)


def main() -> None:
    options = arguments(__doc__, count=(60, "alerts"))
    with prepared(options.node) as (node, cluster):
        plain_index(cluster, INDEX)
        seconds = options.count * 1.0
        ordinary = signins(options.people, int(seconds * ORDINARY) + LEARNED)
        send(node.url, "/_bulk", bulk_bodies(ordinary[:LEARNED], INDEX), node)  # what is learned silently
        cluster.refresh(INDEX)
        stop, visible, alerted = threading.Event(), {}, {}  # type: ignore[var-annotated]
        with service(node, reader={"indices": ["signins-*"]}) as running:
            wait(lambda: running.status().get("read", 0) >= LEARNED, "the service does not learn what is there")
            watcher = threading.Thread(target=watch, args=(cluster, stop, visible, alerted))
            watcher.start()
            live = iter(ordinary[LEARNED:])
            for number in range(options.count):
                some = [{**next(live), "@timestamp": now()} for _ in range(ORDINARY)]
                stamped = [{**one, "event": {**one["event"], "ingested": now()}} for one in [*some, leaver(number)]]
                send(node.url, "/_bulk", bulk_bodies(stamped, INDEX), node)
                time.sleep(0.9 + (number % 7) / 30)  # in no step with anybody's interval
            end = time.monotonic() + 60
            while len(alerted) < options.count and time.monotonic() < end:
                time.sleep(0.1)
            stop.set()
            watcher.join()
            memory = running.memory_mb
    delays = [alerted[name] - visible[name] for name in visible if name in alerted]
    if not delays:
        raise SystemExit("no sign-in became an alert: the service did not follow")
    print(f"{len(delays)} of {options.count} sign-ins of people who left became alerts")
    spread = "  ".join(f"p{share * 100:g} {quantile(delays, share):.2f} s" for share in (0.5, 0.95, 0.99))
    print(f"visible in the index to alert        {spread}  (p95 at most 5 s)")
    print(f"memory of the service                {memory:9,.0f} MB at its highest")


if __name__ == "__main__":
    main()
