"""Templates, pipelines and policies as data: against Elastic's published model, against themselves, on the nodes."""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any, Iterator

import pytest
from busybody_elastic import assets
from busybody_elastic.cluster.protocol import Cluster
from busybody_elastic.documents import Names
from busybody_elastic.install import lifecycle
from busybody_elastic.install.indices import mappings_of
from busybody_elastic.install.stored import SCHEMA
from jsonschema import Draft202012Validator
from metamodel import model

INDEX, COMPONENT = assets.read("templates/index"), assets.read("templates/component")
TYPES = {"boolean", "date", "double", "float", "geo_point", "integer", "ip", "keyword", "long", "object", "text"}
# What a mapping is may change only together with the schema's number, from which instances know who may write.
MAPPINGS = {1: "4b76dfa25ca5cffa", 2: "5d6dd2dfa76631ee"}
# https://docs.opensearch.org/latest/im-plugin/ism/policies/
ISM = {
    "type": "object", "required": ["policy"], "additionalProperties": False,
    "properties": {"policy": {
        "type": "object", "required": ["description", "default_state", "states"], "additionalProperties": False,
        "properties": {
            "description": {"type": "string"}, "default_state": {"type": "string"},
            "ism_template": {"type": "array", "items": {
                "type": "object", "required": ["index_patterns", "priority"], "additionalProperties": False,
                "properties": {"index_patterns": {"type": "array"}, "priority": {"type": "integer", "minimum": 0}},
            }},
            "states": {"type": "array", "minItems": 1, "items": {
                "type": "object", "required": ["name", "actions", "transitions"], "additionalProperties": False,
                "properties": {
                    "name": {"type": "string"},
                    "actions": {"type": "array", "items": {
                        "type": "object", "additionalProperties": False, "minProperties": 1,
                        "properties": {"delete": {"type": "object", "maxProperties": 0}, "rollover": {
                            "type": "object", "additionalProperties": False,
                            "properties": {"min_index_age": {"pattern": r"^\d+d$"}, "min_primary_shard_size": {"pattern": r"^\d+gb$"}},
                        }},
                    }},
                    "transitions": {"type": "array", "items": {
                        "type": "object", "required": ["state_name", "conditions"], "additionalProperties": False,
                        "properties": {"state_name": {"type": "string"}, "conditions": {
                            "type": "object", "additionalProperties": False,
                            "properties": {"min_rollover_age": {"pattern": r"^\d+d$"}, "min_index_age": {"pattern": r"^\d+d$"}},
                        }},
                    }},
                },
            }},
        },
    }},
}  # fmt: skip


def lifecycles() -> Iterator[tuple[str, dict[str, Any], dict[str, Any]]]:
    """Name, ILM policy and ISM policy of each stream."""
    for name, row in lifecycle.retention().items():
        if "days" in row:
            numbers = row["days"], row["rollover_days"], row["rollover_gb"]
            yield name, lifecycle.ilm_policy(*numbers), lifecycle.ism_policy(row["stream"], *numbers)


def fields(properties: dict[str, Any], path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    for name, body in properties.items():
        if "properties" in body:
            yield from fields(body["properties"], f"{path}{name}.")
        else:
            yield path + name, body


# --- against the model --------------------------------------------------------------------------------------------


def bodies() -> Iterator[tuple[str, str, dict[str, Any]]]:
    yield from (("indices.put_index_template", name, body) for name, body in INDEX.items())
    yield from (("cluster.put_component_template", name, body) for name, body in COMPONENT.items())
    yield from (("ingest.put_pipeline", name, body) for name, body in assets.read("pipelines").items())
    yield from (("ilm.put_lifecycle", name, policy) for name, policy, _ in lifecycles())
    yield "cluster.put_component_template", "lifecycle by ILM", lifecycle.ilm_component("busybody-score")
    yield "cluster.put_component_template", "lifecycle of data streams", lifecycle.dsl_component(90)
    for name in INDEX:
        yield "indices.put_index_template", f"{name} for one namespace", assets.for_namespace(name, "emea")
    yield from (("security.put_role", name, body) for name, body in assets.read("roles/elasticsearch").items())


def test_every_body_is_as_elastics_model_has_it() -> None:
    wrong = {name: flaws for endpoint, name, body in bodies() if (flaws := model().flaws(endpoint, body))}
    assert wrong == {}


TRANSFORM = {
    "source": {"index": ["a"]}, "dest": {"index": "b"}, "frequency": "1m",
    "sync": {"time": {"field": "@timestamp", "delay": "60s"}},
    "pivot": {"group_by": {"user": {"terms": {"field": "user.name"}}}, "aggregations": {"risk": {"max": {"field": "r"}}}},
}  # fmt: skip
WATCH = {
    "trigger": {"schedule": {"interval": "1m"}},
    "input": {"search": {"request": {"indices": ["a"], "body": {"size": 0, "aggs": {"a": {"terms": {"field": "b"}}}}}}},
    "condition": {"compare": {"ctx.payload.hits.total": {"gt": 0}}},
    "actions": {"tell": {"foreach": "ctx.payload.hits", "slack": {"message": {"to": ["#a"], "text": "b"}}}},
}
SEEDED = [
    ("ingest.put_pipeline", {"processors": [{"set": {"field": "a", "value": 1}}]}, "field", "feild"),
    ("ingest.put_pipeline", {"processors": [{"set": {"field": "a", "value": 1}}]}, "set", "sett"),
    ("cluster.put_component_template", COMPONENT["busybody-signin"], "geo_point", "geopoint"),
    ("cluster.put_component_template", COMPONENT["busybody-signin"], "ignore_above", "ignore_abov"),
    ("cluster.put_component_template", COMPONENT["busybody-base"], "strict", "stricct"),
    ("indices.put_index_template", INDEX["busybody-score"], "composed_of", "composed_off"),
    ("indices.put_index_template", INDEX["busybody-score"], '"priority": 200', '"priority": "high"'),
    ("ilm.put_lifecycle", lifecycle.ilm_policy(90, 7, 25), "max_age", "max_aeg"),
    ("ilm.put_lifecycle", lifecycle.ilm_policy(90, 7, 25), "rollover", "rolover"),
    ("ilm.put_lifecycle", lifecycle.ilm_policy(90, 7, 25), '"hot"', '"hott"'),
    ("transform.put_transform", TRANSFORM, "group_by", "groupby"),
    ("transform.put_transform", TRANSFORM, "terms", "trems"),
    ("watcher.put_watch", WATCH, "interval", "intervall"),
    ("watcher.put_watch", WATCH, '"gt"', '"gtt"'),
    ("watcher.put_watch", WATCH, "terms", "term_s"),
    ("watcher.put_watch", WATCH, '"text"', '"txt"'),
    ("watcher.put_watch", WATCH, '["#a"]', "[7]"),
    ("security.put_role", assets.read("roles/elasticsearch")["run"], '"names"', '"name"'),
    ("security.put_role", assets.read("roles/elasticsearch")["run"], '"monitor"', '"moniter"'),
]  # fmt: skip


@pytest.mark.parametrize(("endpoint", "body", "right", "wrong"), SEEDED)
def test_seeded_mistakes_are_caught(endpoint: str, body: dict[str, Any], right: str, wrong: str) -> None:
    text = json.dumps(body)
    assert right in text
    assert model().flaws(endpoint, body) == []
    assert model().flaws(endpoint, json.loads(text.replace(right, wrong, 1))) != []


def test_opensearch_policies_are_as_its_documentation_has_them() -> None:
    check = Draft202012Validator(ISM)
    policies = [policy for _, _, policy in lifecycles()] + [lifecycle.ism_keep("busybody-risk-latest-*")]
    assert [error.message for policy in policies for error in check.iter_errors(policy)] == []
    for right, wrong in (
        ("rollover", "rolover"),
        ("min_index_age", "max_age"),
        ("default_state", "state"),
        ("25gb", "25"),
    ):
        broken = json.loads(json.dumps(policies[0]).replace(f'{right}"', f'{wrong}"', 1))
        assert not check.is_valid(broken), right


def test_lifecycles_keep_data_as_long_as_promised() -> None:
    days = {name: row["days"] for name, row in lifecycle.retention().items() if "days" in row}
    assert days == {"score": 90, "alert": 365, "heartbeat": 7, "risk": 365}
    for name, ilm, ism in lifecycles():
        assert ilm["policy"]["phases"]["delete"]["min_age"] == f"{days[name]}d"
        hot = ism["policy"]["states"][0]
        assert hot["transitions"] == [{"state_name": "delete", "conditions": {"min_rollover_age": f"{days[name]}d"}}]


# --- against themselves -------------------------------------------------------------------------------------------


def test_there_is_a_template_for_each_stream_and_index_of_the_service() -> None:
    names = Names("emea")
    for index in (*names.streams, *names.indices):
        best = max((body for body in INDEX.values() if covers(body, index)), key=lambda body: body["priority"])
        assert ("data_stream" in best) == (index in names.streams), index
        assert best["priority"] > 100  # the built-in template of logs-*-*
    assert len(INDEX) == len((*names.streams, *names.indices))


def covers(template: dict[str, Any], index: str) -> bool:
    return any(index.startswith(pattern.removesuffix("*")) for pattern in template["index_patterns"])


def test_types_are_such_that_every_node_takes_them_and_documents_are_strict() -> None:
    for name, body in INDEX.items():
        mappings = mappings_of(body)
        assert mappings["dynamic"] == ("strict" if name != "busybody-state" else False)
        assert mappings["_meta"] == {"managed_by": "busybody", "schema": SCHEMA}
        assert {field.get("type", "object") for _, field in fields(mappings["properties"])} <= TYPES


def test_only_incidents_have_a_category_and_only_evidence_is_not_indexed() -> None:
    categories, opaque = set(), set()
    for name, body in INDEX.items():
        for path, field in fields(mappings_of(body)["properties"]):
            categories |= {name} if path == "event.category" else set()
            opaque |= {path} if field.get("enabled") is False else set()
    assert categories == {"busybody-alert", "busybody-incident"}
    assert opaque == {"busybody.findings.evidence", "busybody.previous", "busybody.dead.document"}


def test_everything_says_whose_it_is() -> None:
    for name, body in {**INDEX, **COMPONENT, **assets.read("pipelines")}.items():
        assert (body["_meta"]["managed_by"], body["_meta"]["schema"], body["version"]) == (
            "busybody",
            SCHEMA,
            SCHEMA,
        ), name


def test_a_changed_mapping_has_a_new_schema_number() -> None:
    whole = {name: mappings_of(body) for name, body in INDEX.items()}
    digest = hashlib.sha256(json.dumps(whole, sort_keys=True).encode()).hexdigest()[:16]
    assert MAPPINGS.get(SCHEMA) == digest, (
        f"raise SCHEMA and each schema in elastic/templates, then enter {digest} here"
    )


# --- on the nodes -------------------------------------------------------------------------------------------------


@pytest.mark.node
def test_the_nodes_take_every_template_and_refuse_a_field_of_no_template(cluster: Cluster, namespace: str) -> None:
    for name in INDEX:
        template = assets.for_namespace(name, namespace)
        cluster.request("PUT", f"/_index_template/{name}-{namespace}", template)
        [index] = template["index_patterns"]
        document = {"@timestamp": "2026-11-01T12:00:00Z", "ecs": {"version": "8.17.0"}}
        assert cluster.put(index, "1", document, create=True) is not None
        [item] = cluster.bulk([({"create": {"_index": index, "_id": "2"}}, {**document, "ecss": 1})])
        assert item.status == (400 if name != "busybody-state" else 201), name
        properties = re.sub(r"\s", "", json.dumps(cluster.request("GET", f"/{index}/_mapping"), sort_keys=True))
        assert '"managed_by":"busybody"' in properties
