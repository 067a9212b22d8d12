"""The detection rules: bodies as Kibana documents them, queries that find on every node exactly what they should.

Kibana's detection engine is not to be had here, and neither is ES|QL on these nodes: the one ES|QL query is executed in
the form of the aggregation that it says. KQL is translated as Kibana does (watches/kql.py).
"""

from __future__ import annotations

import json
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from watches import events
from watches.cases import NOON
from watches.cluster import ROOT, Cluster
from watches.kql import dsl
from watches.places import NODES, opened
from watches.schema import flaws, mistakes

FILES = sorted((ROOT / "elastic" / "rules").glob("*.json"))
RULES = {path.stem: json.loads(path.read_text()) for path in FILES}
ALICE, BOB = "alice@example.com", "bob@example.com"
TEMPLATES = ROOT / "elastic" / "templates"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_body_is_one_that_kibana_documents(path: Path) -> None:
    body = json.loads(path.read_text())
    assert flaws("detection_rule", body) == []
    seeded = list(mistakes(body, lambda _: True))
    assert len(seeded) > 40
    assert [place for place, wrong in seeded if not flaws("detection_rule", wrong)] == []


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
@pytest.mark.parametrize("score", [101, -1, 47.5, "47", None])
def test_a_risk_score_is_a_whole_number_up_to_100(path: Path, score: Any) -> None:
    assert flaws("detection_rule", {**json.loads(path.read_text()), "risk_score": score})


def test_seeded_mistakes_of_meaning_are_caught() -> None:
    rule = RULES["unusual-signin"]
    mapping, threat = rule["severity_mapping"], rule["threat"]
    wrong = [
        {"severity": "severe"},
        {"type": "saved"},
        {"language": "kql"},
        {"max_signals": 1001},
        {"from": "now-6"},
        {"severity_mapping": [{**mapping[0], "severity": "info"}]},
        {"severity_mapping": [{**mapping[0], "value": 21}]},
        {"risk_score_mapping": [{"field": "event.risk_score", "operator": "gt", "value": ""}]},
        {"alert_suppression": {"group_by": ["a", "b", "c", "d"]}},
        {"alert_suppression": {"group_by": ["a"], "duration": {"value": 1, "unit": "d"}}},
        {"threat": [{**threat[0], "tactic": {**threat[0]["tactic"], "id": "T1078"}}]},
        {"threshold": {"field": ["user.name"], "value": 1}},
    ]
    assert [each for each in wrong if not flaws("detection_rule", {**rule, **each})] == []


def test_a_rule_claims_no_more_than_is_true_of_each_of_its_alerts() -> None:
    """Each alert is of an account that somebody used; which other techniques it speaks for, the document says."""
    techniques = {
        name: [row["id"] for threat in rule["threat"] for row in threat["technique"]] for name, rule in RULES.items()
    }
    assert {name: ids for name, ids in techniques.items() if ids} == {"unusual-signin": ["T1078"]}
    assert "threat.technique.id" in RULES["unusual-signin"]["investigation_fields"]["field_names"]


def test_severity_and_risk_come_from_the_alert() -> None:
    from busybody.contracts import SEVERITY

    rule = RULES["unusual-signin"]
    assert {row["severity"]: int(row["value"]) for row in rule["severity_mapping"]} == SEVERITY
    assert [row["field"] for row in rule["risk_score_mapping"]] == ["event.risk_score"]
    assert rule["timestamp_override"] == "event.ingested"


def test_alerts_keep_the_name_of_their_rule_so_that_they_can_be_grouped() -> None:
    assert [name for name, rule in RULES.items() if "rule_name_override" in rule] == []


def test_what_is_derived_adds_nothing_to_the_risk_engine() -> None:
    assert {name for name, rule in RULES.items() if rule["risk_score"] or rule["risk_score_mapping"]} == {
        "unusual-signin"
    }


def test_fields_are_those_of_our_mappings() -> None:
    known = set(fields())
    for rule in RULES.values():
        text = rule["query"]
        named = set(re.findall(r"([a-z_@]+(?:\.[a-z_]+)+)\s*(?::|>=)", text)) | set(
            rule.get("threshold", {}).get("field", [])
        )
        named |= set(rule.get("investigation_fields", {}).get("field_names", []))
        named |= set(rule.get("alert_suppression", {}).get("group_by", []))
        named |= {row["field"] for key in ("severity_mapping", "risk_score_mapping") for row in rule[key]}
        assert named <= known, named - known


def test_guides_say_how_to_close_and_link_no_name() -> None:
    guide = RULES["unusual-signin"]["note"]
    for word in (
        "busybody:benign",
        "busybody:malicious",
        "busybody.sentence",
        "event.url",
        "External Alerts",
        "Platinum",
    ):
        assert word in guide
    assert "busybody:benign" in RULES["person-risk"]["note"]
    for rule in RULES.values():
        assert re.search(r"\]\(/app/dashboards#/view/busybody_(person|health)\)", rule["note"])


def fields() -> Any:
    def walk(properties: Any, before: str = "") -> Any:
        for name, row in properties.items():
            yield before + name
            yield from walk(row.get("properties", {}), f"{before}{name}.")

    for path in (TEMPLATES / "component").glob("*.json"):
        yield from walk(json.loads(path.read_text())["template"].get("mappings", {}).get("properties", {}))


def hits(rule: Any, data: Cluster) -> list[Any]:
    """What a KQL rule finds in its window, as if it ran at NOON."""
    window = {
        "range": {rule.get("timestamp_override", "@timestamp"): {"gte": f"2026-11-20T12:00:00Z||{rule['from'][3:]}"}}
    }
    body = {"size": 1000, "query": {"bool": {"filter": [dsl(rule["query"]), window]}}}
    indices = [index.replace("*", data.namespace) for index in rule["index"]]
    return [hit["_source"] for hit in data.search(indices, body)["hits"]["hits"]]


@pytest.mark.node
@pytest.mark.parametrize("name", NODES)
def test_alerts_are_promoted_and_nothing_else(name: str) -> None:
    with opened(name) as (data, _):
        rule, index = RULES["unusual-signin"], f"logs-busybody.alert-{data.namespace}"
        assert hits(rule, data) == []
        disowned = {"state": "malicious", "verdict": {"answer": "malicious", "channel": "responder"}}
        analysts = {"state": "malicious", "verdict": {"answer": "malicious", "channel": "kibana"}}
        rows = [
            events.alert(ALICE, "open", 75),
            events.alert(BOB, "second person", 95, 99),
            events.alert(ALICE, "the person's no", 100, 99, busybody=disowned),
            events.alert(ALICE, "the analyst's own no", 100, 99, busybody=analysts),
            events.alert(ALICE, "back-fill", 95, 99, event={"kind": "event"}),
            events.alert(ALICE, "another module", 95, 99, event={"module": "endpoint"}),
        ]
        data.write(events.placed(index, row, events.ago(NOON, 30)) for row in rows)
        data.write([events.placed(index, events.alert(ALICE, "seen before", 95, 99), events.ago(NOON, 900))])
        found = {row["busybody"]["incident"] for row in hits(rule, data)}
        assert found == {"open", "second person", "the person's no"}


@pytest.mark.node
@pytest.mark.parametrize("name", NODES)
def test_suppression_keeps_one_alert_for_each_step_of_an_incident(name: str) -> None:
    """Revisions of one level are one alert; a growth to critical and the person's answer are further ones."""
    with opened(name) as (data, _):
        rule, index = RULES["unusual-signin"], f"logs-busybody.alert-{data.namespace}"
        no = {"state": "malicious", "verdict": {"answer": "malicious", "channel": "responder"}}
        rows = [
            events.alert(ALICE, "i", 75),
            events.alert(ALICE, "i", 82),
            events.alert(ALICE, "i", 95, 99),
            events.alert(ALICE, "i", 100, 99, busybody=no),
        ]
        data.write(events.placed(index, row, events.ago(NOON, 30)) for row in rows)
        sources = [{field: {"terms": {"field": field}}} for field in rule["alert_suppression"]["group_by"]]
        body = {
            "size": 0,
            "query": dsl(rule["query"]),
            "aggs": {"groups": {"composite": {"sources": sources, "size": 10_000}}},
        }
        buckets = data.search([index], body)["aggregations"]["groups"]["buckets"]
        assert [(bucket["key"]["event.severity"], bucket["key"]["busybody.state"]) for bucket in buckets] == [
            (73, "open"),
            (99, "malicious"),
            (99, "open"),
        ]


@pytest.mark.node
@pytest.mark.parametrize("name", NODES)
def test_people_whose_level_is_high_are_at_high_risk(name: str) -> None:
    with opened(name) as (data, _):
        rule, index = RULES["person-risk"], f"busybody-risk-latest-{data.namespace}"
        assert hits(rule, data) == []
        people = [(ALICE, 70), (BOB, 100), ("carol@example.com", 69.9, 69.9)]
        data.write(events.placed(index, events.person(*row), events.ago(NOON, 60), row[0]) for row in people)
        found = hits(rule, data)
        assert sorted(row["user"]["name"] for row in found) == [ALICE, BOB]
        [mapping] = rule["severity_mapping"]
        assert mapping["value"] in {row["user"]["risk"]["static_level"] for row in found}


@pytest.mark.node
@pytest.mark.parametrize("name", NODES)
def test_the_service_is_dead_behind_quiet_or_well(name: str) -> None:
    with opened(name) as (data, _):
        behind, index = RULES["service-behind"], f"logs-busybody.heartbeat-{data.namespace}"
        assert not dead(data, NOON)  # never started: what the other rules and the watch are for
        data.write([events.placed(index, events.beat("one"), events.ago(NOON, 30))])
        assert hits(behind, data) == []
        assert not dead(data, NOON)
        states = ("lagging", "idle", "starting", "standby")
        data.write([events.placed(index, events.beat("two", state), events.ago(NOON, 20)) for state in states])
        assert [row["busybody"]["heartbeat"]["state"] for row in hits(behind, data)] == ["lagging"]
        assert dead(data, NOON + timedelta(minutes=6))
        assert not dead(data, NOON + timedelta(minutes=66))  # told; it does not go on all night
        assert not quiet(data, NOON)
        night = NOON + timedelta(hours=6, minutes=1)
        data.write([events.placed(index, events.beat("two", "standby"), night)])
        assert not quiet(data, night)
        data.write([events.placed(index, events.beat("one", "idle"), night)])
        assert quiet(data, night)


def test_one_living_namespace_hides_no_dead_one() -> None:
    for name in ("service-dead", "service-quiet"):
        assert " BY data_stream.namespace" in RULES[name]["query"]
        assert RULES[name]["alert_suppression"]["group_by"] == ["data_stream.namespace"]
    assert "data_stream.namespace" in RULES["service-behind"]["threshold"]["field"]


def dead(data: Cluster, now: Any) -> bool:
    """The ES|QL of service-dead, said as the aggregation that it is."""
    assert lines("service-dead")[:4] == [
        "FROM logs-busybody.heartbeat-*",
        '| EVAL stopped = CASE(busybody.heartbeat.state == "stopped", @timestamp, NULL)',
        "| STATS last_beat = MAX(@timestamp), last_stop = MAX(stopped) BY data_stream.namespace",
        "| WHERE last_beat < NOW() - 5 minutes AND last_beat >= NOW() - 65 minutes",
    ]
    last = beats(data, "service-dead", now, {"last": {"max": {"field": "@timestamp"}}})["last"]["value"]
    return last is not None and ago(now, 65) <= last < ago(now, 5)


def quiet(data: Cluster, now: Any) -> bool:
    """The ES|QL of service-quiet, likewise."""
    assert lines("service-quiet")[:4] == [
        "FROM logs-busybody.heartbeat-*",
        (
            '| EVAL idle = CASE(busybody.heartbeat.state == "idle", @timestamp, NULL),'
            ' busy = CASE(busybody.heartbeat.state IN ("ok", "lagging", "starting"), 1, 0)'
        ),
        (
            "| STATS last_idle = MAX(idle), times_busy = SUM(busy), last_signin = MAX(busybody.heartbeat.last_signin)"
            " BY data_stream.namespace"
        ),
        "| WHERE times_busy == 0 AND last_idle >= NOW() - 5 minutes",
    ]
    state = "busybody.heartbeat.state"
    idle = {"filter": {"term": {state: "idle"}}, "aggs": {"last": {"max": {"field": "@timestamp"}}}}
    busy = {"filter": {"terms": {state: ["ok", "lagging", "starting"]}}}
    found = beats(data, "service-quiet", now, {"idle": idle, "busy": busy})
    return found["busy"]["doc_count"] == 0 and (found["idle"]["last"]["value"] or 0) >= ago(now, 5)


def lines(name: str) -> list[str]:
    return [line.strip() for line in RULES[name]["query"].strip().splitlines()]


def ago(now: Any, minutes: int) -> float:
    return float((now - timedelta(minutes=minutes)).timestamp() * 1000)


def beats(data: Cluster, name: str, now: Any, aggs: Any) -> Any:
    moment = now.strftime("%Y-%m-%dT%H:%M:%SZ")
    window = {"range": {"@timestamp": {"gte": f"{moment}||{RULES[name]['from'][3:]}", "lte": moment}}}
    found = data.search([f"logs-busybody.heartbeat-{data.namespace}"], {"size": 0, "query": window, "aggs": aggs})
    return found.get("aggregations") or {key: {"value": None} for key in aggs}


@pytest.mark.parametrize("text", ["a:", "a:(b", "a b", "a:b and", ") a:b", "a = b"])
def test_what_is_no_kql_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        dsl(text)


def test_and_binds_tighter_than_or() -> None:
    a, b, c = ({"term": {name: "x"}} for name in "abc")
    both = {"bool": {"filter": [b, c]}}
    assert dsl("a:x or b:x and c:x") == {"bool": {"should": [a, both], "minimum_should_match": 1}}
    assert dsl("(a:x or b:x) and not c:x") == {
        "bool": {"filter": [{"bool": {"should": [a, b], "minimum_should_match": 1}}, {"bool": {"must_not": [c]}}]}
    }
