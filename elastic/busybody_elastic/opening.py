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
from .records import PATIENCE
from .results import Results
from .router import PartitionRouter
from .stamps import Stamps, own, shared

OUTLIVES = PATIENCE + 30.0  # seconds: as long as the gateway waits for the cluster, a ticket holds


def open_router(
    config: Config, cluster: Cluster, results: Results, policy: Policy | None = None, *,
    clock: Callable[[], float] = time.time,
) -> tuple[PartitionRouter, Answering | None]:  # fmt: skip
    """The router, to be started, and what answers other instances at /internal/* (`Answering.routes`), if any may ask.

    `clock`: UTC epoch seconds. Raises StoreError for a SQLite file that cannot be opened.
    """
    state, rules = config.state, policy or config.policy
    quiet = config.alerts.quiet_after_minutes * 60.0

    def partition(number: int, store: Store) -> Partition:
        return Partition(number, rules, store, results, clock=clock, expires=OUTLIVES)

    if state.kind == "sqlite":
        store = stores.open(str(state.path), clock=clock)
        secret = own(store)
        single = Single(partition(0, store), store)
        stamps = Stamps(lambda: secret)
        local = Local(single, Passage())
        return PartitionRouter(rules, single, local, clock=clock, stamps=stamps, quiet_after=quiet), None
    passage, stamps = Passage(), Stamps(shared(cluster, results.names.state))
    owners = Owners(
        partition, cluster, results.names.state, instance=state.instance, address=state.address,
        partitions=state.partitions, seconds=state.lease_seconds, passage=passage, now=clock,
    )  # fmt: skip
    days = Days(owners, cluster, results.names.state, passage) if state.partitions > 1 else None
    local = Local(owners, passage, days)
    if not state.internal_key:
        return PartitionRouter(rules, owners, local, clock=clock, stamps=stamps, quiet_after=quiet), None
    key = state.internal_key.reveal()
    hops = Hops(key, verify=_trust(config))
    router = PartitionRouter(rules, owners, local, hops, clock=clock, stamps=stamps, quiet_after=quiet)
    return router, Answering(local, key)


def _trust(config: Config) -> ssl.SSLContext:
    """Whom the other instances' certificates are to be signed by: what the machine trusts, and the cluster's CA."""
    context = ssl.create_default_context()
    if config.cluster.ca_file is not None:
        context.load_verify_locations(config.cluster.ca_file)
    return context
