"""What the cluster answers decides what is learned; what the caller asked for is what the caller sees."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
from busybody_elastic.app import build_app
from doors import config, ready, running, signin
from gateway_front import NDJSON, Front, added, gateway, operations, real_router
from upstream import Fault

BEATS = "?filter_path=errors%2Citems.%2A.error%2Citems.%2A.status"


@pytest.fixture
def front() -> Iterator[Front]:
    with gateway() as front:
        yield front


# Settling ---------------------------------------------------------------------------------------------------


def test_what_the_cluster_refuses_was_never_learned(front: Front) -> None:
    front.cluster.item_fault = lambda position, name, source: {1: 429, 2: 503, 3: 400}.get(position, 0)
    answer = front.bulk(operations(*(signin(number) for number in range(5))))
    assert [item["create"]["status"] for item in answer.json()["items"]] == [201, 429, 503, 400, 201]
    assert front.router.learned == ["ana-0", "ana-4"]
    assert front.metric("busybody_rolled_back_total") == 3
    front.cluster.item_fault = lambda position, name, source: 0
    front.bulk(operations(*(signin(number) for number in range(5))))
    assert sorted(front.router.learned) == [f"ana-{number}" for number in range(5)]


@pytest.mark.parametrize("status", [429, 503, 413, 401, 500])
def test_a_whole_request_that_is_refused_teaches_nothing(front: Front, status: int) -> None:
    front.cluster.faults.append(Fault(status))
    answer = front.bulk(operations(signin()))
    assert (answer.status_code, answer.json()["status"]) == (status, status)
    assert front.router.learned == []


def test_too_large_is_said_by_whoever_finds_it_so(front: Front) -> None:
    front.cluster.largest = 300
    assert front.bulk(operations(signin(), signin(1))).status_code == 413


def test_a_duplicate_by_its_id_is_learned_where_it_was_not_yet(front: Front) -> None:
    front.cluster.documents["logs"] = {"n": b"{}"}
    answer = front.bulk(_named("n", nameless()))
    assert answer.json()["items"][0]["create"]["status"] == 409
    assert front.router.settled == [(True,)]


def test_what_lies_there_by_that_id_may_be_another_sign_in(front: Front) -> None:
    front.bulk(_named("a", signin(1)))
    answer = front.bulk(_named("a", signin(2, user="eve")))
    assert answer.json()["items"][0]["create"]["status"] == 409
    assert front.router.learned == ["ana-1"]
    assert front.metric("busybody_rolled_back_total") == 1
    front.bulk(_named("a", signin(1)))  # sent again, as shippers do
    assert front.router.learned == ["ana-1"]
    assert front.metric("busybody_rolled_back_total") == 1


@pytest.mark.parametrize(
    ("action", "condition"),
    [("index", {"if_seq_no": 1, "if_primary_term": 1}), ("index", {"version": 1}), ("create", {"version": 3})],
)
def test_a_condition_that_fails_says_nothing_of_the_sign_in(
    front: Front, action: str, condition: dict[str, int]
) -> None:
    front.cluster.item_fault = lambda position, name, source: 409
    front.bulk(_named("n", nameless(), action, **condition))
    assert front.router.settled == [(False,)]


def _named(name: str, document: dict[str, Any], action: str = "create", **condition: int) -> str:
    return json.dumps({action: {"_id": name, **condition}}) + "\n" + json.dumps(document) + "\n"


def test_a_connection_cut_before_it_took_effect(front: Front) -> None:
    front.cluster.faults.append(Fault(cut="before"))
    answer = front.bulk(operations(signin()))
    assert answer.status_code == 502
    assert front.router.learned == []
    assert front.bulk(operations(signin())).status_code == 200
    assert front.router.learned == ["ana-0"]


def test_a_connection_cut_after_it_took_effect_teaches_once(front: Front) -> None:
    front.cluster.faults.append(Fault(cut="after"))
    assert front.bulk(operations(signin())).status_code == 502
    assert front.router.learned == []
    assert front.bulk(operations(signin())).json()["items"][0]["create"]["status"] == 409
    assert front.router.learned == ["ana-0"]
    assert front.metric("busybody_upstream_errors_total", kind="cut") == 1


def test_nobody_there(front: Front) -> None:
    app = build_app(config(gateway={"enabled": True, "upstream": ["http://127.0.0.1:9"]}), front.router, status=ready)
    with running(app) as url:
        assert httpx.get(url).status_code == 503
        answer = httpx.post(url + "/logs/_bulk", content=operations(signin()), headers=NDJSON)
    assert (answer.status_code, answer.json()["error"]["type"]) == (503, "busybody_upstream_exception")
    assert front.router.learned == []


def test_an_index_that_refuses_our_fields_gets_the_document_as_it_came(front: Front) -> None:
    front.cluster.strict.add("strict")
    documents = [signin(number) for number in range(3)]
    body = "".join(
        json.dumps({"create": {"_index": index, "_id": str(number)}}) + "\n" + json.dumps(document) + "\n"
        for number, (document, index) in enumerate(zip(documents, ("logs", "strict", "logs"), strict=True))
    )
    answer = front.bulk(body).json()
    assert [(item["create"]["_index"], item["create"]["status"]) for item in answer["items"]] == [
        ("logs", 201), ("strict", 201), ("logs", 201),
    ]  # fmt: skip
    assert answer["errors"] is False
    assert front.cluster.sources("strict") == [json.dumps(documents[1]).encode()]
    assert front.router.learned == ["ana-0", "ana-1", "ana-2"]
    assert front.metric("busybody_refused_fields_total") == 1
    requests = len(front.cluster.seen)
    front.bulk('{"create":{"_index":"strict"}}\n' + json.dumps(signin(9)) + "\n")
    assert len(front.cluster.seen) == requests + 1  # it is remembered
    assert front.router.learned[-1] == "ana-9"


def nameless(number: int = 0) -> dict[str, Any]:
    """A sign-in that nothing identifies but where it lies."""
    document = signin(number)
    del document["event"]["id"]
    return document


def test_what_lies_there_without_our_stamp_and_name_is_left_to_the_reader(front: Front) -> None:
    front.cluster.strict.add("logs")
    for number in (1, 2):  # refused and sent again, then known to be strict
        answer = front.bulk(_line(nameless(number)))
        assert answer.json()["items"][0]["create"]["status"] == 201
        assert front.router.settled == [(False,)] * number
        assert front.metric("busybody_unscored_total", door="gateway", reason="no_identity") == number
    front.bulk('{"create":{"_id":"n"}}\n' + json.dumps(nameless(3)) + "\n")
    assert front.router.settled[-1] == (True,)


def test_a_stamp_carries_the_name_of_what_has_none(front: Front) -> None:
    front.bulk(_line(nameless()))
    assert front.router.settled == [(True,)]


def _line(document: dict[str, Any]) -> str:
    return '{"create":{}}\n' + json.dumps(document) + "\n"


def test_a_document_that_speaks_of_us_makes_no_index_strict(front: Front) -> None:
    hostile = {**signin(1), "@timestamp": "busybody"}
    front.bulk(_line(hostile) + _line(signin(2)))
    assert front.metric("busybody_refused_fields_total") == 0
    front.bulk(_line(signin(3)))
    assert added(front.cluster.sources()[-1])["status"] == "scored"


def test_an_index_is_strict_only_once_it_took_the_document_without_our_fields(front: Front) -> None:
    front.cluster.strict.add("logs")
    front.cluster.item_fault = lambda position, name, source: 0 if b'"busybody"' in source else 400
    front.bulk(_line(signin()))
    front.cluster.strict.clear()
    front.cluster.item_fault = lambda position, name, source: 0
    front.bulk(_line(signin(1)))
    assert added(front.cluster.sources()[-1])["status"] == "scored"


@pytest.mark.parametrize("fault", [Fault(cut="after"), Fault(502)])
def test_without_an_answer_no_stamp_is_trusted_until_it_comes_again(front: Front, fault: Fault) -> None:
    front.bulk(_line(signin(1)))
    assert front.router.stamps.vouched(json.loads(front.cluster.sources()[0]))
    front.cluster.faults.append(fault)
    front.bulk(operations(signin()))
    stamped = json.loads(front.last.body.split(b"\n")[1])
    assert front.router.stamps.doubtful() == [stamped["busybody"]["identity"]]
    assert not front.router.stamps.vouched(stamped)
    front.bulk(operations(signin()))
    assert front.router.stamps.doubtful() == []
    assert front.router.stamps.vouched(stamped)


@pytest.mark.parametrize(
    ("fault", "status"), [(Fault(429), 429), (Fault(cut="before"), 503), (Fault(cut="after"), 503)]
)
def test_where_sending_it_again_fails_the_caller_is_to_send_it_again(front: Front, fault: Fault, status: int) -> None:
    front.cluster.strict.add("logs")
    front.cluster.faults += [Fault(), fault]
    answer = front.bulk(operations(signin())).json()
    assert answer["items"][0]["create"]["status"] == status
    assert answer["errors"] is True
    assert front.router.learned == []


def test_the_failure_store_is_counted(front: Front) -> None:
    front.cluster.failure_store.add("logs")
    front.bulk(operations({**signin(), "odd": 1}))
    assert front.metric("busybody_failure_store_total") == 1


# What the caller wants to see --------------------------------------------------------------------------------


def test_a_beats_filter_is_enough_for_us(front: Front) -> None:
    front.cluster.item_fault = lambda position, name, source: 429 if position == 1 else 0
    answer = front.bulk(operations(signin(), signin(1)), "/_bulk" + BEATS)
    error = {"type": "injected", "reason": "on purpose"}
    assert answer.json() == {
        "errors": True,
        "items": [{"create": {"status": 201}}, {"create": {"status": 429, "error": error}}],
    }
    assert front.last.path == "/_bulk" + BEATS
    assert front.router.learned == ["ana-0"]


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ("errors", {"errors": True}),
        ("took", {"took": 3}),
        ("items.*.error.type", {"items": [{"create": {"error": {"type": "injected"}}}]}),
        ("items.cr*._id", {"items": [{"create": {"_id": "ana-0"}}, {"create": {"_id": "ana-1"}}]}),
        ("**.status", {"items": [{"create": {"status": 201}}, {"create": {"status": 429}}]}),
        ("-items", {"took": 3, "errors": True}),
        ("-items.*._index,-items.*.error,-took,-items.*.result", {"errors": True, "items": [
            {"create": {"_id": "ana-0", "status": 201}}, {"create": {"_id": "ana-1", "status": 429}}]}),
        ("nothing", {}),
    ],
)  # fmt: skip
def test_a_filter_that_would_blind_us_is_ours_to_apply(front: Front, wanted: str, found: Any) -> None:
    front.cluster.item_fault = lambda position, name, source: 429 if position == 1 else 0
    answer = front.bulk(operations(signin(), signin(1)), "/logs/_bulk?refresh=true&filter_path=" + wanted)
    assert answer.json() == found
    assert front.last.path == "/logs/_bulk?refresh=true"
    assert front.router.learned == ["ana-0"]


def test_an_answer_is_not_asked_for_in_gzip(front: Front) -> None:
    assert front.bulk(operations(signin()), **{"Accept-Encoding": "gzip"}).json()["errors"] is False
    assert front.bulk('{"index":{}}\n{"x":1}\n', **{"Accept-Encoding": "gzip"}).headers["content-encoding"] == "gzip"


# Failing open -----------------------------------------------------------------------------------------------


def test_what_is_not_scored_in_time_goes_on_marked() -> None:
    with gateway(deadline_ms=40) as front:
        front.router.deaf = True
        begun = time.perf_counter()
        answer = front.bulk(operations(signin()))
        assert time.perf_counter() - begun < 2.0
        assert answer.json()["items"][0]["create"]["status"] == 201
        found = added(front.cluster.sources()[0])
        assert (found["status"], found["reason"]) == ("unscored", "no score within the deadline")
        assert len(found["identity"]) == 64
        assert front.metric("busybody_unscored_total", door="gateway", reason="deadline") == 1
        assert front.router.learned == []


def test_a_score_that_comes_too_late_is_taken_back() -> None:
    with gateway(deadline_ms=0, per_signin_ms=0) as front:
        front.bulk(operations(signin()))
        assert added(front.cluster.sources()[0])["status"] == "unscored"
        front.client.close()
    assert front.router.learned == []


def test_whatever_goes_wrong_in_scoring_documents_reach_the_cluster(front: Front) -> None:
    def broken(*_: Any, **__: Any) -> Any:
        raise RuntimeError("ana")

    front.router.score = broken  # type: ignore[method-assign]
    assert front.bulk(operations(signin())).json()["errors"] is False
    assert added(front.cluster.sources()[0])["reason"] == "scoring failed"
    assert front.metric("busybody_unscored_total", door="gateway", reason="error") == 1


def test_the_whole_result_where_that_is_configured() -> None:
    with gateway(fields="full") as front:
        front.bulk(operations(signin()))
        assert {"log_odds", "base", "findings"} <= added(front.cluster.sources()[0]).keys()


def test_a_second_delivery_in_one_request_is_known(front: Front) -> None:
    front.bulk(operations(signin(), action="index", ids=False) * 2)
    assert [added(source)["status"] for source in front.cluster.sources()] == ["scored", "known"]


# Several at once ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("deadline_ms", "status"), [(20_000, "scored"), (100, "unscored")])
def test_who_is_in_a_batch_that_is_not_settled_is_waited_for(deadline_ms: float, status: str) -> None:
    with gateway(real_router(), deadline_ms=deadline_ms) as front:
        reached, held = threading.Event(), threading.Event()
        front.cluster.faults.append(Fault(reached=reached, held=held))
        with ThreadPoolExecutor(2) as both:
            first = both.submit(front.bulk, operations(signin(1)))
            assert reached.wait(20)
            second = both.submit(front.bulk, operations(signin(2)))
            assert front.bulk(operations(signin(3, user="bob"))).json()["errors"] is False
            if status == "unscored":
                second.result(20)
            assert added(front.cluster.documents["logs"]["bob-3"])["status"] == "scored"
            held.set()
            assert [one.result(20).json()["errors"] for one in (first, second)] == [False, False]
        found = added(front.cluster.documents["logs"]["ana-2"])
        assert found["status"] == status
        assert ("not settled" in found.get("reason", "") or "deadline" in found.get("reason", "")) is (
            status == "unscored"
        )


def test_many_at_once_teach_each_sign_in_once() -> None:
    router = real_router()
    with gateway(router, deadline_ms=20_000) as front:
        front.cluster.item_fault = lambda position, name, source: (
            429 if position % 3 == 2 and b'"retry"' not in source else 0
        )
        people = [f"p{number}" for number in range(7)]

        def send(batch: int) -> list[str]:
            documents = [signin(batch * 10 + number, user=people[(batch + number) % 7]) for number in range(9)]
            answer = front.bulk(operations(*documents)).json()
            refused = [
                document
                for document, item in zip(documents, answer["items"], strict=True)
                if item["create"]["status"] == 429
            ]
            again = front.bulk(operations(*({**document, "retry": 1} for document in refused))).json()
            return [
                item["create"]["_id"]
                for part in (answer, again)
                for item in part["items"]
                if item["create"]["status"] == 201
            ]

        with ThreadPoolExecutor(4) as several:
            taken = [name for names in several.map(send, range(12)) for name in names]
        assert sorted(taken) == sorted(front.cluster.documents["logs"])
        assert {added(source)["status"] for source in front.cluster.sources()} == {"scored"}
        assert router.partitions()[0].status()["uncommitted"] + router.partitions()[0].status()["scored"] >= 108
