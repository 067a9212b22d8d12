"""Verdicts reach the model, the incident and the risk; each once, whatever dies between two writes."""

from __future__ import annotations

import pytest
from busybody.identity import Identity
from busybody.policy import Policy
from busybody_elastic.documents import Names
from busybody_elastic.verdicts import ENDS, OTHERS, SAYS, Verdicts, signin_of
from fake_cluster import AFTER, BEFORE, WRITES, FakeCluster, Killed
from said import ALERTS, closed_in_kibana, latest, opened, say, sweeping
from scored import content, items, signins, stored

NAMES = Names("t")


def test_a_name_is_understood_as_the_analyst_spells_it(scene):
    cluster, part, incident, user = scene
    say(cluster, NAMES.verdict, incident=incident, answer="benign", user=f" {user.upper()} ")
    normal = Identity(Policy.default()).normal
    owner = {user: part}.get
    assert Verdicts(cluster, NAMES, partition_of=owner, partitions=lambda: [part], normal=normal).sweep() == 1
    assert latest(cluster, incident)["busybody"]["state"] == "benign"


@pytest.mark.parametrize(
    ("answer", "kind", "state"),
    [("malicious", "alert", "malicious"), ("benign", "event", "benign"), ("closed", "event", "closed")],
)
def test_an_analysts_word_makes_a_revision_and_the_risk_follows(scene, answer, kind, state):
    cluster, part, incident, user = scene
    before = latest(cluster, incident)
    say(cluster, NAMES.verdict, incident=incident, answer=answer, user=user, by="mia")
    assert sweeping(cluster, part).sweep() == 1
    now = latest(cluster, incident)
    assert (now["busybody"]["state"], now["event"]["kind"]) == (state, kind)
    assert now["busybody"]["revision"] == before["busybody"]["revision"] + 1
    assert stored(cluster, NAMES.alert)[f"{incident}-{now['busybody']['revision']}"] == now
    assert now["busybody"]["verdict"]["by"] == "mia"
    risk = next(body for body in stored(cluster, NAMES.risk_latest).values() if body["user"]["name"] == user)
    ids = [row["id"] for row in risk["user"]["risk"]["inputs"]]
    assert (incident in ids) == (answer == "malicious")
    if answer == "malicious":
        assert risk["user"]["risk"]["calculated_level"] == "Critical"
    taken = stored(cluster, NAMES.verdict)["v-1"]["busybody"]["verdict"]
    assert taken["taken"]
    assert taken["done"]


@pytest.mark.parametrize(("answer", "state"), [("benign", "benign"), ("malicious", "malicious")])
def test_a_verdict_within_the_hour_of_its_sign_in_counts(answer, state):
    """What is younger than the lateness bound waits to be learned; a verdict on its incident settles it first."""
    whole = FakeCluster()
    part = opened(whole)
    part.score(items(signins()))
    part.commit()
    incident, body = next(iter(stored(whole, NAMES.incident).items()))
    last = next(place for place, signin in enumerate(signins()) if signin.id == body["event"]["id"])
    cluster = FakeCluster()
    part = opened(cluster)
    part.score(items(signins()[: last + 1]))
    part.commit()
    say(cluster, NAMES.verdict, incident=incident, answer=answer, by="mia")
    sweeping(cluster, part).sweep()
    assert latest(cluster, incident)["busybody"]["state"] == state
    part.score(items(signins()[last + 1 :]))
    part.commit()
    assert latest(cluster, incident)["busybody"]["state"] == state


def test_a_verdict_without_a_name_finds_its_person_by_the_incident(scene):
    cluster, part, incident, _ = scene
    say(cluster, NAMES.verdict, incident=incident, answer="closed")
    sweeping(cluster, part).sweep()
    assert latest(cluster, incident)["busybody"]["state"] == "closed"


@pytest.mark.parametrize("answer", ["benign", "malicious", "closed"])
def test_an_incident_teaches_nothing_about_anybody_else(scene, answer):
    cluster, part, incident, user = scene
    other = next(signin.user for signin in signins() if signin.user != user)
    before = part.store.profile(other)
    say(cluster, NAMES.verdict, incident=incident, answer=answer, user=other, by="mia")
    assert sweeping(cluster, part).sweep() == 1
    assert stored(cluster, NAMES.verdict)["v-1"]["busybody"]["verdict"]["done"] == OTHERS
    assert latest(cluster, incident)["busybody"]["state"] == "open"
    part.commit()
    assert part.store.profile(other) == before


def test_only_the_responders_may_be_verified(scene):
    cluster, part, incident, user = scene
    say(cluster, NAMES.answer, incident=incident, answer="benign", user=user, verified=False)
    sweeping(cluster, part).sweep()
    assert latest(cluster, incident)["busybody"]["state"] == "open"
    say(cluster, NAMES.answer, "v-2", incident=incident, answer="benign", user=user, verified=True)
    sweeping(cluster, part).sweep()
    assert latest(cluster, incident)["busybody"]["state"] == "benign"
    assert latest(cluster, incident)["busybody"]["verdict"]["verified"] is True


def test_verified_is_nothing_in_the_analysts_index(scene):
    cluster, part, incident, user = scene
    say(cluster, NAMES.verdict, incident=incident, answer="benign", user=user, verified=True, channel="responder")
    sweeping(cluster, part).sweep()
    told = latest(cluster, incident)["busybody"]["verdict"]
    assert (told["verified"], told["channel"]) == (False, "index")


def test_the_responder_ends_no_incident(scene):
    cluster, part, incident, user = scene
    say(cluster, NAMES.answer, incident=incident, answer="closed", user=user)
    sweeping(cluster, part).sweep()
    assert latest(cluster, incident)["busybody"]["state"] == "open"
    assert stored(cluster, NAMES.answer)["v-1"]["busybody"]["verdict"]["done"] == ENDS


def test_what_is_not_understood_is_said_on_it(scene):
    cluster, part, _, user = scene
    say(cluster, NAMES.verdict, answer="maybe", user=user)
    assert sweeping(cluster, part).sweep() == 1
    assert stored(cluster, NAMES.verdict)["v-1"]["busybody"]["verdict"]["done"] == SAYS
    assert sweeping(cluster, part).sweep() == 0


def test_people_of_another_instance_are_left_to_it(scene):
    cluster, part, incident, user = scene
    say(cluster, NAMES.verdict, incident=incident, answer="closed", user=user)
    assert Verdicts(cluster, NAMES, partition_of=lambda _: None).sweep() == 0
    assert sweeping(cluster, part).sweep() == 1


def test_a_sign_in_that_never_alerted_can_be_disowned_by_its_event(scene):
    cluster, part, _, _ = scene
    scores = stored(cluster, NAMES.score).values()
    score = next(one for one in scores if one["busybody"]["level"] == "none" and one["event"]["outcome"] == "success")
    user, event = score["user"]["name"], score["event"]["id"]
    say(cluster, NAMES.verdict, event_id=event, answer="malicious", user=user, by="mia")
    sweeping(cluster, part).sweep()
    now = latest(cluster, event)
    assert (now["busybody"]["state"], now["busybody"]["revision"], now["user"]["name"]) == ("malicious", 1, user)
    assert now["event"]["severity"] == 99


def test_closing_our_alert_in_kibana_with_a_tag_is_a_verdict_once(scene):
    cluster, part, incident, user = scene
    closed_in_kibana(cluster, incident)
    for document in stored(cluster, ALERTS).values():
        document["user"]["name"] = user
        cluster.put(ALERTS, "uuid-1", document, refresh=True)
    assert sweeping(cluster, part).sweep() == 1
    assert sweeping(cluster, part).sweep() == 0
    now = latest(cluster, incident)["busybody"]
    assert (now["state"], now["verdict"]["channel"], now["verdict"]["by"]) == ("malicious", "kibana", "u_mia")


def test_however_many_alerts_are_closed_each_is_taken(scene, monkeypatch):
    cluster, part, incident, _ = scene
    monkeypatch.setattr("busybody_elastic.closed_alerts.PAGE", 3)
    for number in range(8):
        closed_in_kibana(cluster, f"{incident}{number}", name=f"uuid-{number}")
    sweep = sweeping(cluster, part)
    sweep.sweep()
    sweep.sweep()
    said = [document["busybody"]["verdict"]["incident"] for document in stored(cluster, NAMES.verdict).values()]
    assert sorted(said) == [f"{incident}{number}" for number in range(8)]


def test_an_alert_of_another_namespace_is_not_ours(scene):
    cluster, part, incident, _ = scene
    closed_in_kibana(cluster, incident, stream=".ds-logs-busybody.alert-other-2026.03.15-000001")
    assert sweeping(cluster, part).sweep() == 0


def test_the_sign_in_of_a_score_is_the_one_that_was_scored(scene):
    cluster, *_ = scene
    by_id = {signin.id: signin for signin in signins()}
    kept = (
        "id",
        "user",
        "outcome",
        "ip",
        "subnet",
        "network",
        "country",
        "city",
        "lat",
        "lon",
        "asn",
        "as_org",
        "device",
        "app",
        "source",
    )
    for score in list(stored(cluster, NAMES.score).values())[::37]:
        signin, original = signin_of(score), by_id[score["event"]["id"]]
        assert [getattr(signin, name) for name in kept] == [getattr(original, name) for name in kept]
        assert signin.time == pytest.approx(original.time, abs=0.001)


@pytest.mark.parametrize("when", [BEFORE, AFTER])
def test_killed_between_any_two_writes_a_verdict_counts_once(when):
    def begun():
        cluster = FakeCluster()
        part = opened(cluster)
        part.score(items(signins()[:600]))
        part.commit()
        found = stored(cluster, NAMES.incident)
        incident = max(found, key=lambda name: found[name]["busybody"]["risk"])
        say(cluster, NAMES.verdict, incident=incident, answer="malicious", by="mia")
        return cluster, part

    expected, part = begun()
    start = len(expected.requests)
    sweeping(expected, part).sweep()
    writes = [request for request in expected.requests[start:] if request[0] in WRITES]
    wanted = content(opened(expected).store)
    for place in range(len(writes)):
        cluster, part = begun()
        left = [place]

        def fault(moment, request, _, left=left):
            if request in WRITES and moment == when:
                left[0] -= 1
                if left[0] < 0:
                    raise Killed

        cluster.fault = fault
        with pytest.raises(Killed):
            sweeping(cluster, part).sweep()
        again = cluster.client()
        part = opened(again)
        sweeping(again, part).sweep()
        assert set(stored(again, NAMES.alert)) == set(stored(expected, NAMES.alert)), place
        assert states(again) == states(expected), place
        assert content(part.store) == wanted, place
        assert stored(again, NAMES.verdict)["v-1"]["busybody"]["verdict"]["taken"], place


def states(cluster):
    return {
        name: (body["busybody"]["state"], body["busybody"]["revision"])
        for name, body in stored(cluster, NAMES.incident).items()
    }
