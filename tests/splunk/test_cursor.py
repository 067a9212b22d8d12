"""busycursor: a window by index time that leaves nothing out; what comes twice is learned once."""

from __future__ import annotations

import os
import re
import time
from typing import Any, Dict, List, Tuple

import pytest
from busybody_splunk.commands import cursor
from fake_splunkd import FakeSplunkd
from hypothesis import given, settings
from hypothesis import strategies as st
from searching import DAY, START, Head, event, habit, head, simulated

__all__ = ["head"]
NOW = START + 40 * DAY


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> List[float]:
    """Now, as the command has it."""
    moment = [NOW]
    monkeypatch.setattr(cursor, "now", lambda: moment[0])
    return moment


def window(head: Head, *args: str) -> Tuple[int, int]:
    (row,) = head.run("busycursor", (), *args).rows
    found = re.fullmatch(r"_index_earliest=(\d+) _index_latest=(\d+)", str(row["search"]))
    assert found is not None
    return int(found[1]), int(found[2])


def learned_until(head: Head, moment: float) -> None:
    head.run("busyscore", [{**event(), "_indextime": f"{moment:.0f}"}], "update=true", "cursor=true")


def test_the_first_window_is_a_day(head: Head) -> None:
    assert window(head) == (NOW - 30 - DAY, NOW - 30)
    assert window(head, "first=3600", "delay=60") == (NOW - 60 - 3600, NOW - 60)


def test_the_next_one_goes_on_from_what_was_learned_with_an_overlap(head: Head) -> None:
    learned_until(head, NOW - 7200)
    assert window(head) == (NOW - 7200 - 900, NOW - 30)
    assert window(head, "overlap=0") == (NOW - 7200, NOW - 30)
    assert window(head, "model=other") == (NOW - 30 - DAY, NOW - 30)


def test_a_clock_that_is_ahead_gives_no_window_from_the_future(head: Head) -> None:
    learned_until(head, NOW + 86400)
    assert window(head) == (NOW - 30, NOW - 30)


def test_the_script_names_this_moment(head: Head) -> None:
    (row,) = head.script("busycursor").rows
    latest = int(str(row["search"]).rpartition("=")[2])
    assert abs(time.time() - latest) < 120


@settings(max_examples=6)
@given(
    lags=st.lists(st.integers(0, 600), min_size=200, max_size=200),
    runs=st.lists(st.integers(200, 5_000), min_size=6, max_size=6),
    failing=st.sets(st.integers(0, 5), max_size=3),
)
@pytest.mark.slow
def test_late_and_overlapping_events_are_neither_lost_nor_learned_twice(
    lags: List[int], runs: List[int], failing: Any, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Runs at any distance, some cancelled before the end: at last the people are known as by one run in order of time,
    and each event was new to one run that was not cancelled."""
    events = [{**row, "_indextime": f"{float(row['_time']) + lag:.0f}"} for row, lag in zip(simulated()[:200], lags)]
    home = tmp_path_factory.mktemp("head") / "splunk"
    new: Dict[str, int] = {}
    before, os.environ["SPLUNK_HOME"] = os.environ.get("SPLUNK_HOME", ""), str(home)
    try:
        with FakeSplunkd() as fake:
            head = Head(fake, home)
            head.run("busyscore", events, "update=true", "model=whole")
            moment = float(events[0]["_time"])
            last = max(float(row["_indextime"]) for row in events) + 31
            for number, step in enumerate([*runs, 10 * DAY]):
                moment = min(moment + step, last) if number < len(runs) else last
                monkey = pytest.MonkeyPatch()
                monkey.setattr(cursor, "now", lambda moment=moment: moment)
                earliest, latest = window(head, f"first={100 * DAY}")
                monkey.undo()
                found = [row for row in events if earliest <= int(row["_indextime"]) < latest]
                found.sort(key=lambda row: float(row["_time"]))
                stop = 1 if number in failing else None
                outcome = head.run("busyscore", found, "update=true", "cursor=true", size=30, stop=stop)
                for row in outcome.rows if stop is None else ():
                    new[str(row["event_hash"])] = new.get(str(row["event_hash"]), 0) + (row["busy_new"] == "1")
            assert new == dict.fromkeys((row["event_hash"] for row in events), 1)
            assert learned(head, "default") == learned(head, "whole")
    finally:
        os.environ["SPLUNK_HOME"] = before


def learned(head: Head, model: str) -> Dict[str, Any]:
    return dict(head.content(model)["profiles"])


def test_a_habit_is_not_counted_twice_by_the_overlap(head: Head) -> None:
    rows = [{**row, "_indextime": row["_time"]} for row in habit()]
    for start in range(0, 15, 3):
        head.run("busyscore", rows[max(0, start - 2) : start + 3], "update=true", "cursor=true")
    assert head.run("busyprofile", (), "user=ana").rows[0]["detail"].startswith("14 learned")  # and one waits
