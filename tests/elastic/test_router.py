"""The router with one partition, which is here: the answers of one scorer, and nothing lost."""

from __future__ import annotations

from typing import Any

import pytest
from busybody.identity import Identity
from busybody.policy import Policy
from busybody_elastic.errors import ClusterError, Lost
from busybody_elastic.records import API, BROKEN, KNOWN, SCORED, SKIPPED, UNSCORED, Incoming
from busybody_elastic.verdicts import Verdicts
from fake_cluster import BEFORE, FakeCluster
from fake_instances import (
    NAMES,
    NOW,
    POLICY,
    Clock,
    Instance,
    alone,
    documents,
    incoming,
    profile,
    profiles,
    scores,
    signins,
)


@pytest.fixture
def instance() -> Instance:
    found = Instance(FakeCluster())
    found.owners.take()
    return found


def test_pages_through_the_router_are_one_scorers_answers(instance: Instance) -> None:
    found = documents()
    events = signins(found)
    scorer, assessments = alone(events)
    statuses = set()
    for start in range(0, len(found), 97):
        batch = instance.router.score(incoming(found[start : start + 97]))
        statuses |= {answer.status for answer in batch.answers}
        instance.router.commit({"cursor": str(start)})
    assert statuses == {SCORED}
    stored = scores(instance.cluster)
    assert len(stored) == len(found)
    for one, assessment in zip(incoming(found), assessments, strict=True):
        body = stored[one.identity]
        assert body["log_odds"] == pytest.approx(assessment.log_odds, abs=1e-9)
        assert (body["risk"], body["level"], body["learned"]) == (assessment.risk, assessment.level, assessment.learned)
    assert profiles([instance], events) == {event.user: profile(scorer, event.user) for event in events}


def test_what_is_no_sign_in_is_said_and_the_others_are_scored(instance: Instance) -> None:
    good = documents()[0]
    wrong = {**good, "@timestamp": "yesterday"}
    ahead = {**good, "@timestamp": NOW + 2 * 86_400.0}
    batch = instance.router.score(
        [*incoming([good]), Incoming({}, "none", API), Incoming(wrong, "w", API), Incoming(ahead, "a", API)]
    )
    assert [answer.status for answer in batch.answers] == [SCORED, SKIPPED, BROKEN, BROKEN]
    assert batch.answers[1].reason == "the record is empty"
    assert "time" in batch.answers[2].reason
    assert "in the future" in batch.answers[3].reason


def test_second_delivery_is_known(instance: Instance) -> None:
    found = incoming(documents()[:20])
    instance.router.score(found)
    assert {answer.status for answer in instance.router.score(found).answers} == {KNOWN}


def test_refused_items_are_as_if_they_had_never_come(instance: Instance) -> None:
    found = documents()[:300]
    kept = [place % 3 != 0 for place in range(300)]
    for start in range(0, 300, 50):
        batch = instance.router.score(incoming(found[start : start + 50], API), provisional=True)
        assert batch.ticket is not None
        instance.router.settle(batch.ticket, kept[start : start + 50])
    instance.router.commit()
    events = [event for event, keep in zip(signins(found), kept, strict=True) if keep]
    scorer, _ = alone(events)
    assert profiles([instance], events) == {event.user: profile(scorer, event.user) for event in events}
    assert len(scores(instance.cluster)) == len(events)


def test_without_an_owner_everything_stays_unscored() -> None:
    instance = Instance(FakeCluster())
    batch = instance.router.score(incoming(documents()[:3]))
    assert [answer.status for answer in batch.answers] == [UNSCORED] * 3
    with pytest.raises(Lost):
        instance.router.commit({"cursor": "1"})
    with pytest.raises(Lost):
        instance.router.notes()
    assert not instance.router.leads


def test_restarted_instance_goes_on_where_the_last_commit_was() -> None:
    cluster, found = FakeCluster(), documents()[:400]
    first = Instance(cluster)
    first.owners.take()
    first.router.score(incoming(found[:200]))
    first.router.commit({"cursor": "200"})
    first.router.score(incoming(found[200:260]))  # not committed when it is killed
    second = Instance(cluster.client())
    second.owners.take()
    assert second.router.notes()["cursor"] == "200"
    answers = second.router.score(incoming(found[180:])).answers
    assert [answer.status for answer in answers] == [KNOWN] * 20 + [SCORED] * 200
    second.router.commit({"cursor": "400"})
    events = signins(found)
    scorer, _ = alone(events)
    assert profiles([second], events) == {event.user: profile(scorer, event.user) for event in events}


def test_owner_who_lost_the_people_says_so_and_opens_them_again() -> None:
    cluster, clock = FakeCluster(), Clock()
    one = Instance(cluster, clock=clock)
    one.owners.take()
    found = documents()[:120]
    one.router.score(incoming(found[:60]))
    one.router.commit({"cursor": "60"})
    one.router.score(incoming(found[60:90]))
    clock.now += 15.0  # nobody renewed
    with pytest.raises(Lost):
        one.router.commit({"cursor": "90"})
    assert {answer.status for answer in one.router.score(incoming(found[90:])).answers} == {UNSCORED}
    one.owners.take()
    clock.now += 15.0
    one.owners.take()
    assert one.router.notes()["cursor"] == "60"
    one.router.score(incoming(found[60:]))
    one.router.commit({"cursor": "120"})
    assert len(scores(cluster)) == 120


def test_learning_that_a_lost_session_took_along_is_never_called_committed() -> None:
    cluster, clock = FakeCluster(), Clock()
    one = Instance(cluster, clock=clock)
    one.owners.take()
    found = documents()[:60]
    one.router.score(incoming(found))
    owned = one.owners.owned()[0]
    one.owners.lose(owned)
    clock.now += 15.0
    assert not one.owners.owned()
    one.owners.take()
    clock.now += 15.0
    one.owners.take()
    assert one.router.leads
    with pytest.raises(Lost):
        one.router.commit()
    with pytest.raises(Lost):
        one.router.commit({"cursor": "60"})
    one.router.score(incoming(found))
    one.router.commit({"cursor": "60"})
    assert len(scores(cluster)) == 60


def test_cluster_that_takes_nothing_for_a_while_costs_nothing(instance: Instance) -> None:
    found = documents()[:50]
    instance.router.score(incoming(found))
    down = [True]

    def fault(when: str, request: str, name: str) -> None:
        if down and when == BEFORE and request == "bulk":
            raise ClusterError("down", status=503)

    instance.cluster.fault = fault
    for _ in range(2):
        with pytest.raises(ClusterError):
            instance.router.commit({"cursor": "50"})
    down.clear()
    instance.router.commit({"cursor": "50"})
    assert len(scores(instance.cluster)) == 50
    assert instance.router.notes()["cursor"] == "50"


def test_closing_commits_and_lets_the_next_have_it_at_once(instance: Instance) -> None:
    instance.router.score(incoming(documents()[:50]))
    instance.router.close()
    assert len(scores(instance.cluster)) == 50
    other: Any = Instance(instance.cluster.client(), "two")
    other.owners.take()
    assert other.router.leads


def test_reader_that_slept_while_another_led_cannot_set_the_cursor_back() -> None:
    cluster, clock, found = FakeCluster(), Clock(), documents()[:200]
    one = Instance(cluster, "one", clock=clock)
    one.owners.take()
    assert one.router.notes() == {}
    one.router.score(incoming(found[:40]))
    one.router.commit({"cursor": "40"})
    two = Instance(cluster.client(), "two", clock=clock)
    two.owners.take()
    clock.now += 15.0  # one sleeps
    two.owners.take()
    assert two.router.notes()["cursor"] == "40"
    two.router.score(incoming(found[40:150]))
    two.router.commit({"cursor": "150"})
    two.router.close()
    assert one.owners.owned() == []
    one.owners.take()
    assert one.router.leads
    for call in (lambda: one.router.score(incoming(found[40:80])), lambda: one.router.commit({"cursor": "40"})):
        with pytest.raises(Lost):
            call()
        assert one.owners.owned()[0].store.meta()["cursor"] == "150"
        one.router._noted = {0: 1}  # what was raised once is known; the other way to hear of it
    assert one.router.notes()["cursor"] == "150"
    one.router.score(incoming(found[150:]))
    one.router.commit({"cursor": "200"})
    assert len(scores(cluster)) == 200


@pytest.mark.parametrize("has_pseudonyms", [True, False])
def test_a_person_belongs_to_one_instance_by_name_and_by_pseudonym(
    has_pseudonyms: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PSEUDONYM_KEY", "a key that is long enough for pseudonyms")
    policy = Policy.from_mapping({"identity": {"pseudonym_key_env": "PSEUDONYM_KEY"}}) if has_pseudonyms else POLICY
    cluster, clock = FakeCluster(), Clock()
    pair = [
        Instance(cluster.client(), name, partitions=2, clock=clock, address=f"http://{name}", policy=policy)
        for name in ("one", "two")
    ]
    for _ in range(3):
        for one in pair:
            one.owners.take()
    assert [len(one.router.owned()) for one in pair] == [1, 1]
    for number in range(50):
        user = f"person{number}@example.com"
        for name in (user, Identity(policy).pseudonym(user)):
            owners = [one.router.owned()[0] for one in pair if one.router.partition_of(name) is not None]
            assert owners == [pair[0].router.places.of(user)]
        verdict = {"answer": "malicious", "event_id": "e"}
        cluster.put(NAMES.verdict, user, {"user": {"name": user}, "busybody": {"verdict": verdict}}, refresh=True)
    taken = [Verdicts(one.cluster, NAMES, partition_of=one.router.partition_of).sweep() for one in pair]
    assert sum(taken) == 50
    assert 0 not in taken
