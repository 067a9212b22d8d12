"""Times of every spelling become the same instant, and what is no time is refused by name."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest
from busybody.fields.times import TimeReader
from hypothesis import given
from hypothesis import strategies as st

INSTANT = 1740578181.0  # 2025-02-26T13:56:21Z


@pytest.mark.parametrize(
    "text",
    [
        "2025-02-26T13:56:21Z",
        "2025-02-26T13:56:21.000Z",
        "2025-02-26T13:56:21.000000000Z",
        "2025-02-26t13:56:21z".upper(),
        "2025-02-26 13:56:21 UTC",
        "2025-02-26T14:56:21+01:00",
        "2025-02-26T08:26:21.0-0530",
        "2025-02-26T13:56:21+00",
        "20250226T135621Z",
        "2025-02-26T13:56:21,000",
        "1740578181",
        "1740578181.000",
        1740578181,
        1740578181000,
        "1740578181000000",
        1740578181000000000,
        "Wed, 26 Feb 2025 13:56:21 +0000",
        "Wed Feb 26 13:56:21 UTC 2025",
        "26/Feb/2025:13:56:21 +0000".replace("/", "-").replace("2025:", "2025 "),
        "Feb 26, 2025 01:56:21 PM",
        "  2025-02-26T13:56:21Z ",
    ],
)
def test_every_spelling_is_one_instant(text: object) -> None:
    assert TimeReader().read(text) == pytest.approx(INSTANT, abs=1e-3)


@pytest.mark.parametrize(
    "value",
    [
        "",
        "yesterday",
        "1601-01-01T00:00:00Z",
        "9999-12-31T23:59:59Z",
        "2025-13-01T00:00:00Z",
        "2025-02-30T00:00:00Z",
        "2025-02-26T25:00:00Z",
        "2025-02-26T13:56:99Z",
        "2025-02-26T13:56:nanZ",
        "2025-02-26T13:56: 1Z",
        -1,
        0,
        "nan",
        float("nan"),
        float("inf"),
        1e300,
        True,
        None,
        [],
        {},
        "٢٠٢٥-02-26T13:56:21Z",
        "1" * 5000,
    ],
)
def test_what_is_no_time_is_refused(value: object) -> None:
    reader = TimeReader()
    reader.read("2025-02-26T13:56:21Z")  # the minute is remembered; the bad second must still be seen
    with pytest.raises(ValueError, match="."):
        reader.read(value)


@given(
    st.datetimes(datetime(1990, 1, 2), datetime(2099, 12, 30)),
    st.integers(-14 * 60, 14 * 60),
    st.booleans(),
)
def test_reads_what_isoformat_writes(local: datetime, offset_minutes: int, twice: bool) -> None:
    moment = local.replace(tzinfo=timezone(timedelta(minutes=offset_minutes)))
    reader = TimeReader()
    text = moment.isoformat() if offset_minutes else local.isoformat() + "Z"
    for _ in range(2 if twice else 1):
        assert reader.read(text) == pytest.approx(moment.timestamp(), abs=2e-6)


def test_the_remembered_minute_gives_the_same_answer() -> None:
    reader, fresh = TimeReader(), TimeReader()
    reader.read("2025-02-26T13:56:21.5Z")
    assert reader.read("2025-02-26T13:56:48.123456Z") == fresh.read("2025-02-26T13:56:48.123456Z")


def test_without_zone_the_zone_of_the_source_counts() -> None:
    assert TimeReader("Europe/Berlin").read("2025-02-26T14:56:21") == INSTANT
    assert TimeReader("Europe/Berlin").read("2025-07-01 12:00:00") == TimeReader().read("2025-07-01T10:00:00Z")
    assert TimeReader("+01:00").read("2025-02-26T14:56:21") == INSTANT
    with pytest.raises(ValueError, match="no time zone"):
        TimeReader("Mars/Olympus")


def test_without_year_the_nearest_past_is_meant() -> None:
    reader = TimeReader(reference=TimeReader().read("2025-03-01T00:00:00Z"))
    assert reader.read("Feb 26 13:56:21") == INSTANT
    assert reader.read("Dec 31 23:59:59") == TimeReader().read("2024-12-31T23:59:59Z")
    assert reader.read("Feb 29 00:00:00") == TimeReader().read("2024-02-29T00:00:00Z")
    assert reader.read("Mar  1 05:00:00") == TimeReader().read("2025-03-01T05:00:00Z")  # a clock a little ahead
    with pytest.raises(ValueError, match="reference time"):
        TimeReader().read("Feb 26 13:56:21")


def test_a_leap_second_is_the_next_second() -> None:
    assert TimeReader().read("2016-12-31T23:59:60Z") == TimeReader().read("2017-01-01T00:00:00Z")
