"""Stamps: how a document that the gateway scored is told from one that merely says so.

Whoever may index could write `busybody.status: scored` into a sign-in, to keep it from being scored. So the gateway
signs the identity and the status that it puts on a document, with a secret that only the instances know. What has no
valid stamp counts as unscored, and its `busybody.identity` as not there.

A stamp says that a sign-in of that identity came through the gateway, not that this document is the one: who can read
a stamped document can put its stamp on another. Reading sign-ins is a right of its own; writing them does not give it.
"""

from __future__ import annotations

import hmac
import secrets
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from busybody.stores import Store

from .cluster.protocol import Cluster
from .errors import ClusterError
from .identity import field, stamped
from .records import KNOWN, SCORED

NAME = "stamp"  # id of the document, or of the note, that holds the secret
LENGTH = 32  # hexadecimal digits of a stamp
SECRET = 32  # bytes
DOUBTS = 200_000  # identities remembered


class Stamps:
    """Signs, and verifies. Safe from several threads."""

    def __init__(self, load: Callable[[], bytes] = lambda: secrets.token_bytes(SECRET)) -> None:
        """`load` brings the secret, at first use; without it, it lasts as long as this process."""
        self._load = load
        self._secret = b""
        self._lock = threading.Lock()
        self._doubts: OrderedDict[str, None] = OrderedDict()

    @property
    def is_ready(self) -> bool:
        """Whether `of` answers at once."""
        return bool(self._secret)

    def prepare(self) -> None:
        """Bring the secret, where it is not there yet. Blocks; raises ClusterError and StoreError."""
        with self._lock:
            self._secret = self._secret or self._load()

    def of(self, identity: str, status: str) -> str:
        """The stamp of a document with that identity and status. Raises as `prepare` does."""
        if not self._secret:
            self.prepare()
        return hmac.digest(self._secret, f"{identity}|{status}".encode(), "sha256").hex()[:LENGTH]

    def identity(self, document: Mapping[str, Any]) -> str | None:
        """The identity that the gateway put on the document, whether it scored it or not; None for anybody else's."""
        identity, status = stamped(document), field(document, "busybody", "status")
        stamp = field(document, "busybody", "stamp")
        if identity is None or status is None or stamp is None:
            return None
        expected = self.of(identity, status)
        return identity if hmac.compare_digest(expected.encode(), stamp.encode("utf-8", "surrogatepass")) else None

    def vouched(self, document: Mapping[str, Any]) -> bool:
        """Whether the gateway scored the document, and the cluster is known to have said that it took it."""
        if field(document, "busybody", "status") not in (SCORED, KNOWN):
            return False
        identity = self.identity(document)
        return identity is not None and identity not in self._doubts

    # Doubt --------------------------------------------------------------------------------------------------

    def doubt(self, identities: Iterable[str]) -> None:
        """The cluster gave no answer: these may lie there with a stamp, and yet nothing was learned of them."""
        with self._lock:
            for identity in identities:
                self._doubts[identity] = None
            while len(self._doubts) > DOUBTS:
                self._doubts.popitem(last=False)

    def trust(self, identities: Iterable[str]) -> None:
        """They were learned after all."""
        with self._lock:
            for identity in identities:
                self._doubts.pop(identity, None)

    def doubtful(self) -> list[str]:
        """The identities in doubt, the oldest first: to be looked for, and scored where they are found."""
        with self._lock:
            return list(self._doubts)


def shared(cluster: Cluster, index: str) -> Callable[[], bytes]:
    """The secret of all instances with their state in that index; whoever comes first makes it."""

    def load() -> bytes:
        doc = cluster.get(index, NAME)
        if doc is None:
            made = {"kind": NAME, "secret": secrets.token_hex(SECRET)}
            cluster.put(index, NAME, made, create=True)  # nothing where another instance was quicker
            doc = cluster.get(index, NAME)
        if doc is None:
            raise ClusterError(f"the secret of the stamps is not in {index}, though it was just written.")
        return bytes.fromhex(doc.source["secret"])

    return load


def own(store: Store) -> bytes:
    """The secret in the notes of a store that belongs to one process; made where there is none."""
    text = store.meta().get(NAME)
    if text is None:
        text = secrets.token_hex(SECRET)
        store.commit({}, {}, None, {NAME: text})
    return bytes.fromhex(text)
