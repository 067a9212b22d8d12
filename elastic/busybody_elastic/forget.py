"""forget PERSON: erase a person from the state and from every index of ours. It cannot be undone.

The state is its owner's: an order is left for every partition, since recent evidence of other people's partitions names
them by a hash, too. Running instances carry it out within seconds; where none runs, this command takes the lease and does
it itself. Only then the documents go, so that nothing that was under way brings them back. Whoever gives the order erases
them; where the owners took longer than it waited, they do that, too.

Sign-ins of theirs that are older than the erasure are skipped from then on. Logs, snapshots and what Kibana copied
(`.alerts-security.alerts-*`) are elsewhere: erase the person there, too.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from busybody.fields.values import clean
from busybody.identity import Identity
from busybody.policy import Policy
from busybody.stores import Store

from .cluster.protocol import Cluster, Doc
from .documents import Document, Names, person_id
from .errors import ClusterError, ConfigError, Lost
from .verdict_document import VERDICT, without

if TYPE_CHECKING:
    import argparse

    from .config import Config
    from .partition import Partition

ORDERS = "orders"  # the document in the state's index
TRIES, ROUNDS = 20, 10
PAGE = 500
PAUSE = 0.2  # seconds between two looks
HOUR = 3600 * 10**9  # nanoseconds after which whoever gave an order is gone


class Orders:
    """Erasures that wait for the owners, each under a name of its own.

    {user, left: partitions in which it is to be done, gone: what went, alone: whether nobody waits for it any more}
    """

    def __init__(self, cluster: Cluster, names: Names, partitions: Callable[[], Sequence[Partition]] = tuple) -> None:
        self._cluster, self._names, self._index, self._partitions = cluster, names, names.state, partitions

    def place(self, user: str, partitions: int) -> str:
        """Returns the order's name."""
        name = f"{time.time_ns():x}"
        order = {"user": user, "left": [*range(partitions)], "gone": [], "alone": False}
        self._change(lambda orders: {**orders, name: order})
        return name

    def take(self) -> int:
        """Carry out what waits for the partitions of this instance. Says how many times it did."""
        done = 0
        for name, order in self._waiting().items():
            for partition in self._partitions():
                if partition.number in order["left"]:
                    gone = partition.forget(order["user"])
                    self.tick(name, partition.number, gone)
                    done += 1
        self._finish()
        return done

    def _finish(self) -> None:
        """Erase the documents, too, where whoever gave the order does not wait any more. The owner of partition 0 does."""
        first = next((partition for partition in self._partitions() if partition.number == 0), None)
        if first is None:
            return
        for name, order in self._waiting().items():
            if not order["left"] and (order.get("alone") or time.time_ns() - int(name, 16) > HOUR):
                erase_documents(self._cluster, self._names, first.policy, order["user"])
                self.strike(name)

    def _waiting(self) -> dict[str, Any]:
        doc = self._cluster.get(self._index, ORDERS)
        return dict(doc.source["orders"]) if doc is not None else {}

    def tick(self, name: str, number: int, gone: Sequence[str]) -> None:
        """The order is done in that partition."""

        def ticked(orders: dict[str, Any]) -> dict[str, Any]:
            order = orders.get(name)
            if order is None:
                return orders
            left = [other for other in order["left"] if other != number]
            return {**orders, name: {**order, "left": left, "gone": [*order["gone"], *gone]}}

        self._change(ticked)

    def left(self, name: str) -> tuple[list[int], list[str]]:
        """Partitions in which it is not done yet, and what went so far."""
        order = self._waiting().get(name)
        return (order["left"], order["gone"]) if order is not None else ([], [])

    def leave(self, name: str) -> None:
        """Nobody waits for it any more: its owners carry out all of it."""
        self._change(lambda orders: {**orders, name: {**orders[name], "alone": True}} if name in orders else orders)

    def strike(self, name: str) -> None:
        """It is done everywhere: no name stays behind."""
        self._change(lambda orders: {other: order for other, order in orders.items() if other != name})

    def _change(self, change: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
        for _ in range(TRIES):
            doc = self._cluster.get(self._index, ORDERS)
            wanted = {"kind": ORDERS, "orders": change(doc.source["orders"] if doc is not None else {})}
            if self._cluster.put(self._index, ORDERS, wanted, create=doc is None, if_doc=doc) is not None:
                return
        raise ClusterError("the orders in the state's index are being changed again and again", status=409)


def erase_documents(cluster: Cluster, names: Names, policy: Policy, user: str) -> dict[str, int]:
    """Erase a person from every index of ours but the state. Says how many documents went or were changed, by index."""
    spelled = spellings(policy, user)
    person: Document = {
        "bool": {
            "should": [
                {"terms": {"user.name": spelled}},
                {"terms": {"user.hash": [person_id(name) for name in spelled]}},
                {"terms": {"related.user": spelled}},
            ]
        }
    }
    gone: dict[str, int] = {}
    for index in (*names.streams, *names.indices):
        if index != names.state:
            count = _delete(cluster, index, person) + _redact(cluster, index, spelled)
            if count:
                gone[index] = count
    person_id.cache_clear()
    return gone


def spellings(policy: Policy, user: str) -> list[str]:
    """How the person may stand in documents."""
    return list(dict.fromkeys([user, clean(user), Identity(policy).normal(clean(user))]))


def _delete(cluster: Cluster, index: str, query: Document) -> int:
    """Until none is left: what was written a moment ago is not visible at first."""
    total = 0
    try:
        for _ in range(ROUNDS):
            cluster.refresh(index)
            gone = cluster.delete_by_query(index, query)
            total += gone
            if not gone:
                break
        cluster.refresh(index)
    except ClusterError as error:
        if error.status != 404:
            raise
    return total


def _redact(cluster: Cluster, index: str, spelled: Sequence[str]) -> int:
    """Take an analyst's name off verdicts on others. A document of a stream is written in its own backing index."""
    total = 0
    query = {"terms": {"busybody.verdict.by": list(spelled)}}
    for _ in range(ROUNDS):
        hits = cluster.search(index, {"size": PAGE, "query": query})["hits"]["hits"]
        for hit in hits:
            doc = cluster.get(hit["_index"], hit["_id"])
            if doc is not None:
                total += cluster.put(hit["_index"], hit["_id"], _nameless(doc), if_doc=doc) is not None
        if not hits:
            break
        cluster.refresh(index)
    return total


def _nameless(doc: Doc) -> Document:
    nameless: Document = without(doc.source, [f"{VERDICT}.by", f"{VERDICT}.comment"])
    return nameless


# The command ------------------------------------------------------------------------------------------------


def add(parser: argparse.ArgumentParser, verb: str) -> None:  # noqa: ARG001  one verb
    """Arguments of `forget`."""
    parser.add_argument("person", help="the person, as user.name has them")
    parser.add_argument("--yes", action="store_true", help="do not ask")
    parser.add_argument(
        "--wait", type=float, default=30.0, metavar="SECONDS", help="how long a running service may take (30)"
    )


def run(verb: str, config: Config, arguments: argparse.Namespace) -> int:  # noqa: ARG001  one verb
    """Erase, and say what went. 1 where nothing was known of the person or nobody said yes."""
    from busybody.commands.tables import say

    from .cluster import connect

    if not arguments.yes and not _agreed(arguments.person):
        say("Nothing was erased. Say y, or --yes where nobody can be asked.")
        return 1
    with_cluster = connect(config.cluster)
    try:
        names = Names(config.namespace)
        gone, documents = erase(with_cluster, names, config, arguments.person, arguments.wait)
    finally:
        with_cluster.close()
    for words in gone:
        say(f"state: {words}")
    for index, count in documents.items():
        say(f"{index}: {count:,} documents")
    if not gone and not documents:
        say("Nothing was known of that person. Names are compared as user.name has them.")
        return 1
    say("Logs, snapshots and what Kibana copied into .alerts-security.alerts-* are elsewhere: erase there, too.")
    return 0


def _agreed(person: str) -> bool:
    try:
        return input(f"Erase everything about {person}? It cannot be undone. [y/N] ") == "y"
    except EOFError:
        raise ConfigError("nobody can be asked here. Use --yes.") from None


def erase(cluster: Cluster, names: Names, config: Config, user: str, wait: float) -> tuple[list[str], dict[str, int]]:
    """Erase a person everywhere. Says what went from the state, and how many documents from which index.

    Where it breaks off, the owners go on with it.
    """
    orders = Orders(cluster, names)
    name = orders.place(user, config.state.partitions)
    try:
        gone = _erase_state(cluster, names, config, user, wait, name)
        documents = erase_documents(cluster, names, config.policy, user)
    except BaseException:
        orders.leave(name)
        raise
    orders.strike(name)
    return gone, documents


def _erase_state(cluster: Cluster, names: Names, config: Config, user: str, wait: float, name: str) -> list[str]:
    """By its owners, or by ourselves where nobody owns the people."""
    orders = Orders(cluster, names)
    until = time.monotonic() + wait
    while orders.left(name)[0] and time.monotonic() < until:
        time.sleep(PAUSE)
    for number in orders.left(name)[0]:
        orders.tick(name, number, _unowned(cluster, names, config, number, user))
    return orders.left(name)[1]


def _unowned(cluster: Cluster, names: Names, config: Config, number: int, user: str) -> list[str]:
    """Erase in a partition that nobody owns. Raises Lost where somebody does and does not answer."""
    from busybody import stores

    from .state import IndexStore, Lease

    state = config.state
    if state.kind == "sqlite":
        with stores.open(str(state.path)) as store:
            return forget_in(store, config.policy, user, time.time())
    lease = Lease(
        cluster, names.state, number, partitions=state.partitions, owner=f"forget-{time.time_ns():x}",
        seconds=state.lease_seconds,
    )  # fmt: skip
    until = time.monotonic() + 2 * state.lease_seconds
    while not lease.take():
        if time.monotonic() >= until:
            raise Lost(
                f"partition {number} is owned by an instance that has not carried out the order yet. It still will, and "
                "erase the documents then, too. Run this again later: it says whether anything is left."
            )
        time.sleep(PAUSE)
    with IndexStore(lease) as store:
        return forget_in(store, config.policy, user, time.time())


def forget_in(store: Store, policy: Policy, user: str, now: float) -> list[str]:
    """Erase a person from a store that is open, and remember that it was."""
    from busybody.model import forget

    from .book import erased

    name = Identity(policy).normal(clean(user))
    store.commit({}, {}, None, erased(store.meta(), spellings(policy, user), now))
    return list(forget(store, Identity(policy).pseudonym(name), *spellings(policy, user)))
