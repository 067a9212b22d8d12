"""The writer: what it deletes and when, whose lease it is, models of other versions."""

from __future__ import annotations

import json
from typing import Any, Dict, List

import pytest
from busybody.errors import StoreError
from busybody.stores import Row
from busybody_splunk.chain import END, LEASE, MODELS, POPULATION, PROFILES, Head, with_gap
from busybody_splunk.model import KEEP, Held, KVModel, Lost
from direct import Clock, Direct
from fake_splunkd import Instance
from hypothesis import given
from hypothesis import strategies as st

DAY = 86400.0


def commit(model: KVModel, text: str, users: str = "ab") -> None:
    with model.writer("me", 60) as writer:
        writer.commit({user: Row(text, 1.0) for user in users}, dict.fromkeys(users, text), text, {"n": text})
    model.refresh()


def count(instance: Instance, name: str, **fields: Any) -> int:
    rows = instance.kv.collections.get(name, {}).values()
    return sum(all(row.get(key) == value for key, value in fields.items()) for row in rows)


def test_what_was_replaced_goes_after_an_hour(model: KVModel, instance: Instance, clock: Clock) -> None:
    for text in "123":
        commit(model, text)
    assert (count(instance, PROFILES), count(instance, POPULATION)) == (6, 3)
    clock.now += KEEP + 1
    commit(model, "4")
    assert (count(instance, PROFILES), count(instance, POPULATION)) == (4, 2)  # of the third and the fourth
    clock.now += KEEP + 1
    commit(model, "5", "a")
    assert count(instance, PROFILES) == 3
    assert model.profiles("ab") == {"a": "5", "b": "4"}
    assert count(instance, MODELS, kind="order") == 3  # of the last commit: profiles, journals, population


def test_erased_people_go_whole(model: KVModel, instance: Instance, clock: Clock) -> None:
    commit(model, "1")
    with model.writer("me", 60) as writer:
        writer.commit({"a": None}, {"a": None})
    assert count(instance, PROFILES, user="a") == 2  # what was, and that it is gone
    clock.now += KEEP + 1
    commit(model, "3", "b")
    assert count(instance, PROFILES, user="a") == 0
    assert model.profile("a") is None


def test_what_a_dead_writer_left_goes(model: KVModel, instance: Instance, clock: Clock) -> None:
    commit(model, "1")
    writer = model.writer("dead", 60)
    writer.stage({"a": Row("2", 1.0), "c": Row("2", 1.0)}, {"a": "2"}, "2")
    assert count(instance, PROFILES, number=2) == 2
    clock.now += 61
    commit(model, "3")
    assert [count(instance, name, number=2) for name in (PROFILES, "busybody_journals", POPULATION)] == [0, 0, 0]
    assert 2 not in model.head
    assert model.head.gaps == ((2, 2),)


def test_many_failures_do_not_slow_the_next_writer(model: KVModel, instance: Instance) -> None:
    commit(model, "1")
    for _ in range(50):
        model.writer("fails", 60).give_up()
    instance.requests.clear()
    commit(model, "2")
    assert len(instance.requests) < 30
    assert model.head.gaps == ((2, 51),)


def test_leaving_without_a_commit_gives_up_at_once(model: KVModel, instance: Instance) -> None:
    def fail() -> None:
        with model.writer("me", 60) as writer:
            writer.stage({"a": Row("1", 1.0)})
            raise ValueError("bad event")

    with pytest.raises(ValueError, match="bad event"):
        fail()
    assert count(instance, PROFILES) == 0
    commit(model, "2")
    assert model.profile("a") == "2"


def test_giving_up_never_hides_the_first_error(model: KVModel, instance: Instance) -> None:
    def fail() -> None:
        with model.writer("me", 60):
            instance.kv.down = "KV Store initialization has not been completed yet."
            raise ValueError("bad event")

    with pytest.raises(ValueError, match="bad event"):
        fail()


def test_second_writer_is_told_who_writes(model: KVModel, clock: Clock) -> None:
    writer = model.writer("busytrain of admin", 60)
    with pytest.raises(Held) as caught:
        model.writer("me", 60)
    assert str(caught.value) == (
        "default: the model is being written by busytrain of admin; the lease ends at 01:47:40 UTC. "
        "Wait until then, or run this later."
    )
    assert (caught.value.owner, caught.value.expires) == ("busytrain of admin", clock.now + 60)
    writer.commit()
    model.writer("me", 60).give_up()


def test_lease_is_renewed_while_something_happens(model: KVModel, clock: Clock) -> None:
    commit(model, "1")
    with model.writer("long", 60) as writer:
        for user in "abcdef":
            clock.now += 50
            assert writer.profile(user) is None or user in "ab"
            with pytest.raises(Held):
                model.writer("me", 60)
        writer.commit({"a": Row("2", 1.0)})
    model.refresh()
    assert model.profile("a") == "2"


def test_expired_lease_that_nobody_wanted_is_still_good(model: KVModel, clock: Clock) -> None:
    with model.writer("slow", 60) as writer:
        clock.now += 1_000
        writer.commit({"a": Row("1", 1.0)})
    assert model.profile("a") == "1"


def test_writer_that_lost_its_lease_says_so_at_once(model: KVModel, clock: Clock) -> None:
    with model.writer("slow", 60) as writer:
        clock.now += 61
        commit(model, "2")
        with pytest.raises(Lost) as caught:
            writer.stage({"a": Row("1", 1.0)})
        assert str(caught.value) == (
            "default: the lease ran out and another search took over; nothing was changed. Run this again."
        )
    assert model.profile("a") == "2"


def test_writer_writes_once(model: KVModel) -> None:
    with model.writer("me", 60) as writer:
        writer.commit({"a": Row("1", 1.0)})
        with pytest.raises(StoreError, match="this writer's lease has ended. Ask for another writer."):
            writer.commit({"a": Row("2", 1.0)})
    assert model.profile("a") == "1"


def test_commit_that_got_through_without_an_answer_is_one(model: KVModel, instance: Instance) -> None:
    with model.writer("me", 60) as writer:
        writer.stage({"a": Row("1", 1.0)})
        splunkd = writer.splunkd
        assert isinstance(splunkd, Direct)

        def cut(method: str, target: str) -> None:
            if method == "POST" and target.endswith("/busybody_models"):
                instance.fail(cut=True, late=True, times=3)

        splunkd.before = cut
        writer.commit()
        splunkd.before = None
    assert model.profile("a") == "1"


def test_orders_follow_the_commit_and_only_it(model: KVModel, instance: Instance, clock: Clock) -> None:
    with model.writer("me", 60) as writer:
        writer.afterwards.save("things", [{"_key": "x", "n": 1}])
        writer.afterwards.save("things", [{"_key": "x", "n": 2}])
        assert count(instance, "things") == 0
        writer.commit()
    assert instance.kv.collections["things"]["x"]["n"] == 2
    dead = model.writer("dead", 60)
    dead.afterwards.save("things", [{"_key": "x", "n": 3}])
    dead.stage({"a": Row("1", 1.0)})
    clock.now += 61
    commit(model, "2")
    assert instance.kv.collections["things"]["x"]["n"] == 2


def test_orders_that_were_cut_off_are_done_by_the_next_writer(model: KVModel, instance: Instance) -> None:
    with model.writer("me", 60) as writer:
        writer.afterwards.save("things", [{"_key": "x", "n": 1}])
        splunkd = writer.splunkd
        assert isinstance(splunkd, Direct)

        def stop(method: str, target: str) -> None:
            if target.endswith("/busybody_models"):  # the commit itself: what follows meets a KV store that is down
                instance.fail(503, times=100)

        splunkd.after = stop
        writer.commit({"a": Row("1", 1.0)})
        splunkd.after = None
    assert count(instance, "things") == 0
    instance.fail(times=0)
    assert model.profile("a") == "1"
    model.writer("next", 60).give_up()
    assert count(instance, "things") == 1
    left = [row["order"] for row in instance.kv.collections[MODELS].values() if row["kind"] == "order"]
    assert not any("save" in order for order in left)


def test_numbers_may_come_back_with_a_point(model: KVModel, instance: Instance, clock: Clock) -> None:
    commit(model, "1")
    for _ in range(2):
        for rows in instance.kv.collections.values():
            for row in rows.values():
                row.update((key, float(value)) for key, value in row.items() if isinstance(value, int))
        clock.now += KEEP + 1
        text = str(model.head.number + 1)
        commit(model, text)
        assert model.profiles("ab") == {"a": text, "b": text}
        assert model.population() == text
    assert count(instance, PROFILES) == 4


def test_collection_that_was_emptied_in_part_does_not_come_back(
    model: KVModel, instance: Instance, clock: Clock
) -> None:
    for text in "123":
        commit(model, text)
    instance.kv.collections[MODELS].clear()
    model.refresh()
    assert (model.profile("a"), model.count()) == (None, 0)
    commit(model, "4", "b")
    assert model.profiles("ab") == {"b": "4"}
    clock.now += KEEP + 1
    commit(model, "5", "b")
    assert {row["user"] for row in instance.kv.collections[PROFILES].values()} == {"b"}


def test_years_of_commits_leave_little_behind(
    model: KVModel, instance: Instance, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("busybody_splunk.writer.SELDOM", 10)
    for number in range(60):
        clock.now += DAY
        if number % 10 == 3:
            model.writer("dies", 60)
        else:
            commit(model, str(number))
    assert count(instance, PROFILES) <= 4
    assert count(instance, MODELS, kind=END) < 20
    assert count(instance, MODELS, kind=LEASE) < 20


# Other versions -----------------------------------------------------------------------------------------------


def test_newer_model_is_refused(model: KVModel, instance: Instance) -> None:
    commit(model, "1")
    (end,) = (row for row in instance.kv.collections[MODELS].values() if row["kind"] == END)
    end["schema"] = 2
    for ask in (lambda: model.profile("a"), lambda: model.writer("me", 60)):
        with pytest.raises(StoreError) as caught:
            ask()
        assert str(caught.value) == (
            "default: the model is of schema 2; this version reads up to 1. Update the app Busybody."
        )


def test_spoiled_commit_is_named(model: KVModel, instance: Instance) -> None:
    commit(model, "1")
    (end,) = (row for row in instance.kv.collections[MODELS].values() if row["kind"] == END)
    end["head"] = "{}"
    model.refresh()
    with pytest.raises(
        StoreError, match=r"default: the model's newest commit is damaged \(KeyError\('gaps'\)\)\. Train"
    ):
        model.count()


def old_model(instance: Instance, people: int = 1_200) -> Dict[str, str]:
    """Schema 0: as the predecessor of this app wrote it."""
    profiles = {f"user{n:04}": json.dumps({"n": n}) for n in range(people)}
    for user, text in profiles.items():
        instance.kv.insert(PROFILES, {"_key": f"k{user}", "user": user, "profile": text, "updated": 5.0})
    return profiles


def test_schema_0_is_migrated_by_the_first_writer(model: KVModel, instance: Instance, clock: Clock) -> None:
    profiles = old_model(instance)
    with pytest.raises(StoreError) as caught:
        model.count()
    assert str(caught.value) == (
        "default: is of an older version of the app. The next | busytrain or update=true brings it up to 1."
    )
    assert KVModel(Direct(instance), "another").count() == 0
    with model.writer("me", 60) as writer:
        assert writer.count() == 1_200
        assert writer.profile("user0007") == '{"n": 7}'
        writer.commit({"user0007": Row("new", 9.0)})
    profiles["user0007"] = "new"
    model.refresh()
    assert model.profiles(profiles) == profiles
    assert (model.count(), model.head.schema) == (1_200, 1)
    clock.now += KEEP + 1
    with model.writer("me", 60) as writer:
        assert len(writer.not_seen_since(6.0)) == 1_199
    assert count(instance, PROFILES) == 1_200


def test_failed_migration_changes_nothing(model: KVModel, instance: Instance, clock: Clock) -> None:
    old_model(instance, 10)
    instance.kv.insert(PROFILES, {"_key": "bad", "profile": "{}", "updated": "yesterday"})
    before = dict(instance.kv.collections[PROFILES])
    for _ in range(2):
        with pytest.raises(StoreError, match="default: bad: the profile of schema 0 is of None, which is nobody"):
            model.writer("me", 60)
    assert instance.kv.collections[PROFILES] == before


# The chain ----------------------------------------------------------------------------------------------------


@given(st.lists(st.tuples(st.integers(1, 4), st.integers(0, 3)), max_size=10))
def test_gaps_hold_what_is_not_in_the_chain(runs: List[Any]) -> None:
    number, chain, head = 0, set(), Head()
    for committed, given_up in runs:
        for _ in range(committed):
            number += 1
            chain.add(number)
        head = head._replace(number=number)
        gaps = with_gap(head.gaps, number + 1, number + given_up)
        number += given_up + 1
        chain.add(number)
        head = head._replace(number=number, gaps=gaps)
    assert {n for n in range(-1, number + 5) if n in head} == chain
    assert all(first <= last for first, last in head.gaps)
