"""Results are durable before state, and a replay after any crash ends where no crash would have."""

from __future__ import annotations

from collections import Counter

import pytest
from busybody.contracts import iso
from busybody.stores.memory import MemoryStore
from busybody_elastic.documents import Documents, Names
from busybody_elastic.errors import ClusterError, Lost
from busybody_elastic.partition import Partition
from busybody_elastic.records import GATEWAY, KNOWN, SCORED
from busybody_elastic.results import Results
from busybody_elastic.state import IndexStore, Lease
from fake_cluster import AFTER, BEFORE, WRITES, FakeCluster, Killed
from scored import POLICY, after, content, items, partition, signins, stored, straight

SCORE, ALERT, INCIDENT = "logs-busybody.score-t", "logs-busybody.alert-t", "busybody-incident-t"
RISK, LATEST = "busybody-risk-t", "busybody-risk-latest-t"
BATCH = 150


def some():
    return signins()


def opened(cluster: FakeCluster) -> tuple[Partition, IndexStore]:
    lease = Lease(cluster, "busybody-state-t", 0, owner="one", seconds=1e9)
    assert lease.take()
    store = IndexStore(lease)
    clock = after(signins())
    return Partition(0, POLICY, store, Results(cluster, Documents("t", "one")), clock=clock), store


def follow(part: Partition, store: IndexStore, size: int = BATCH) -> None:
    """As a reader does: from the cursor on, with an overlap of one batch."""
    start = max(0, int(store.meta().get("cursor", 0)) - size)
    for place in range(start, len(some()), size):
        part.score(items(some()[place : place + size]))
        part.commit({"cursor": str(place + size)})


def test_what_alerts_becomes_one_incident_with_a_latest_document():
    cluster = FakeCluster()
    follow(*opened(cluster))
    scores, alerts, incidents = (stored(cluster, index) for index in (SCORE, ALERT, INCIDENT))
    expected = [found for found in straight(some())[1] if found.alert]
    assert expected
    assert set(incidents) == {found.incident for found in expected}
    assert {body["busybody"]["incident"] for body in scores.values() if body["busybody"]["alert"]} == set(incidents)
    for name, latest in incidents.items():
        revisions = sorted(
            body["busybody"]["revision"] for body in alerts.values() if body["busybody"]["incident"] == name
        )
        assert revisions == [*range(1, len(revisions) + 1)]
        assert alerts[f"{name}-{revisions[-1]}"] == latest
        assert (latest["event"]["kind"], latest["busybody"]["state"]) == ("alert", "open")


def test_a_persons_risk_is_written_when_it_changes_and_not_else():
    cluster = FakeCluster()
    part, store = opened(cluster)
    follow(part, store)
    latest, history = stored(cluster, LATEST), stored(cluster, RISK)
    assert latest
    assert len(history) >= len(latest)
    for body in latest.values():
        assert body in history.values()
    part.score(items(some()[-BATCH:]))
    part.commit({"cursor": "again"})
    assert stored(cluster, RISK) == history


def test_hourly_refresh_writes_what_has_decayed():
    cluster, store = FakeCluster(), MemoryStore()
    clock = after(some())
    part = partition(store, cluster, clock=clock)
    part.score(items(some()))
    part.commit()
    before = {name: body["user"]["risk"]["static_score"] for name, body in stored(cluster, LATEST).items()}
    clock.now += 3 * 86400
    part.refresh_risk()
    now = {name: body["user"]["risk"]["static_score"] for name, body in stored(cluster, LATEST).items()}
    assert any(now[name] < before[name] for name in before)
    assert all(now[name] <= before[name] for name in before)
    clock.now += 90 * 86400
    part.refresh_risk()
    assert {body["busybody"]["incidents"] for body in stored(cluster, LATEST).values()} == {0}
    assert part.refresh_risk() == 0


def test_what_names_people_and_has_no_lifecycle_goes_after_a_month():
    cluster = FakeCluster()
    results, names = Results(cluster, Documents("t", "one")), Names("t")
    now = 1772000000.0
    assert results.delete_old(now) == 0
    for name, days in (("old", 31), ("young", 29)):
        at = iso(now - days * 86400)
        cluster.put(names.notified, name, {"@timestamp": at, "user": {"name": "ana"}}, refresh=True)
        refused = {"@timestamp": iso(now - 900 * 86400), "event": {"ingested": at}}  # of a back-fill, say
        cluster.put(names.dead, name, refused, refresh=True)
    assert results.delete_old(now) == 2
    assert [*stored(cluster, names.notified)] == [*stored(cluster, names.dead)] == ["young"]


def test_a_back_fill_is_marked_and_digested_once():
    cluster, clock = FakeCluster(), after(signins())
    part = partition(MemoryStore(), cluster, clock=clock)
    for start in range(0, len(some()), BATCH):
        answers = part.score(items(some()[start : start + BATCH], quiet=True)).answers
        assert not any(answer.alert for answer in answers)
        part.commit()
    part.commit(done=True)
    part.commit(done=True)
    alerts = stored(cluster, ALERT)
    assert {body["event"]["kind"] for body in alerts.values()} == {"event"}
    digests = [body for name, body in alerts.items() if name.startswith("backfill-")]
    incidents = {found.incident for found in straight(some())[1] if found.alert}
    assert [(body["busybody"]["count"], "user" in body) for body in digests] == [(len(incidents), False)]
    assert f"{len(some()):,} sign-ins" in digests[0]["message"]


def test_the_digest_comes_by_itself_when_nothing_more_comes():
    cluster, clock = FakeCluster(), after(signins())
    part = partition(MemoryStore(), cluster, clock=clock)
    part.score(items(some()[:10], quiet=True))
    part.commit()
    assert not [name for name in stored(cluster, ALERT) if name.startswith("backfill-")]
    clock.now += 61.0
    part.commit()
    assert len([name for name in stored(cluster, ALERT) if name.startswith("backfill-")]) == 1


@pytest.mark.parametrize("when", [BEFORE, AFTER])
@pytest.mark.parametrize("most", [8, pytest.param(32, marks=pytest.mark.slow)])
def test_killed_anywhere_nothing_is_lost_and_nothing_is_twice(when, most):
    size, expected = 320, FakeCluster()
    follow(*opened(expected), size)
    places = dangerous(expected, most)
    wanted = content(opened(expected)[1])
    for place in places:
        cluster, left = FakeCluster(), [place]

        def fault(moment, request, _, left=left):
            if request in WRITES and moment == when:
                left[0] -= 1
                if left[0] < 0:
                    raise Killed

        cluster.fault = fault
        with pytest.raises(Killed):
            follow(*opened(cluster), size)
        again = cluster.client()
        part, store = opened(again)
        follow(part, store, size)
        for index in (SCORE, INCIDENT):
            assert same(again, expected, index), (place, index)
        assert set(stored(again, ALERT)) == set(stored(expected, ALERT)), place
        assert content(store) == wanted, place


def same(one, other, index) -> bool:
    def bodies(cluster):
        return {
            name: (body["busybody"]["risk"], body["busybody"]["level"], body["busybody"]["alert"])
            for name, body in stored(cluster, index).items()
        }

    return bodies(one) == bodies(other)


def dangerous(cluster, most: int) -> list[int]:
    """Places among the writes: first of all around those of alerts, incidents, risk and heads, which are few."""
    writes = [(kind, name) for kind, name in cluster.requests if kind in WRITES]
    scores = set(stored(cluster, SCORE))
    rare = [place for place, (_, name) in enumerate(writes) if name not in scores]
    places = sorted({near for place in rare for near in (place - 1, place)} | {*range(0, len(writes), 97)})
    return places[:: max(1, len(places) // most)]


def is_incident(request: str, name: str) -> bool:
    """Whether it writes the latest state of an incident."""
    return request in WRITES and len(name) == 16


def test_a_commit_that_fails_is_tried_again_and_writes_nothing_twice():
    cluster, store = FakeCluster(), MemoryStore()
    part = partition(store, cluster)
    part.score(items(some()[:-100]))
    down = [True]

    def fault(moment, request, name):
        if down[0] and moment == AFTER and is_incident(request, name):
            raise ClusterError("no answer")

    cluster.fault = fault
    with pytest.raises(ClusterError):
        part.commit({"cursor": "1"})
    assert store.count() == 0
    down[0] = False
    part.score(items(some()[-100:]))
    part.commit({"cursor": "2"})
    assert len(stored(cluster, SCORE)) == len(some())
    assert content(store) == content(straight(some())[0])
    revisions = Counter(body["busybody"]["incident"] for body in stored(cluster, ALERT).values())
    assert revisions.keys() == stored(cluster, INCIDENT).keys()


def test_a_second_try_after_a_rollover_writes_no_result_again():
    """The stream's new generation would take the same ids: here, an index of another name in the same stream."""
    cluster, store = FakeCluster(), MemoryStore()
    part = partition(store, cluster)
    part.score(items(some()))
    fails = [True]

    def fault(_, request, name):
        if fails[0] and is_incident(request, name):
            raise ClusterError("no answer")

    cluster.fault = fault
    with pytest.raises(ClusterError):
        part.commit()
    fails[0] = False
    first = {name: dict(cluster.data.indices.pop(name)) for name in (SCORE, ALERT)}
    part.results.cluster = Rolled(cluster, first)
    part.commit()
    assert not cluster.data.indices.get(SCORE)
    assert not cluster.data.indices.get(ALERT)
    assert stored(cluster, INCIDENT)


class Rolled:
    """A client that still finds what lies in the stream's older generation."""

    def __init__(self, cluster, older) -> None:
        self._cluster, self._older = cluster, older

    def __getattr__(self, name):
        return getattr(self._cluster, name)

    def search(self, index, body):
        self._cluster.data.visible[index] = {**self._older.get(index, {}), **self._cluster.data.indices.get(index, {})}
        return self._cluster.search(index, body)


def test_a_result_that_is_there_wins_and_its_sign_in_is_learned():
    cluster, first = FakeCluster(), some()[:BATCH]
    died = partition(MemoryStore(), cluster)
    died.score(items(first))
    died._take_off({})
    died.results.write(died._ahead.flight.outcome)
    before = stored(cluster, SCORE)
    store = MemoryStore()
    part = partition(store, cluster)
    answers = part.score(items(first)).answers
    part.commit()
    assert {answer.status for answer in answers} == {KNOWN}
    assert stored(cluster, SCORE) == before
    assert content(store) == content(straight(first)[0])


def test_a_refused_document_is_kept_and_does_not_stop_the_rest(monkeypatch):
    cluster = FakeCluster()
    part = partition(MemoryStore(), cluster)
    bad = items(some()[:1])[0][0].identity
    write = FakeCluster._write

    def refusing(self, kind, action, text):
        return (400, 0) if action["_id"] == bad and action["_index"] == SCORE else write(self, kind, action, text)

    monkeypatch.setattr(FakeCluster, "_write", refusing)
    bulk = FakeCluster.bulk
    monkeypatch.setattr(
        FakeCluster,
        "bulk",
        lambda self, operations, **more: [
            item._replace(error="document_parsing_exception: secret value") if item.status == 400 else item
            for item in bulk(self, operations, **more)
        ],
    )
    part.score(items(some()[:BATCH]))
    part.commit()
    dead = stored(cluster, "busybody-dead-t")
    assert len(stored(cluster, SCORE)) == BATCH - 1
    assert dead.keys() == {bad}
    assert dead[bad]["busybody"]["dead"]["error"] == "document_parsing_exception"
    assert part.results.dead == 1


def test_what_is_no_fault_of_a_document_stops_the_commit(monkeypatch):
    cluster, store = FakeCluster(), MemoryStore()
    part = partition(store, cluster)
    part.score(items(some()[:BATCH]))
    with monkeypatch.context() as patched:
        patched.setattr(FakeCluster, "_write", lambda *_: (403, 0))
        with pytest.raises(ClusterError) as caught:
            part.commit()
    assert caught.value.status == 403
    assert store.count() == 0
    part.commit()
    assert len(stored(cluster, SCORE)) == BATCH


def test_a_lost_lease_writes_nothing_any_more():
    cluster = FakeCluster()
    part, _ = opened(cluster)
    part.score(items(some()[:BATCH]))
    other = Lease(cluster.client(), "busybody-state-t", 0, owner="one", seconds=1e9)
    assert other.take()
    part.store.lease._until = 0.0
    with pytest.raises(Lost):
        part.commit()
    assert stored(cluster, SCORE) == {}
    for call in (lambda: part.score(items(some()[:1])), part.commit, lambda: part.settle("x", [])):
        with pytest.raises(Lost):
            call()


@pytest.mark.parametrize(("which", "count"), [("all", BATCH), ("none", 0)])
def test_of_which_sign_ins_a_score_is_written(which, count):
    cluster = FakeCluster()
    part = partition(MemoryStore(), cluster, results={"scores": {GATEWAY: which}})
    part.score(items(some()[:BATCH], GATEWAY))
    part.commit()
    assert len(stored(cluster, SCORE)) == count


def test_known_before_a_moment():
    cluster = FakeCluster()
    part = partition(MemoryStore(), cluster)
    answers = part.score(items(some()[:3])).answers
    assert {answer.status for answer in answers} == {SCORED}
    part.commit()
    ids, now = [answer.identity for answer in answers], part._clock()
    assert part.results.known([*ids, "0" * 64]) == set(ids)
    assert part.results.known(ids, before=now - 60.0) == set()
