"""Incidents: an append-only stream of revisions, and one latest document each.

A revision is written where the level rises, where a live sign-in joins what only a back-fill had, and for a verdict.
Its number follows the newest that the stream or the latest document holds, so that a second try, also after a
rollover, writes nothing twice.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Mapping, Sequence

from .cluster.protocol import Doc
from .documents import OPEN, Document, incident_of
from .errors import ClusterError
from .flight import Told

if TYPE_CHECKING:
    from .results import Results

RANK = {"none": 0, "low": 1, "medium": 2, "high": 3, "critical": 4}
TRIES = 3
PAGE = 1_000
Alerting = tuple[Mapping[str, Any], Mapping[str, Any] | None]  # score document, the model's row of its incident


class Incidents:
    def __init__(self, results: Results) -> None:
        self._results = results
        self._documents, self._names = results.documents, results.names

    def write(self, alerting: Sequence[Alerting], told: Sequence[Told], now: float) -> None:
        """Revisions for these sign-ins, in order of time, then for these verdicts."""
        names = [incident_of(score) for score, _ in alerting] + [one.incident for one in told]
        ids = list(dict.fromkeys(names))
        stored = self._results.cluster.mget(self._names.incident, ids)
        newest = self._newest(ids)
        for name, doc in stored.items():
            if name not in newest or _revision(newest[name]) < _revision(doc.source):
                newest[name] = doc.source
        made: list[tuple[str, Document]] = []

        def revise(name: str, document: Document) -> None:
            newest[name] = document
            made.append((f"{name}-{_revision(document)}", document))

        for (score, row), name in zip(alerting, names, strict=False):
            latest = newest.get(name)
            if latest is None or grows(latest, score):
                revise(name, self._documents.alert(score, _revision(latest) + 1 if latest else 1, row, now))
        for one in told:
            latest = newest.get(one.incident) or self._unheard(one, now)
            if latest is not None and not _holds(latest, one):
                revise(one.incident, self._documents.judged(latest, one.verdict, now))
        self._results.create(self._names.alert, made)
        rising = [
            (name, document, there)
            for name, document in newest.items()
            if (there := stored.get(name)) is None or _revision(there.source) < _revision(document)
        ]
        for place in self._results.replace(self._names.incident, rising):
            self._put(*rising[place])

    def _newest(self, ids: Sequence[str]) -> dict[str, Document]:
        """The newest revision of each that the stream holds."""
        name, found = self._names.alert, dict[str, Document]()
        self._results.refresh(name)
        for start in range(0, len(ids), PAGE // 10):
            chosen = list(ids[start : start + PAGE // 10])
            body = {
                "size": PAGE, "query": {"terms": {"busybody.incident": chosen}},
                "sort": [{"busybody.revision": {"order": "desc", "unmapped_type": "long"}}],
            }  # fmt: skip
            for hit in self._results.hits(name, body):
                found.setdefault(hit["_source"]["busybody"]["incident"], hit["_source"])
        return found

    def _unheard(self, one: Told, now: float) -> Document | None:
        """The first state of an incident that never alerted, from the sign-in that the verdict is about."""
        filters = [{"term": {"event.id": one.event_id}}, {"term": {"user.name": one.user}}]
        self._results.refresh(self._names.score)
        hits = self._results.hits(self._names.score, {"size": 1, "query": {"bool": {"filter": filters}}})
        if not hits:
            return None
        score = hits[0]["_source"]
        score["busybody"]["incident"] = one.incident
        return self._documents.alert(score, 0, one.row, now)

    def _put(self, name: str, document: Document, doc: Doc | None) -> None:
        """The latest document, by compare-and-set; a newer revision there wins."""
        index, cluster = self._names.incident, self._results.cluster
        for _ in range(TRIES):
            written = cluster.put(index, name, document, create=doc is None, if_doc=doc)
            if written is not None:
                return
            doc = cluster.get(index, name)
            if doc is not None and _revision(doc.source) >= _revision(document):
                return
        raise ClusterError("the latest state of an incident is being written by somebody else", status=409)


def grows(latest: Mapping[str, Any], score: Mapping[str, Any]) -> bool:
    """Whether this sign-in is news of its incident."""
    known, body = latest["busybody"], score["busybody"]
    if known.get("backfill") and not body["backfill"]:
        return True
    return known["state"] == OPEN and RANK[body["level"]] > RANK[known["level"]]


def _holds(latest: Mapping[str, Any], one: Told) -> bool:
    """Whether this very verdict is in it already."""
    told = {name: value for name, value in one.verdict.items() if name != "state" and value is not None}
    return bool(latest["busybody"].get("verdict") == told)


def _revision(document: Mapping[str, Any]) -> int:
    return int(document["busybody"]["revision"])
