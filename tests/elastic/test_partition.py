"""A partition scores, learns, takes back and commits as the core alone would."""

from __future__ import annotations

import json
from threading import Event, Thread

import pytest
from busybody.scorer import Scorer
from busybody.stores import Row
from busybody.stores.memory import MemoryStore
from busybody_elastic.records import API, BROKEN, GATEWAY, KNOWN, SCORED, UNSCORED
from fake_cluster import FakeCluster
from scored import POLICY, Clock, after, content, item, items, partition, signins, stored, straight


def run(part, some, size=100, every=5):
    answers = []
    for number, start in enumerate(range(0, len(some), size)):
        answers += part.score(items(some[start : start + size])).answers
        if number % every == 0:
            part.commit()
    part.commit({"cursor": "end"})
    return answers


def test_scores_and_profiles_are_the_cores():
    store, cluster, some = MemoryStore(), FakeCluster(), signins()
    part = partition(store, cluster)
    answers = run(part, some)
    expected, assessments = straight(some)
    assert {answer.status for answer in answers} == {SCORED}
    assert content(store) == content(expected)
    scores = stored(cluster, "logs-busybody.score-t")
    assert len(scores) == len(some)
    for answer, assessment in zip(answers, assessments, strict=True):
        body = scores[answer.identity]["busybody"]
        assert (body["risk"], body["log_odds"], body["level"], body["alert"]) == (
            assessment.risk, assessment.log_odds, assessment.level, assessment.alert,
        )  # fmt: skip
    assert store.meta()["cursor"] == "end"


def test_what_was_scored_is_known_and_not_learned_again():
    part, some = partition(), signins()[:50]
    part.score(items(some))
    again = part.score(items(some)).answers
    assert {answer.status for answer in again} == {KNOWN}


def test_an_entrance_that_asks_gets_what_is_said():
    (answer,) = partition().score([item(signins()[0], API)]).answers
    assert answer.busybody["identity"] == answer.identity
    assert answer.busybody["entrance"] == API


def test_scoring_only_keeps_nothing():
    store, cluster = MemoryStore(), FakeCluster()
    part = partition(store, cluster)
    (answer,) = part.score([item(signins()[0], API)], learn=False).answers
    part.commit()
    assert answer.status == SCORED
    assert store.count() == 0
    assert stored(cluster, "logs-busybody.score-t") == {}


def test_a_time_in_the_future_is_a_mistake():
    some = signins()
    part = partition(clock=Clock(some[0].time))
    (answer,) = part.score([item(some[0]._replace(time=some[0].time + 2 * 86400))]).answers
    assert (answer.status, answer.reason) == (BROKEN, "its time lies in the future")


@pytest.mark.parametrize("size", [1, 7, 60])
def test_what_is_refused_is_as_if_it_had_never_come(size):
    """Every third batch has refused sign-ins: the end is that of a run without them."""
    store, cluster, some = MemoryStore(), FakeCluster(), signins()
    part, kept = partition(store, cluster, clock=after(signins())), []
    for number, start in enumerate(range(0, len(some), size)):
        batch = some[start : start + size]
        accepted = [not (number % 3 == 0 and place % 4 == 0) for place in range(len(batch))]
        answer = part.score(items(batch, GATEWAY), provisional=True)
        part.settle(answer.ticket, accepted)
        kept += [signin for signin, taken in zip(batch, accepted, strict=True) if taken]
        if number % 10 == 9:
            part.commit()
    part.commit()
    assert content(store) == content(straight(kept)[0])
    assert set(stored(cluster, "logs-busybody.score-t")) == {each.identity for each, _ in items(kept)}


def test_what_was_refused_may_come_again():
    part, one = partition(), item(signins()[0], GATEWAY)
    first = part.score([one], provisional=True)
    part.settle(first.ticket, [False])
    assert part.score([one]).answers[0].status == SCORED


def test_of_two_deliveries_in_a_batch_one_accepted_is_enough():
    store, one = MemoryStore(), item(signins()[0], GATEWAY)
    part = partition(store)
    batch = part.score([one, one], provisional=True)
    assert [answer.status for answer in batch.answers] == [SCORED, KNOWN]
    part.settle(batch.ticket, [False, True])
    part.commit()
    assert content(store) == content(straight([one[1]])[0])


def test_people_in_an_open_ticket_are_waited_for_until_the_deadline():
    part, some = partition(), signins()
    mine = [signin for signin in some if signin.user == some[0].user]
    other = next(signin for signin in some if signin.user != some[0].user)
    batch = part.score(items(mine[:1], GATEWAY), provisional=True)
    answers = part.score(items([mine[1], other], GATEWAY), deadline=0.2).answers
    assert [answer.status for answer in answers] == [UNSCORED, SCORED]
    part.settle(batch.ticket, [True])
    assert part.score(items(mine[1:2], GATEWAY), deadline=0.2).answers[0].status == SCORED


def test_a_ticket_that_nobody_settles_counts_as_refused_in_the_end():
    now, store, one = [0.0], MemoryStore(), item(signins()[0], GATEWAY)
    part = partition(store, monotonic=lambda: now[0])
    ticket = part.score([one], provisional=True).ticket
    now[0] = 61.0
    part.commit({"cursor": "1"})
    assert store.count() == 0
    part.settle(ticket, [True])
    assert part.score([one]).answers[0].status == SCORED


def test_a_person_whose_profile_is_damaged_is_told_and_stops_nobody_else():
    store, some = MemoryStore(), signins()[:200]
    part = partition(store)
    part.score(items(some[:100]))
    part.commit()
    bad = some[0].user
    store.commit({bad: Row("{", 0.0)}, {})
    again = partition(store).score(items(some[100:]))
    answers = {(signin.user == bad, answer.status) for signin, answer in zip(some[100:], again.answers, strict=True)}
    assert answers == {(True, BROKEN), (False, SCORED)}
    assert all(bad not in answer.reason for answer in again.answers)


def test_what_is_heard_of_other_peoples_sign_ins_is_evidence_and_can_be_taken_back():
    some = signins()
    failing = [signin._replace(outcome="failure") for signin in some[:40]]
    mine = [signin for signin in some if signin.user == some[0].user]

    def run(taken):
        store = MemoryStore()
        part = partition(store)
        batch = part.score([(None, signin) for signin in failing] + items(mine[:3], GATEWAY), provisional=True)
        assert len(batch.answers) == 3
        part.settle(batch.ticket, [taken] * len(failing) + [True] * 3)
        part.commit()
        return json.loads(store.population())["evidence"]

    scorer = Scorer(POLICY, MemoryStore())
    for signin in failing:
        scorer.advance(signin.time)
        scorer.evidence.observe(signin)
    for signin in mine[:3]:
        scorer.process(signin)
    assert run(True) == json.loads(json.dumps(scorer.evidence.to_json()))
    assert run(False) != run(True)


def test_many_threads_end_where_the_core_alone_does():
    """Gateways that settle, some refused; a committer; people spread over threads, each person's order kept."""
    store, cluster, some = MemoryStore(), FakeCluster(), signins()
    part = partition(store, cluster)
    people = sorted({signin.user for signin in some})
    mine = [[signin for signin in some if people.index(signin.user) % 4 == number] for number in range(4)]
    refused = {signin.id for signin in some[::17]}
    ended, problems = Event(), []

    def gateway(number):
        try:
            for start in range(0, len(mine[number]), 9):
                batch = mine[number][start : start + 9]
                found = part.score(items(batch, GATEWAY), provisional=True, deadline=60.0)
                assert {answer.status for answer in found.answers} == {SCORED}
                part.settle(found.ticket, [signin.id not in refused for signin in batch])
        except BaseException as error:  # noqa: BLE001
            problems.append(error)

    def committer():
        while not ended.wait(0.01):
            part.commit()

    threads = [Thread(target=gateway, args=(number,)) for number in range(4)]
    keeper = Thread(target=committer)
    for thread in (*threads, keeper):
        thread.start()
    for thread in threads:
        thread.join()
    ended.set()
    keeper.join()
    part.commit()
    assert problems == []
    kept = [signin for signin in some if signin.id not in refused]
    assert set(stored(cluster, "logs-busybody.score-t")) == {each.identity for each, _ in items(kept)}

    def learned(of):
        return {user: json.loads(text)["count"] for user, text in content(of)[0].items()}

    assert learned(store) == learned(straight(kept)[0])


def test_people_who_came_too_late_from_the_store_are_there_for_the_next_batch():
    now, some = [0.0], signins()[:60]

    class Slow(MemoryStore):
        reads = 0

        def profiles(self, users):
            Slow.reads += 1
            now[0] += 1.0
            return super().profiles(users)

    store = Slow()
    first = partition(store)
    first.score(items(some[:30]))
    first.commit()
    part = partition(store, monotonic=lambda: now[0])
    batch = items([signin for signin in some[30:] if store.profile(signin.user)], GATEWAY)
    assert {answer.status for answer in part.score(batch, deadline=0.5).answers} == {UNSCORED}
    reads = Slow.reads
    assert {answer.status for answer in part.score(batch, deadline=0.5).answers} == {SCORED}
    assert Slow.reads == reads


def test_who_is_in_an_open_ticket_waits_alone_and_first_come_is_first_served():
    """The others of a batch are scored meanwhile, and hold their place: two batches never wait for each other."""
    store, some = MemoryStore(), signins()
    part = partition(store)
    first, second = sorted({signin.user for signin in some})[:2]
    mine = {user: iter([signin for signin in some if signin.user == user]) for user in (first, second)}
    batches = [[next(mine[first])], [next(mine[second]), next(mine[first])], [next(mine[first]), next(mine[second])]]
    opened = part.score(items(batches[0], GATEWAY), provisional=True)
    found = {}

    def wait(number):
        found[number] = part.score(items(batches[number], GATEWAY), provisional=True, deadline=60.0)
        part.settle(found[number].ticket, [True, True])

    threads = [Thread(target=wait, args=(number,)) for number in (1, 2)]
    for held, thread in enumerate(threads, 2):
        thread.start()
        while part.status()["tickets"] < held:
            thread.join(0.01)
    assert part.status()["uncommitted"] == 2  # of the second batch, who was in no other
    part.settle(opened.ticket, [True])
    for thread in threads:
        thread.join()
    for number in (1, 2):
        assert [answer.status for answer in found[number].answers] == [SCORED, SCORED]
        assert [answer.identity for answer in found[number].answers] == [
            one.identity for one, _ in items(batches[number])
        ]
    part.commit()
    learned = {user: json.loads(text)["count"] for user, text in content(store)[0].items()}
    kept = sorted((one for batch in batches for one in batch), key=lambda signin: signin.time)
    assert learned == {user: json.loads(text)["count"] for user, text in content(straight(kept)[0])[0].items()}


def test_what_is_refused_of_a_batch_that_waited_is_taken_back_by_its_place():
    store, some = MemoryStore(), signins()
    part = partition(store)
    first, second = sorted({signin.user for signin in some})[:2]
    ones = [signin for signin in some if signin.user == first]
    other = next(signin for signin in some if signin.user == second)
    opened = part.score(items(ones[:1], GATEWAY), provisional=True)
    found = []

    def wait():
        found.append(part.score(items([ones[1], other], GATEWAY), provisional=True, deadline=60.0))

    thread = Thread(target=wait)
    thread.start()
    while part.status()["tickets"] < 2:
        thread.join(0.01)
    part.settle(opened.ticket, [True])
    thread.join()
    part.settle(found[0].ticket, [True, False])
    part.commit()
    assert content(store) == content(straight(ones[:2])[0])


def test_results_are_out_before_the_state_but_not_what_may_be_refused():
    store, cluster, some = MemoryStore(), FakeCluster(), signins()
    part = partition(store, cluster)
    part.score(items(some[:40]))
    held = part.score(items(some[40:60], GATEWAY), provisional=True)
    part.publish()
    assert set(stored(cluster, "logs-busybody.score-t")) == {one.identity for one, _ in items(some[:40])}
    assert store.count() == 0
    accepted = [place % 2 == 0 for place in range(20)]
    part.settle(held.ticket, accepted)
    part.publish()
    part.publish()
    kept = some[:40] + some[40:60:2]
    assert set(stored(cluster, "logs-busybody.score-t")) == {one.identity for one, _ in items(kept)}
    assert store.count() == 0
    part.commit()
    assert content(store) == content(straight(kept)[0])


def test_who_dies_between_results_and_state_learns_again_what_was_published():
    store, cluster, some = MemoryStore(), FakeCluster(), signins()[:60]
    dying = partition(store, cluster)
    dying.score(items(some))
    dying.publish()
    part = partition(store, cluster)
    assert {answer.status for answer in part.score(items(some)).answers} == {KNOWN}
    part.commit()
    assert content(store) == content(straight(some)[0])
    assert len(stored(cluster, "logs-busybody.score-t")) == len(some)
