"""Byte preservation: whatever a bulk request holds, only sign-ins grow, and only by `busybody` in front of their last brace."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import orjson
import pytest
from busybody.errors import RecordError
from busybody.fields.intake import Intake
from busybody.policy import Policy
from busybody.signin import SignIn
from busybody_elastic.gateway.bulk import Unreadable, candidates, is_none, only, operations, spliced
from busybody_elastic.splice import carries, splice
from doors import signin
from hypothesis import given
from hypothesis import strategies as st

FIXTURES = Path(__file__).parents[1] / "core" / "fields" / "fixtures"
ADDED = b'{"status":"scored"}'
SPACE = st.text(" \t\r", max_size=3)
SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**70), 2**70), st.floats(allow_nan=False, allow_infinity=False), st.text(max_size=8),
    st.sampled_from(["{", "}", "\\", '"', "busybody", "authentication", '"busybody":1}']),
)  # fmt: skip
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@st.composite
def texts(draw: Any, extra: dict[str, Any] | None = None) -> str:
    """The text of an object as some encoder may write it: odd numbers, escapes, space, keys in any order."""
    pairs = list(
        draw(
            st.dictionaries(st.text(max_size=6).filter(lambda key: not key.startswith("busybody")), VALUES, max_size=4)
        ).items()
    )
    pairs = draw(st.permutations([*pairs, *(extra or {}).items()]))
    ascii_only, comma, colon = draw(st.booleans()), draw(SPACE) + "," + draw(SPACE), draw(SPACE) + ":" + draw(SPACE)
    written = comma.join(
        json.dumps(key, ensure_ascii=ascii_only)
        + colon
        + json.dumps(value, ensure_ascii=ascii_only, separators=(comma, colon))
        for key, value in pairs
    )
    odd = draw(st.sampled_from(["", '"one":1.0', '"e":1E+2', '"n":-0', '"u":"\\u00e4\\/"']))
    written = comma.join(part for part in (odd, written) if part)
    return draw(SPACE) + "{" + draw(SPACE) + written + draw(SPACE) + "}" + draw(SPACE)


def same(text: bytes) -> Any:
    """Everything that the text says: pairs in their order, numbers as they are written."""
    return json.loads(text, object_pairs_hook=list, parse_int=str, parse_float=str)


@given(texts())
def test_an_object_keeps_each_byte_and_gains_one_key(text: str) -> None:
    source = text.encode("utf-8", "surrogatepass")
    found = splice(source, ADDED)
    at = found.rindex(b'"busybody":' + ADDED)
    comma = 1 if found[at - 1 : at] == b"," else 0
    assert found[: at - comma] + found[at + len(b'"busybody":' + ADDED) :] == source
    before, after = same(source), same(found)
    assert after == [*before, ["busybody", [["status", "scored"]]]] or [tuple(pair) for pair in after] == [
        *map(tuple, before), ("busybody", [("status", "scored")]),
    ]  # fmt: skip


DELETE = st.just(['{"delete":{"_id":"1"}}'])
BLANK = st.sampled_from(["", "\r", " "]).map(lambda line: [line])
UPDATE = st.just(['{"update":{"_id":"1"}}', '{"doc":' + json.dumps(signin()) + "}"])
JUNK = st.sampled_from(["no json", "[1]", "", '"user"', '{"user":', '{"a":1}x', "{}"]).map(
    lambda text: ['{"index":{}}', text]
)
ANY = texts().map(lambda text: ['{"create":{"_id":"x","routing":"r"}}\r', text])
ANA = (
    st.integers(0, 9).flatmap(lambda number: texts(extra=signin(number))).map(lambda text: ['{ "create" : {} }', text])
)


@given(st.lists(st.one_of(DELETE, BLANK, UPDATE, JUNK, ANY, ANA), max_size=8), st.data())
def test_a_request_is_the_same_but_for_what_was_spliced(parts: list[list[str]], data: st.DataObject) -> None:
    body = "".join(line + "\n" for part in parts for line in part).encode("utf-8", "surrogatepass")
    lines = body.split(b"\n")
    found = operations(lines, "logs")
    assert len(found) == sum(1 for part in parts if part[0].strip())
    chosen = candidates(lines, found, sure=True).candidates
    assert spliced(lines, {}) == body
    grown = {
        one.operation.source: ADDED for one in chosen if one.operation.source is not None and data.draw(st.booleans())
    }
    again = spliced(lines, grown).split(b"\n")
    for number, (old, new) in enumerate(zip(lines, again, strict=True)):
        assert new == (splice(old, ADDED) if number in grown else old)
    for one in chosen:
        assert one.incoming.document == orjson.loads(lines[one.operation.source or 0])
    signins = sum(1 for part in parts if len(part) == 2 and '"dataset"' in part[1] and part[0].startswith("{ "))
    assert len([one for one in chosen if one.operation.action == "create"]) >= signins


def test_the_same_operations_alone_are_a_request_of_their_own() -> None:
    lines = b'{"index":{}}\n{"a":1}\n\n{"delete":{"_id":"1"}}\n{"create":{}}\r\n{"b":1}\r\n'.split(b"\n")
    found = operations(lines, "logs")
    assert only(lines, found[1:]) == b'{"delete":{"_id":"1"}}\n{"create":{}}\r\n{"b":1}\r\n'


@pytest.mark.parametrize(
    "body",
    [b'{"index":{}}\n{"a":1}', b'{"index":{}}\n', b'{"index":1}\n{}\n', b'{"index":{},"create":{}}\n{}\n', b'{"move":{}}\n{}\n',
     b"{}\n{}\n", b"\xff\n{}\n"],
)  # fmt: skip
def test_what_is_no_bulk_request(body: bytes) -> None:
    with pytest.raises(Unreadable):
        operations(body.split(b"\n"), "logs")


def test_index_and_id_of_the_action_win_over_the_path() -> None:
    lines = b'{"index":{"_index":"mine","_id":7}}\n{}\n{"create":{}}\n{}\n'.split(b"\n")
    assert [(one.target, one.id) for one in operations(lines, "logs")] == [("mine", "7"), ("logs", None)]


@pytest.mark.parametrize(
    ("key", "found"), [("busybody", True), ("busybody.risk", True), ("busybodys", False), ("user", False)]
)
def test_what_counts_as_ours(key: str, found: bool) -> None:
    assert carries({key: 1}) is found


def test_words_rule_out_no_record_that_the_core_reads() -> None:
    """Of all that the core's own tests give it, in every vendor's format."""
    intake, seen = Intake(Policy.default(), None), 0
    for path in sorted(FIXTURES.glob("*.json")):
        for case in json.loads(path.read_text(encoding="utf-8"))["cases"]:
            given = case["given"]
            if not isinstance(given, dict):
                continue
            try:
                found = intake.read(given)
            except RecordError:
                continue
            if isinstance(found, SignIn):
                seen += 1
                assert not is_none(json.dumps(given).encode()), (path.name, case["name"])
    assert seen > 100
