"""The reader beside a bare scan of a point in time, in documents per second.

    python benchmarks/elastic_reader.py [--node es9] [--count 20000]

Each round puts fresh sign-ins into an index and scans them, page by page, doing nothing with them; then the reader takes
them in: scores, writes results and alerts, learns, commits. Writing results is within its time.
"""

from __future__ import annotations

import resource
import time
from typing import Any, List

from elastic_bench import (
    ROUNDS,
    Cluster,
    Document,
    Node,
    arguments,
    bulk_bodies,
    loaded,
    plain_index,
    prepared,
    rate,
    send,
    show,
    signins,
)  # fmt: skip

PAGE = 2000


def scan(cluster: Cluster, index: str) -> int:
    """All documents in the order in which the reader wants them."""
    pit, after, found = cluster.open_pit(index), {}, 0
    sort = {"event.ingested": {"order": "asc", "numeric_type": "date", "unmapped_type": "date"}}
    while True:
        page = cluster.page(pit, {"size": PAGE, "sort": [sort], **after})
        if not page.hits:
            cluster.close_pit(pit)
            return found
        found += len(page.hits)
        pit, after = page.pit, {"search_after": page.hits[-1].sort}


def stamped(documents: List[Document]) -> List[Document]:
    """As an ingest pipeline leaves them."""
    now = time.time()
    moments = [time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now)) + f".{n % 1000:03}Z" for n in range(len(documents))]
    return [{**one, "event": {**one["event"], "ingested": at}} for one, at in zip(documents, moments, strict=True)]


def put(node: Node, cluster: Cluster, index: str, documents: List[Document]) -> None:
    """Into an index of their own, visible."""
    plain_index(cluster, index)
    send(node.url, "/_bulk", bulk_bodies(stamped(documents), index), node)
    cluster.refresh(index)


def take_in(service: Any) -> None:
    """Read to the head, and commit."""
    while service.reader.cycle():
        pass


def main() -> None:
    from busybody_elastic.service import Service, collect_seldom

    options = arguments(
        __doc__, count=(20_000, "sign-ins of a round"), learned=(30_000, "sign-ins that the reader met before")
    )
    count, learned = options.count, options.learned
    with prepared(options.node) as (node, cluster):
        documents = signins(options.people, learned + count * (ROUNDS + 1))
        section: dict[str, Any] = {"indices": ["signins-*"], "learn_days": 0, "page": PAGE}
        scans, reads = [], []
        with Service(loaded(node, reader=section), ("reader",)) as service:
            service.start()
            collect_seldom()
            service.lead()
            service.reader.cycle()
            put(node, cluster, "signins-before", documents[:learned])
            take_in(service)
            print(f"{options.people:,} people, of whom {learned:,} sign-ins are known", flush=True)
            for number in range(ROUNDS + 1):
                index, start = f"signins-{number}", learned + number * count
                put(node, cluster, index, documents[start : start + count])
                scans.append(rate(count, lambda index=index: scan(cluster, index)))
                before = service.reader.stats.read
                reads.append(rate(count, lambda: take_in(service)))
                taken = service.reader.stats.read - before
                if taken != count:
                    raise SystemExit(f"the reader took {taken} of {count}")
        show("bare scan", scans[1:], "documents/s")
        show("reader, with results and state", reads[1:], "documents/s", scans[1:], "(at least 0.25)")
        print(
            f"memory of this process               {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:9,.0f} MB at its highest"
        )


if __name__ == "__main__":
    main()
