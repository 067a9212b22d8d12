"""POST /score, through the door, over a scorer in memory."""

from __future__ import annotations

import gzip
import json
from typing import Any, Iterator

import httpx
import pytest
from busybody_elastic.app import build_app
from doors import LocalRouter, config, ready, running, signin

NOT_JSON, NO_SIGNIN = (
    '{"user": ',
    {"@timestamp": "2026-03-02T08:00:00Z", "event": {"category": ["web"]}, "user": {"name": "a"}},
)


@pytest.fixture
def router() -> LocalRouter:
    return LocalRouter()


@pytest.fixture
def door(router: LocalRouter) -> Iterator[httpx.Client]:
    with running(build_app(config(), router, status=ready)) as url, httpx.Client(base_url=url) as client:
        yield client


def lines(*documents: Any) -> str:
    return "".join((document if isinstance(document, str) else json.dumps(document)) + "\n" for document in documents)


def test_an_object_comes_back_with_what_is_thought_of_it(door: httpx.Client) -> None:
    text = '{"big": 123456789012345678901234567890, "one": 1.0,\n ' + json.dumps(signin())[1:-1] + " }"
    answer = door.post("/score", content=text)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    kept, found = text[:-2], answer.json()["busybody"]
    assert answer.text.startswith(kept)
    assert (found["status"], found["level"]) == ("scored", "none")
    assert len(found["identity"]) == 64


def test_an_array_keeps_its_order_and_its_numbers(door: httpx.Client) -> None:
    first, second = '{"n": 36893488147419103232, ' + json.dumps(signin(1))[1:], json.dumps(NO_SIGNIN)
    answer = door.post("/score", content=f"[ {first} ,\n{second}, 7 ]")
    assert "36893488147419103232" in answer.text
    assert [row["busybody"]["status"] for row in answer.json()] == ["scored", "skipped", "broken"]
    assert answer.json()[2]["busybody"] == {"status": "broken", "reason": "is no JSON object", "line": 3}
    assert door.post("/score", content="[]").json() == []


def test_one_object_a_line_gives_one_answer_a_line(door: httpx.Client) -> None:
    answer = door.post("/score", content="\r\n" + lines(signin(1), NOT_JSON, {**signin(2), "@timestamp": "yesterday"}))
    assert answer.headers["content-type"] == "application/x-ndjson"
    scored, broken, odd = [json.loads(line)["busybody"] for line in answer.text.splitlines()]
    assert scored["status"] == "scored"
    assert (broken["status"], broken["line"]) == ("broken", 3)
    assert (odd["status"], odd["line"], odd["field"]) == ("broken", 4, "time")


def test_one_line_is_lines_where_the_caller_says_so(door: httpx.Client) -> None:
    answer = door.post("/score", content=lines(signin()), headers={"Content-Type": "application/x-ndjson"})
    assert answer.text.endswith("}\n")
    assert answer.headers["content-type"] == "application/x-ndjson"


def test_gzip_is_unpacked(door: httpx.Client) -> None:
    body = gzip.compress(json.dumps(signin()).encode()[:50]) + gzip.compress(json.dumps(signin()).encode()[50:])
    answer = door.post("/score", content=body, headers={"Content-Encoding": "gzip"})
    assert answer.json()["busybody"]["status"] == "scored"


def test_the_assessment_alone(door: httpx.Client) -> None:
    answer = door.post("/score?only=assessment", content=json.dumps(signin()))
    assert answer.json()["status"] == "scored"
    assert "@timestamp" not in answer.json()


def test_nothing_is_learned_where_that_is_asked(door: httpx.Client, router: LocalRouter) -> None:
    door.post("/score?learn=false", content=json.dumps(signin(1)))
    assert router.learned == []
    door.post("/score", content=json.dumps(signin(1)))
    assert router.learned == ["ana-1"]


def test_what_was_learned_is_durable_before_the_answer_where_that_is_asked(
    door: httpx.Client, router: LocalRouter
) -> None:
    door.post("/score?commit=true", content=json.dumps(signin(1)))
    assert router.commits == 1


def test_a_second_delivery_is_known(door: httpx.Client, router: LocalRouter) -> None:
    first, second = (door.post("/score", content=json.dumps(signin(1))).json()["busybody"] for _ in range(2))
    assert (first["status"], second["status"]) == ("scored", "known")
    assert first["identity"] == second["identity"]


def test_fields_that_logstash_did_not_find_are_missing(door: httpx.Client) -> None:
    document = {**signin(), "user": {"name": "ana", "email": "%{[user][email]}"}, "related": {"user": ["%{other}"]}}
    answer = door.post("/score", content=json.dumps(document)).json()
    assert answer["busybody"]["status"] == "scored"
    assert answer["user"]["email"] == "%{[user][email]}"
    nameless = {**signin(), "user": {"name": "%{[user][name]}"}}
    assert door.post("/score", content=json.dumps(nameless)).json()["busybody"]["status"] == "skipped"


def test_words_that_only_hold_such_a_literal_are_there(door: httpx.Client, router: LocalRouter) -> None:
    document = {**signin(), "user": {"name": "curl/8 %{[x]}"}}
    assert door.post("/score", content=json.dumps(document)).json()["busybody"]["status"] == "scored"


@pytest.mark.parametrize("form", ["array", "lines"])
def test_one_document_nested_too_deeply_is_broken_alone(door: httpx.Client, form: str) -> None:
    deep, deeper = ('{"x]\\"":' * depth + "1" + "}" * depth for depth in (900, 20_000))
    documents = [json.dumps(signin(1)), deep, deeper, json.dumps(signin(2))]
    body = "[" + ",".join(documents) + "]" if form == "array" else "\n".join(documents)
    answer = door.post("/score?only=assessment", content=body)
    assert answer.status_code == 200
    found = answer.json() if form == "array" else [json.loads(line) for line in answer.text.splitlines()]
    assert [one["status"] for one in found][::3] == ["scored", "scored"]
    assert {one["status"] for one in found[1:3]} <= {"broken", "skipped"}
    assert found[2]["reason"] == "is nested too deeply"


@pytest.mark.parametrize("body", ["[" + ",".join(["{}"] * 10_001) + "]", "{}\n" * 10_001])
def test_too_many_documents_are_refused_before_any_is_scored(door: httpx.Client, body: str) -> None:
    answer = door.post("/score", content=body)
    assert answer.status_code == 413
    assert "10,000 documents" in answer.json()["error"]
    assert door.post("/score", content="{}\n\n" * 10_000).status_code == 200


def test_what_was_learned_is_stamped_so_that_the_reader_knows_it(door: httpx.Client, router: LocalRouter) -> None:
    assert router.stamps.vouched(door.post("/score", content=json.dumps(signin(1))).json())
    assert not router.stamps.vouched(door.post("/score?learn=false", content=json.dumps(signin(2))).json())


def test_our_key_is_ours_however_it_is_spelled(door: httpx.Client) -> None:
    text = json.dumps({**signin(), "big": 2**70})[:-1] + ',"\\u0062usybody":{"risk":99}}'
    answer = door.post("/score", content=text)
    assert answer.text.count("usybody") == 1
    assert answer.json()["busybody"]["status"] == "scored"


def test_an_older_assessment_is_replaced(door: httpx.Client) -> None:
    document = {**signin(), "busybody": {"risk": 99}, "busybody.level": "high"}
    answer = door.post("/score", content=json.dumps(document)).json()
    assert answer["busybody"]["risk"] < 99
    assert "busybody.level" not in answer


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("", "empty"),
        ("{\n", "ends too early"),
        ("nonsense", "no JSON"),
        ("[{}", "comma or its end"),
        ("[{},]", "no JSON"),
        ("[1] 2", "more behind"),
        (b"\xff", "UTF-8"),
        ("[" * 100_000, "nested too deeply"),
    ],
)
def test_what_is_no_json_is_refused_with_the_place(door: httpx.Client, body: str | bytes, words: str) -> None:
    answer = door.post("/score", content=body)
    assert answer.status_code == 400
    assert words in answer.json()["error"]
