"""The Kibana rules find on every node whom they should, and give their connectors the expected words.

There is no Kibana here: bodies are held against schemas of our own, written from its documentation, and its loop is
imitated (watches/es_query.py). Searches run on all four nodes, message templates on OpenSearch's mustache.
"""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from watches import events
from watches.cases import NOON
from watches.cluster import ROOT, Cluster, renamed
from watches.es_query import Rule
from watches.loopback import wrong_findings
from watches.places import NODES, opened
from watches.schema import flaws, mistakes

FOLDER = ROOT / "elastic" / "alerting"
RULES, CONNECTORS = sorted(FOLDER.glob("rules/*.json")), sorted(FOLDER.glob("connectors/*.json"))
FREE = (".documents[", ".params.message", ".headers.", ".secrets.")
ALICE, BOB = "alice@example.com", "bob@example.com"
BY_ID = {json.loads(path.read_text())["path"].rpartition("/")[2]: path.stem for path in CONNECTORS}
FREE_OF_CHARGE = {"notified", "server-log"}


def rule(name: str, data: Cluster, scripts: Cluster) -> Rule:
    return Rule(
        renamed(json.loads((FOLDER / "rules" / f"{name}.json").read_text()), data.namespace)["body"], data, scripts
    )


def said(given: list[tuple[str, Any]]) -> list[tuple[str, str]]:
    """(connector, its words) of what an execution gave; of a document for the index its person and key."""
    told = []
    for connector, params in given:
        if "documents" in params:
            [document] = params["documents"]
            notified = document["busybody"]["notified"]
            told.append((BY_ID[connector], f"{document['user']['name']} {notified['watch']} {notified['key']}"))
        else:
            told.append((BY_ID[connector], params.get("message") or params["body"]))
    return told


@pytest.mark.parametrize(
    ("kind", "path"), [("kibana_rule", path) for path in RULES] + [("kibana_connector", path) for path in CONNECTORS]
)
def test_body_is_one_that_kibana_documents(kind: str, path: Path) -> None:
    body = json.loads(path.read_text())
    assert flaws(kind, body) == []
    seeded = list(mistakes(body, lambda place: not any(free in place for free in FREE)))
    assert len(seeded) > 10
    assert [place for place, wrong in seeded if not flaws(kind, wrong)] == []


def test_ids_are_unique_and_actions_name_connectors_that_are_there() -> None:
    paths = [json.loads(path.read_text())["path"] for path in RULES + CONNECTORS]
    assert len(set(paths)) == len(paths)
    for path in RULES:
        used = {BY_ID[action["id"]] for action in json.loads(path.read_text())["body"]["actions"]}
        assert used & FREE_OF_CHARGE, f"{path.stem} says nothing on a Basic licence"


def test_no_secret_and_no_person_in_kibanas_own_log() -> None:
    log = next(number for number, name in BY_ID.items() if name == "server-log")
    for path in RULES + CONNECTORS:
        asset = json.loads(path.read_text())
        assert asset["body"].get("secrets", {}) == {}
        for action in asset["body"].get("actions", []):
            assert action["id"] != log or "user.name" not in json.dumps(action)


@pytest.mark.node
@pytest.mark.parametrize("name", NODES)
def test_a_person_at_risk_is_told_of_once_and_daily_and_never_silenced_by_another(name: str) -> None:
    with opened(name) as (data, scripts):
        watch, index = rule("person-risk", data, scripts), f"busybody-risk-latest-{data.namespace}"
        assert watch.run(NOON) == []
        data.write([events.placed(index, events.person(ALICE, 69.9, 30), NOON, "alice")])
        assert watch.run(NOON) == []
        data.write([events.placed(index, events.person(ALICE, 75), NOON, "alice")])
        assert said(watch.run(NOON)) == [
            ("notified", "alice@example.com person-risk high"),
            ("slack", "alice@example.com is at high risk: about alice@example.com"),
        ]
        data.write([events.placed(index, events.person(BOB, 71), NOON, "bob")])
        assert said(watch.run(NOON + timedelta(minutes=1))) == [
            ("notified", "bob@example.com person-risk high"),
            ("slack", "bob@example.com is at high risk: about bob@example.com"),
        ]
        assert watch.run(NOON + timedelta(minutes=2)) == []
        data.write([events.placed(index, events.person(ALICE, 100), NOON, "alice")])
        assert said(watch.run(NOON + timedelta(minutes=3)))[0] == ("notified", "alice@example.com person-risk critical")
        again = said(watch.run(NOON + timedelta(days=1, minutes=1)))
        assert again[0] == ("notified", "bob@example.com person-risk high")
        assert len(again) == 2


@pytest.mark.node
@pytest.mark.parametrize("name", NODES)
def test_a_critical_signin_reaches_index_slack_and_responder_once(name: str) -> None:
    with opened(name) as (data, scripts):
        watch, index = rule("critical-signin", data, scripts), f"busybody-incident-{data.namespace}"
        assert watch.run(NOON) == []
        quiet = [
            events.alert(ALICE, "i0", 89),
            events.alert(ALICE, "i1", 95, 99, busybody={"state": "closed"}),
            events.alert(ALICE, "i2", 95, 99, event={"kind": "event"}),
            events.alert(ALICE, "i5", 100, 99, busybody=events.NO_OF_AN_ANALYST),
        ]
        data.write(events.placed(index, document, NOON) for document in quiet)
        assert watch.run(NOON) == []
        full = events.alert(
            ALICE, "i3", 95, 99, source={"ip": "203.0.113.7"}, event={"url": "https://kibana.example.com/p"}
        )
        data.write([events.placed(index, full, NOON, "i3")])
        told = said(watch.run(NOON))
        assert told[:2] == [
            ("notified", "alice@example.com critical-signin i3"),
            ("slack", "Critical sign-in of alice@example.com (95 of 100): about i3"),
        ]
        assert told[2][0] == "responder"
        [finding] = json.loads(told[2][1])["alerts"]
        assert finding == {
            "id": "elastic:i3", "source": "elastic", "rule_id": "busybody.critical_signin", "title": "Unusual sign-in",
            "severity": "critical", "subject": {"key": ALICE}, "event_time": "2026-11-20T12:00:00.000Z",
            "entities": {"incident": "i3", "risk": 95, "ip": "203.0.113.7", "sentence": "about i3"}, "event_ids": ["e-i3"],
            "link": "https://kibana.example.com/p",
        }  # fmt: skip
        data.write([events.placed(index, events.alert(BOB, "i4", 95, 99), NOON, "i4")])
        again = said(watch.run(NOON))
        assert [name for name, _ in again] == ["notified", "slack", "responder"]
        assert wrong_findings("/api/v1/alerts", json.loads(again[2][1])) == ""
        assert set(json.loads(again[2][1])["alerts"][0]["entities"]) == {"incident", "risk", "sentence"}
        data.write([events.placed(index, full | {"busybody": {"incident": "i3", "state": "benign"}}, NOON, "i3")])
        assert watch.run(NOON) == []


@pytest.mark.node
@pytest.mark.parametrize("name", NODES)
def test_ten_new_incidents_are_a_burst_and_revisions_are_not_counted(name: str) -> None:
    with opened(name) as (data, scripts):
        watch, index = rule("alert-burst", data, scripts), f"logs-busybody.alert-{data.namespace}"
        assert watch.run(NOON) == []
        data.write(events.placed(index, events.alert(f"p{n}", f"i{n}", 70 + n), NOON) for n in range(9))
        data.write([events.placed(index, events.alert("p0", "i0", 91, busybody={"revision": 2}), NOON)])
        assert watch.run(NOON) == []
        data.write([events.placed(index, events.alert("p9", "i9", 79), NOON)])
        first, second = said(watch.run(NOON))
        assert first == ("server-log", "Busybody: 10 new incidents within 15 minutes")
        assert second[1].startswith("10 new incidents within 15 minutes; the newest: p")
        assert watch.run(NOON + timedelta(minutes=5)) == []


@pytest.mark.node
@pytest.mark.parametrize("name", NODES)
def test_new_countries_are_one_summary_a_day(name: str) -> None:
    with opened(name) as (data, scripts):
        watch, index = rule("new-country", data, scripts), f"logs-busybody.score-{data.namespace}"
        assert watch.run(NOON) == []
        known = events.score(ALICE, "SE") | {"busybody": {"detectors": ["new_device"]}}
        learned = events.score("carol@example.com", "FR", busybody={"backfill": True})
        rows = [known, learned, events.score(ALICE, "NZ"), events.score(BOB, "BT")]
        data.write(events.placed(index, document, events.ago(NOON, 60)) for document in rows)
        assert said(watch.run(NOON)) == [
            ("server-log", "Busybody: 2 new countries of people since the last summary"),
            ("slack", "2 new countries of people since the last summary: alice@example.com,NZ bob@example.com,BT"),
        ]
        data.write([events.placed(index, events.score(BOB, "SE"), NOON)])
        assert watch.run(NOON + timedelta(hours=1)) == []
        last = ("slack", "1 new countries of people since the last summary: bob@example.com,SE")
        assert said(watch.run(NOON + timedelta(days=1)))[1] == last


@pytest.mark.node
@pytest.mark.parametrize("name", NODES)
def test_dead_lagging_and_without_signins_are_three_things(name: str) -> None:
    with opened(name) as (data, scripts):
        index = f"logs-busybody.heartbeat-{data.namespace}"
        dead, lagging, idle = (rule(f"heartbeat-{kind}", data, scripts) for kind in ("dead", "lagging", "idle"))
        late = [NOON + timedelta(minutes=n) for n in range(9)]
        silence = "Busybody is dead: no heartbeat for five minutes"
        assert said(dead.run(late[0]))[0] == ("server-log", silence)
        assert lagging.run(late[0]) == []
        data.write([events.placed(index, events.beat("one"), late[1])])
        assert said(dead.run(late[1])) == [("slack", "Busybody is alive again")]
        data.write([events.placed(index, events.beat("two", "lagging", 700), late[2])])
        assert said(lagging.run(late[2]))[1] == ("slack", "Busybody two lags behind by 700 s")
        assert dead.run(late[2]) + idle.run(late[2]) + lagging.run(late[3]) == []
        assert said(lagging.run(late[5])) == [("slack", "Busybody two lags no longer")]
        data.write([events.placed(index, events.beat("one", "idle"), late[5])])
        assert idle.run(late[5]) == []
        night = NOON + timedelta(hours=6, minutes=5)
        data.write(events.placed(index, events.beat(*row), night) for row in (("one", "idle"), ("two", "standby")))
        assert said(idle.run(night))[1] == ("slack", "Busybody has seen no sign-in for six hours")
        data.write([events.placed(index, events.beat("one"), night)])
        assert said(idle.run(night)) == [("slack", "Busybody gets sign-ins again")]
