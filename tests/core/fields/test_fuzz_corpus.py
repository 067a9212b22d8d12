"""Hostile files: nothing crashes, a broken record is one clear error, and the good ones around it are scored."""

from __future__ import annotations

import copy
import io
import json
import sys
from pathlib import Path
from typing import Any, Dict, Iterator, List

import pytest
from busybody.errors import InputError, RecordError
from busybody.fields.containers import records
from busybody.fields.intake import Intake, Skipped
from busybody.places import Locator
from busybody.policy import Policy
from busybody.scorer import Scorer
from busybody.stores.memory import MemoryStore
from hypothesis import given
from hypothesis import strategies as st

HERE = Path(__file__).parent
NOW = 1780000000.0
# What each file gives: g7 is the sign-in at 08:07, ! an error, ~ what is no sign-in, "refused" the whole file.
CORPUS = {
    "array.json": "g1 ! g3 ! ! g4",
    "array_cut.json": "g1 g2 !",
    "binary.dat": "refused",
    "blank.jsonl": "",
    "columns.csv": "g1 ! ! ~ ! g4",
    "cut.jsonl.gz": " ".join(f"g{minute}" for minute in range(1, 54)) + " !",
    "cut_lines.jsonl": "g1 ! ! ! ! ! ! ! ! ~ g8",
    "cut_utf8.jsonl": "g1 ! g3",
    "deep.jsonl": "g1 ! g3",
    "deep_open.jsonl": "g1 ! g2",
    "doubled.csv": "refused",
    "duplicates.jsonl": "g1 g2 ! g4",
    "empty.jsonl": "",
    "envelope.json": "g1 g2 ~ !",
    "first_cut.jsonl": "! g1 g2",
    "first_open.jsonl": "! g1 g2",
    "gzip_mark_only.gz": "refused",
    "header_only.csv": "",
    "latin1.jsonl": "g1 ! g3",
    "line_ends.jsonl": "g1 g2 g3 g4 g5",
    "lines.log": "g1 ~ ! g3 g4 ! g5",
    "mark16_only.jsonl": "",
    "mark_only.jsonl": "",
    "marks_inside.jsonl": "g1 g2 g3",
    "mixed.csv": "g1 g2 g3 g4 ! g6 g7",
    "not_gzip.gz": "refused",
    "not_numbers.jsonl": "g1 ! ! ! ! ! ! g8",
    "nul.jsonl": "g1 ! g3 g4",
    "nul_hole.jsonl": "g1 g2",
    "numbers.jsonl": "g1 g2 g3 g4 g5 ! ! ! g9 g10 g11",
    "old_mac.jsonl": "g1 g2",
    "overlong_utf8.jsonl": "g1 ! g3",
    "packed_empty.gz": "",
    "quote_at_end.csv": "g1 g2 !",
    "quotes.csv": "g1 ! g3 g4 g5 g6 g7 g8",
    "surrogates.jsonl": "g1 g2 g3 g4 ! g6",
    "types.jsonl": "g1 ~ ~ g4 ~ g6 ~ ! g0 ! g11 ~ g13 g14 g15 g16 g17 g18 g19 g20 g21",
    "utf16_no_mark.jsonl": "g1 g2",
    "utf16be.jsonl": "g1 g2",
    "utf16le.jsonl": "g1 g2",
    "utf16le_half.jsonl": "g1 !",
    "utf16le_odd.jsonl": "g1 g2 !",
    "utf8_mark.jsonl": "g1 g2",
}


@pytest.fixture(params=["orjson", "json"])
def library(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """JSON by orjson where it is installed, and by the standard library."""
    if request.param == "json":
        monkeypatch.setitem(sys.modules, "orjson", None)


def intake() -> Intake:
    return Intake(Policy.default(), Locator(), reference_time=NOW)


INTAKE = intake()


def outcomes(content: bytes, name: str, scorer: Scorer, reading: Intake = INTAKE) -> Iterator[str]:
    """What comes of every record; a sign-in is scored and learned."""
    try:
        for record in records(io.BytesIO(content), name, reference_time=NOW):
            try:
                if record.error is not None:
                    raise record.error
                assert record.value is not None
                found = reading.read(record.value)
            except RecordError as error:
                assert_clear(error)
                yield "!"
                continue
            if isinstance(found, Skipped):
                assert found.reason
                yield "~"
                continue
            assessment = scorer.score(found)
            scorer.learn(found, assessment)
            assert 0.0 <= assessment.risk <= 100.0
            json.dumps(assessment, allow_nan=False).encode("utf-8")
            json.dumps(found, allow_nan=False).encode("utf-8")
            yield f"g{found.time // 60 % 60:.0f}"
    except InputError as error:
        assert_clear(error)
        yield "refused"


def assert_clear(error: InputError) -> None:
    """Words, on one short line that can be printed anywhere."""
    text = str(error)
    assert error.message
    assert len(text) < 300
    assert text.encode("utf-8", "surrogateescape").decode("utf-8", "replace").isprintable()


@pytest.fixture(scope="module")
def scorer() -> Scorer:
    return Scorer(Policy.default(), MemoryStore())


@pytest.mark.usefixtures("library")
@pytest.mark.parametrize("name", sorted(CORPUS))
def test_a_hostile_file_gives_its_good_records_and_an_error_for_each_other(scorer: Scorer, name: str) -> None:
    content = (HERE / "hostile" / name).read_bytes()
    for reading in (intake(), INTAKE):
        assert " ".join(outcomes(content, name, scorer, reading)) == CORPUS[name]


def test_every_hostile_file_is_in_the_table() -> None:
    assert {path.name for path in (HERE / "hostile").iterdir() if path.name[0] != "."} == set(CORPUS)


def good(minute: int, **more: Any) -> Dict[str, Any]:
    return {
        "@timestamp": f"2026-03-02T08:{minute:02d}:00Z",
        "event": {"category": ["authentication"], "outcome": "success", "id": f"g{minute}"},
        "user": {"name": "ana"},
        "source": {"ip": "8.8.8.8", "as": {"number": 15169}, "geo": {"location": {"lat": 1.5, "lon": 2}}},
        **more,
    }


def line(value: Any) -> bytes:
    return json.dumps(value).encode() + b"\n"


@pytest.mark.usefixtures("library")
def test_a_line_of_10_mb_is_a_record_like_any(scorer: Scorer) -> None:
    blank, word = " " * 10_000_000, "x" * 10_000_000
    content = b"".join(
        (
            line(good(1)),
            line(good(2, message=word)),
            line(good(3, user={"name": word})),
            line(good(4))[:-2] + blank.encode() + b"}\n",
            b'{"a": "' + word.encode() + b"\n",
            line(good(5)),
        )
    )
    assert list(outcomes(content, "long", scorer)) == ["g1", "g2", "!", "g4", "!", "g5"]
    assert list(outcomes(line({"a": word})[:-3] + b"\n" + line(good(1)), "long", scorer)) == ["!", "g1"]


FIXTURES = [
    case["given"]
    for path in sorted((HERE / "fixtures").glob("*.json"))
    for case in json.loads(path.read_text(encoding="utf-8"))["cases"]
]
TYPES: List[Any] = [
    None,
    True,
    0,
    -5,
    1e300,
    "",
    "\ud800",
    "\0",
    "x" * 3000,
    [],
    {},
    [[]],
    {"a": {"b": 1}},
    "999.1.1.1",
]


@st.composite
def damaged(draw: Any) -> bytes:
    """One line: a documented record that was cut, doubled, flipped, or has values of other types."""
    record = json.loads(json.dumps(draw(st.sampled_from(FIXTURES))))
    for _ in range(draw(st.integers(0, 3))):
        place = record
        while True:
            keys = list(place) if isinstance(place, dict) else list(range(len(place)))
            if not keys:
                break
            key = draw(st.sampled_from(keys))
            if isinstance(place[key], (dict, list)) and draw(st.booleans()):
                place = place[key]
                continue
            place[key] = copy.deepcopy(draw(st.sampled_from(TYPES)))
            break
    text = bytearray(json.dumps(record).encode())
    for what in draw(st.lists(st.sampled_from(("cut", "double", "flip", "ascii")), max_size=3)):
        at, end = sorted(draw(st.integers(0, len(text))) for _ in range(2))
        if what == "cut":
            del text[at:end]
        elif what == "double":
            text[at:at] = text[at:end]
        elif text:
            text[min(at, len(text) - 1)] = draw(
                st.integers(0, 255) if what == "flip" else st.sampled_from(b'"{}[],:\\ -0e')
            )
    return bytes(text).replace(b"\n", b" ").replace(b"\r", b" ")


@given(st.lists(damaged(), min_size=1, max_size=4))
def test_damaged_lines_between_good_ones_cost_nothing_but_themselves(scorer: Scorer, lines: List[bytes]) -> None:
    content = line(good(1)) + b"".join(text + b"\n" + line(good(number)) for number, text in enumerate(lines, 2))
    found = list(outcomes(content, "damaged.jsonl", scorer, INTAKE))
    kept = [word for word in found if word in {f"g{number}" for number in range(1, len(lines) + 2)}]
    assert kept == [f"g{number}" for number in range(1, len(lines) + 2)] or len(kept) > len(lines)
    assert found[0] == "g1"
    assert found[-1] == f"g{len(lines) + 1}"


@given(damaged())
def test_a_damaged_first_line_hides_nothing(scorer: Scorer, first: bytes) -> None:
    found = list(outcomes(first + b"\n" + line(good(58)) + line(good(59)), "damaged.jsonl", scorer))
    assert found[-2:] == ["g58", "g59"] or found == ["refused"]
