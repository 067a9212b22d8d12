"""Several instances give the answers of one: over real HTTP, over a cluster in memory, also when one of them dies."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, suppress
from typing import Any

import httpx
import pytest
from busybody.scorer import Scorer
from busybody_elastic import local
from busybody_elastic.errors import ClusterError, Lost
from busybody_elastic.hop import HEADER, Answering, Hops
from busybody_elastic.records import API, SCORED, UNSCORED
from doors import running
from fake_cluster import Data, FakeCluster, Killed
from fake_instances import KEY, NAMES, Clock, Instance, alone, documents, incoming, profile, profiles, scores, signins
from starlette.applications import Starlette
from starlette.responses import Response

PAGE = 83


class Crew:
    """Instances that reach each other, with one clock for all."""

    def __init__(self, stack: ExitStack, names: str, partitions: int) -> None:
        self.stack, self.partitions = stack, partitions
        self.data, self.clock = Data(), Clock()
        self.instances = [self._begin(stack, name, partitions) for name in names]
        self.balance()

    def _begin(self, stack: ExitStack, name: str, partitions: int) -> Instance:
        cluster, app = FakeCluster(self.data), Starlette()

        async def door(scope: Any, receive: Any, send: Any) -> None:
            dead = cluster.dead and scope["type"] == "http"
            await (Response(status_code=503) if dead else app)(scope, receive, send)

        address = stack.enter_context(running(door))
        hops = Hops(KEY)
        stack.callback(hops.close)
        found = Instance(cluster, name, partitions=partitions, clock=self.clock, hops=hops, address=address)
        app.router.routes.extend(found.answering.routes())
        return found

    def join(self, name: str) -> Instance:
        self.instances.append(self._begin(self.stack, name, self.partitions))
        return self.instances[-1]

    def alive(self) -> list[Instance]:
        return [one for one in self.instances if not one.cluster.dead]

    def balance(self) -> None:
        """Everybody looks round until each has its share."""
        for _ in range(4):
            self.look()

    def look(self) -> None:
        for one in self.alive():
            with suppress(Killed):
                one.owners.take()
                one.owners.renew()
                one.owners.look()
                if one.days is not None:
                    one.days.look()

    def later(self, seconds: float) -> None:
        """Time goes by, and those who live say so."""
        for _ in range(round(seconds)):
            self.clock.now += 1.0
            self.look()

    def leader(self) -> Instance:
        return next(one for one in self.alive() if one.router.leads)


@pytest.fixture
def begin(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Crew]]:
    monkeypatch.setattr(local, "PATIENCE", 0.3)  # the clock that owners die by stands still meanwhile
    with ExitStack() as stack:
        yield lambda names, partitions: Crew(stack, names, partitions)


def feed(crew: Crew, found: Sequence[dict[str, Any]], at: Callable[[int], None] = lambda start: None) -> None:
    """What a reader does: pages in order, a commit now and then, all again from the cursor when somebody was lost."""
    cursor = since = 0
    while cursor < len(found):
        at(cursor)
        try:
            reader = crew.leader()
            batch = reader.router.score(incoming(found[cursor : cursor + PAGE]))
            if any(answer.status == UNSCORED for answer in batch.answers):
                crew.later(5)
                continue
            cursor += PAGE
            if cursor - since >= 3 * PAGE or cursor >= len(found):
                reader.router.commit({"cursor": str(cursor)})
                since = cursor
        except ClusterError:
            crew.later(5)
            cursor = since
        except (Lost, StopIteration, Killed):
            cursor = since = committed(crew)


def committed(crew: Crew) -> int:
    """The cursor that the next leader finds, once there is one."""
    while True:
        crew.later(5)
        with suppress(Lost, StopIteration, Killed):
            return int(crew.leader().router.notes().get("cursor", "0"))


def compare(crew: Crew, found: Sequence[dict[str, Any]]) -> None:
    """Every score and every profile is that of one scorer that was never disturbed."""
    events = signins(found)
    scorer, assessments = alone(events)
    stored = scores(crew.alive()[0].cluster)
    assert len(stored) == len(found)
    for one, assessment in zip(incoming(found), assessments, strict=True):
        body = stored[one.identity]
        assert body["log_odds"] == pytest.approx(assessment.log_odds, abs=1e-9), one.identity
        assert body["risk"] == pytest.approx(assessment.risk, abs=1e-9)
        assert (body["level"], body["learned"], body["alert"]) == (
            assessment.level,
            assessment.learned,
            assessment.alert,
        )
    for one in crew.alive():
        for partition in one.router.partitions():
            assert partition.run(tables) == tables(scorer)
    assert profiles(crew.alive(), events) == {event.user: profile(scorer, event.user) for event in events}


def tables(scorer: Scorer) -> Any:
    return json.loads(json.dumps(scorer.organisation.to_json()))


@pytest.mark.slow
@pytest.mark.parametrize(("names", "partitions"), [("abc", 1), ("a", 3), ("abc", 3), ("abc", 7)])
def test_a_fortnight_over_several_instances_is_one_scorers(
    begin: Callable[..., Crew], names: str, partitions: int
) -> None:
    found = documents(people=16, days=14)
    crew = begin(names, partitions)
    owned = [one.router.owned() for one in crew.instances]
    assert sorted(number for numbers in owned for number in numbers) == list(range(partitions))
    assert max(map(len, owned)) <= -(-partitions // len(names))
    feed(crew, found)
    compare(crew, found)
    epochs = {body["epoch"] for body in scores(crew.instances[0].cluster).values()}
    assert len(epochs) == 14


class Dies:
    """Ends the process at its request of that number."""

    def __init__(self, number: int) -> None:
        self.left = number

    def __call__(self, when: str, request: str, name: str) -> None:
        self.left -= 1
        if self.left < 0:
            raise Killed


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")  # threads that die with it
@pytest.mark.parametrize(
    ("victim", "number"),  # who reads, and another
    [
        *(("a", number) for number in (3, 58, 139, 260, 391, 520)),
        *(("b", number) for number in (3, 31, 64, 97, 150, 211)),
    ],
)
def test_when_one_dies_nothing_is_lost_and_nothing_twice(begin: Callable[..., Crew], victim: str, number: int) -> None:
    found = documents(people=16, days=9)
    crew = begin("abc", 3)
    one = next(one for one in crew.instances if one.name == victim)
    one.cluster.fault = Dies(number)
    feed(crew, found)
    assert one.cluster.dead
    compare(crew, found)


@pytest.mark.slow
def test_everybody_dies_and_others_come(begin: Callable[..., Crew]) -> None:
    found = documents(people=16, days=9)
    crew = begin("ab", 3)

    def at(start: int) -> None:
        if start == 3 * PAGE and len(crew.instances) == 2:
            for one in crew.instances:
                one.cluster.dead = True
            crew.join("c")
            crew.later(16)

    feed(crew, found, at)
    compare(crew, found)


@pytest.mark.slow
def test_who_joins_gets_its_share_and_who_leaves_hands_it_over(begin: Callable[..., Crew]) -> None:
    found = documents(people=16, days=9)
    crew = begin("a", 6)
    seen = []

    def at(start: int) -> None:
        if start == 2 * PAGE and len(crew.instances) == 1:
            crew.join("b")
            crew.join("c")
            crew.later(3)
            seen.append([len(one.router.owned()) for one in crew.instances])
        if start == 5 * PAGE and not crew.instances[0].cluster.dead:
            crew.instances[0].router.close()
            crew.instances[0].cluster.dead = True
            crew.later(16)
            seen.append([len(one.router.owned()) for one in crew.alive()])

    feed(crew, found, at)
    assert seen[0] == [2, 2, 2]
    assert seen[-1] == [3, 3]
    compare(crew, found)


@pytest.mark.slow
def test_stopped_owner_that_wakes_up_has_lost_its_people_and_gets_them_back_in_time(begin: Callable[..., Crew]) -> None:
    found = documents(people=16, days=9)
    crew = begin("abc", 3)
    stopped = crew.instances[1]
    slept = []

    def at(start: int) -> None:
        if start == 3 * PAGE and not slept:
            slept.append(stopped.router.owned())
            stopped.cluster.dead = True  # SIGSTOP
            crew.later(20)
            stopped.cluster.dead = False
            answers = stopped.router.score(incoming(found[-5:], API)).answers
            assert stopped.router.owned() == []
            assert {answer.status for answer in answers} <= {SCORED, UNSCORED}

    feed(crew, found, at)
    compare(crew, found)
    crew.later(5)
    assert slept == [[1]]
    assert [len(one.router.owned()) for one in crew.instances] == [1, 1, 1]


@pytest.mark.slow
@pytest.mark.parametrize("gone", [range(3, 5), range(2, 9), range(1, 8)])
def test_time_that_jumps_over_days_settles_each_day_by_itself(begin: Callable[..., Crew], gone: range) -> None:
    every = documents(people=16, days=12)
    days = [int(event.time // 86_400) for event in signins(every)]
    found = [document for document, day in zip(every, days, strict=True) if day - days[0] not in gone]
    crew = begin("ab", 3)
    feed(crew, found)
    compare(crew, found)


def test_forgotten_person_is_in_no_live_document_not_even_in_what_a_day_taught(begin: Callable[..., Crew]) -> None:
    found = documents(people=16, days=9)[:220]
    crew = begin("ab", 3)
    feed(crew, found)
    user = signins(found)[0].user
    assert f'"{user}"' in crew.data.live().replace("\\", "")
    delta = json.loads(crew.instances[0].owners.owned()[0].store.meta()["delta.0"])
    assert any(crew.instances[0].router.places.of(who) == 0 for _, who, _ in delta["egress"])
    for one in crew.instances:
        for partition in one.router.partitions():
            partition.forget(user)
    state = Data()
    state.indices = {NAMES.state: crew.data.indices[NAMES.state]}
    state.visible = {NAMES.state: crew.data.visible[NAMES.state]}
    assert user not in state.live()


# The hop ------------------------------------------------------------------------------------------------------


def test_only_who_knows_the_secret_is_let_in(begin: Callable[..., Crew]) -> None:
    address = begin("a", 3).instances[0].owners.address
    for key, status in (("", 401), ("wrong", 401), (KEY + "x", 401), (KEY, 400)):
        for verb in ("score", "settle", "commit"):
            answer = httpx.post(f"{address}/internal/{verb}", content=b"{", headers={HEADER: key})
            assert (answer.status_code, answer.content) == (status, b"")
    assert httpx.get(f"{address}/internal/score").status_code == 405


def test_without_a_secret_nobody_is() -> None:
    one = Instance(FakeCluster())
    assert not Answering(one.local, "").is_known("")


def test_people_of_an_instance_that_is_away_stay_unscored_and_the_others_are_scored(begin: Callable[..., Crew]) -> None:
    crew = begin("ab", 3)
    here, there = crew.instances
    here.router.score(incoming(documents()[:1], API))  # the day has begun for both
    there.cluster.dead = True
    batch = here.router.score(incoming(documents()[1:41], API))
    mine = set(here.router.owned())
    events = signins(documents()[1:41])
    scored = [answer.status == SCORED for answer in batch.answers]
    assert scored == [here.router.places.of(event.user) in mine for event in events]
    assert 8 < sum(scored) < 40


def test_what_upstream_refuses_is_taken_back_everywhere(begin: Callable[..., Crew]) -> None:
    found = documents()[:240]
    kept = [place % 4 != 1 for place in range(240)]
    days = [int(event.time // 86_400) for event in signins(found)]
    crew = begin("abc", 3)
    for day in sorted(set(days)):  # all of a batch that is not for good yet has one epoch, the latest
        first, end = days.index(day), days.index(day) + days.count(day)
        for number, start in enumerate(range(first, end, 40)):
            router = crew.instances[number % 3].router
            stop = min(start + 40, end)
            batch = router.score(incoming(found[start:stop], API), provisional=True)
            router.settle(str(batch.ticket), kept[start:stop])
            router.commit()
    for one in crew.instances:
        one.router.commit()
    events = [event for event, keep in zip(signins(found), kept, strict=True) if keep]
    scorer, _ = alone(events)
    assert profiles(crew.instances, events) == {event.user: profile(scorer, event.user) for event in events}
    assert len(scores(crew.instances[0].cluster)) == len(events)
    for one in crew.instances:
        for partition in one.router.partitions():
            assert partition.run(lambda model: model.evidence.to_json()) == scorer.evidence.to_json()
