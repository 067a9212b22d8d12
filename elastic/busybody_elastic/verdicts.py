"""Verdicts: what people say of an incident, on its way into the model, the alerts and the risk.

    busybody-verdict-<ns>   analysts: counts as an analyst's word, never as verified by the person
    busybody-answer-<ns>    the responder alone: the only one whose `verified` is honoured; it ends no incident
    Kibana                  closing our alert with the tag busybody:benign, :malicious or :closed makes a verdict of it

Each is taken once: its mark is in the same commit as what it taught, and only then the document says `taken`. A process
that dies between takes it again, finds the mark, and goes on where the other stopped.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from busybody.contracts import iso
from busybody.errors import BusybodyError, ModelError
from busybody.places import address
from busybody.signin import SignIn
from busybody.verdict import ANSWERS, Verdict

from .book import erased_people
from .closed_alerts import closed_alerts
from .cluster.protocol import Cluster, Doc
from .documents import CLOSED, Documents, Names, moment
from .errors import ClusterError
from .forget import Orders
from .partition import Partition
from .results import Results
from .verdict_document import Said, read, text, with_words

PAGE = 500  # verdicts in one sweep
TRIES = 3
LONGEST_ID = 512  # bytes that a cluster gives an _id
ODD = "not understood"
UNREADABLE = "what is known of that person cannot be read: nothing learned"
SAYS = f"not understood: busybody.verdict.answer has to be one of {', '.join(ANSWERS)}"
WHOM = "not understood: user.name is missing, and no incident of that id is known"
ENDS = "only an analyst closes an incident"
OTHERS = "that incident is another person's: nothing learned"


class Verdicts:
    """Takes the verdicts on the people of this instance's partitions."""

    def __init__(
        self, cluster: Cluster, names: Names, *, partition_of: Callable[[str], Partition | None],
        partitions: Callable[[], Sequence[Partition]] = tuple, clock: Callable[[], float] = time.time,
        normal: Callable[[str], str] = str,
    ) -> None:  # fmt: skip
        """`partition_of` gives None for people of another instance; `partitions` are those of this one.

        `normal` spells a name as the model does (`Identity.normal`): an analyst may not.
        """
        self._cluster, self._names, self._clock = cluster, names, clock
        self._partition_of, self._partitions, self._normal = partition_of, partitions, normal
        self._orders = Orders(cluster, names, partitions)
        self._results = Results(cluster, Documents(names.namespace))
        self._closed: set[str] = set()  # verdicts that were made of alerts closed in Kibana

    def sweep(self) -> int:
        """Take what waits; says how many were taken. Raises ClusterError, and Lost."""
        self._orders.take()
        closed_alerts(self._results, self._clock(), self._closed, self._erased)
        taken = 0
        for index in (self._names.verdict, self._names.answer):
            body = {
                "size": PAGE, "_source": False, "sort": [{"@timestamp": {"order": "asc", "unmapped_type": "date"}}],
                "query": {"bool": {"must_not": [{"exists": {"field": "busybody.verdict.taken"}}]}},
            }  # fmt: skip
            ids = [hit["_id"] for hit in self._results.hits(index, body)]
            docs = self._cluster.mget(index, ids) if ids else {}
            taken += self._take(index, [(name, docs[name]) for name in ids if name in docs])
        return taken

    def _take(self, index: str, waiting: Sequence[tuple[str, Doc]]) -> int:
        """Those of this instance's people; the state is committed before a document says `taken`."""
        done: list[tuple[str, Doc, str]] = []
        concerned: dict[int, Partition] = {}
        for name, doc in waiting:
            partition, words = self._one(index, name, doc.source)
            if words:
                done.append((name, doc, words))
            if partition is not None:
                concerned[id(partition)] = partition
        for partition in concerned.values():
            partition.commit()
        for name, doc, words in done:
            self._mark(index, name, doc, words)
        return len(done)

    def _one(self, index: str, name: str, source: Mapping[str, Any]) -> tuple[Partition | None, str]:
        """Take one: who learned of it, and what came of it in words; none where it is not for us to take.

        Whatever is wrong with one document, or with what is known of one person, is not the others' loss.
        """
        try:
            said = read(source, self._clock())
            said = said._replace(user=self._normal(said.user))
            if said.taken:
                return None, ""
            subject = self._subject(said)
            owner = text(subject, "user.name")
            user = said.user or owner
            partition = self._partition_of(user) if user else None
            if user and partition is None:
                return None, ""
            words = self._refused(index, said, user) or (OTHERS if owner and owner != user else "")
            if partition is None or words:
                return None, words
            return partition, self._tell(partition, f"{index}/{name}", index, said, user, subject)
        except ModelError:
            return None, UNREADABLE
        except (BusybodyError, MemoryError):
            raise
        except Exception:  # noqa: BLE001  what nobody foresaw in a document that anybody wrote
            return None, ODD

    def _refused(self, index: str, said: Said, user: str) -> str:
        if said.answer not in ANSWERS:
            return SAYS
        if not user:
            return WHOM
        return ENDS if said.answer == CLOSED and index == self._names.answer else ""

    def _tell(
        self, partition: Partition, mark: str, index: str, said: Said, user: str, subject: Mapping[str, Any] | None
    ) -> str:
        is_answer = index == self._names.answer
        verified = is_answer and said.verified
        told = {
            "answer": said.answer, "verified": verified, "by": said.by or None, "time": iso(said.time),
            "channel": "responder" if is_answer else "kibana" if said.channel == "kibana" else "index",
        }  # fmt: skip
        signin = signin_of(subject) if subject is not None and said.answer != CLOSED else None
        meant = said.incident or said.event_id
        verdict = Verdict(user, meant, said.answer, said.time, verified, not is_answer, signin)
        return partition.feedback(verdict, mark, told)

    def _subject(self, said: Said) -> Mapping[str, Any] | None:
        """The document of the sign-in that it is about, as far as one is left."""
        filters = []
        if said.incident and len(said.incident.encode("utf-8", "surrogatepass")) <= LONGEST_ID:
            doc = self._cluster.mget(self._names.incident, [said.incident]).get(said.incident)
            if doc is not None:
                return doc.source
        if said.incident:
            filters.append({"term": {"busybody.incident": said.incident}})
        if said.event_id:
            filters.append({"term": {"event.id": said.event_id}})
        if not filters:
            return None
        if said.user:
            filters.append({"term": {"user.name": said.user}})
        hits = self._results.hits(self._names.score, {"size": 1, "query": {"bool": {"filter": filters}}})
        return hits[0]["_source"] if hits else None

    def _erased(self) -> dict[str, float]:
        """person_id -> when they were erased. Every partition knows it of everybody."""
        found: dict[str, float] = {}
        for partition in self._partitions():
            for person, when in erased_people(partition.store.meta()).items():
                found[person] = max(when, found.get(person, when))
        return found

    def _mark(self, index: str, name: str, doc: Doc, words: str) -> None:
        """Say on the document that it was taken, whatever else was changed on it meanwhile."""
        current: Doc | None = doc
        for _ in range(TRIES):
            if current is None:
                return
            wanted = with_words(current.source, {"taken": iso(self._clock()), "done": words})
            if self._cluster.put(index, name, wanted, if_doc=current) is not None:
                return
            current = self._cluster.get(index, name)
        raise ClusterError("a verdict is being changed again and again while it is taken", status=409)


def signin_of(score: Mapping[str, Any]) -> SignIn:
    """The sign-in of a score document or an alert, as far as it stands there."""
    body, source = score["busybody"], score.get("source", {})
    geo, operator, ip = source.get("geo", {}), source.get("as", {}), source.get("ip")
    return SignIn(
        score["event"]["id"], moment(score["@timestamp"], 0.0), score["user"]["name"], score["event"]["outcome"],
        ip=ip, subnet=address.subnet(ip) if ip else None, network=body.get("network"),
        country=geo.get("country_iso_code"), region=geo.get("region_name"), city=geo.get("city_name"),
        lat=geo.get("location", {}).get("lat"), lon=geo.get("location", {}).get("lon"), asn=operator.get("number"),
        as_org=operator.get("organization", {}).get("name"), user_agent=score.get("user_agent", {}).get("original"),
        device=body.get("device"), app=body.get("app"), method=body.get("method"), mfa=body.get("mfa", "unknown"),
        source=body.get("origin", {}).get("dataset", ""),
    )  # fmt: skip
