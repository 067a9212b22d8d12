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
from datetime import UTC, datetime
from typing import Any

from busybody.contracts import iso
from busybody.places import address
from busybody.signin import SignIn
from busybody.verdict import ANSWERS, Verdict

from .closed_alerts import closed_alerts
from .cluster.protocol import Cluster, Doc
from .documents import CLOSED, Documents, Names
from .errors import ClusterError
from .forget import Orders
from .partition import Partition
from .results import Results

PAGE = 500  # verdicts in one sweep
TRIES = 3
SAYS = f"not understood: busybody.verdict.answer has to be one of {', '.join(ANSWERS)}"
WHOM = "not understood: user.name is missing, and no incident of that id is known"
ENDS = "only an analyst closes an incident"
OTHERS = "that incident is another person's: nothing learned"


class Verdicts:
    """Takes the verdicts on the people of this instance's partitions."""

    def __init__(
        self, cluster: Cluster, names: Names, *, partition_of: Callable[[str], Partition | None],
        partitions: Callable[[], Sequence[Partition]] = tuple, clock: Callable[[], float] = time.time,
    ) -> None:  # fmt: skip
        """`partition_of` gives None for people of another instance; `partitions` are those of this one."""
        self._cluster, self._names, self._clock = cluster, names, clock
        self._partition_of = partition_of
        self._orders = Orders(cluster, names, partitions)
        self._results = Results(cluster, Documents(names.namespace))
        self._closed: set[str] = set()  # verdicts that were made of alerts closed in Kibana

    def sweep(self) -> int:
        """Take what waits; says how many were taken. Raises ClusterError, and Lost."""
        self._orders.take()
        closed_alerts(self._results, self._clock(), self._closed)
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
            said = doc.source.get("busybody", {}).get("verdict") or {}
            if said.get("taken"):
                continue
            subject = self._subject(said, doc.source)
            owner = _user(subject) if subject is not None else ""
            user = _user(doc.source) or owner
            partition = self._partition_of(user) if user else None
            if user and partition is None:
                continue
            words = self._refused(index, said, user)
            if not words and owner and owner != user:
                words = OTHERS
            if partition is not None and not words:
                words = self._tell(partition, f"{index}/{name}", index, doc.source, said, user, subject)
                concerned[id(partition)] = partition
            done.append((name, doc, words))
        for partition in concerned.values():
            partition.commit()
        for name, doc, words in done:
            self._mark(index, name, doc, words)
        return len(done)

    def _refused(self, index: str, said: Mapping[str, Any], user: str) -> str:
        if said.get("answer") not in ANSWERS:
            return SAYS
        if not user:
            return WHOM
        return ENDS if said["answer"] == CLOSED and index == self._names.answer else ""

    def _tell(
        self, partition: Partition, mark: str, index: str, source: Mapping[str, Any], said: Mapping[str, Any],
        user: str, subject: Mapping[str, Any] | None,
    ) -> str:  # fmt: skip
        is_answer = index == self._names.answer
        verified = is_answer and said.get("verified") is True
        given = _moment(source.get("@timestamp"), self._clock())
        meant = str(said.get("incident") or said.get("event_id") or "")
        told = {
            "answer": said["answer"], "verified": verified, "by": said.get("by"), "time": iso(given),
            "channel": "responder" if is_answer else "kibana" if said.get("channel") == "kibana" else "index",
        }  # fmt: skip
        signin = signin_of(subject) if subject is not None and said["answer"] != CLOSED else None
        verdict = Verdict(user, meant, said["answer"], given, verified, not is_answer, signin)
        return partition.feedback(verdict, mark, told)

    def _subject(self, said: Mapping[str, Any], source: Mapping[str, Any]) -> Mapping[str, Any] | None:
        """The document of the sign-in that it is about, as far as one is left."""
        if said.get("incident"):
            doc = self._cluster.get(self._names.incident, str(said["incident"]))
            if doc is not None:
                return doc.source
        filters = [{"term": {"busybody.incident": str(said["incident"])}}] if said.get("incident") else []
        if said.get("event_id"):
            filters.append({"term": {"event.id": str(said["event_id"])}})
        if not filters:
            return None
        if _user(source):
            filters.append({"term": {"user.name": _user(source)}})
        hits = self._results.hits(self._names.score, {"size": 1, "query": {"bool": {"filter": filters}}})
        return hits[0]["_source"] if hits else None

    def _mark(self, index: str, name: str, doc: Doc, words: str) -> None:
        """Say on the document that it was taken, whatever else was changed on it meanwhile."""
        current: Doc | None = doc
        for _ in range(TRIES):
            if current is None:
                return
            body = current.source.get("busybody", {})
            verdict = {**body.get("verdict", {}), "taken": iso(self._clock()), "done": words}
            wanted = {**current.source, "busybody": {**body, "verdict": verdict}}
            if self._cluster.put(index, name, wanted, if_doc=current) is not None:
                return
            current = self._cluster.get(index, name)
        raise ClusterError("a verdict is being changed again and again while it is taken", status=409)


def signin_of(score: Mapping[str, Any]) -> SignIn:
    """The sign-in of a score document or an alert, as far as it stands there."""
    body, source = score["busybody"], score.get("source", {})
    geo, operator, ip = source.get("geo", {}), source.get("as", {}), source.get("ip")
    return SignIn(
        score["event"]["id"], _moment(score["@timestamp"], 0.0), score["user"]["name"], score["event"]["outcome"],
        ip=ip, subnet=address.subnet(ip) if ip else None, network=body.get("network"),
        country=geo.get("country_iso_code"), region=geo.get("region_name"), city=geo.get("city_name"),
        lat=geo.get("location", {}).get("lat"), lon=geo.get("location", {}).get("lon"), asn=operator.get("number"),
        as_org=operator.get("organization", {}).get("name"), user_agent=score.get("user_agent", {}).get("original"),
        device=body.get("device"), app=body.get("app"), method=body.get("method"), mfa=body.get("mfa", "unknown"),
        source=body.get("origin", {}).get("dataset", ""),
    )  # fmt: skip


def _user(source: Mapping[str, Any]) -> str:
    user = source.get("user")
    name = user.get("name") if isinstance(user, Mapping) else source.get("user.name")
    if isinstance(name, list):
        name = name[0] if name else None
    return str(name or "")


def _moment(text: Any, default: float) -> float:
    """Epoch seconds of an ISO time; without a zone it is UTC."""
    try:
        found = datetime.fromisoformat(str(text))
    except ValueError:
        return default
    return (found if found.tzinfo is not None else found.replace(tzinfo=UTC)).timestamp()
