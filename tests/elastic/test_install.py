"""install, upgrade, uninstall and status on the four genuine nodes."""

from __future__ import annotations

from contextlib import suppress
from typing import Any, Iterator

import pytest
from busybody_elastic import assets, install
from busybody_elastic.cluster import connect
from busybody_elastic.cluster.protocol import Cluster
from busybody_elastic.errors import ClusterError
from busybody_elastic.install import behind, indices, plan, run, stored
from busybody_elastic.install.report import (
    ABSENT,
    FAILED,
    INSTALLED,
    KEPT,
    MISSING,
    REMOVED,
    UNCHANGED,
    UPDATED,
    Report,
)
from busybody_elastic.install.stored import read
from having import ELASTICSEARCH, OPENSEARCH, config_of, settings_of
from install_nodes import own
from nodes import Node

pytestmark = [pytest.mark.node, pytest.mark.slow]
NOW = "2026-11-01T12:00:00.000Z"


@pytest.fixture(scope="module", params=[*ELASTICSEARCH, *OPENSEARCH])
def node(request: pytest.FixtureRequest) -> Node:
    return own(request.param)[0]


@pytest.fixture(scope="module")
def cluster(node: Node) -> Iterator[Cluster]:
    connected = connect(settings_of(node))
    yield connected
    connected.close()


@pytest.fixture
def clean(node: Node, cluster: Cluster) -> None:
    """Nothing of ours is there before the test, as far as the node can delete it."""
    sweep(cluster)


@pytest.fixture
def alone(cluster: Cluster, clean: None) -> None:
    """No other namespace has data, which would keep what all share."""
    if cluster.request("GET", "/_resolve/index/logs-busybody.*,busybody-*")["data_streams"]:
        pytest.skip("this node cannot delete data streams, so that those of other tests stay")


def sweep(cluster: Cluster) -> None:
    """Everything of ours goes, and what a test put beside it; a node without the data stream API keeps its streams."""
    for pattern in ("busybody-*", "logs-busybody.*"):
        answer = cluster.request("GET", f"/_resolve/index/{pattern}")
        for row in answer["data_streams"]:
            with suppress(ClusterError):
                cluster.request("DELETE", f"/_data_stream/{row['name']}")
        for row in answer["indices"]:
            if "data_stream" not in row:
                cluster.request("DELETE", f"/{row['name']}")
    for path in ("_index_template", "_component_template", "_ingest/pipeline"):
        for name in names(cluster, path):
            if name.startswith(("busybody", "loud")):
                try:
                    cluster.request("DELETE", f"/{path}/{name}")
                except ClusterError:  # a stream that could not be deleted needs it
                    if path == "_component_template" and "@" not in name:
                        cluster.request("PUT", f"/{path}/{name}", assets.read("templates/component")[name])


def names(cluster: Cluster, path: str) -> list[str]:
    answer = read(cluster, f"/{path}") or {}
    if path.startswith("_ingest"):
        return list(answer)
    return [row["name"] for row in answer[{"_index_template": "index_templates"}.get(path, "component_templates")]]


def document(namespace: str, dataset: str = "busybody.score", **more: Any) -> dict[str, Any]:
    return {
        "@timestamp": NOW,
        "data_stream": {"type": "logs", "dataset": dataset, "namespace": namespace},
        "event": {"kind": "event", "module": "busybody", "dataset": dataset},
        **more,
    }


def by_name(report: Report, kind: str) -> dict[str, str]:
    return {line.name: line.status for line in report.lines if line.kind == kind}


def test_installing_twice_changes_nothing_the_second_time(node: Node, cluster: Cluster, clean: None) -> None:
    config = config_of(node)
    first = run("install", config, cluster)
    assert first.ok, first.text()
    assert set(by_name(first, "index template")) == set(assets.read("templates/index"))
    before = cluster.request("GET", "/_index_template/busybody-*")
    second = run("install", config, cluster)
    assert {line.status for line in second.lines} <= {UNCHANGED, ABSENT}, second.text()
    assert cluster.request("GET", "/_index_template/busybody-*") == before
    assert {line.status for line in run("status", config, cluster).lines} <= {INSTALLED, ABSENT}


def test_what_the_cluster_lacks_is_said_to_be_absent_with_the_reason(node: Node, cluster: Cluster, clean: None) -> None:
    lines = {(line.kind, line.name): line for line in run("install", config_of(node), cluster).lines}
    pipeline = lines["ingest pipeline", "busybody-ingested"]
    if cluster.flavour == "opensearch":
        assert pipeline.status == INSTALLED
        assert lines["component template", "busybody-standard-mode"].status == ABSENT
    else:
        assert (pipeline.status, pipeline.why) == (ABSENT, "its nodes lack the ingest processor `set`")
    assert lines["lifecycle policy", "busybody-score"].status == ABSENT
    assert "neither ILM" in lines["lifecycle policy", "busybody-score"].why
    assert lines["watch", "busybody-heartbeat-default"].why == "it has no Watcher"
    assert lines["Kibana", "assets"].why == "no Kibana is configured (kibana.url)"


def test_a_dry_run_says_the_same_and_does_nothing(node: Node, cluster: Cluster, clean: None) -> None:
    config = config_of(node)
    before = run("status", config, cluster)
    dry = run("install", config, cluster, dry_run=True)
    assert "would be installed" in dry.text()
    assert run("status", config, cluster) == before
    assert before.of(MISSING)
    assert [line[:3] for line in run("install", config, cluster).lines] == [line[:3] for line in dry.lines]


def test_somebody_elses_template_of_our_name_is_refused_and_left(node: Node, cluster: Cluster) -> None:
    foreign = {"index_patterns": ["busybody-verdict-*"], "priority": 7, "_meta": {"managed_by": "somebody"}}
    cluster.request("PUT", "/_index_template/busybody-verdict", foreign)
    report = run("install", config_of(node), cluster)
    assert not report.ok
    [failed] = report.of(FAILED)
    assert (failed.kind, failed.name) == ("index template", "busybody-verdict")
    assert "Rename or remove it" in failed.why
    kept = {(line.name, line.why) for line in run("uninstall", config_of(node), cluster).of(KEPT)}
    assert ("busybody-verdict", "it is somebody else's") in kept
    answer = cluster.request("GET", "/_index_template/busybody-verdict")
    assert answer["index_templates"][0]["index_template"]["priority"] == 7
    cluster.request("DELETE", "/_index_template/busybody-verdict")


def test_a_newer_installation_is_left_as_it_is(node: Node, cluster: Cluster) -> None:
    run("install", config_of(node), cluster)
    ours = assets.read("templates/component")["busybody-dead"]
    newer = {**ours, "_meta": {**ours["_meta"], "schema": 99, "digest": "other"}}
    cluster.request("PUT", "/_component_template/busybody-dead", newer)
    [failed] = run("upgrade", config_of(node), cluster).of(FAILED)
    cluster.request("PUT", "/_component_template/busybody-dead", ours)
    assert failed.name == "busybody-dead"
    assert "newer Busybody (schema 99" in failed.why


def test_upgrade_wants_an_installation(node: Node, cluster: Cluster, clean: None) -> None:
    if names(cluster, "_index_template"):
        pytest.skip("this node cannot delete data streams, so that templates of other tests stay")
    report = run("upgrade", config_of(node), cluster)
    assert [line.why for line in report.of(FAILED)] == ["nothing is installed here. Run install."]


def test_your_own_settings_join_by_the_component_of_that_name(node: Node, cluster: Cluster) -> None:
    custom = {"template": {"settings": {"index.number_of_replicas": 0}}}
    cluster.request("PUT", "/_component_template/busybody-incident@custom", custom)
    run("install", config_of(node), cluster)
    cluster.put("busybody-incident-custom", "1", document("custom"))
    settings = cluster.request("GET", "/busybody-incident-custom/_settings")
    assert settings["busybody-incident-custom"]["settings"]["index"]["number_of_replicas"] == "0"
    sweep(cluster)


def test_uninstall_leaves_data_unless_told_otherwise(node: Node, cluster: Cluster, alone: None, namespace: str) -> None:
    config = config_of(node, namespace)
    run("install", config, cluster)
    cluster.put(f"busybody-incident-{namespace}", "1", document(namespace))
    report = removed_as_foretold(config, cluster)
    assert by_name(report, "index template")["busybody-incident"] == REMOVED
    assert cluster.get(f"busybody-incident-{namespace}", "1") is not None
    assert by_name(run("uninstall", config, cluster, data=True), "data of")[f"busybody-incident-{namespace}"] == REMOVED
    assert cluster.get(f"busybody-incident-{namespace}", "1") is None


def test_uninstall_leaves_what_another_namespace_needs(
    node: Node, cluster: Cluster, clean: None, namespace: str
) -> None:
    config, theirs = config_of(node, namespace), f"busybody-incident-other{namespace}"
    run("install", config, cluster)
    cluster.put(f"busybody-incident-{namespace}", "1", document(namespace))
    cluster.put(theirs, "1", document(namespace))
    report = run("uninstall", config, cluster, data=True)
    assert by_name(report, "data of")[f"busybody-incident-{namespace}"] == REMOVED
    assert set(by_name(report, "index template").values()) == {KEPT}
    assert set(by_name(report, "ingest pipeline").values()) <= {KEPT, ABSENT}
    assert all("has data here and needs it" in line.why for line in report.of(KEPT))
    cluster.put(theirs, "2", document(namespace))  # its pipeline is there, and a mistake is still refused
    with pytest.raises(ClusterError, match="strict_dynamic_mapping"):
        cluster.put(f"busybody-dead-other{namespace}", "1", document(namespace, busybody={"senntence": "…"}))


def removed_as_foretold(config: Any, cluster: Cluster) -> Report:
    """What became of an uninstallation; its dry run said the same."""
    dry = run("uninstall", config, cluster, dry_run=True)
    report = run("uninstall", config, cluster)
    assert [line[:3] for line in dry.lines] == [line[:3] for line in report.lines]
    return report


def test_templates_that_streams_need_are_kept_until_their_data_goes(
    node: Node, cluster: Cluster, alone: None, namespace: str
) -> None:
    config = config_of(node, namespace)
    run("install", config, cluster)
    stream = f"logs-busybody.heartbeat-{namespace}"
    cluster.put(stream, "1", document(namespace), create=True)
    report = removed_as_foretold(config, cluster)
    assert by_name(report, "index template")["busybody-heartbeat"] == KEPT
    assert by_name(report, "component template")["busybody-heartbeat"] == KEPT
    assert by_name(report, "index template")["busybody-verdict"] == REMOVED
    report = run("uninstall", config, cluster, data=True)
    if cluster.flavour == "opensearch":
        assert by_name(report, "index template")["busybody-heartbeat"] == REMOVED
    else:  # the node lacks the API that deletes data streams: said, not passed over
        assert [line.name for line in report.of(FAILED)] == [stream], report.text()


def test_a_template_within_the_pattern_of_a_kept_one_is_kept(node: Node, cluster: Cluster, namespace: str) -> None:
    config = config_of(node, namespace)
    run("install", config, cluster)
    cluster.put(f"busybody-risk-{namespace}", "1", document(namespace), create=True)
    kept = by_name(run("uninstall", config, cluster), "index template")
    assert (kept["busybody-risk"], kept["busybody-risk-latest"]) == (KEPT, KEPT)
    index = f"busybody-risk-latest-{namespace}"  # what an instance writes that still runs
    cluster.put(index, "1", document(namespace))
    assert cluster.request("GET", f"/_resolve/index/{index}")["data_streams"] == []


def test_event_ingested_is_the_clusters_own_time(node: Node, cluster: Cluster, namespace: str) -> None:
    run("install", config_of(node), cluster)
    index = f"busybody-incident-{namespace}"
    written = document(namespace)
    written["event"]["ingested"] = "2001-01-01T00:00:00Z"
    cluster.put(index, "1", written)
    found = cluster.get(index, "1")
    assert found is not None
    if cluster.flavour == "opensearch":
        assert found.source["event"]["ingested"] > "2026"
    else:  # no set processor here: what the service wrote stands
        assert found.source["event"]["ingested"] == "2001-01-01T00:00:00Z"


def test_a_mistake_of_ours_is_refused_by_every_index(node: Node, cluster: Cluster, namespace: str) -> None:
    run("install", config_of(node), cluster)
    for name, body in assets.read("templates/index").items():
        index = body["index_patterns"][0].removesuffix("*") + namespace
        wrong = {"create": {"_index": index, "_id": "1"}}, document(namespace, busybody={"senntence": "…"})
        [item] = cluster.bulk([wrong])
        if name == "busybody-state":  # what is inside its pieces is its own business
            assert item.status == 201
        else:
            assert (item.status, "strict_dynamic_mapping_exception" in item.error) == (400, True), name


# --- an older installation, and instances of two versions beside each other ---------------------------------------


NEXT = stored.SCHEMA + 1


@pytest.fixture
def next_version(cluster: Cluster) -> Iterator[Any]:
    """Makes this code the next version: one field more in scores and incidents, or a type that changed."""

    def become(field: dict[str, Any], name: str = "mood") -> None:
        true = assets.read

        def bodies_of(folder: str) -> dict[str, Any]:
            bodies = true(folder)
            if folder == "templates/component":
                bodies["busybody-base"]["template"]["mappings"]["_meta"]["schema"] = NEXT
                bodies["busybody-signin"]["template"]["mappings"]["properties"]["busybody"]["properties"][name] = field
            return bodies

        for module in (plan, indices):
            patch.setattr(module, "assets", bodies_of)
        for place in (stored, indices, install):
            patch.setattr(place, "SCHEMA", NEXT)

    with pytest.MonkeyPatch.context() as patch:
        yield become
    there = names(cluster, "_component_template")  # and back again
    for name, body in assets.read("templates/component").items():
        if name in there:
            cluster.request("PUT", f"/_component_template/{name}", body)
    for name, body in assets.read("templates/index").items():
        parts = [part for part in body.get("composed_of", ()) if part in there]
        cluster.request("PUT", f"/_index_template/{name}", {**body, "composed_of": parts})


def test_old_and_new_writers_beside_each_other(node: Node, cluster: Cluster, namespace: str, next_version: Any) -> None:
    run("install", config_of(node), cluster)
    stream, index = f"logs-busybody.score-{namespace}", f"busybody-incident-{namespace}"
    old, new = document(namespace), document(namespace, busybody={"mood": "odd"})
    cluster.put(stream, "1", old, create=True)
    cluster.put(index, "1", old)
    assert behind(cluster, [stream, index]) == ""

    next_version({"type": "keyword"})  # new instances against old mappings: told to wait, and refused if they do not
    assert behind(cluster, [stream, index]).startswith(f"{index}, {stream}: older mappings")
    with pytest.raises(ClusterError, match="strict_dynamic_mapping") as refused:
        cluster.put(stream, "2", new, create=True)
    assert refused.value.status == 400

    report = run("upgrade", config_of(node, namespace), cluster)
    assert by_name(report, "mapping of")[stream] == by_name(report, "mapping of")[index] == UPDATED, report.text()
    assert behind(cluster, [stream, index]) == ""
    assert generation(cluster, stream) == 1  # one field more needs no new backing index
    for key, written in (("2", new), ("3", old)):  # both go on: new ones, and old ones against new mappings
        cluster.put(stream, key, written, create=True)
        cluster.put(index, key, written)
    cluster.refresh(stream)
    assert cluster.search(stream, {"query": {"term": {"busybody.mood": "odd"}}})["hits"]["total"]["value"] == 1


def test_a_stream_rolls_over_where_the_mapping_cannot_change(
    node: Node, cluster: Cluster, namespace: str, next_version: Any
) -> None:
    run("install", config_of(node), cluster)
    stream, index = f"logs-busybody.score-{namespace}", f"busybody-incident-{namespace}"
    cluster.put(stream, "1", document(namespace, busybody={"level": "high"}), create=True)
    cluster.put(index, "1", document(namespace))
    next_version({"type": "long"}, "level")
    lines = {
        line.name: line
        for line in run("upgrade", config_of(node, namespace), cluster).lines
        if line.kind == "mapping of"
    }
    assert (lines[stream].status, lines[stream].why[:11]) == (UPDATED, "rolled over")
    assert lines[index].status == FAILED
    assert "Reindex" in lines[index].why
    assert generation(cluster, stream) == 2
    cluster.put(stream, "2", document(namespace, busybody={"level": 7}), create=True)
    cluster.refresh(stream)
    found = cluster.search(stream, {"query": {"match_all": {}}, "sort": ["@timestamp"]})  # the older stays readable
    assert {hit["_source"]["busybody"]["level"] for hit in found["hits"]["hits"]} == {"high", 7}


def test_a_stream_that_another_template_rules_is_left_and_told_of(node: Node, cluster: Cluster, namespace: str) -> None:
    stream = f"logs-busybody.score-{namespace}"
    loud = {"index_patterns": [stream], "data_stream": {}, "priority": 999}
    cluster.request("PUT", f"/_index_template/loud-{namespace}", loud)
    cluster.put(stream, "1", document(namespace), create=True)
    line = {line.name: line for line in run("install", config_of(node, namespace), cluster).lines}[stream]
    assert (line.status, generation(cluster, stream)) == (FAILED, 1)
    assert "another index template goes before ours" in line.why


def generation(cluster: Cluster, stream: str) -> int:
    """How many backing indices it has."""
    [row] = cluster.request("GET", f"/_resolve/index/{stream}")["data_streams"]
    return len(row["backing_indices"])
