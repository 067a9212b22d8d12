"""busy_new: each row of the index is new to exactly one committed run, however windows overlap and whatever comes late."""

from __future__ import annotations

import json
from typing import Any, Dict, List, Sequence, Tuple

import pytest
from busybody.signin import SignIn
from busybody_splunk.chunks import Chunk
from busybody_splunk.columns import names
from busybody_splunk.commands import seen
from busybody_splunk.commands.seen import MOST, WINDOW, Seen, moment
from driver import body_of
from fake_kv import _size
from hypothesis import given
from hypothesis import strategies as st
from searching import DAY, START, Event, Head, event, habit, head

__all__ = ["head"]
NOON = START + 20 * DAY
SKIPPED = {"_time": f"{NOON:.0f}", "host": "web1"}


def indexed(row: Event, at: float) -> Dict[str, Any]:
    return {**row, "_indextime": f"{at:.0f}"}


def run(head: Head, rows: Sequence[Event], *args: str, **how: Any) -> List[str]:
    """busy_new of each row, empty where it has none."""
    outcome = head.run("busyscore", rows, *(args or ("update=true", "cursor=true")), **how)
    return [str(row.get("busy_new", "")) for row in outcome.rows]


def document(head: Head) -> Dict[str, Any]:
    return dict(head.fake.kv.collections["busybody_models"]["default:read"])


# --- as the searches see it -------------------------------------------------------------------------------------------


def test_a_row_is_new_to_one_run_alone(head: Head) -> None:
    rows = [indexed(event("ana", 20 + day / 1000), NOON + day) for day in range(6)]
    assert run(head, rows[:4]) == ["1"] * 4
    assert run(head, rows[2:]) == ["0", "0", "1", "1"]
    assert run(head, rows, size=1) == ["0"] * 6


def test_what_is_shown_late_is_new_although_the_cursor_is_beyond_it(head: Head) -> None:
    rows = [indexed(event("ana", 20 + number / 1000), NOON + 60 * number) for number in range(10)]
    hidden = rows.pop(3)
    assert run(head, rows) == ["1"] * 9
    assert run(head, [*rows[:3], hidden, *rows[3:]]) == [*"000", "1", *"000000"]
    assert run(head, [hidden]) == ["0"]


def test_rows_that_are_no_sign_in_are_told_by_their_cells(head: Head) -> None:
    broken = {**event("ana", 20), "_time": "yesterday"}
    rows = [indexed(SKIPPED, NOON), indexed({**SKIPPED, "host": "web2"}, NOON), indexed(broken, NOON + 1)]
    assert run(head, rows[:2]) == ["1", "1"]  # nothing is learned, and remembered it is all the same
    assert head.notes()["cursor"] == f"{NOON:.0f}"
    marked = [{**row, "busy_new": "1", "busy_skipped": "stale"} for row in rows]
    assert run(head, marked) == ["0", "0", "1"]
    number = head.number()
    assert run(head, rows) == ["0", "0", "0"]
    assert head.number() == number, "nothing new is no reason to commit"


def test_without_a_cursor_every_row_is_new(head: Head) -> None:
    rows = [indexed(event("ana", 20), NOON), indexed(SKIPPED, NOON)]
    for args in (("update=false",), ("update=true",), ("update=true",), ("cursor=true",)):
        assert run(head, rows, *args) == ["1", "1"]
    assert "default:read" not in head.fake.kv.collections["busybody_models"]
    assert run(head, [event("ana", 20), SKIPPED]) == ["1", "1"]  # without index times nobody can tell


def test_a_search_that_did_not_commit_has_seen_nothing(head: Head) -> None:
    rows = [indexed(event("ana", 20 + day / 1000), NOON + day) for day in range(4)]
    assert run(head, rows[:2]) == ["1", "1"]
    assert run(head, rows, size=2, stop=1) == ["0", "0"]
    assert run(head, rows, size=2, stop=2) == ["0", "0", "1", "1"]
    assert run(head, rows, size=2) == ["0", "0", "1", "1"]


def test_where_nothing_can_be_scored_nothing_is_new(head: Head) -> None:
    rows = [indexed(event("ana", 20), NOON)]
    head.fake.kv.down = "KV Store is shutting down."
    assert run(head, rows) == [""]
    head.fake.kv.down = None
    assert run(head, rows) == ["1"]


def test_a_model_that_was_begun_anew_remembers_nothing_of_the_old_one(head: Head) -> None:
    rows = [indexed(event("ana", 20), NOON)]
    run(head, rows)
    kept = document(head)
    head.fake.kv.collections.clear()
    head.run("busytrain", habit())
    head.fake.kv.save("busybody_models", [kept])
    assert run(head, rows) == ["1"]


def test_a_model_of_before_there_was_a_memory_goes_on_from_its_cursor(head: Head) -> None:
    rows = [indexed(event("ana", 20 + number / 1000), NOON + number) for number in (0, 5, 6)]
    run(head, rows[:2])
    for damage in ({"digests": "gone"}, {"digests": '{"x": "AA"}'}, {"digests": "[]"}, {"since": None}, None):
        kept = head.fake.kv.collections["busybody_models"]
        if damage is None:
            del kept["default:read"]
        else:
            kept["default:read"] = {**document(head), **damage}
        assert run(head, rows, stop=1) == ["0", "0", "1"]


def test_models_have_a_memory_each(head: Head) -> None:
    rows = [indexed(event("ana", 20), NOON)]
    assert run(head, rows, "update=true", "cursor=true", "model=a") == ["1"]
    assert run(head, rows, "update=true", "cursor=true", "model=b") == ["1"]
    assert run(head, rows, "update=true", "cursor=true", "model=a") == ["0"]


def test_the_script_marks_the_same(head: Head) -> None:
    rows = [indexed(event("ana", 20 + day / 1000), NOON + day) for day in range(4)]
    run(head, rows[:2])
    outcome = head.script("busyscore", rows, "update=true", "cursor=true", size=3, starts=2)
    assert [row["busy_new"] for row in outcome.rows] == ["0", "0", "1", "1"]
    assert run(head, rows) == ["0"] * 4


# --- the memory itself ------------------------------------------------------------------------------------------------


def marks(memory: Seen, rows: Sequence[Tuple[str, float]]) -> List[str]:
    """Of sign-ins by id and index time."""
    signins = [SignIn(identity, 1.0, "ana", "success") for identity, _ in rows]
    body = body_of(["_indextime", "user"], [{"_indextime": f"{at}", "user": "ana"} for _, at in rows])
    return memory.marks(Chunk(body), names())(signins)


def again(memory: Seen) -> Seen:
    """As the next run has it."""
    return Seen.of(json.loads(json.dumps(memory.document("default", "s"))), "s", memory.cursor)


@given(
    times=st.lists(st.integers(1, 8_000), min_size=1, max_size=60),
    cuts=st.lists(st.tuples(st.integers(0, 8_000), st.integers(0, 900), st.sets(st.integers(0, 59))), max_size=8),
)
def test_every_row_within_the_window_is_new_once(times: List[int], cuts: List[Tuple[int, int, Any]]) -> None:
    """Windows that go back by the overlap, each row hidden from some of them, and one last that sees all."""
    memory, new = Seen(0.0), dict.fromkeys(range(len(times)), 0)
    known: set[int] = set()
    for end, overlap, hidden in [*sorted(cuts, key=lambda cut: cut[0]), (8_000, 8_000, set())]:
        start = memory.cursor - 1e9 - overlap
        window = [n for n, at in enumerate(times) if start <= at <= end and n not in hidden]
        found = marks(memory, [(f"e{number}", 1e9 + times[number]) for number in window]) if window else []
        for number, mark in zip(window, found):
            new[number] += mark == "1"
            assert mark == "0" or number not in known
        known |= set(window)
        memory = again(memory)
    assert set(new.values()) <= {0, 1}
    since = memory.cursor - WINDOW
    assert all(count == 1 for number, count in new.items() if 1e9 + times[number] > since)


def test_what_nobody_can_remember_any_more_is_not_new() -> None:
    memory = Seen(0.0)
    assert marks(memory, [("a", 10_000.0), ("b", 20_000.0)]) == ["1", "1"]
    memory = again(memory)
    late = [("c", 20_000.0 - WINDOW - 1), ("d", 20_000.0 - WINDOW + 1), ("a", 10_000.0)]
    assert marks(memory, late) == ["0", "1", "0"]


def test_the_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seen, "MOST", 100)
    memory = Seen(0.0)
    rows = [(f"e{number}", 60_000.0 + number) for number in range(1_000)]
    assert marks(memory, rows) == ["1"] * 1_000
    memory = again(memory)
    assert sum(map(len, memory._digests.values())) <= 100
    assert marks(memory, rows) == ["0"] * 1_000, "what is forgotten counts as known"
    assert marks(memory, [("next", 61_000.0), ("late", 60_500.0)]) == ["1", "0"]
    monkeypatch.setattr(seen, "MOST", 0)
    memory = again(memory)
    assert marks(memory, [("next", 61_000.0), ("after", 61_001.0)]) == ["0", "1"]


def test_ten_thousand_rows_an_hour_take_little_room(head: Head) -> None:
    """And the largest memory that is kept stays below what the KV store takes."""
    memory = Seen(0.0)
    rows = [(f"e{number}", 100_000.0 + number * 0.36) for number in range(10_000)]
    marks(memory, rows)
    assert _size(memory.document("default", "s")) < 110_000
    per_row = _size(memory.document("default", "s")) / 10_000
    assert per_row * MOST < 6_000_000


@given(st.text(max_size=20))
def test_an_index_time_is_a_number_or_none(text: str) -> None:
    found = moment(text)
    assert found is None or 0.0 < found < float("inf")


def test_numbers_in_other_hands_are_no_index_time(head: Head) -> None:
    assert [moment(text) for text in ("²", "", "nan", "inf", "-1", "1e400", "1772409616.5")] == [None] * 6 + [
        1772409616.5
    ]
    assert run(head, [indexed(event("ana", 20), NOON), {**event("bo", 20), "_indextime": "²"}]) == ["1", "1"]
