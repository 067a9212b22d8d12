"""A router from a configuration: its stores, its share of the people, its way to the other instances."""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable

from busybody import stores
from busybody.policy import Policy
from busybody.stores import Store

from .cluster.protocol import Cluster
from .config import Config
from .days import Days
from .hop import Answering, Hops
from .local import Local
from .owners import Owners, Single
from .partition import Partition
from .passage import Passage
from .results import Results
from .router import PartitionRouter


def open_router(
    config: Config, cluster: Cluster, results: Results, policy: Policy | None = None, *,
    clock: Callable[[], float] = time.time,
) -> tuple[PartitionRouter, Answering | None]:  # fmt: skip
    """The router, to be started, and what answers other instances at /internal/* (`Answering.routes`), if any may ask.

    `clock`: UTC epoch seconds. Raises StoreError for a SQLite file that cannot be opened.
    """
    state, rules = config.state, policy or config.policy

    def partition(number: int, store: Store) -> Partition:
        return Partition(number, rules, store, results, clock=clock)

    if state.kind == "sqlite":
        store = stores.open(str(state.path), clock=clock)
        single = Single(partition(0, store), store)
        return PartitionRouter(rules, single, Local(single, Passage()), clock=clock), None
    passage = Passage()
    owners = Owners(
        partition, cluster, results.names.state, instance=state.instance, address=state.address,
        partitions=state.partitions, seconds=state.lease_seconds, passage=passage, now=clock,
    )  # fmt: skip
    days = Days(owners, cluster, results.names.state, passage) if state.partitions > 1 else None
    local = Local(owners, passage, days)
    if not state.internal_key:
        return PartitionRouter(rules, owners, local, clock=clock), None
    key = state.internal_key.reveal()
    hops = Hops(key, verify=_trust(config))
    return PartitionRouter(rules, owners, local, hops, clock=clock), Answering(local, key)


def _trust(config: Config) -> ssl.SSLContext:
    """Whom the other instances' certificates are to be signed by: what the machine trusts, and the cluster's CA."""
    context = ssl.create_default_context()
    if config.cluster.ca_file is not None:
        context.load_verify_locations(config.cluster.ca_file)
    return context
