"""The doctor: every fault that can be brought about on a node, and what it says to do."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any, Iterator

import pytest
from busybody_elastic import assets
from busybody_elastic.cli import main
from busybody_elastic.cluster import Cluster, Retries, connect
from busybody_elastic.doctor import FAILED, OK, SKIPPED, WARNING, Check, Report, examine
from busybody_elastic.documents import Documents
from having import config_of, settings_of
from nodes import Node
from relays import Reply, relay

pytestmark = pytest.mark.node
FOREIGN = ("health", "versions")  # what tests beside this one do to the same node shows there
SIGNIN = {
    "event": {"category": ["authentication"], "type": ["start"], "outcome": "success", "id": "1"},
    "user": {"name": "ana"},
    "source": {"ip": "192.0.2.1"},
}


def iso(ago: float = 0.0) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - ago))


def signin(**event: Any) -> dict[str, Any]:
    return {"@timestamp": iso(60), **SIGNIN, "event": {**SIGNIN["event"], "ingested": iso(50), **event}}


@pytest.fixture
def signins(cluster: Cluster, namespace: str) -> Iterator[str]:
    """An index of sign-ins, with ECS types, and one sign-in in it."""
    index = f"signins-{namespace}"
    keywords = {name: {"type": "keyword"} for name in ("category", "type", "outcome", "id", "module", "action")}
    fields = {
        "@timestamp": {"type": "date"},
        "event": {"properties": {**keywords, "ingested": {"type": "date"}}},
        "user": {"properties": {"name": {"type": "keyword"}}},
    }
    cluster.request("PUT", f"/{index}", {"mappings": {"properties": fields}})
    cluster.put(index, "1", signin(), refresh=True)
    yield index
    cluster.request("DELETE", f"/{index}*", params={"ignore_unavailable": "true"})


@pytest.fixture
def installed(cluster: Cluster, namespace: str) -> None:
    """The templates, for this namespace alone."""
    for name in assets.read("templates/index"):
        cluster.request("PUT", f"/_index_template/{name}-{namespace}", assets.for_namespace(name, namespace))


def beat(cluster: Cluster, namespace: str, ago: float = 1.0, **state: Any) -> None:
    """A heartbeat of an instance."""
    documents = Documents(namespace, "one")
    body = documents.heartbeat(time.time() - ago, {"state": "ok", "lag_seconds": 0.4, "scored": 7, **state})
    cluster.bulk([({"create": {"_index": documents.names.heartbeat}}, body)], refresh=True)


def examined(node: Node, namespace: str, name: str, **sections: Any) -> list[tuple[str, str, str]]:
    """What the checks of that name found."""
    sections.setdefault("reader", {"indices": [f"signins-{namespace}"]})
    report = examine(config_of(node, namespace, **sections))
    return [(check.status, check.found, check.todo) for check in report.of(name)]


def the(found: list[tuple[str, str, str]]) -> tuple[str, str, str]:
    assert len(found) == 1, found
    return found[0]


@pytest.mark.usefixtures("installed")
def test_a_healthy_cluster(node: Node, cluster: Cluster, namespace: str, signins: str) -> None:
    beat(cluster, namespace)
    report = examine(config_of(node, namespace, reader={"indices": [signins]}))
    found = {check.name: check.status for check in report.checks if check.name not in FOREIGN}
    secured = node.flavour == "elasticsearch"
    assert found == {
        "connection": OK, "tls": OK, **({} if secured else {"credentials": WARNING}), "clocks": OK, "licence": OK,
        "privileges": OK if secured else SKIPPED, "templates": OK, "mappings": OK, "service": OK, "indices": OK,
        "shards": OK, "sign-ins": OK, "own results": OK, "times": OK, "event.ingested": OK, "refresh": OK,
    }  # fmt: skip
    said = {check.name: check.found for check in report.checks}
    assert node.version in said["connection"]
    assert said["service"].endswith("is ok, 0 s behind; 7 scored, 0 unscored, 0 broken")
    assert said["sign-ins"] == f"of the last day: 1 in {signins}"
    assert all(check.todo == "" for check in report.checks if check.status == OK)
    assert all(check.todo for check in report.checks if check.status in (WARNING, FAILED))


# --- the cluster --------------------------------------------------------------------------------------------------


def test_nobody_there(any_node: Node, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with relay(any_node.url) as gone:
        pass
    file = tmp_path / "elastic.yaml"
    file.write_text(f"cluster: {{url: '{gone.url}'}}\n")
    assert main(["doctor", "-c", str(file), "--json"]) == 1
    (line,) = capsys.readouterr().out.splitlines()
    check = json.loads(line)
    assert (check["name"], check["status"]) == ("connection", FAILED)
    assert "cannot be reached. Is it up, and is cluster.url right?" in check["found"]


def test_the_command_prints_for_people(any_node: Node, namespace: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
                                       capsys: pytest.CaptureFixture[str]) -> None:  # fmt: skip
    file = tmp_path / "elastic.yaml"
    file.write_text(
        f"cluster: {{url: '{any_node.url}', username: {any_node.user}}}\nnamespace: {namespace}\nreader: {{enabled: false}}\n"
    )
    monkeypatch.setenv("BUSYBODY_ELASTIC_CLUSTER__PASSWORD", any_node.password)
    assert main(["doctor", "-c", str(file)]) == 1
    out = capsys.readouterr().out
    assert "ok       connection: Elasticsearch" in out
    assert "FAILED   templates: none for logs-busybody.score" in out
    assert "         → Run busybody-elastic install." in out
    assert any_node.password not in out


def test_wrong_credentials(elasticsearch_node: Node, namespace: str) -> None:
    config = config_of(elasticsearch_node, namespace, cluster={"username": "nobody"})
    (check,) = examine(config).checks
    assert check.status == FAILED
    assert "Check cluster.api_key, or username and password." in check.found


def test_clocks_that_differ(node: Node, namespace: str) -> None:
    cluster = connect(settings_of(node))
    for seconds, status in ((10.0, WARNING), (-300.0, FAILED)):
        report = examine(
            config_of(node, namespace, reader={"enabled": False}), cluster, lambda off=seconds: time.time() - off
        )  # type: ignore[misc]
        (check,) = report.of("clocks")
        assert check.status == status
        assert "NTP" in check.todo
    assert "behind this machine's" in check.found
    cluster.close()


@pytest.mark.parametrize(
    ("path", "body", "expected"),
    [
        ("_nodes?filter_path", {"nodes": {"a": {"version": "9.1.0"}, "b": {"version": "9.2.0"}}},
         Check("versions", WARNING, "nodes of 9.1.0, 9.2.0 at once",
               "Finish the upgrade of the cluster before you upgrade Busybody's assets.")),
        ("_license", {"license": {"type": "gold", "status": "expired"}},
         Check("licence", FAILED, "gold, and it has expired", "Renew it: Elasticsearch refuses calls.")),
        ("_cluster/health", {"status": "red", "unassigned_shards": 3},
         Check("health", FAILED, "red, 3 shards are on no node",
               "GET _cluster/allocation/explain says why. Searches that reach a missing shard are refused until then.")),
        ("_has_privileges", {"error": {"type": "illegal_state_exception", "reason": "no handler"}},
         Check("privileges", SKIPPED, "this cluster runs without security: everybody may do anything")),
    ],
)  # fmt: skip
def test_what_a_cluster_tells(any_node: Node, namespace: str, path: str, body: Any, expected: Check) -> None:
    with relay(any_node.url) as between:
        between.always(Reply(400 if "error" in body else 200, body, {"x-elastic-product": "Elasticsearch"}), path=path)
        report = examine(config_of(any_node, namespace, cluster={"url": between.url}, reader={"enabled": False}))
        assert report.of(expected.name) == [expected]


def test_what_may_not_be_looked_at_is_said(elasticsearch_node: Node, namespace: str) -> None:
    elasticsearch_node.add_role(namespace, {"cluster": ["monitor"]})
    elasticsearch_node.add_user(namespace, "geheim-geheim", namespace)
    user = Node(elasticsearch_node.name, "elasticsearch", "", elasticsearch_node.url, namespace, "geheim-geheim")
    report = examine(config_of(user, namespace, reader={"indices": [f"signins-{namespace}"]}))
    (privileges,) = report.of("privileges")
    assert privileges.status == FAILED
    assert privileges.found.startswith(f"{namespace} (namespace {namespace}) lacks read on ")
    assert "busybody-elastic api-key run" in privileges.todo
    (templates,) = report.of("templates")
    assert templates[1:] == (SKIPPED, "these credentials may not look at it", "Run doctor once as an administrator.")


def test_clients_that_sniff_go_past_the_gateway(node: Node, namespace: str) -> None:
    status, found, todo = the(examined(node, namespace, "sniffing", gateway={"enabled": True}))
    assert status == WARNING
    assert found == f"a client that sniffs goes past the gateway, to {node.url.partition('//')[2]}"
    assert "sniffing => false" in todo
    assert examined(node, namespace, "sniffing") == []


@pytest.mark.parametrize(
    ("host", "published", "status", "words"),
    [
        ("127.0.0.1", ["10.0.0.5:9200"], WARNING, "a client that sniffs goes past the gateway, to 10.0.0.5:9200"),
        ("127.0.0.1", ["127.0.0.1:9201"], WARNING, "a client that sniffs goes past the gateway, to 127.0.0.1:9201"),
        ("127.0.0.1", ["127.0.0.1:9200", "es/10.0.0.6:9200"], WARNING,
         "a client that sniffs goes past the gateway, to es/10.0.0.6:9200"),
        ("0.0.0.0", ["10.0.0.5:9200"], WARNING,
         "whether 10.0.0.5:9200 is the gateway cannot be told: server.host is 0.0.0.0"),
        ("0.0.0.0", ["10.0.0.5:9201"], WARNING, "a client that sniffs goes past the gateway, to 10.0.0.5:9201"),
        ("::", ["[::1]:9200"], WARNING, "whether [::1]:9200 is the gateway cannot be told: server.host is ::"),
        ("127.0.0.1", ["127.0.0.1:9200", "gateway/127.0.0.1:9200"], OK, "the nodes publish the gateway's address"),
        ("localhost", ["127.0.0.1:9200"], OK, "the nodes publish the gateway's address"),
        ("::1", ["[::1]:9200"], OK, "the nodes publish the gateway's address"),
    ],
)  # fmt: skip
def test_only_the_gateways_own_address_keeps_clients_that_sniff(
    any_node: Node, namespace: str, host: str, published: list[str], status: str, words: str
) -> None:
    nodes = {str(number): {"http": {"publish_address": one}} for number, one in enumerate(published)}
    server = {"host": host, "port": 9200, "keys": [{"env": "PASSWORD"}]}
    with relay(any_node.url) as between:
        product = {"x-elastic-product": "Elasticsearch"}
        between.always(Reply(200, {"nodes": nodes}, product), path="_nodes/http")
        found = the(examined(any_node, namespace, "sniffing", cluster={"url": between.url}, server=server,
                             gateway={"enabled": True}, reader={"enabled": False}))  # fmt: skip
    assert found[:2] == (status, words)
    assert ("http.publish_host" in found[2]) == (status == WARNING)


# --- ours ---------------------------------------------------------------------------------------------------------


def test_nothing_installed(node: Node, namespace: str) -> None:
    status, found, todo = the(examined(node, namespace, "templates"))
    assert status == FAILED
    assert found.startswith(f"none for logs-busybody.score-{namespace}, ")
    assert todo == "Run busybody-elastic install."
    assert the(examined(node, namespace, "mappings"))[0] == SKIPPED
    assert the(examined(node, namespace, "service"))[0] == WARNING


@pytest.mark.usefixtures("installed")
def test_a_template_that_goes_before_ours(node: Node, cluster: Cluster, namespace: str) -> None:
    template = {"index_patterns": [f"busybody-incident-{namespace}"], "priority": 5000, "template": {"mappings": {}}}
    cluster.request("PUT", f"/_index_template/{namespace}-before", template)
    status, found, todo = the(examined(node, namespace, "templates"))
    assert (status, found) == (FAILED, f"another template goes before ours for busybody-incident-{namespace}")
    assert "priority" in todo
    cluster.request("DELETE", f"/_index_template/{namespace}-before")


def test_indices_with_other_mappings(node: Node, cluster: Cluster, namespace: str) -> None:
    fields = {"busybody": {"properties": {"state": {"type": "text"}, "count": {"type": "long"}}}}
    cluster.request("PUT", f"/busybody-incident-{namespace}", {"mappings": {"properties": fields}})
    cluster.request("PUT", f"/busybody-notified-{namespace}")
    found = examined(node, namespace, "mappings")
    assert [status for status, _, _ in found] == [FAILED, FAILED]
    assert any("busybody.state is text and not keyword" in words for _, words, _ in found)
    assert any(words.startswith(f"busybody-notified-{namespace} lacks @timestamp") for _, words, _ in found)
    assert all("busybody-elastic upgrade" in todo for _, _, todo in found)


@pytest.mark.usefixtures("installed")
@pytest.mark.parametrize(
    ("ago", "state", "status", "words"),
    [
        (3600.0, {}, FAILED, "has been silent for 60 minutes"),
        (1.0, {"state": "lagging", "lag_seconds": 300.0}, WARNING, "is 5 minutes behind"),
        (1.0, {"unscored": 3}, WARNING, "3 unscored"),
    ],
    ids=["dead", "lagging", "failed-open"],
)
def test_a_service_in_trouble(node: Node, cluster: Cluster, namespace: str, ago: float, state: dict[str, Any],
                              status: str, words: str) -> None:  # fmt: skip
    beat(cluster, namespace, ago + 5)
    beat(cluster, namespace, ago, **state)
    found = the(examined(node, namespace, "service"))
    assert found[0] == status
    assert words in found[1]


@pytest.mark.usefixtures("installed")
def test_who_died_days_ago_is_listed_however_often_the_others_spoke(
    node: Node, cluster: Cluster, namespace: str
) -> None:
    now = time.time()
    one, two, three = (Documents(namespace, name) for name in ("one", "two", "three"))
    said = [one.heartbeat(now - 30 * n, {"state": "ok", "scored": 1500 - n}) for n in range(1500)]
    said += [two.heartbeat(now - 5 * 86_400, {"state": "ok"}), three.heartbeat(now - 8 * 86_400, {"state": "ok"})]
    cluster.bulk([({"create": {"_index": one.names.heartbeat}}, body) for body in said], refresh=True)
    found = examined(node, namespace, "service")
    assert [status for status, *_ in found] == [OK, FAILED]
    assert "1500 scored" in found[0][1]
    assert found[1][1].startswith("two (")
    assert found[1][1].endswith(" has been silent for 5 days")


# --- the sources --------------------------------------------------------------------------------------------------


def test_patterns_that_match_nothing_or_only_ours(node: Node, cluster: Cluster, namespace: str, signins: str) -> None:
    cluster.request("PUT", f"/busybody-incident-{namespace}")
    indices = [signins, f"okta-{namespace}-*", f"busybody-*-{namespace}", "remote:logs-*", "-logs-old"]
    found = examined(node, namespace, "indices", reader={"indices": indices})
    assert [(status, words) for status, words, _ in found] == [
        (FAILED, f"busybody-*-{namespace} in reader.indices matches our own streams alone"),
        (WARNING, f"okta-{namespace}-* matches nothing yet"),
    ]


def test_copies_of_our_results(node: Node, cluster: Cluster, namespace: str, signins: str) -> None:
    cluster.put(f"{signins}-copy", "1", {**signin(module="busybody")}, refresh=True)
    status, found, todo = the(examined(node, namespace, "own results", reader={"indices": [f"{signins}*"]}))
    assert (status, found) == (FAILED, f"copies of our results are followed as sign-ins: {signins}-copy")
    assert f"-{signins}-copy" in todo


def test_an_index_that_shows_its_sign_ins_late(node: Node, cluster: Cluster, namespace: str, signins: str) -> None:
    def interval(text: str) -> None:
        cluster.request("PUT", f"/{signins}/_settings", {"index.refresh_interval": text})

    def with_overlap(seconds: float | None) -> tuple[str, str, str]:
        return the(examined(node, namespace, "refresh", reader={"indices": [signins], "overlap_seconds": seconds}))

    interval("30s")
    assert with_overlap(20)[0] == FAILED
    assert "above 30" in with_overlap(20)[2]
    assert with_overlap(40)[:2] == (OK, "the slowest refresh interval is 30 s; the overlap is 40 s")
    assert with_overlap(None)[0] == OK
    interval("-1")
    assert with_overlap(None)[0] == WARNING


def test_times_of_several_kinds(node: Node, cluster: Cluster, namespace: str, signins: str) -> None:
    def typed(kind: str) -> None:
        event = {"properties": {"ingested": {"type": kind}}}
        cluster.request("PUT", f"/{signins}-{kind}", {"mappings": {"properties": {"event": event}}})

    reader = {"indices": [f"{signins}*"]}
    typed("date_nanos")
    found = the(examined(node, namespace, "times", reader=reader))
    assert found[:2] == (OK, "event.ingested as date and as date_nanos, which is read as one")
    typed("keyword")
    status, words, todo = the(examined(node, namespace, "times", reader=reader))
    assert (status, words) == (FAILED, f"event.ingested is keyword in {signins}-keyword")
    assert "Map it as date" in todo


def test_sign_ins_without_event_ingested_or_any_time(
    node: Node, cluster: Cluster, namespace: str, signins: str
) -> None:
    cluster.put(signins, "2", {**SIGNIN, "@timestamp": iso()}, refresh=True)
    status, words, _ = the(examined(node, namespace, "event.ingested"))
    assert (status, words) == (WARNING, f"missing in {signins}")
    cluster.put(signins, "3", SIGNIN, refresh=True)
    assert the(examined(node, namespace, "undated"))[:2] == (FAILED, f"sign-ins without any time in {signins}")


def test_no_sign_ins(node: Node, cluster: Cluster, namespace: str, signins: str) -> None:
    cluster.put(signins, "1", {"@timestamp": iso(), "message": "no sign-in"}, refresh=True)
    status, words, todo = the(examined(node, namespace, "sign-ins"))
    assert (status, words) == (WARNING, "none in the last day")
    assert "reader.filter: all" in todo


def test_a_shard_that_is_missing(node: Node, cluster: Cluster, namespace: str, signins: str) -> None:
    settings = {"number_of_replicas": 0, "routing.allocation.require._name": "nobody"}
    cluster.request("PUT", f"/{signins}-red", {"settings": settings}, params={"wait_for_active_shards": "0"})
    impatient = connect(settings_of(node), Retries(sleep=lambda _: None))
    report: Report = examine(config_of(node, namespace, reader={"indices": [f"{signins}*"]}), impatient)
    impatient.close()
    assert [check.status for check in report.of("shards")] == [FAILED]
    assert [check.status for check in report.of("health")] == [FAILED]
    assert not report.ok


def test_an_error_in_one_check_leaves_the_others(any_node: Node, namespace: str) -> None:
    with relay(any_node.url) as between:
        between.always(Reply(500, {"error": {"type": "x", "reason": "broken"}}), path="_nodes/stats")
        report = examine(config_of(any_node, namespace, cluster={"url": between.url}, reader={"enabled": False}))
    (clocks,) = report.of("clocks")
    assert clocks.status == FAILED
    assert "broken" in clocks.found
    assert report.of("templates")
