"""Sorting in bounded memory, merging, and noticing logs that are written newest first."""

from __future__ import annotations

from typing import Any, List

import pytest
from busybody.signin import SignIn
from busybody.stream import order
from busybody.stream.entries import Broken, Entry
from hypothesis import given
from hypothesis import strategies as st

FLAGGED = SignIn(
    "f", 5.0, "ana", lat=-0.0, lon=1e-7, asn=64500, flags=("vpn", "risky"), extra={"a": [1, None]}, interactive=True
)
PAYLOADS = st.one_of(
    st.builds(lambda time, user: SignIn("x", time, user), st.floats(0, 50), st.text(max_size=3)),
    st.builds(lambda time: FLAGGED._replace(time=time), st.floats(0, 50)),
    st.text(max_size=3),
    st.builds(Broken, st.none() | st.text(max_size=3), st.text(max_size=3)),
    st.just(FLAGGED),
)
ENTRIES = st.lists(PAYLOADS, max_size=40).map(
    lambda rows: [("log\udcff", line, payload) for line, payload in enumerate(rows, 1)]
)


def slowly(entries: List[Entry]) -> List[Entry]:
    """The same order, plainly."""
    last, keyed = float("-inf"), []
    for place, entry in enumerate(entries):
        last = order.time_of(entry[2]) if order.time_of(entry[2]) is not None else last  # type: ignore[assignment]
        keyed.append((last, place, entry))
    return [entry for _, _, entry in sorted(keyed, key=lambda row: row[:2])]


@given(ENTRIES, st.integers(1, 7))
def test_sorting_through_files_is_sorting(entries: List[Entry], run: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(order, "RUN", run)
        patch.setattr(order, "FAN_IN", 3)
        assert list(order.sorted_by_time(entries)) == slowly(entries)


@given(st.lists(st.lists(st.floats(0, 50) | st.none(), max_size=10), min_size=1, max_size=4))
def test_merging_sorted_files_gives_one_sorted_stream_and_loses_nothing(files: Any) -> None:
    streams = []
    for number, times in enumerate(files):
        filled = iter(sorted(time for time in times if time is not None))
        rows = [SignIn("x", next(filled), "u") if time is not None else "no sign-in" for time in times]
        streams.append([(str(number), line, row) for line, row in enumerate(rows)])
    merged = list(order.by_time([iter(stream) for stream in streams]))
    times = [order.time_of(entry[2]) for entry in merged]
    known = [time for time in times if time is not None]
    assert known == sorted(known)
    for number, stream in enumerate(streams):
        assert [entry for entry in merged if entry[0] == str(number)] == stream


def test_newest_first_is_noticed_and_nothing_else() -> None:
    def log(times: List[float]) -> List[Entry]:
        return [("log", line, SignIn(str(line), time, "u")) for line, time in enumerate(times)]

    falling = [1e6 - 600.0 * place for place in range(100)]
    assert order.newest_first(log(falling), 3600.0)
    assert not order.newest_first(log(falling[::-1]), 3600.0)
    assert not order.newest_first(log([*falling, 2e6]), 3600.0)
    assert not order.newest_first(log(falling[:19]), 3600.0)  # too few to tell
    assert not order.newest_first(log([1e6 - place for place in range(100)]), 3600.0)  # within the lateness bound
    assert not order.newest_first(log([1e6] * 100), 3600.0)
