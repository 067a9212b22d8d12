"""The summary: right on small input, bounded on large, never thrown by a bad line."""

from __future__ import annotations

from typing import Any, List

import pytest
from busybody.report import render, summary
from busybody.report.reading import LEVELS, level_of
from busybody.report.summary import MOST_INCIDENTS, MOST_PEOPLE, MOST_REASONS, MOST_SPANS
from busybody.risk import combined
from busybody.risk import level_of as level_of_core
from hypothesis import given
from hypothesis import strategies as st

from .invented import HOME, START, finding, line, month, people, signin

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
SHAPED = st.fixed_dictionaries(
    {"time": JSON | st.floats(0, 2e9), "user": JSON | st.just("ana"), "risk": JSON | st.floats(0, 100)},
    optional=dict.fromkeys(
        ("event_id", "findings", "sentence", "previous", "signin", "incident", "late", "alert", "learned", "skipped"),
        JSON,
    ),
)


def one(number: int, user: str = "ana", risk: float = 50.0, **more: Any) -> Any:
    return line(number, START + number, user, risk, signin("Lisbon", "Chrome on Windows", HOME), **more)


def test_a_month_is_counted_to_the_last_record() -> None:
    lines = list(month(60))
    said = summary(lines)
    skipped = sum("skipped" in each for each in lines)
    assert said.quality.records == len(lines)
    assert said.quality.scored == len(lines) - skipped == sum(said.spans.total())
    assert sum(said.quality.skipped.values()) == skipped
    assert said.quality.unreadable == 0
    by_level = [sum(each.get("level") == level for each in lines) for level in LEVELS]
    assert said.spans.total() == by_level


def test_those_with_an_alert_come_first_and_carry_the_reason() -> None:
    said = summary(month(60))
    attacked = {people(60)[index] for index in (4, 11, 23, 40)}
    assert {person.name for person in said.people if person.alert} == attacked == {p.name for p in said.people[:4]}
    assert all("impossible_travel" in person.detectors for person in said.people[:4])


def test_sign_ins_of_one_incident_count_once_by_the_highest() -> None:
    lines = [one(1, risk=80.0, incident="i"), one(2, risk=95.0, incident="i"), one(3, risk=60.0, incident="i")]
    said = summary(lines)
    assert [(i.risk, i.signins, i.last - i.first) for i in said.incidents] == [(95.0, 3, 2)]
    assert said.people[0].risk == pytest.approx(combined([95.0]), abs=0.01)


def test_identical_sign_ins_of_a_day_are_one_row_with_a_count() -> None:
    repeated = [one(number, risk=39.0) for number in range(4)]
    other = [one(5, risk=39.0), line(6, START + 6, "ana", 39.0, signin("Lisbon", "Edge on Windows", HOME))]
    tomorrow = [line(7, START + 86_400, "ana", 39.0, signin("Lisbon", "Chrome on Windows", HOME))]
    said = summary(repeated + other + tomorrow)
    assert sorted((i.signins, i.last - i.first) for i in said.incidents) == [(1, 0), (1, 0), (5, 5)]
    assert said.odd == 3
    assert "5 sign-ins in 5 s" in "".join(render(repeated + other + tomorrow))


def test_only_incidents_that_still_count_add_up_to_a_persons_risk() -> None:
    last = one(40 * 86_400, "bo", 1.0)
    stale = one(1, risk=95.0, incident="old")
    lone = one(40 * 86_400 - 60, risk=39.0)
    said = summary([stale, lone, last])
    assert [(p.name, p.risk, p.worst) for p in said.people] == [("ana", 0.0, "critical")]


def test_people_stand_in_the_order_of_alert_then_level_then_risk() -> None:
    many = [one(number, "many", 60.0, incident=f"i{number}") for number in range(4)]
    said = summary([*many, one(9, "once", 95.0, incident="x"), one(10, "told", 45.0, incident="y", alert=True)])
    assert [p.name for p in said.people] == ["told", "once", "many"]
    assert said.people[2].risk > said.people[1].risk


def test_two_people_may_have_incidents_of_the_same_name() -> None:
    assert len(summary([one(1, "ana", incident="i"), one(2, "bo", incident="i")]).incidents) == 2


def test_filtered_and_lowering_findings_give_no_reason() -> None:
    findings = [
        finding("new_country", 1.0, "x", filtered_by=("countries.trusted",)),
        finding("unusual_hour", -1.0, "y"),
    ]
    assert not summary([one(1, findings=findings)]).people[0].detectors


def test_one_clock_that_runs_ahead_does_not_let_the_risk_of_others_decay() -> None:
    usual = [one(number, risk=90.0 if number == 1900 else 1.0, incident="i") for number in range(2000)]
    ahead = [line(9_999, START + 3e9, "bo", 1.0, signin("Lisbon", "Chrome on Windows", HOME))]
    assert summary(usual + ahead).people[0].risk == pytest.approx(summary(usual).people[0].risk, rel=0.01)


def test_memory_does_not_grow_with_people_incidents_reasons_or_time() -> None:
    def flood() -> Any:
        for number in range(12_000):
            yield line(
                number, START + number * 90_000.0, f"user{number}", 20.0 + number % 80, signin("Tokyo", "d", HOME)
            )
            yield {"skipped": f"reason {number}", "line": number}

    said = summary(flood())
    assert len(said.people) <= MOST_PEOPLE
    assert len(said.incidents) <= MOST_INCIDENTS
    assert len(said.quality.skipped) <= MOST_REASONS + 1
    assert len(said.spans.counts) <= MOST_SPANS
    assert sum(said.spans.total()) == said.quality.scored == 12_000
    assert said.odd == 12_000
    assert min(i.risk for i in said.incidents) >= 97.0


@given(st.lists(SHAPED | st.dictionaries(st.text(max_size=8), JSON, max_size=4), max_size=6))
def test_no_line_stops_the_page(lines: List[Any]) -> None:
    page = "".join(render(lines))
    assert page.endswith("</html>\n")
    page.encode("utf-8")


def test_what_is_no_score_is_counted_as_such() -> None:
    lines: List[Any] = [
        {},
        {"time": 1, "user": "ana", "risk": float("nan")},
        {"time": 1, "user": "", "risk": 3},
        7,
        None,
    ]
    said = summary(lines)
    assert (said.quality.unreadable, said.quality.scored) == (5, 0)


@given(st.floats(0, 100))
def test_levels_are_those_of_the_core(risk: float) -> None:
    assert level_of(risk) == level_of_core(risk)
