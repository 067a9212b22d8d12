"""The OpenSearch monitors select on a node whom they should, say so in the expected words, and silence nobody else.

The Alerting plugin is not among what can be had as a node's jar: bodies are held against a schema of our own instead,
written from its documentation, and its loop is imitated (watches/monitor.py). Painless, mustache and searches are real.
"""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest
from watches import events
from watches.cases import NOON
from watches.cluster import ROOT, Cluster, renamed
from watches.monitor import Monitor
from watches.places import opened
from watches.schema import flaws, mistakes

FOLDER = ROOT / "elastic" / "monitors"
FILES = sorted(FOLDER.glob("*.json"))
FREE = (".search.query.", ".buckets_path.")
ALICE, BOB = "alice@example.com", "bob@example.com"
ODD = "<!channel> & co"


def monitor(name: str, cluster: Cluster) -> Monitor:
    return Monitor(renamed(json.loads((FOLDER / f"{name}.json").read_text()), cluster.namespace)["body"], cluster)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_body_is_one_that_alerting_documents(path: Path) -> None:
    body = json.loads(path.read_text())
    assert flaws("opensearch_monitor", body) == []
    seeded = list(mistakes(body, lambda place: not any(free in place for free in FREE)))
    assert len(seeded) > 50
    assert [place for place, wrong in seeded if not flaws("opensearch_monitor", wrong)] == []


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_condition_names_what_the_search_has(path: Path) -> None:
    body = json.loads(path.read_text())["body"]
    assert body["name"] == f"busybody-{path.stem}-default"
    aggregations = body["inputs"][0]["search"]["query"]["aggregations"]
    for trigger in body["triggers"]:
        condition = next(iter(trigger.values()))["condition"]
        if "parent_bucket_path" in condition:
            parent = aggregations[condition["parent_bucket_path"]]
            assert set(condition["buckets_path"].values()) <= {"_count", *parent.get("aggregations", {})}


@pytest.mark.node
@pytest.mark.parametrize("name", ["os2", "os3"])
def test_a_person_at_risk_is_told_of_once_and_daily_and_never_silenced_by_another(name: str) -> None:
    with opened(name) as (cluster, _):
        watch, index = monitor("person-risk", cluster), f"busybody-risk-latest-{cluster.namespace}"
        assert watch.run(NOON) == []
        cluster.write([events.placed(index, events.person(ALICE, 69.9, 30), NOON, "alice")])
        assert watch.run(NOON) == []
        cluster.write([events.placed(index, events.person(ALICE, 75), NOON, "alice")])
        assert watch.run(NOON) == ["alice@example.com is at high risk: about alice@example.com"]
        cluster.write([events.placed(index, events.person(BOB, 71), NOON, "bob")])
        assert watch.run(NOON + timedelta(minutes=1)) == ["bob@example.com is at high risk: about bob@example.com"]
        assert watch.run(NOON + timedelta(minutes=2)) == []
        cluster.write([events.placed(index, events.person(ALICE, 100), NOON, "alice")])
        assert watch.run(NOON + timedelta(minutes=3)) == [
            "alice@example.com is at critical risk: about alice@example.com"
        ]
        assert watch.run(NOON + timedelta(days=1, minutes=1)) == [
            "Still: bob@example.com is at high risk: about bob@example.com"
        ]


@pytest.mark.node
@pytest.mark.parametrize("name", ["os2", "os3"])
def test_a_critical_signin_is_told_of_once_for_each_incident(name: str) -> None:
    with opened(name) as (cluster, _):
        watch, index = monitor("critical-signin", cluster), f"busybody-incident-{cluster.namespace}"
        assert watch.run(NOON) == []
        quiet = [
            events.alert(ALICE, "i0", 89),
            events.alert(ALICE, "i1", 95, 99, busybody={"state": "benign"}),
            events.alert(ALICE, "i2", 95, 99, event={"kind": "event"}),
            events.alert(ALICE, "i5", 100, 99, busybody=events.NO_OF_AN_ANALYST),
        ]
        cluster.write(events.placed(index, document, NOON) for document in quiet)
        assert watch.run(NOON) == []
        cluster.write([events.placed(index, events.alert(ODD, "i3", 95.4, 99), NOON, "i3")])
        assert watch.run(NOON) == ["Critical sign-in of &lt;!channel&gt; &amp; co (95 of 100): about i3 Incident i3"]
        cluster.write([events.placed(index, events.alert(BOB, "i4", 95, 99), NOON, "i4")])
        assert watch.run(NOON) == ["Critical sign-in of bob@example.com (95 of 100): about i4 Incident i4"]
        benign = events.alert(ODD, "i3", 95.4, 99, busybody={"state": "benign"})
        cluster.write([events.placed(index, benign, NOON, "i3")])
        assert watch.run(NOON) == []


@pytest.mark.node
@pytest.mark.parametrize("name", ["os2", "os3"])
def test_ten_people_are_a_burst_and_nine_are_not(name: str) -> None:
    with opened(name) as (cluster, _):
        watch, index = monitor("alert-burst", cluster), f"logs-busybody.alert-{cluster.namespace}"
        assert watch.run(NOON) == []
        closed = [events.alert(f"c{n}", f"c{n}", 100, 99, busybody=events.NO_OF_AN_ANALYST) for n in range(10)]
        cluster.write(events.placed(index, document, NOON) for document in closed)
        cluster.write(events.placed(index, events.alert(f"p{n}", f"i{n}", 70 + n), NOON) for n in range(9))
        cluster.write([events.placed(index, events.alert("p0", "i9", 71), NOON)])
        assert watch.run(NOON) == []
        cluster.write([events.placed(index, events.alert("<p9>", "i10", 99), NOON)])
        told = (
            "10 people have alerts within 15 minutes: &lt;p9&gt; (99.0) p8 (78.0) p7 (77.0) p6 (76.0) p5 (75.0)"
            " p4 (74.0) p3 (73.0) p2 (72.0) p0 (71.0) p1 (71.0)"
        )
        assert watch.run(NOON) == [told]
        assert watch.run(NOON + timedelta(minutes=5)) == []


@pytest.mark.node
@pytest.mark.parametrize("name", ["os2", "os3"])
def test_the_digest_names_the_people_of_each_new_country(name: str) -> None:
    with opened(name) as (cluster, _):
        watch, index = monitor("new-country", cluster), f"logs-busybody.score-{cluster.namespace}"
        assert watch.run(NOON) == []
        known = events.score(ALICE, "SE") | {"busybody": {"detectors": ["new_device"]}}
        learned = events.score("carol@example.com", "FR", busybody={"backfill": True})
        rows = [known, learned, events.score(ODD, "NZ"), events.score(BOB, "NZ"), events.score(BOB, "BT")]
        cluster.write(events.placed(index, document, events.ago(NOON, 60)) for document in rows)
        told = "New countries of the last 24 hours: NZ (2): &lt;!channel&gt; &amp; co bob@example.com; BT (1): bob@example.com;"
        assert watch.run(NOON) == [told]
        assert watch.run(NOON + timedelta(days=1)) == []


@pytest.mark.node
@pytest.mark.parametrize("name", ["os2", "os3"])
def test_dead_lagging_and_without_signins_are_three_things(name: str) -> None:
    with opened(name) as (cluster, _):
        watch, index = monitor("heartbeat", cluster), f"logs-busybody.heartbeat-{cluster.namespace}"
        minutes = [NOON + timedelta(minutes=n) for n in (0, 1, 2, 3, 10, 300, 371, 600)]
        dead = "Busybody is dead: no heartbeat for five minutes. Last heartbeat: "
        assert watch.run(minutes[0]) == [dead]
        cluster.write([events.placed(index, events.beat("one"), minutes[1])])
        assert watch.run(minutes[1]) == ["Busybody is alive again"]
        cluster.write([events.placed(index, events.beat("one", "lagging", 700), minutes[2])])
        assert watch.run(minutes[2]) == ["Busybody lags behind: one lagging by 700 s"]
        assert watch.run(minutes[3]) == []
        assert watch.run(minutes[4]) == [dead + "2026-11-20T12:02:00Z"]
        assert watch.run(minutes[5]) == []
        assert watch.run(minutes[6]) == [dead + "2026-11-20T12:02:00Z"]
        cluster.write([events.placed(index, events.beat("one", "idle"), minutes[7])])
        idle = "Busybody is alive, but has seen no sign-in for six hours (last: 2026-11-20T11:59:00Z)"
        assert watch.run(minutes[7]) == [idle]
        end = [NOON + timedelta(minutes=n) for n in (601, 610)]
        cluster.write([events.placed(index, events.beat("one", "stopped"), end[0])])
        assert watch.run(end[0]) == []
        stopped = "Busybody was stopped on purpose at 2026-11-20T22:01:00Z, and no instance runs since"
        assert watch.run(end[1]) == [stopped]
