"""The evaluator behind the dashboards' tests says what Splunk says, and refuses what Splunk would answer with nothing."""

from __future__ import annotations

from typing import Any, Dict, List

import pytest
from dashboards_spl import search
from dashboards_table import Row, Sources, SplError, Table

NOW = 1_775_520_000.0  # 7 April 2026, 00:00 UTC
EVENTS: List[Row] = [
    {"_time": NOW - 7200.0, "user": "ana", "level": "high", "risk": "70", "what": ["a", "b"]},
    {"_time": NOW - 3600.0, "user": "ben", "level": "none", "risk": "9"},
    {"_time": NOW - 60.0, "user": "ana", "level": "none", "risk": "10", "what": "b"},
]
SOURCES = Sources(
    {"here": "main"},
    {"names": Table(["key", "title"], [{"key": "a", "title": "First"}])},
    lambda index: Table(["_time", "user", "level", "risk", "what"], [dict(row) for row in EVENTS]),
    {},
    lambda ip: {"lat": 1.5, "lon": 2.5} if ip else {},
)


def rows(query: str, earliest: str = "-1d", latest: str = "now") -> List[Dict[str, Any]]:
    return search(query, SOURCES, earliest, latest, NOW).rows


def value(expression: str) -> Any:
    return rows(f"| makeresults | eval x={expression} | table x")[0]["x"]


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ('"a"."b".1', "ab1"),
        ("2+3*4", 14.0),
        ("round(2.5)", 3.0),
        ('if(10>9, "numbers", "text")', "numbers"),
        ('if("10">"9", "numbers", "text")', "numbers"),
        ('coalesce(null(), "x")', "x"),
        ('case(1=2, "a", true(), "b")', "b"),
        ("null()+1", None),
        ('mvjoin(mvappend("a", null(), "b"), "-")', "a-b"),
        ('mvindex(split("a; b; c", "; "), 0, 1)', ["a", "b"]),
        ("mvrange(0, 3)", [0.0, 1.0, 2.0]),
        ('replace("Risk 99 (odd): why", "^Risk [^:]*: ", "")', "why"),
        ('strftime(0, "%d %b %H:%M")', "01 Jan 00:00"),
        ('tostring(12345.6, "commas")', "12,345.6"),
        ('match("it ends.", "[.]$")', True),
        ('substr("abc", 2, 1)', "b"),
        ('json_extract("{\\"a\\": {\\"b\\": 3}}", "a.b")', 3),
    ],
)
def test_expressions(expression: str, said: Any) -> None:
    assert value(expression) == said


def test_a_search_takes_what_its_time_range_and_its_filter_keep() -> None:
    assert [row["user"] for row in rows("index=`here` user=*")] == ["ana", "ben", "ana"]
    assert [row["user"] for row in rows("index=main user=*", "-90m")] == ["ben", "ana"]
    assert [row["risk"] for row in rows("index=main level IN (high, low) OR risk<10 user=a*")] == ["70"]
    assert len(rows('index=main NOT (user="ana" level=none)')) == 2


def test_or_binds_more_tightly_than_and() -> None:
    assert [row["risk"] for row in rows("index=main user=ben level=high OR level=none")] == ["9"]


def test_stats_count_each_value_of_a_multivalue_field() -> None:
    assert rows("index=main | stats count AS n, max(risk) AS worst by what") == [
        {"what": "a", "n": 1.0, "worst": 70.0},
        {"what": "b", "n": 2.0, "worst": 70.0},
    ]
    assert rows('index=main | stats count(eval(level="none")) AS none dc(user) AS people') == [
        {"none": 2.0, "people": 2.0}
    ]


def test_a_timechart_has_empty_spans_and_takes_splunks_own_span() -> None:
    found = rows("index=main | timechart count by user", "-4h")
    assert [row["_time"] for row in found[:2]] == [NOW - 14400, NOW - 14400 + 300]
    assert sum(row["ana"] for row in found) == 2.0
    assert rows("index=main | timechart count", "-10s") == []


def test_dedup_drops_rows_without_the_field() -> None:
    assert len(rows("index=main | dedup what")) == 2


def test_numbers_are_sorted_as_numbers() -> None:
    assert [row["risk"] for row in rows("index=main | sort 0 - risk")] == ["70", "10", "9"]


def test_an_empty_table_gets_the_row_that_says_so() -> None:
    hint = '| appendpipe [stats count | where count=0 | eval user="nobody" | fields user]'
    assert rows(f"index=main risk>99 | table user {hint}") == [{"user": "nobody"}]
    assert len(rows(f"index=main | table user {hint}")) == 3


def test_lookups_and_places() -> None:
    (found,) = rows(
        "index=main level=high | mvexpand what | lookup names key AS what OUTPUT title | iplocation user | head 1"
    )
    assert (found["title"], found["lat"]) == ("First", 1.5)


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("index=main | stast count", "unknown command 'stast'"),
        ("index=main | stats count by usr", "no field 'usr'"),
        ("index=main | eval x=rsk+1", "no field 'rsk'"),
        ("index=main | eval x=rund(risk)", "unknown function rund()"),
        ("index=main levl=high", "no field 'levl'"),
        ("index=`there`", "no macro `there`"),
        ("| inputlookup nmes", "no lookup"),
        ("index=main | stats cnt(user)", "unknown function cnt()"),
        ('index=main | eval x="a', "unbalanced"),
        ("index=main | table user, time", "no field 'time'"),
    ],
)
def test_what_splunk_would_answer_with_nothing_is_refused(query: str, said: str) -> None:
    with pytest.raises(SplError) as refused:
        rows(query)
    assert said in str(refused.value)
