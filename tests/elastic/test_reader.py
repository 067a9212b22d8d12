"""The reader against genuine nodes and a router that only remembers: nothing lost, nothing twice."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import count
from typing import Any

import pytest
from busybody.policy import Policy
from busybody_elastic.backfill import backfill
from busybody_elastic.cluster.protocol import Cluster
from busybody_elastic.cursor import Cursor
from busybody_elastic.errors import ClusterError, PartialResults
from busybody_elastic.reader.feed import Stopped
from busybody_elastic.reader.follow import Reader
from busybody_elastic.reader.look import undated
from busybody_elastic.records import GATEWAY, KNOWN, READER, SCORED, UNSCORED, Answer, Batch, Incoming
from busybody_elastic.stamps import Stamps
from busybody_elastic.sweep import Sweep
from crash.signins import make, signin, write

pytestmark = pytest.mark.node
NOW = float(int(time.time()))
DATE = {"event.ingested": "date", "@timestamp": "date"}
NANOS = {"event.ingested": "date_nanos", "@timestamp": "date_nanos"}


class Remembering:
    """A router that scores nothing; what it was given, and what was committed."""

    leads = True

    def __init__(self) -> None:
        self.stamps = Stamps()
        self.given: list[Incoming] = []
        self.results: dict[str, float] = {}  # identity -> when
        self.kept: dict[str, str] = {}
        self.commits = 0
        self.refuses = 0  # how many answers are still UNSCORED

    def notes(self) -> dict[str, str]:
        return dict(self.kept)

    def score(
        self, incoming: Sequence[Incoming], *, learn: bool = True, provisional: bool = False,
        deadline: float | None = None,
    ) -> Batch:  # fmt: skip
        answers = []
        for one in incoming:
            if self.refuses:
                self.refuses -= 1
                answers.append(Answer(one.identity, UNSCORED, "nobody owns them"))
                continue
            self.given.append(one)
            answers.append(Answer(one.identity, KNOWN if one.identity in self.results else SCORED))
            self.results.setdefault(one.identity, time.time())
        return Batch(answers)

    def settle(self, ticket: str, accepted: Sequence[bool]) -> None: ...

    def commit(self, notes: Mapping[str, str] | None = None) -> None:
        self.kept.update(notes or {})
        self.commits += 1

    def known(self, identities: Sequence[str], before: float | None = None) -> set[str]:
        limit = float("inf") if before is None else before
        return {one for one in identities if one in self.results and self.results[one] <= limit}

    @property
    def ids(self) -> list[str]:
        return [one.id for one in self.given]


@pytest.fixture
def source(cluster: Cluster, namespace: str) -> Iterator[str]:
    """A name that the indices of one test begin with."""
    yield namespace
    cluster.request("DELETE", f"/{namespace}-a,{namespace}-b,{namespace}-c", params={"ignore_unavailable": "true"})


def reader(cluster: Cluster, router: Remembering, source: str, **options: Any) -> Reader:
    options = {"now": lambda: NOW + 60, "learn_days": 0, "page": 500, "indices": [f"{source}-*"], **options}
    return Reader(cluster, router, router.known, Policy.default(), **options)


def since(router: Remembering, moment: float) -> None:
    """As if the service had started at that moment, and stopped at once."""
    router.kept = Cursor(int(moment * 1000), int(moment * 1000)).notes()


def stamped(
    router: Remembering, letter: str, number: int, *, status: str = "scored", ingested: float = NOW, **more: Any
) -> dict[str, Any]:
    """A sign-in as the gateway passes it on."""
    stamp = router.stamps.of(letter * 64, status)
    return {
        **signin(number, ingested, ingested=ingested),
        "busybody": {"identity": letter * 64, "status": status, "stamp": stamp, **more},
    }


def test_ten_thousand_sign_ins_of_one_moment_are_each_read_once(cluster: Cluster, source: str) -> None:
    for name in ("a", "b"):
        make(cluster, f"{source}-{name}", DATE, number_of_shards=2)
    for name, start in (("a", 0), ("b", 5000)):
        write(cluster, f"{source}-{name}", ((str(n), signin(n, NOW, ingested=NOW)) for n in range(start, start + 5000)))
    router = Remembering()
    since(router, NOW - 60)
    following = reader(cluster, router, source)
    assert following.cycle() == 10_000
    assert following.cycle() == 0
    assert sorted(router.ids, key=int) == [str(n) for n in range(10_000)]


def test_dates_of_both_kinds_are_read_in_one_order(cluster: Cluster, source: str) -> None:
    make(cluster, f"{source}-a", DATE)
    make(cluster, f"{source}-b", NANOS)
    for name, numbers in (("a", range(0, 600, 2)), ("b", range(1, 600, 2))):
        write(
            cluster, f"{source}-{name}", ((str(n), signin(n, NOW + n / 100, ingested=NOW + n / 100)) for n in numbers)
        )
    router = Remembering()
    since(router, NOW - 60)
    following = reader(cluster, router, source, page=70, now=lambda: NOW + 60)
    assert following.cycle() == 600
    assert router.ids == [str(n) for n in range(600)]
    assert following.cycle() == 0


def test_an_index_without_the_sort_field_is_read_by_event_time(cluster: Cluster, source: str) -> None:
    make(cluster, f"{source}-a", DATE)
    make(cluster, f"{source}-b", {"@timestamp": "date"})
    write(cluster, f"{source}-a", ((f"a{n}", signin(n, NOW + n, ingested=NOW + n)) for n in range(40)))
    write(cluster, f"{source}-b", ((f"b{n}", signin(100 + n, NOW + n)) for n in range(40)))
    router = Remembering()
    since(router, NOW - 60)
    following = reader(cluster, router, source, now=lambda: NOW + 60)
    following.cycle()
    assert len(router.ids) == len(set(router.ids)) == 80
    assert [n for n in router.ids if n[0] == "b"] == [f"b{n}" for n in range(40)]
    assert abs(router.ids.index("a20") - router.ids.index("b20")) < 4, "both lanes advance together"
    assert undated(cluster, f"{source}-*") == {}
    write(cluster, f"{source}-b", [("undated", {"event": {"category": "authentication"}, "user": {"name": "ana"}})])
    assert undated(cluster, f"{source}-*") == {f"{source}-b": 1}


def test_what_a_slow_index_shows_late_is_read_though_newer_was_read_before(cluster: Cluster, source: str) -> None:
    make(cluster, f"{source}-a", DATE)
    make(cluster, f"{source}-b", DATE, refresh_interval="30s")
    router = Remembering()
    since(router, NOW - 100)
    clock = count(NOW * 1000)
    following = reader(cluster, router, source, now=lambda: next(clock) / 1000)
    assert following.cycle() == 0
    assert "30 s" in following.refresh.words
    assert following.overlap_seconds > 30
    write(cluster, f"{source}-b", ((f"b{n}", signin(n, NOW, ingested=NOW - 29)) for n in range(50)), refresh=False)
    write(cluster, f"{source}-a", ((f"a{n}", signin(100 + n, NOW, ingested=NOW - n / 100)) for n in range(100)))
    assert following.cycle() == 100
    cluster.refresh(f"{source}-b")
    assert following.cycle() == 50
    assert following.cycle() == 0
    assert len(router.ids) == len(set(router.ids)) == 150


def test_a_red_shard_stops_the_reader_where_it_stands(cluster: Cluster, source: str) -> None:
    make(cluster, f"{source}-a", DATE)
    write(cluster, f"{source}-a", ((str(n), signin(n, NOW, ingested=NOW)) for n in range(10)))
    impossible = {"index.routing.allocation.require.nowhere": "to be had", "index.number_of_replicas": 0}
    cluster.request("PUT", f"/{source}-b", {"settings": impossible}, params={"wait_for_active_shards": "0"})
    router = Remembering()
    since(router, NOW - 60)
    following = reader(cluster, router, source)
    before = dict(router.kept)
    with pytest.raises((PartialResults, ClusterError)):
        following.cycle()
    assert router.ids == []
    assert router.kept == before
    cluster.request("DELETE", f"/{source}-b")
    assert following.cycle() == 10


def test_a_sign_in_that_comes_later_than_the_overlap_is_found_by_the_sweep(cluster: Cluster, source: str) -> None:
    make(cluster, f"{source}-a", DATE)
    write(cluster, f"{source}-a", ((str(n), signin(n, NOW, ingested=NOW)) for n in range(10)))
    router = Remembering()
    since(router, NOW - 4000)
    following = reader(cluster, router, source)
    following.cycle()
    write(cluster, f"{source}-a", [("late", signin(50, NOW - 3600, ingested=NOW - 3600))])
    assert following.cycle() == 0
    sweep = Sweep(following, back_seconds=7200)
    assert sweep.whole() == 1
    assert router.ids[-1] == "late"
    assert sweep.whole() == 0


def test_the_first_start_learns_the_past_silently_and_then_follows(cluster: Cluster, source: str) -> None:
    make(cluster, f"{source}-a", DATE)
    day = 86400.0
    write(cluster, f"{source}-a", ((str(n), signin(n, NOW - n * day, ingested=NOW - 100)) for n in range(1, 40)))
    router = Remembering()
    following = reader(cluster, router, source, learn_days=30)
    following.cycle()
    assert router.ids == [str(n) for n in range(30 if NOW - 30 * day >= time.time() - 30 * day else 29, 0, -1)]
    assert all(one.quiet for one in router.given)
    later = time.time() + 1
    write(cluster, f"{source}-a", [("new", signin(99, later, ingested=later))])
    assert following.cycle() == 1
    assert not router.given[-1].quiet


def test_a_restart_reads_on_and_feeds_again_only_what_may_not_be_learned(cluster: Cluster, source: str) -> None:
    make(cluster, f"{source}-a", DATE)
    write(cluster, f"{source}-a", ((str(n), signin(n, NOW, ingested=NOW - 200 + n)) for n in range(100)))
    router = Remembering()
    since(router, NOW - 300)
    reader(cluster, router, source).cycle()
    assert len(router.ids) == 100
    router.results = dict.fromkeys(router.results, time.time() - 3600)  # scored an hour ago
    write(cluster, f"{source}-a", ((f"new{n}", signin(200 + n, NOW, ingested=NOW - 99)) for n in range(5)))
    router.given.clear()
    again = reader(cluster, router, source)
    assert again.cycle() > 0
    assert sorted(router.ids) == [f"new{n}" for n in range(5)]
    router.given.clear()
    router.results = dict.fromkeys(router.results, time.time())  # scored when the last process may have died
    reader(cluster, router, source, overlap_seconds=30).cycle()
    assert {one.identity for one in router.given} <= set(router.results)
    assert len(router.given) == 5 + 29


def test_a_catch_up_older_than_an_hour_is_quiet(cluster: Cluster, source: str) -> None:
    make(cluster, f"{source}-a", DATE)
    write(cluster, f"{source}-a", ((str(n), signin(n, NOW, ingested=NOW - n * 600)) for n in range(12)))
    router = Remembering()
    since(router, NOW - 86400)
    reader(cluster, router, source).cycle()
    assert [one.id for one in router.given if one.quiet] == [str(n) for n in range(11, 5, -1)]


def test_what_the_gateway_scored_is_left_alone_and_what_it_let_through_is_scored(cluster: Cluster, source: str) -> None:
    make(cluster, f"{source}-a", DATE)
    router = Remembering()
    since(router, NOW - 1000)
    scored = stamped(router, "a", 1, ingested=NOW - 500, level="high")
    open_ = stamped(router, "b", 2, status="unscored")
    forged = stamped(Remembering(), "c", 3)
    write(cluster, f"{source}-a", [("scored", scored), ("open", open_), ("forged", forged)])
    router.results["a" * 64] = 0.0
    following = reader(cluster, router, source)
    following.cycle()
    given = {one.id: one for one in router.given}
    assert {name: one.entrance for name, one in given.items()} == {"open": READER, "forged": READER}
    assert given["open"].identity == "b" * 64
    assert given["forged"].identity != "c" * 64, "nobody vouches for it"
    router.given.clear()
    assert Sweep(following, gateway_scores="risky").whole() == 0
    del router.results["a" * 64]  # the gateway died before it could write the result
    sweep = Sweep(following, gateway_scores="risky", now=lambda: NOW + 600)
    assert sweep.whole() == 1
    assert (router.ids, router.given[-1].entrance) == (["scored"], GATEWAY)


def test_our_own_streams_are_never_read_whatever_the_pattern(cluster: Cluster, namespace: str) -> None:
    index = f"logs-busybody.score-{namespace}"
    try:
        make(cluster, index + "-x", DATE)
    except ClusterError:
        pytest.skip("the cluster takes no plain index of that name")
    try:
        write(cluster, index + "-x", [("1", signin(1, NOW, ingested=NOW))])
        router = Remembering()
        since(router, NOW - 60)
        for pattern in (f"*{namespace}*", index + "-x"):
            assert reader(cluster, router, "", indices=[pattern], everything=True).cycle() == 0
        assert router.given == []
    finally:
        cluster.request("DELETE", f"/{index}-x")


def test_a_document_from_the_future_is_read_at_once_and_once_and_hides_nothing(cluster: Cluster, source: str) -> None:
    make(cluster, f"{source}-a", DATE)
    write(cluster, f"{source}-a", [("future", signin(1, NOW, ingested=NOW + 10 * 86400))])
    router = Remembering()
    since(router, NOW - 60)
    following = reader(cluster, router, source)
    assert (following.cycle(), following.cycle()) == (1, 0)
    write(cluster, f"{source}-a", [("now", signin(2, NOW, ingested=NOW))])
    assert (following.cycle(), following.cycle()) == (1, 0)
    assert router.ids == ["future", "now"]


def test_people_without_an_owner_are_asked_for_again_before_the_cursor_moves(cluster: Cluster, source: str) -> None:
    make(cluster, f"{source}-a", DATE)
    write(cluster, f"{source}-a", ((str(n), signin(n, NOW, ingested=NOW)) for n in range(10)))
    router = Remembering()
    since(router, NOW - 60)
    router.refuses = 5
    following = reader(cluster, router, source)
    assert following.cycle() == 10
    assert len(set(router.ids)) == 10
    assert following.stats.unscored == 5
    router.refuses = 10**9
    before = dict(router.kept)
    write(cluster, f"{source}-a", [("more", signin(77, NOW, ingested=NOW + 1))])
    stop = threading.Event()
    stop.set()
    halting = reader(cluster, router, source, stop=stop)
    with pytest.raises(Stopped):
        halting.cycle()
    assert Cursor.of(router.kept).lanes == Cursor.of(before).lanes


def test_a_back_fill_is_quiet_and_leaves_the_cursor_and_what_was_scored_alone(cluster: Cluster, source: str) -> None:
    make(cluster, f"{source}-a", DATE)
    write(cluster, f"{source}-a", ((str(n), signin(n, NOW - n * 3600, ingested=NOW)) for n in range(48)))
    router = Remembering()
    since(router, NOW - 60)
    cursor = router.kept["reader"]
    following = reader(cluster, router, source)
    assert backfill(following, NOW - 24 * 3600, NOW - 12 * 3600) == 12
    assert router.ids == [str(n) for n in range(24, 12, -1)]
    assert all(one.quiet for one in router.given)
    assert router.kept["reader"] == cursor
    router.results = dict.fromkeys(router.results, time.time() - 3600)
    del router.results[router.given[3].identity]
    router.given.clear()
    assert backfill(following, NOW - 24 * 3600, NOW - 12 * 3600) == 1


def test_a_back_fill_that_died_before_it_committed_is_learned_again_whenever_that_is(
    any_cluster: Cluster, namespace: str
) -> None:
    make(any_cluster, f"{namespace}-a", DATE)
    write(any_cluster, f"{namespace}-a", ((str(n), signin(n, NOW - n * 3600, ingested=NOW)) for n in range(48)))
    router = Remembering()
    since(router, NOW - 60)
    dying = reader(any_cluster, router, namespace)
    dying.show = lambda _: 1 / 0  # type: ignore[method-assign, assignment]
    with pytest.raises(ZeroDivisionError):
        backfill(dying, NOW - 48 * 3600, NOW)
    assert router.results, "results were written, and nothing of them learned"
    router.given.clear()
    later = lambda: time.time() + 86_400  # noqa: E731
    assert backfill(reader(any_cluster, router, namespace), NOW - 47.5 * 3600, NOW, now=later) == 47
    assert router.given, "fed again"
    router.given.clear()
    assert backfill(reader(any_cluster, router, namespace), NOW - 48 * 3600, NOW, now=later) == 0


def test_what_was_stamped_before_a_crash_is_learned_when_it_can_be_seen(cluster: Cluster, source: str) -> None:
    make(cluster, f"{source}-a", DATE, refresh_interval="-1")
    router = Remembering()
    since(router, NOW - 30)
    learned = stamped(router, "a", 1, ingested=NOW - 500, level="none")
    write(cluster, f"{source}-a", [("learned", learned)])
    fresh = stamped(router, "b", 2, ingested=NOW - 1, level="none")
    write(cluster, f"{source}-a", [("fresh", fresh)], refresh=False)
    clock = [NOW]
    for follows in (True, False):
        router.given.clear()
        following = reader(cluster, router, source, now=lambda: clock[0], follows=follows)
        following.cycle()
        if follows:
            assert router.ids == []
            cluster.refresh(f"{source}-a")
        for _ in range(20):
            clock[0] += 15
            following.cycle()
        assert [(one.id, one.entrance) for one in router.given] == [("fresh", GATEWAY)]
        assert ("recovery" in router.kept) is not follows
        router.results.clear()  # this process died, too
        since(router, NOW - 30)


def test_without_a_reader_nothing_else_is_read(any_cluster: Cluster, namespace: str) -> None:
    make(any_cluster, f"{namespace}-a", DATE)
    router = Remembering()
    following = reader(any_cluster, router, namespace, follows=False, learn_days=30)
    following.cycle()
    write(any_cluster, f"{namespace}-a", [("plain", signin(1, NOW, ingested=NOW))])
    assert following.cycle() == 0
    assert Sweep(following, now=lambda: NOW + 600).whole() == 0
    assert router.given == []
    assert "reader" not in router.kept, "a reader that is enabled later learns the past first"


@pytest.mark.parametrize("scores", ["all", "risky", "none"])
def test_a_sweep_learns_what_another_instance_stamped_and_did_not_learn(
    any_cluster: Cluster, namespace: str, scores: str
) -> None:
    make(any_cluster, f"{namespace}-a", DATE)
    router = Remembering()
    since(router, NOW - 30)
    following = reader(any_cluster, router, namespace)
    following.cycle()
    write(any_cluster, f"{namespace}-a", [("quiet", stamped(router, "a", 1, level="none"))])
    sweep = Sweep(following, gateway_scores=scores, now=lambda: NOW + 600)
    assert sweep.whole() == 1
    assert router.ids == ["quiet"]


def test_what_the_cluster_did_not_answer_for_is_learned_where_it_lies_there(
    any_cluster: Cluster, namespace: str
) -> None:
    make(any_cluster, f"{namespace}-a", DATE)
    router = Remembering()
    since(router, NOW - 60)
    following = reader(any_cluster, router, namespace, now=lambda: NOW)
    following.cycle()
    write(any_cluster, f"{namespace}-a", [("cut", stamped(router, "a", 1))])
    following.cycle()
    assert router.given == []
    router.stamps.doubt(["a" * 64, "b" * 64])
    following.cycle()
    assert router.ids == ["cut"]
    assert router.stamps.doubtful() == ["b" * 64]


def test_a_shipper_that_catches_up_pages_nobody(any_cluster: Cluster, namespace: str) -> None:
    make(any_cluster, f"{namespace}-a", DATE)
    write(any_cluster, f"{namespace}-a", ((str(n), signin(n, NOW - 300 - n * 600, ingested=NOW)) for n in range(12)))
    router = Remembering()
    since(router, NOW - 60)
    reader(any_cluster, router, namespace).cycle()
    assert sorted(int(one.id) for one in router.given if one.quiet) == [6, 7, 8, 9, 10, 11]


@pytest.mark.parametrize("field", ["event.ingested", "@timestamp"])
def test_an_index_whose_time_is_no_date_is_left_out_and_named(cluster: Cluster, source: str, field: str) -> None:
    make(cluster, f"{source}-a", DATE)
    router = Remembering()
    since(router, NOW - 60)
    following = reader(cluster, router, source)
    following.cycle()
    make(cluster, f"{source}-b", {**DATE, field: "keyword"})
    write(cluster, f"{source}-b", [("odd", signin(1, NOW, ingested=NOW))])
    write(cluster, f"{source}-a", [("fine", signin(2, NOW, ingested=NOW))])
    with suppress(ClusterError, PartialResults):  # some clusters do not even look into it
        following.cycle()
    following.stuck()
    following.cycle()
    assert "fine" in router.ids
    assert ("odd" in router.ids) <= (field == "@timestamp"), "read by the other time until it is looked up"
    assert following.left_out == {f"{source}-b": f"{field} is keyword, not date"}
    assert Sweep(following, now=lambda: NOW + 600).whole() == 0


def test_a_stream_whose_older_index_has_no_date_is_read_on(cluster: Cluster, namespace: str) -> None:
    def template(kind: str) -> None:
        properties = {"event": {"properties": {"ingested": {"type": kind}}}}
        body = {"settings": {"number_of_replicas": 0}, "mappings": {"properties": properties}}
        pattern = {"index_patterns": [f"logs-{namespace}-*"], "data_stream": {}, "priority": 900, "template": body}
        cluster.request("PUT", f"/_index_template/{namespace}", pattern)

    stream = f"logs-{namespace}-default"
    template("keyword")
    write(cluster, stream, [("0", signin(0, NOW - 86_400, ingested=NOW - 86_400))])
    try:
        template("date")
        cluster.request("POST", f"/{stream}/_rollover")
        write(cluster, stream, [("1", signin(1, NOW, ingested=NOW))])
        router = Remembering()
        since(router, NOW - 60)
        following = reader(cluster, router, "", indices=[f"logs-{namespace}-*"])
        assert following.cycle() == 1
        assert len(following.left_out) == 1
    finally:
        with suppress(ClusterError):  # a node without the module keeps its streams
            cluster.request("DELETE", f"/_data_stream/{stream}")
            cluster.request("DELETE", f"/_index_template/{namespace}")


def test_the_lag_grows_while_nothing_can_be_read(any_cluster: Cluster, namespace: str) -> None:
    router, clock = Remembering(), [NOW]
    since(router, NOW - 60)
    following = reader(any_cluster, router, namespace, now=lambda: clock[0])
    following.cycle()
    assert following.stats.lag_seconds == 0.0
    clock[0] += 400
    following.stuck()
    assert following.stats.lag_seconds == 400.0
