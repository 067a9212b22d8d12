"""Results: everything that is written before the state. Every step may be repeated, and an existing result wins.

A data stream takes the same _id again after a rollover. So where a result may be there already (a second try, a
re-read after a restart), it is looked for in the whole stream first; and the revisions of an incident are counted on
from the newest that its stream holds.
"""

from __future__ import annotations

from typing import Any, Iterable, Iterator, Mapping, Sequence

import orjson
from busybody.contracts import iso

from .cluster.protocol import Cluster, Doc, Item
from .documents import Document, Documents
from .errors import ClusterError
from .flight import Outcome, Scored
from .incidents import Incidents
from .people_risk import PeopleRisk

CHUNK = 1_000  # identities in one query
MISSING, CONFLICT = 404, 409
FAULTY = (
    "document_parsing_exception",
    "mapper_parsing_exception",
    "strict_dynamic_mapping_exception",
    "illegal_argument_exception",
)
KEPT_DAYS = 30.0  # of whom the watches told, and of refused documents
SUSPICIOUS = 20  # documents: where so many and all are refused, it is not they who are at fault


class Results:
    """Writes for one instance. Safe from several threads."""

    def __init__(self, cluster: Cluster, documents: Documents, *, scores: Mapping[str, str] | None = None) -> None:
        """`scores`: of which sign-ins a score is written, by entrance: all, risky or none; else all."""
        self.cluster, self.documents, self.names = cluster, documents, documents.names
        self._scores = dict(scores or {})
        self._incidents = Incidents(self)
        self._risk = PeopleRisk(self)
        self.dead = 0  # documents that the cluster refused for good, since the start

    def write(self, outcome: Outcome, *, doubtful: bool = False) -> None:
        """Scores, alerts, incidents, verdicts, people's risk. `doubtful`: an earlier try may have come half-way.

        Raises ClusterError where something is not written that can still be.
        """
        older = [*outcome.older, *self._write_scores(outcome.scored, doubtful)]
        gone = set(older)
        alerting = [
            (self._score(one), one.incident)
            for one in outcome.scored
            if one.assessment.alert and one.incoming.identity not in gone
        ]
        alerting += [(document, None) for document in self._alerting(older)]
        alerting.sort(key=lambda pair: str(pair[0]["@timestamp"]))
        if alerting or outcome.told:
            self._incidents.write(alerting, outcome.told, outcome.now)
        if outcome.digest is not None:
            name, document = outcome.digest
            if not (doubtful and self.known([name], index=self.names.alert)):
                self.create(self.names.alert, [(name, document)])
        self.write_risk(outcome.standings, outcome.now)

    def write_risk(
        self, standings: Sequence[tuple[str, Mapping[str, Any], float, str]], written: float | None = None
    ) -> int:
        """The risk of these people, as far as it is another than before. Says how many were.

        `written` is the time now; None where each is as of now.
        """
        return self._risk.write(standings, written) if standings else 0

    def at_risk(self) -> list[str]:
        """People who had open incidents when their risk was last written."""
        return self._risk.at_risk()

    def delete_old(self, now: float) -> int:
        """Delete what names people and has no lifecycle: whom the watches told, and what was refused. Says how many."""
        old = {"range": {"event.ingested": {"lt": iso(now - KEPT_DAYS * 86400.0)}}}
        undated = {"bool": {"must_not": [{"exists": {"field": "event.ingested"}}]}}
        by_time = {"range": {"@timestamp": {"lt": iso(now - KEPT_DAYS * 86400.0)}}}
        query = {"bool": {"should": [old, {"bool": {"filter": [undated, by_time]}}]}}
        gone = 0
        for index in (self.names.notified, self.names.dead):
            try:
                gone += self.cluster.delete_by_query(index, query)
            except ClusterError as error:
                if error.status != MISSING:
                    raise
        return gone

    def heartbeat(self, document: Document) -> None:
        """Write one heartbeat."""
        items = self.cluster.bulk([({"create": {"_index": self.names.heartbeat}}, document)])
        if items[0].status >= 300:
            raise ClusterError(f"the heartbeat was not written: {items[0].error}", status=items[0].status)

    # Scores -------------------------------------------------------------------------------------------------

    def _score(self, one: Scored) -> Document:
        body = one.body
        if body is None:
            body = self.documents.busybody(one.signin, one.assessment, one.sentence, one.incoming, one.epoch)
        return self.documents.score(one.signin, one.assessment, body, one.scored, one.incoming.document)

    def _is_written(self, one: Scored) -> bool:
        wanted = self._scores.get(one.incoming.entrance, "all")
        return wanted == "all" or (wanted == "risky" and (one.assessment.alert or one.assessment.level != "none"))

    def _write_scores(self, scored: list[Scored], doubtful: bool) -> list[str]:
        """Returns the identities of which an older result holds."""
        wanted = [one for one in scored if self._is_written(one)]
        known: set[str] = set()
        if doubtful:
            known = self.known([one.incoming.identity for one in wanted])
        fresh = ((one.incoming.identity, self._score(one)) for one in wanted if one.incoming.identity not in known)
        return [*known, *self.create(self.names.score, fresh)]

    def create(self, index: str, documents: Iterable[tuple[str, Document]]) -> list[str]:
        """Create documents of a stream. Returns the ids that were there already.

        What the cluster will never take is kept in the index of the dead. Raises ClusterError for anything else.
        """
        ids: list[str] = []
        sources: list[Document] = []

        def operations() -> Iterator[tuple[Document, Document]]:
            for name, source in documents:
                ids.append(name)
                sources.append(source)
                yield {"create": {"_index": index, "_id": name}}, source

        items = self.cluster.bulk(operations())
        there = [name for name, item in zip(ids, items, strict=True) if item.status == CONFLICT]
        failed = [place for place, item in enumerate(items) if item.status >= 300 and item.status != CONFLICT]
        if failed:
            self._bury(index, [(ids[place], sources[place], items[place]) for place in failed], len(items))
        return there

    def replace(self, index: str, documents: Sequence[tuple[str, Document, Doc | None]]) -> list[int]:
        """Write each where it is still as `Doc` says (None: not there yet); the places of those that were not written."""
        operations = []
        for name, document, doc in documents:
            about: Document = {"_index": index, "_id": name}
            if doc is not None:
                about |= {"if_seq_no": doc.seq_no, "if_primary_term": doc.primary_term}
            operations.append(({"create" if doc is None else "index": about}, document))
        items = self.cluster.bulk(operations) if operations else []
        return [place for place, item in enumerate(items) if item.status >= 300]

    def _bury(self, index: str, failed: list[tuple[str, Document, Item]], of: int) -> None:
        """Keep what is refused for good; raise for what is not."""
        for _, _, item in failed:
            kind = item.error.partition(":")[0].strip()
            if item.status != 400 or kind not in FAULTY or (len(failed) == of and of >= SUSPICIOUS):
                raise ClusterError(
                    f"{len(failed):,} of {of:,} documents for {index} were refused: {kind}. Run doctor.",
                    status=item.status,
                )
        operations = [
            ({"index": {"_index": self.names.dead, "_id": name}}, dead(index, source, item))
            for name, source, item in failed
        ]
        for item in self.cluster.bulk(operations):
            if item.status >= 300:
                raise ClusterError(f"a refused document could not be kept in {self.names.dead}", status=item.status)
        self.dead += len(failed)

    # Look up ------------------------------------------------------------------------------------------------

    def exist(self) -> bool:
        """Whether any score was written before."""
        self.refresh(self.names.score)
        return bool(self.hits(self.names.score, {"size": 1, "_source": False, "query": {"match_all": {}}}))

    def known(self, identities: Sequence[str], before: float | None = None, *, index: str = "") -> set[str]:
        """Those of them that have a result; `before` (epoch seconds): one that was scored by then."""
        name = index or self.names.score
        self.refresh(name)
        found: set[str] = set()
        for start in range(0, len(identities), CHUNK):
            filters: list[Document] = [{"ids": {"values": list(identities[start : start + CHUNK])}}]
            if before is not None:
                filters.append({"range": {"event.created": {"lte": iso(before)}}})
            body = {"size": CHUNK, "_source": False, "query": {"bool": {"filter": filters}}}
            found.update(hit["_id"] for hit in self.hits(name, body))
        return found

    def _alerting(self, identities: Sequence[str]) -> Iterator[Document]:
        """The older results that alert: their revision may be missing still."""
        for start in range(0, len(identities), CHUNK):
            values = list(identities[start : start + CHUNK])
            filters: list[Document] = [{"ids": {"values": values}}, {"term": {"busybody.alert": True}}]
            body = {"size": CHUNK, "query": {"bool": {"filter": filters}}}
            for hit in self.hits(self.names.score, body):
                yield hit["_source"]

    def hits(self, index: str, body: Document) -> list[dict[str, Any]]:
        """The hits of one search; none in what does not exist."""
        found = self.cluster.search(index, body)["hits"]["hits"]
        return list(found)

    def refresh(self, index: str) -> None:
        """Let searches see everything; what does not exist needs none."""
        try:
            self.cluster.refresh(index)
        except ClusterError as error:
            if error.status != MISSING:
                raise


def dead(index: str, source: Document, item: Item) -> Document:
    """A refused document, as one that cannot be refused. The reason may quote a value: only its kind is kept."""
    return {
        "@timestamp": source["@timestamp"],
        "ecs": source["ecs"],
        "event": {
            "kind": "pipeline_error", "module": "busybody", "dataset": "busybody.dead",
            "ingested": source["event"]["ingested"],
        },
        **({"user": {"name": source["user"]["name"]}} if "user" in source else {}),
        "busybody": {
            "dead": {
                "index": index,
                "status": item.status,
                "error": item.error.partition(":")[0],
                "document": {"json": orjson.dumps(source, default=str).decode()},
            }
        },
    }  # fmt: skip
