"""Score, train, update and verdict at the same time: whatever the order of their requests, every promise holds.

What is stored is a number, the same in every profile, journal, population and note: a commit raises it by one. Half a
commit would show as two numbers; a lost or doubled one as a number that is missing, or there twice.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any, Dict, List, NamedTuple, Optional

import pytest
from busybody.errors import StoreError
from busybody.stores import Row
from busybody.verdict import Verdict
from busybody_splunk.lease import Held, Lost
from busybody_splunk.model import KEEP, KVModel
from busybody_splunk.rest import Splunkd
from busybody_splunk.verdicts import Verdicts
from direct import Direct
from fake_splunkd import FakeSplunkd, Instance
from hypothesis import given, settings
from hypothesis import strategies as st
from interleaved import Killed, Program

PEOPLE = ("ana", "bob", "eve")
LEASE = 60.0


class World:
    """One splunkd, one clock, and what happened so far."""

    def __init__(self) -> None:
        self.instance = Instance()
        self.now = 1_000_000_000.0
        self.shown = 0  # the highest number that anybody was told is committed
        self.told: List[int] = []  # every number whose writer was told so
        self.given: List[str] = []  # verdicts

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    def model(self, splunkd: Optional[Splunkd] = None) -> KVModel:
        return KVModel(splunkd or Direct(self.instance), clock=self.clock, sleep=self.sleep)

    def begin(self, body: Any) -> Program:
        return Program(self.instance, lambda splunkd: body(self, splunkd))

    def answer(self) -> None:
        """Somebody gives one more verdict."""
        name = f"event{len(self.given)}"
        assert Verdicts(Direct(self.instance)).add(Verdict("ana", name, "benign", self.now))
        self.given.append(name)


class Seen(NamedTuple):
    """What a reader saw: one number, and the verdicts in it."""

    number: int
    verdicts: List[str]


def look(model: KVModel) -> Seen:
    """Everything, which must be of one commit."""
    first = PEOPLE[0]
    numbers = {int(model.profile(first) or 0)}
    model.prefetch(PEOPLE[1:], journals=True)
    numbers |= {int(model.profile(user) or 0) for user in PEOPLE[1:]}
    numbers |= {int(model.journal(user) or 0) for user in PEOPLE}
    numbers.add(int(model.population() or 0))
    numbers.add(int(model.meta().get("number", 0)))
    assert len(numbers) == 1, f"a part of a commit was seen: {numbers}"
    (number,) = numbers
    assert model.count() == (len(PEOPLE) if number else 0)
    return Seen(number, model.meta().get("verdicts", "").split())


def score(world: World, splunkd: Splunkd) -> Seen:
    least = world.shown
    seen = look(world.model(splunkd))
    assert seen.number >= least, "what was committed before is not seen"
    return seen


def update(world: World, splunkd: Splunkd, *, pieces: bool = False) -> int:
    """Raises the number, and takes the verdicts that wait; all at once, or as a training does, in pieces."""
    verdicts = Verdicts(splunkd)
    with world.model(splunkd).writer("update", LEASE) as writer:
        seen = look(writer)
        text = str(seen.number + 1)
        waiting = verdicts.pending()
        taken = [*seen.verdicts, *(each.verdict.event_id for each in waiting)]
        profiles = {user: Row(text, 1.0) for user in PEOPLE}
        if pieces:
            for user, row in profiles.items():
                writer.stage({user: Row("half", 1.0)}, {user: text})
                writer.stage({user: row})
        verdicts.applied(writer, waiting)
        meta = {"number": text, "verdicts": " ".join(taken)}
        writer.commit({} if pieces else profiles, dict.fromkeys(PEOPLE, text), text, meta)
        world.told.append(seen.number + 1)
        world.shown = max(world.shown, seen.number + 1)
        return seen.number + 1


def train(world: World, splunkd: Splunkd) -> int:
    return update(world, splunkd, pieces=True)


def settle(world: World) -> Seen:
    """After everybody has ended: one more update works, and everything adds up."""
    world.now += 2 * LEASE
    update(world, Direct(world.instance))
    seen = look(world.model())
    assert sorted(seen.verdicts) == sorted(world.given), "each verdict is applied once"
    assert sorted(set(world.told)) == sorted(world.told), "no two commits build on the same one"
    assert seen.number >= max(world.told)
    assert world.model().verify() == []
    return seen


def check(program: Program) -> None:
    """A program ends well, or with one of the errors that are meant for it."""
    if program.error is not None and not isinstance(program.error, (Held, Lost, Killed)):
        assert "was replaced while this search ran" in str(program.error), repr(program.error)
        assert isinstance(program.error, StoreError)


BODIES: Dict[str, Any] = {"score": score, "train": train, "update": update}
ACTIONS = st.one_of(
    st.tuples(st.just("begin"), st.sampled_from(sorted(BODIES))),
    st.tuples(st.just("step"), st.integers(0, 4)),
    st.tuples(st.just("steps"), st.integers(0, 4)),
    st.tuples(st.just("finish"), st.integers(0, 4)),
    st.tuples(st.just("kill"), st.integers(0, 4)),
    st.tuples(st.just("answer"), st.none()),
    st.tuples(st.just("wait"), st.sampled_from([LEASE / 2, LEASE + 1, KEEP, 2 * KEEP])),
)


@settings(max_examples=80)
@given(actions=st.lists(ACTIONS, max_size=60))
def test_any_order_of_requests(actions: List[Any]) -> None:
    _play(actions)


@pytest.mark.slow
@settings(max_examples=500)
@given(actions=st.lists(ACTIONS, min_size=20, max_size=150))
def test_any_order_of_many_more_requests(actions: List[Any]) -> None:
    _play(actions)


def _play(actions: List[Any]) -> None:
    world = World()
    running: List[Program] = []
    for action, what in actions:
        if action == "begin":
            running.append(world.begin(BODIES[what]))
        elif action == "answer":
            world.answer()
        elif action == "wait":
            world.now += what
        elif running:
            program = running[what % len(running)]
            if action == "kill":
                program.kill()
            elif action == "finish":
                program.run()
            else:
                for _ in range(1 if action == "step" else 7):
                    program.step()
            if program.done:
                check(program)
                running.remove(program)
    for program in running:
        check(program.run())
    settle(world)


def prepared() -> World:
    """A world with one commit and one verdict that waits."""
    world = World()
    update(world, Direct(world.instance))
    world.answer()
    return world


REQUESTS = {"update": 30, "train": 45}  # more than either takes


@pytest.mark.parametrize("kind", sorted(REQUESTS))
def test_writer_killed_at_any_request_leaves_a_whole_model(kind: str) -> None:
    outcomes = set()
    for step in range(REQUESTS[kind]):
        world = prepared()
        writer = world.begin(BODIES[kind])
        for _ in range(step):
            writer.step()
        writer.kill()
        seen = score(world, Direct(world.instance))
        outcomes.add(seen.number)
        if writer.result is not None:
            assert seen.number == 2
        after = settle(world)
        assert after.number == seen.number + 1
        garbage = [row for row in world.instance.kv.collections["busybody_profiles"].values() if row["text"] == "half"]
        assert garbage == []
    assert outcomes == {1, 2}


@pytest.mark.parametrize("kind", sorted(REQUESTS))
def test_writer_that_slept_through_its_lease_can_do_no_harm(kind: str) -> None:
    outcomes = []
    for step in range(REQUESTS[kind]):
        world = prepared()
        sleeper = world.begin(BODIES[kind])
        for _ in range(step):
            sleeper.step()
        world.now += LEASE + 1
        other = world.begin(update).run()
        assert other.error is None
        seen = score(world, Direct(world.instance))
        assert seen.number == other.result
        sleeper.run()
        check(sleeper)
        outcomes.append(type(sleeper.error))
        number = sleeper.result or other.result
        assert score(world, Direct(world.instance)).number == max(number, other.result)
        settle(world)
    assert {Lost, type(None)} <= set(outcomes)


def test_sleeper_may_wake_when_many_have_committed_since() -> None:
    for step in range(0, REQUESTS["train"], 3):
        world = prepared()
        sleeper = world.begin(train)
        for _ in range(step):
            sleeper.step()
        for _ in range(4):
            world.now += 8 * 86400.0
            update(world, Direct(world.instance))
        sleeper.run()
        check(sleeper)
        settle(world)


def test_reader_sees_one_commit_while_others_follow() -> None:
    for step in range(8):
        world = prepared()
        reader = world.begin(score)
        for _ in range(step):
            reader.step()
        for _ in range(3):
            world.now += 600.0
            update(world, Direct(world.instance))
        reader.run()
        assert reader.error is None
        assert reader.result.number in (1, 4)


def test_reader_that_takes_too_long_is_told() -> None:
    world = prepared()
    reader = world.begin(score)
    for _ in range(3):
        reader.step()
    world.now += 2 * KEEP
    update(world, Direct(world.instance))
    reader.run()
    assert isinstance(reader.error, StoreError)
    assert str(reader.error) == (
        "default: was replaced while this search ran for an hour. Search a shorter time range at once."
    )


def test_reader_may_take_long_while_nothing_changes() -> None:
    world = prepared()
    reader = world.begin(score)
    for _ in range(3):
        reader.step()
    world.now += 5 * KEEP
    assert reader.run().result.number == 1


def test_of_two_that_begin_at_once_one_is_told_who_writes() -> None:
    world = prepared()
    one, two = world.begin(update), world.begin(train)
    while not (one.done or two.done):
        one.step()
        two.step()
    loser = one if one.done else two
    assert isinstance(loser.error, Held)
    assert str(loser.error).startswith("default: the model is being written by update; the lease ends at 01:47:")
    assert one.run().result or two.run().result
    settle(world)


@pytest.mark.parametrize("late", [False, True])
def test_cut_connection_at_any_request_is_survived(late: bool) -> None:
    for step in range(REQUESTS["train"]):
        world = prepared()
        world.instance.fail(cut=True, late=late, after=step)
        assert train(world, Direct(world.instance)) == 2
        settle(world)


@pytest.mark.parametrize("after", range(0, REQUESTS["update"], 3))
def test_kv_store_that_goes_down_leaves_a_whole_model(after: int) -> None:
    world = prepared()
    world.instance.fail(503, times=1_000, after=after)
    writer = world.begin(update).run()
    world.instance.control({"fail": {"times": 0}})
    if writer.error is not None:
        assert "the KV store is not available" in str(writer.error)
    settle(world)


@pytest.mark.slow
def test_many_searches_at_once_over_the_network() -> None:
    with FakeSplunkd() as fake:
        world = World()
        world.instance = fake

        def search(_: int) -> int:
            done = 0
            with Splunkd(fake.uri, fake.session_key, ca_file=fake.ca_file) as splunkd:
                while done < 8:
                    with suppress(Held):
                        update(world, splunkd)
                        done += 1
                    score(world, splunkd)
            return done

        with ThreadPoolExecutor(6) as pool:
            assert list(pool.map(search, range(6))) == [8] * 6
        assert sorted(world.told) == list(range(1, 49))
