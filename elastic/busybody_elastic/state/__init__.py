"""Profiles at rest in an index of the cluster: one lease and one store for each partition of the people.

lease = Lease(cluster, index, 0, owner="one", address="https://one:8443")
if lease.take():
    with IndexStore(lease) as store:
        ...
"""

from .lease import Head, Lease, heads
from .store import IndexStore

__all__ = ["Head", "IndexStore", "Lease", "heads"]
