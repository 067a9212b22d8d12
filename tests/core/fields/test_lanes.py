"""Whatever was read before, a record is read as if it were the first."""

from __future__ import annotations

import copy
import json
import tracemalloc
from pathlib import Path
from typing import Any, Dict, List, Tuple

import pytest
from busybody.errors import RecordError
from busybody.fields.intake import Intake
from busybody.places import NOWHERE, Place
from busybody.policy import Policy
from busybody.signin import SignIn
from hypothesis import given
from hypothesis import strategies as st

FIXTURES = sorted((Path(__file__).parent / "fixtures").glob("*.json"))
RECORDS = [case["given"] for path in FIXTURES for case in json.loads(path.read_text(encoding="utf-8"))["cases"]]
RECORDS_OF_ECS = [record for record in RECORDS if "@timestamp" in record and isinstance(record.get("user"), dict)]
VALUES: List[Any] = [
    None, True, False, 0, 1, 1.0, 0.0, -1, 2, "", "-", "unknown", "1", "true", "ana", "bob@example.com", "203.0.113.9",
    "999.1.1.1", "2025-11-03T10:11:12Z", "success", "failure", "x" * 1100, "\ud800", [], [None], ["a"], ["a", "b"],
    [["a"]], {}, {"a": 1}, [{"name": "a"}, {"name": "b"}], {"lat": 1, "lon": True}, {"lat": 1.0, "lon": 1}, 40, "US",
]  # fmt: skip


class OneTown:
    """A table that knows one address."""

    def locate(self, ip: str) -> Place:
        return Place("GB", "England", "London", 51.5, -0.1, 30.0, 7, "Net", "residential") if ip[0] == "2" else NOWHERE


def intake() -> Intake:
    return Intake(Policy.default(), OneTown(), reference_time=1764547200.0)


WARM, COLD = intake(), intake()


def containers(value: Any) -> List[Any]:
    """All objects and lists in the value, itself included."""
    found = [value]
    for child in value.values() if isinstance(value, dict) else value:
        if isinstance(child, (dict, list)):
            found += containers(child)
    return found


@st.composite
def changed(draw: Any) -> Tuple[Dict[str, Any], Dict[str, Any]]:
    """A record, and the same with some values changed, moved, added or gone."""
    record = draw(st.sampled_from(RECORDS))
    other = copy.deepcopy(record)
    for _ in range(draw(st.integers(0, 3))):
        place = draw(st.sampled_from([found for found in containers(other) if found] or [other]))
        keys = list(place) if isinstance(place, dict) else list(range(len(place)))
        if not keys:
            continue
        key = draw(st.sampled_from(keys))
        what = draw(st.sampled_from(("set", "set", "set", "drop", "wrap", "swap", "dots", "twice")))
        if what == "set":
            place[key] = copy.deepcopy(draw(st.sampled_from(VALUES)))
        elif what == "drop" and (place is not other or len(keys) > 1):  # an empty record says another thing
            del place[key]
        elif what == "wrap":
            place[key] = [place[key]]
        elif what == "swap":
            with_ = draw(st.sampled_from(keys))
            place[key], place[with_] = place[with_], place[key]
        elif what == "dots" and isinstance(place, dict) and isinstance(place[key], dict):
            place.update({f"{key}.{inner}": value for inner, value in place.pop(key).items()})
        elif isinstance(place, list):
            place.append(copy.deepcopy(place[key]))
    return record, other


def answer(of: Intake, record: Dict[str, Any]) -> str:
    """What becomes of the record, to compare; repr tells 1 from 1.0 and from True."""
    try:
        found = of.read(record)
    except RecordError as error:
        return str(error)
    if isinstance(found, SignIn) and found.raw_id is None:
        found = found._replace(id="")
    return repr(found)


def unmet(number: List[int] = [0]) -> Dict[str, int]:  # noqa: B006  the list is the point
    """A key that no record before had, so that no shape is known; no map asks for it."""
    number[0] += 1
    return {f"zz{number[0]}": 0}


@given(st.lists(changed(), min_size=1, max_size=3))
def test_what_was_read_before_changes_nothing(records: List[Tuple[Dict[str, Any], Dict[str, Any]]]) -> None:
    for pair in records:
        for record in (*pair, *pair[::-1]):
            assert answer(WARM, record) == answer(COLD, {**record, **unmet()})


@pytest.mark.parametrize("record", RECORDS, ids=range(len(RECORDS)))
def test_every_documented_record_reads_the_same_the_third_time(record: Dict[str, Any]) -> None:
    expected = answer(COLD, {**record, **unmet()})
    assert [answer(WARM, record) for _ in range(3)] == [expected] * 3


def test_further_paths_are_read_from_every_shape() -> None:
    reading = Intake(Policy.default(), None, extra=["labels.site", "labels.tags[0]", "user"])
    for _ in range(3):
        for labels, expected in (({"site": "HQ", "tags": ["a", "b"]}, ("HQ", "a")), ({"tags": []}, (None, None))):
            found = reading.read({**RECORDS_OF_ECS[0], "labels": labels})
            assert isinstance(found, SignIn)
            assert (found.extra.get("labels.site"), found.extra.get("labels.tags[0]")) == expected
            assert found.extra["user"] == RECORDS_OF_ECS[0]["user"]


def test_what_is_long_is_read_and_not_kept() -> None:
    reading = intake()
    tracemalloc.start()
    try:
        for number in range(30):
            found = reading.read({**RECORDS_OF_ECS[0], "user_agent": {"original": f"curl/{number} " + "x" * 100_000}})
            assert isinstance(found, SignIn)
            assert found.device == "tool-curl"
        held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert held < 1_000_000


def test_a_long_log_of_many_shapes_keeps_its_memory_and_its_answers() -> None:
    warm = intake()
    record = RECORDS[0]
    expected = answer(COLD, {**record, **unmet()})
    for number in range(300):
        assert answer(warm, {**record, f"zz{number % 150}": 0}) == expected
