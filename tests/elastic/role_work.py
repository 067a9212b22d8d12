"""The whole work of each role, done with nothing but that role. Each function raises, or says what is not as it must be."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from busybody.contracts import iso
from busybody_elastic import assets
from busybody_elastic.cluster import connect
from busybody_elastic.cluster.protocol import Cluster
from busybody_elastic.config import Config
from busybody_elastic.documents import Documents, Names
from busybody_elastic.errors import ClusterError
from busybody_elastic.forget import Orders, erase
from busybody_elastic.install import behind
from busybody_elastic.install import run as install
from busybody_elastic.install.features import Features
from busybody_elastic.install.stored import SCHEMA
from busybody_elastic.partition import Partition
from busybody_elastic.reader.look import slowest_refresh
from busybody_elastic.results import Results
from busybody_elastic.service import Service
from busybody_elastic.state import IndexStore, Lease
from busybody_elastic.verdicts import Verdicts
from having import config_of, settings_of
from nodes import Node
from scored import POLICY, after, items, signins, stored

ALERTS = ".alerts-security.alerts-default"


@dataclass
class Hands:
    """Somebody with one role, and an administrator who prepares and checks."""

    node: Node
    user: Node  # the same node with that somebody's name and password
    admin: Cluster
    namespace: str

    @property
    def names(self) -> Names:
        return Names(self.namespace)

    @property
    def source(self) -> str:
        """The index of sign-ins that the service reads."""
        return f"signins-{self.namespace}"

    def config(self) -> Config:
        reader = {"indices": [self.source], "overlap_seconds": 1, "reconcile_minutes": 0}
        state = {"lease_seconds": 15, "instance": "one"}
        made: Config = config_of(self.user, self.namespace, reader=reader, state=state)
        return made


# --- run ----------------------------------------------------------------------------------------------------------


def work_of_run(hands: Hands) -> str:
    cluster = connect(settings_of(hands.user))
    try:
        return _reads(hands, cluster) or _scores(hands, cluster) or _looks(hands, cluster) or _forgets(hands, cluster)
    finally:
        cluster.close()


def _reads(hands: Hands, cluster: Cluster) -> str:
    """Follows sign-ins, takes the lease, commits, says that it lives."""
    document = {
        "@timestamp": iso(time.time() - 60.0),
        "event": {
            "category": ["authentication"],
            "type": ["start"],
            "outcome": "success",
            "id": "1",
            "dataset": "okta.system",
        },
        "user": {"name": "zoe", "email": "zoe@example.com"},
        "source": {"ip": "81.2.69.142"},
    }
    settings = {"settings": {"index.refresh_interval": "30s", "index.number_of_replicas": 0}}
    hands.admin.request("PUT", f"/{hands.source}", settings)
    hands.admin.put(hands.source, "1", document, refresh=True)
    if slowest_refresh(cluster, hands.source).seconds != 30.0:
        return "the refresh interval cannot be looked up"
    with Service(hands.config(), ("reader",)) as service:
        service.start()
        service.lead()
        while service.reader.cycle():
            pass
        service.beat()
        if service.reader.stats.read != 1:
            return "the sign-in was not read"
    if len(stored(hands.admin, hands.names.score)) != 1 or len(stored(hands.admin, hands.names.heartbeat)) < 1:
        return "the sign-in was not scored, or there is no heartbeat"
    query = {"query": {"match_all": {}}, "size": 1}
    if not cluster.search(hands.names.heartbeat, query)["hits"]["hits"]:
        return "doctor sees no heartbeat"
    return ""


def _scores(hands: Hands, cluster: Cluster) -> str:
    """Writes results, alerts, incidents and risk; keeps what is refused; takes every kind of verdict."""
    names, admin = hands.names, hands.admin
    lease = Lease(cluster, names.state, 0, owner="one", seconds=1e9)
    if not lease.take():
        return "the lease was not released"
    clock = after(signins())
    results = Results(cluster, Documents(names.namespace, "one"))
    part = Partition(0, POLICY, IndexStore(lease), results, clock=clock)
    part.score(items(signins()))
    part.commit({"cursor": "1"})
    if results.known([items(signins())[0][0].identity]) == set():
        return "what has a result is not known again"
    _, wrong = next(iter(stored(admin, names.score).items()))
    results.create(names.score, [("wrong", {**wrong, "nonsense": 1})])
    if not stored(admin, names.dead):
        return "a refused result was lost"

    incidents = stored(admin, names.incident)
    if not incidents or not stored(admin, names.alert) or not stored(admin, names.risk):
        return "nothing alerted"
    people = {body["user"]["name"]: name for name, body in incidents.items()}
    first, second, third = list(people.values())[:3]  # of three people
    said = {"@timestamp": iso(clock()), "ecs": {"version": "8.17.0"}}
    admin.put(
        names.answer,
        "a",
        {**said, "busybody": {"verdict": {"incident": second, "answer": "benign", "verified": True}}},
        refresh=True,
    )
    revision = next(name for name in stored(admin, names.alert) if name.startswith(third))
    if not admin.request("HEAD", f"/{ALERTS}"):
        strings = {"strings": {"match_mapping_type": "string", "mapping": {"type": "keyword"}}}
        body = {"settings": {"index.hidden": True}, "mappings": {"dynamic_templates": [strings]}}
        admin.request("PUT", f"/{ALERTS}", body)
    admin.put(
        ALERTS,
        f"k-{names.namespace}",
        _closed(names, revision, incidents[third]["user"]["name"], iso(clock())),
        refresh=True,
    )
    sweep = Verdicts(cluster, names, partition_of=lambda _: part, partitions=lambda: [part], clock=clock)
    sweep.sweep()  # makes the verdict index itself, of what was closed in Kibana
    verdict = {"incident": first, "answer": "malicious", "by": incidents[second]["user"]["name"]}
    admin.put(
        names.verdict,
        "v",
        {**said, "user": {"name": incidents[first]["user"]["name"]}, "busybody": {"verdict": verdict}},
        refresh=True,
    )
    sweep.sweep()
    now = stored(admin, names.incident)
    found = [now[name]["busybody"]["state"] for name in (first, second, third)]
    if found != ["malicious", "benign", "benign"]:
        return f"verdicts were not taken: {found}"
    taken = [stored(admin, index) for index in (names.verdict, names.answer)]
    if not all(body["busybody"]["verdict"].get("taken") for bodies in taken for body in bodies.values()):
        return "verdicts do not say that they were taken"
    if not stored(admin, names.risk_latest):
        return "nobody has a risk"
    lease.release()
    return ""


def _closed(names: Names, revision: str, user: str, time: str) -> dict[str, Any]:
    return {
        "@timestamp": time, "user": {"name": user}, "kibana.alert.workflow_status": "closed",
        "kibana.alert.workflow_tags": ["busybody:benign"], "kibana.alert.original_event.module": "busybody",
        "kibana.alert.ancestors": [{"id": revision, "index": f".ds-{names.alert}-2026.11.01-000001", "depth": 0}],
    }  # fmt: skip


def _looks(hands: Hands, cluster: Cluster) -> str:
    """Sees whether its mappings are of its own version."""
    names = hands.names
    template = {"_meta": {"managed_by": "busybody", "schema": 0}}
    hands.admin.put(names.notified, "n", {"@timestamp": iso(after(signins())()), "user": {"name": "x"}})
    for index in (*names.streams, *names.indices):
        hands.admin.request("PUT", f"/{index}/_mapping", template)
        if not behind(cluster, [index]):
            return f"cannot see that the mapping of {index} is older"
    return ""


def _forgets(hands: Hands, cluster: Cluster) -> str:
    """Erases everybody who stands anywhere; nothing has been refreshed but by us."""
    names, admin, config = hands.names, hands.admin, hands.config()
    user = stored(admin, names.incident).popitem()[1]["user"]["name"]
    seeded = {"@timestamp": iso(after(signins())()), "user": {"name": user}}
    for index in (names.risk_latest, names.incident, names.verdict, names.answer, names.notified, names.dead):
        admin.put(index, "seeded", seeded)
    for stream in (names.score, names.alert, names.risk):
        admin.put(stream, "seeded", seeded, create=True)
    others = {**seeded, "user": {"name": "other"}, "busybody": {"verdict": {"by": user, "answer": "benign"}}}
    admin.put(names.alert, "others", others, create=True)
    erase(cluster, names, config, user, 0.0)
    for index in (*names.streams, *names.indices):
        if index != names.state and any(user in str(body) for body in stored(admin, index).values()):
            return f"{index} still names the person"
    if Orders(cluster, names).left("none") != ([], []):
        return "orders are left"
    return ""


# --- the others ---------------------------------------------------------------------------------------------------


def work_of_install(hands: Hands) -> str:
    cluster = connect(settings_of(hands.user))
    config = hands.config()
    try:
        Features(cluster).lacks("set")
        report = install("install", config, cluster)
        if not report.ok:
            return report.text()
        seeded = {"@timestamp": "2026-11-01T12:00:00Z"}
        hands.admin.put(hands.names.incident, "1", seeded)
        hands.admin.put(hands.names.score, "1", seeded, create=True)
        older = {"_meta": {"managed_by": "busybody", "schema": 0}}
        for index in (hands.names.incident, hands.names.score):
            hands.admin.request("PUT", f"/{index}/_mapping", older)
        for index in (hands.names.incident, hands.names.score):
            if not behind(cluster, [index]):
                return "does not see what is older"
        hands.admin.request(
            "PUT", f"/{hands.names.incident}/_mapping", {"_meta": {"managed_by": "busybody", "schema": SCHEMA}}
        )
        report = install("upgrade", config, cluster)
        if not report.ok or {line.name for line in report.of("updated")} < {hands.names.score}:
            return report.text()
        # what a watch does, with the rights of whoever put it there
        found = cluster.search(hands.names.incident, {"query": {"match_all": {}}})
        if (
            found["hits"]["total"]["value"] == 0
            and not cluster.search(hands.names.score, {"size": 0})["_shards"]["total"]
        ):
            return "a watch would see nothing"
        for path in sorted(assets.folder("watcher").glob("*/watch.json")):
            note = assets.load(path)["actions"].get("notified")
            if note is not None:
                doing = note["index"].get("op_type", "index")
                [item] = cluster.bulk([({doing: {"_index": hands.names.notified}}, seeded)])
                if item.status != 201:
                    return f"the watch {path.parent.name} could not note whom it told: {item.error}"
        report = install("uninstall", config, cluster, data=True)
        bad = [line for line in report.of("failed") if line.name != hands.names.score]  # no such API on this node
        if bad:
            return str(bad)
        return ""
    finally:
        cluster.close()


def work_of_verdict(hands: Hands) -> str:
    return _writes(hands, hands.names.verdict)


def work_of_responder(hands: Hands) -> str:
    index = hands.names.answer
    told = _writes(hands, index)
    if told:
        return told
    hands.admin.refresh(index)
    cluster = _bare(hands)
    found = cluster.search(index, {"query": {"match_all": {}}})["hits"]["total"]["value"]
    return "" if found else "the responder cannot see what came of an answer"


def work_of_read(hands: Hands) -> str:
    cluster, names = _bare(hands), hands.names
    seeded = {"@timestamp": "2026-11-01T12:00:00Z"}
    visible = [index for index in (*names.streams, *names.indices) if index not in (names.state, names.dead)]
    for index in visible:
        hands.admin.put(index, "1", seeded, create=True, refresh=True)
        if not cluster.search(index, {"query": {"match_all": {}}})["hits"]["hits"]:
            return f"{index} cannot be read"
        if not cluster.request("GET", f"/{index}/_mapping"):  # a data view's list of fields
            return f"{index} shows no fields"
    return ""


def _writes(hands: Hands, index: str) -> str:
    cluster = _bare(hands)
    said = {"@timestamp": "2026-11-01T12:00:00Z", "user": {"name": "x"}, "busybody": {"verdict": {"answer": "benign"}}}
    items_ = cluster.bulk([({"create": {"_index": index}}, said)])
    return "" if items_[0].status == 201 else items_[0].error


def _bare(hands: Hands) -> Cluster:
    """A connection of somebody who may not even ask which product it is: what people and the responder use."""
    from busybody_elastic.cluster import probe, tls
    from busybody_elastic.cluster.calls import About
    from busybody_elastic.cluster.elasticsearch import ElasticsearchCluster
    from busybody_elastic.cluster.retries import Retries

    settings = settings_of(hands.user)
    context = tls.context(None, None, None)
    return ElasticsearchCluster(
        settings, About("elasticsearch", (8, 19, 0), ""), Retries(), context, probe.credentials(settings)
    )


WORK = {
    "run": work_of_run,
    "install": work_of_install,
    "verdict": work_of_verdict,
    "responder": work_of_responder,
    "read": work_of_read,
}


def broken(name: str, hands: Hands) -> str:
    """What does not work, in words; empty where the whole work was done."""
    try:
        return WORK[name](hands)
    except ClusterError as error:
        return str(error) or type(error).__name__
    except Exception as error:  # noqa: BLE001  whatever breaks is broken
        return f"{type(error).__name__}: {error}"
