"""Whatever somebody writes as a verdict is understood or said to be not, and is nobody else's loss."""

from __future__ import annotations

import io
import logging
import threading

import pytest
from busybody.contracts import iso
from busybody.errors import ModelError
from busybody_elastic import log
from busybody_elastic.config import Config
from busybody_elastic.documents import Names
from busybody_elastic.partition import Partition
from busybody_elastic.service import DAMAGED, Service
from busybody_elastic.verdicts import ODD, SAYS, UNREADABLE, WHOM
from fake_cluster import FakeCluster
from said import latest, say, sweeping
from scored import after, signins, stored

NAMES = Names("t")


def written(incident, user, shape):
    """A verdict as the strict mapping takes it, in an unusual shape."""
    said, now = {"incident": incident, "answer": "benign", "by": "mia"}, iso(after(signins())())
    body = {"@timestamp": now, "busybody": {"verdict": said}, "user": {"name": user}}
    return {
        "list": {**body, "busybody": [{"verdict": said}]},
        "inner list": {**body, "busybody": {"verdict": [said]}},
        "lists of one": {
            **body,
            "busybody": {"verdict": {k: [v] for k, v in said.items()}},
            "user": [{"name": [user]}],
        },
        "far future": {**body, "@timestamp": "9999-12-31T23:59:59-14:00"},
        "before all time": {**body, "@timestamp": "0001-01-01T00:00:00+14:00"},
        "tomorrow": {**body, "@timestamp": iso(after(signins())() + 86400.0)},
        "no time": {"busybody": {"verdict": said}, "user": {"name": user}},
        "dotted": {"@timestamp": now, **{f"busybody.verdict.{k}": v for k, v in said.items()}, "user.name": user},
        "half dotted": {"@timestamp": now, "busybody": {f"verdict.{k}": v for k, v in said.items()}, "user.name": user},
    }[shape]


SHAPES = [
    "list", "inner list", "lists of one", "far future", "before all time", "tomorrow", "no time", "dotted", "half dotted"
]  # fmt: skip


@pytest.mark.parametrize("shape", SHAPES)
def test_a_verdict_is_understood_however_it_is_written(scene, shape):
    cluster, part, incident, user = scene
    source = written(incident, user, shape)
    cluster.put(NAMES.verdict, "v-1", source, refresh=True)
    assert sweeping(cluster, part).sweep() == 1
    now = latest(cluster, incident)["busybody"]
    assert (now["state"], now["verdict"]["by"]) == ("benign", "mia")
    assert now["verdict"]["time"] == iso(after(signins())())
    after_it = stored(cluster, NAMES.verdict)["v-1"]
    assert "taken" in str(after_it)
    assert sweeping(cluster, part).sweep() == 0


@pytest.mark.parametrize(
    ("body", "done"),
    [
        (None, SAYS),
        ([], SAYS),
        ([None], SAYS),
        ({"verdict": None}, SAYS),
        ({"verdict": {"answer": {}}}, SAYS),
        ({"verdict": {"answer": "benign", "incident": "x" * 3000}}, WHOM),
        ({"verdict": {"answer": "benign", "event_id": [None]}}, WHOM),
    ],
)
def test_what_nobody_understands_is_taken_and_the_others_go_on(scene, body, done):
    cluster, part, incident, user = scene
    cluster.put(NAMES.verdict, "a-1", {"@timestamp": "2026-01-01T00:00:00Z", "busybody": body}, refresh=True)
    say(cluster, NAMES.verdict, "v-2", incident=incident, answer="benign", user=user)
    assert sweeping(cluster, part).sweep() == 2
    assert latest(cluster, incident)["busybody"]["state"] == "benign"
    assert done in str(stored(cluster, NAMES.verdict)["a-1"])
    assert sweeping(cluster, part).sweep() == 0


@pytest.mark.parametrize(("error", "done"), [(ModelError("damaged"), UNREADABLE), (KeyError("what"), ODD)])
def test_what_fails_for_one_person_is_not_the_others_loss(scene, error, done, monkeypatch):
    cluster, part, incident, user = scene
    other = next(signin.user for signin in signins() if signin.user != user)
    taking = part.feedback

    def feedback(verdict, *more):
        if verdict.user == other:
            raise error
        return taking(verdict, *more)

    monkeypatch.setattr(part, "feedback", feedback)
    say(cluster, NAMES.verdict, "v-1", event_id="any", answer="benign", user=other)
    say(cluster, NAMES.verdict, "v-2", incident=incident, answer="benign", user=user)
    assert sweeping(cluster, part).sweep() == 2
    assert stored(cluster, NAMES.verdict)["v-1"]["busybody"]["verdict"]["done"] == done
    assert latest(cluster, incident)["busybody"]["state"] == "benign"


def test_what_is_damaged_of_one_person_does_not_end_the_service(monkeypatch):
    stop, rounds, stream = threading.Event(), iter(range(3)), io.StringIO()

    def refresh_risk(*_):
        if next(rounds, None) is None:
            stop.set()
        raise ModelError("the profile is damaged", key="mia@example.com")

    monkeypatch.setattr(Partition, "refresh_risk", refresh_risk)
    monkeypatch.setattr("busybody_elastic.service.RISK", 0.001)
    monkeypatch.setattr("busybody_elastic.installed.lacking", lambda *_: "")
    log.start("json", "info", stream)
    try:
        with Service(Config.from_mapping({"namespace": "t"}), (), cluster=FakeCluster(), stop=stop) as service:
            service.start()
            assert stop.wait(30)
    finally:
        for name in (log.ROOT, ""):
            logging.getLogger(name).handlers.clear()
    assert service.failure is None
    assert next(rounds, None) is None
    assert DAMAGED in stream.getvalue()
    assert "mia" not in stream.getvalue()
