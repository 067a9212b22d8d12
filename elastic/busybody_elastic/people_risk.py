"""People's risk: its history as a stream, and one latest document each.

Written when a person's incidents or level change, and hourly while one is open, since risk decays by half in a week.
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Any, Mapping, Sequence

from .documents import Document, person_id

if TYPE_CHECKING:
    from .results import Results

TRIES = 3
PAGE = 1_000
INCIDENT, DECAY = "incident", "decay"  # why it is written: something happened, or only time passed


class PeopleRisk:
    def __init__(self, results: Results) -> None:
        self._results = results
        self._names = results.names

    def write(self, standings: Sequence[tuple[str, Mapping[str, Any], float, str]], written: float | None) -> int:
        """(person, standing, as of, why): those that changed. Says how many. `written`: None for as of when they are."""
        cluster, index = self._results.cluster, self._names.risk_latest
        latest = cluster.mget(index, [person_id(user) for user, *_ in standings])
        made: list[tuple[str, Document]] = []
        for user, standing, now, reason in standings:
            key = person_id(user)
            document = self._results.documents.risk(user, standing, now, reason, written)
            old = latest.get(key)
            if old is None and not standing["incidents"]:
                continue
            if old is None or _said(old.source, reason) != _said(document, reason):
                made.append((key, document))
        history = [(_once(document), document) for _, document in made]
        self._results.create(self._names.risk, history)
        rest = self._results.replace(index, [(key, document, latest.get(key)) for key, document in made])
        for key, document in map(made.__getitem__, rest):
            doc = latest.get(key)
            for _ in range(TRIES):
                if cluster.put(index, key, document, create=doc is None, if_doc=doc) is not None:
                    break
                doc = cluster.get(index, key)  # the owner changed hands; what is newer stays
                if doc is not None and doc.source["@timestamp"] > document["@timestamp"]:
                    break
        return len(made)

    def at_risk(self) -> list[str]:
        """People with open incidents as last written."""
        index, people, after = self._names.risk_latest, list[str](), None
        self._results.refresh(index)
        while True:
            body: Document = {
                "size": PAGE, "_source": ["user"], "query": {"range": {"busybody.incidents": {"gt": 0}}},
                "sort": [{"user.name": {"order": "asc", "unmapped_type": "keyword"}}],
            }  # fmt: skip
            if after is not None:
                body["search_after"] = after
            hits = self._results.hits(index, body)
            people += [hit["_source"]["user"]["name"] for hit in hits]
            if len(hits) < PAGE:
                return people
            after = hits[-1]["sort"]


def _said(document: Mapping[str, Any], reason: str) -> Any:
    """What has to be another for it to be news; of mere decay the rounded score, too."""
    risk = document["user"]["risk"]
    inputs = [(row["id"], row["risk_score"]) for row in risk["inputs"]]
    levels = risk["static_level"], risk["calculated_level"]
    return levels, inputs, document["busybody"]["incidents"], reason == DECAY and risk["static_score"]


def _once(document: Document) -> str:
    """The _id in the history: the same when the same is written again."""
    risk = document["user"]["risk"]
    return sha256(repr((document["@timestamp"], risk["id_value"], _said(document, DECAY))).encode()).hexdigest()
