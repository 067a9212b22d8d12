"""The latest state of every incident, for dashboards and for what was reported; the profiles hold what scoring needs.

Changed incidents are saved with the writer's commit (orders.py): dashboards never show one that was not learned.
"""

from __future__ import annotations

from typing import Any, Dict, Iterable, Iterator, Mapping, Optional

from .kvstore import Collection, Document
from .rest import Splunkd
from .writer import Writer

INCIDENTS = "busybody_incidents"
KEPT = 400 * 86400.0  # seconds: a year, and a month to look at it
FIELDS = (
    "user", "opened", "last", "risk", "level", "status", "detector", "sentence", "count", "reported_risk", "event_id",
)  # fmt: skip


def incident(
    identity: str,
    *,
    user: str,
    opened: float,
    last: float,
    risk: float,
    level: str,
    status: str = "open",
    detector: str = "",
    sentence: str = "",
    count: int = 1,
    reported_risk: float = 0.0,
    event_id: str = "",
) -> Document:
    """An incident as it is stored. Times: UTC epoch seconds; `reported_risk`: of the last report, 0 without one."""
    return {
        "_key": identity, "user": user, "opened": opened, "last": last, "risk": risk, "level": level, "status": status,
        "detector": detector, "sentence": sentence, "count": count, "reported_risk": reported_risk,
        "event_id": event_id,
    }  # fmt: skip


class Incidents:
    """The incidents of one model. Every method raises StoreError."""

    def __init__(self, splunkd: Splunkd, name: str = "default") -> None:
        self._collection = Collection(splunkd, INCIDENTS)
        self.name = name

    def known(self, identities: Iterable[str]) -> Dict[str, Document]:
        """Those of them that are kept, by id. Under a lease this is exact."""
        wanted = {self._key(identity): identity for identity in identities}
        return {wanted[row["_key"]]: row for row in self._collection.among("_key", wanted)}

    def find(self, query: Optional[Mapping[str, Any]] = None, *, sort: Optional[str] = None) -> Iterator[Document]:
        """The incidents that fit."""
        own: Mapping[str, Any] = {"model": self.name}
        return self._collection.find({"$and": [own, query]} if query else own, sort=sort)

    def changed(self, writer: Writer, documents: Iterable[Document]) -> None:
        """Saves incidents, as a part of the writer's commit; the last of an id wins."""
        rows = [{**row, "_key": self._key(str(row["_key"])), "model": self.name} for row in documents]
        writer.afterwards.save(INCIDENTS, rows)
        if writer.is_turn_to_forget:
            old = {"$and": [{"model": self.name}, {"last": {"$lt": writer.clock() - KEPT}}]}
            writer.afterwards.delete(INCIDENTS, old)

    def _key(self, identity: str) -> str:
        """Incident ids are the same in every model, documents are not."""
        return identity if self.name == "default" else f"{self.name}:{identity}"
